/* feed.c - see feed.h. */
#include "probe/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct feed *f = poll->data;

	(void)status; /* reading will tell */
	(void)events;
	uv_poll_stop(poll);
	f->more(f->ctx);
}

/* libuv would set O_NONBLOCK on what it watches, and with it on a terminal
 * that is our standard output too.  So it watches an epoll descriptor of our
 * own that watches the input. */
static enum rc
watch(struct feed *f, uv_loop_t *loop, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (f->epoll_fd < 0)
		return err_sys(err, "%s", f->path);
	if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->fd, &event) < 0) {
		int why = errno;

		close(f->epoll_fd);
		f->epoll_fd = -1;
		errno = why;
		return why == EPERM ? RC_OK /* a file */
				    : err_sys(err, "%s", f->path);
	}
	uv_poll_init(loop, &f->poll, f->epoll_fd);
	f->poll.data = f;
	f->is_polling = true;
	return RC_OK;
}

enum rc
feed_open(struct feed *f, uv_loop_t *loop, const char *path, feed_more *more,
    void *ctx, struct err *err)
{
	enum rc rc;

	*f = (struct feed){
		.path = path, .epoll_fd = -1, .more = more, .ctx = ctx
	};
	if (strcmp(path, "-") == 0)
		f->fd = STDIN_FILENO;
	else
		f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (f->fd < 0)
		return err_sys(err, "--targets %s", path);
	rc = watch(f, loop, err);
	if (rc != RC_OK)
		feed_close(f);
	return rc;
}

/* Is there something to read, or the end? */
static bool
is_ready(const struct feed *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };

	return f->epoll_fd < 0 || poll(&p, 1, 0) > 0;
}

/* Reads into the empty buffer; false: wait. */
static bool
fill(struct feed *f)
{
	ssize_t n;

	if (!is_ready(f)) {
		uv_poll_start(&f->poll, UV_READABLE, on_readable);
		return false;
	}
	do
		n = read(f->fd, f->buffer, sizeof f->buffer);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		err_sys(&f->err, "%s", f->path);
	f->is_end = n <= 0;
	f->next = f->buffer;
	f->end = f->buffer + (n > 0 ? n : 0);
	return true;
}

enum feed_state
feed_next(struct feed *f)
{
	for (;;) {
		enum lines_state state =
		    lines_take(&f->lines, &f->next, f->end);

		if (state == LINES_MORE && !f->is_end) {
			if (!fill(f))
				return FEED_WAIT;
			continue;
		}
		if (state == LINES_MORE)
			state = lines_end(&f->lines);
		if (state == LINES_MORE)
			return FEED_END;
		return state == LINES_WORD ? FEED_WORD : FEED_BAD;
	}
}

enum rc
feed_rewind(struct feed *f, struct err *err)
{
	if (lseek(f->fd, 0, SEEK_SET) < 0)
		return err_sys(err, "%s cannot be read twice", f->path);
	f->is_end = false;
	f->next = f->end = f->buffer;
	f->lines = (struct lines){ 0 };
	return RC_OK;
}

static void
on_closed(uv_handle_t *handle)
{
	struct feed *f = handle->data;

	close(f->epoll_fd);
	f->epoll_fd = -1;
}

void
feed_close(struct feed *f)
{
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	f->fd = -1;
	if (f->is_polling && !uv_is_closing((uv_handle_t *)&f->poll))
		uv_close((uv_handle_t *)&f->poll, on_closed);
}
