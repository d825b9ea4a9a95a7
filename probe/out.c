/* out.c - see out.h. */
#include "probe/out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOON_MS 50        /* the longest that a line waits for more */
#define RETRY_MS 5        /* while the reader is behind */
#define ENOUGH (64 << 10) /* leaves without waiting for more */
#define BEHIND (OUT_BUFFER_LEN / 2)

void
out_init(struct out *o, uv_loop_t *loop, int fd)
{
	struct stat st;

	*o = (struct out){ .fd = fd, .is_terminal = isatty(fd) == 1 };
	o->is_file =
	    fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
	uv_timer_init(loop, &o->timer); /* cannot fail */
	o->timer.data = o;
}

static void
give_up(struct out *o)
{
	o->sys_errno = errno;
	o->len = 0;
	uv_stop(o->timer.loop);
}

/* An interrupt ends the waiting for a reader that does not read. */
static bool
is_writable(struct out *o, int wait_ms)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };
	int n = o->is_file ? 1 : poll(&p, 1, wait_ms);

	if (n < 0)
		give_up(o);
	return n > 0;
}

/* Writes as long as nobody has to wait longer than wait_ms: a pipe that can
 * be written takes at least PIPE_BUF bytes. */
static void
drain(struct out *o, int wait_ms)
{
	size_t done = 0;

	while (done < o->len && is_writable(o, wait_ms)) {
		size_t left = o->len - done;
		ssize_t n = write(o->fd, o->buffer + done,
		    o->is_file || left < PIPE_BUF ? left : PIPE_BUF);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			give_up(o);
			return;
		}
		done += (size_t)n;
	}
	if (o->sys_errno != 0)
		return;
	o->len -= done;
	memmove(o->buffer, o->buffer + done, o->len);
	o->is_blocked = o->len > 0;
}

static void on_timer(uv_timer_t *timer);

static void
arm(struct out *o)
{
	uint64_t wait_ms = o->is_terminal ? 0 : SOON_MS;

	if (o->len == 0 || o->is_waiting)
		return;
	o->is_waiting = true;
	uv_timer_start(
	    &o->timer, on_timer, o->is_blocked ? RETRY_MS : wait_ms, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct out *o = timer->data;

	o->is_waiting = false;
	drain(o, 0);
	arm(o);
}

void
out_write(struct out *o, const void *bytes, size_t len)
{
	const char *from = bytes;

	while (len > 0 && o->sys_errno == 0) {
		size_t room = sizeof o->buffer - o->len;
		size_t n = len < room ? len : room;

		memcpy(o->buffer + o->len, from, n);
		o->len += n;
		from += n;
		len -= n;
		if (len > 0)
			drain(o, -1);
	}
	if (o->len >= ENOUGH && !o->is_blocked)
		drain(o, 0);
	arm(o);
}

bool
out_is_behind(const struct out *o)
{
	return o->len >= BEHIND;
}

void
out_flush(struct out *o)
{
	drain(o, -1);
}

enum rc
out_check(const struct out *o, struct err *err)
{
	if (o->sys_errno == 0 || o->sys_errno == EPIPE)
		return RC_OK;
	errno = o->sys_errno;
	return err_sys(err, "standard output");
}
