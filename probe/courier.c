/* courier.c - see courier.h. */
#include "probe/courier.h"

#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/spooldir.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define LINE_MAX_BYTES 2048

struct courier {
	uv_loop_t *loop;
	const char *helper;
	const char *state_dir;
	courier_done *done; /* NULL once stopped */
	void *ctx;
	uv_process_t process;
	uv_pipe_t pipe;
	unsigned n_open; /* handles not yet closed */
	bool has_exited;
	int64_t exit_status; /* negative: a uv error, it did not start */
	char line[LINE_MAX_BYTES];
	size_t len;
};

enum rc
courier_parse(struct courier_news *out, const char *line, size_t len)
{
	json_int_t acked, n_sent, retry_after_s;
	const char *assignment, *error;
	json_t *root = json_loadb(line, len, 0, NULL);
	struct courier_news news = { 0 };
	enum rc rc = RC_MALFORMED;

	if (json_unpack(root, "{s:I, s:I, s:I, s:s, s:s}", "acked", &acked,
		"n_sent", &n_sent, "retry_after_s", &retry_after_s,
		"assignment", &assignment, "error", &error) == 0 &&
	    acked >= 0 && (uint64_t)acked <= SPOOL_SEQ_MAX && n_sent >= 0 &&
	    retry_after_s >= 0 && retry_after_s < 1 << 30) {
		news.is_ok = error[0] == '\0';
		news.acked = (uint64_t)acked;
		news.n_sent = (uint64_t)n_sent;
		news.retry_after_us = retry_after_s * US_PER_S;
		news.is_assignment_changed = strcmp(assignment, "changed") == 0;
		snprintf(news.error, sizeof news.error, "%s", error);
		*out = news;
		rc = RC_OK;
	}
	json_decref(root);
	return rc;
}

struct courier *
courier_new(uv_loop_t *loop, const char *helper, const char *state_dir,
    courier_done *done, void *ctx)
{
	struct courier *c = mem_new(sizeof *c);

	c->loop = loop;
	c->helper = helper;
	c->state_dir = state_dir;
	c->done = done;
	c->ctx = ctx;
	return c;
}

/* Both the pipe and the process are gone: tell what came of it. */
static void
on_closed(uv_handle_t *handle)
{
	struct courier *c = handle->data;
	struct courier_news news = { 0 };

	if (--c->n_open > 0 || c->done == NULL)
		return;
	if (c->exit_status < 0)
		snprintf(news.error, sizeof news.error, "cannot start %s: %s",
		    c->helper, uv_strerror((int)c->exit_status));
	else if (courier_parse(&news, c->line, c->len) != RC_OK)
		snprintf(news.error, sizeof news.error,
		    "catchwater-upload ended with status %d and said nothing",
		    (int)c->exit_status);
	c->done(c->ctx, &news);
}

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct courier *c = handle->data;

	(void)suggested;
	*buf =
	    uv_buf_init(c->line + c->len, (unsigned)(sizeof c->line - c->len));
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct courier *c = stream->data;

	(void)buf;
	if (n < 0) /* its end, or more than one line's worth */
		close_handle((uv_handle_t *)stream);
	else
		c->len += (size_t)n;
}

/* What it said is read only now, all at once: the pipe holds far more than a
 * line, and every wake-up costs. */
static void
on_child_exit(uv_process_t *process, int64_t status, int signal)
{
	struct courier *c = process->data;

	c->has_exited = true;
	c->exit_status = signal != 0 ? 128 + signal : status;
	close_handle((uv_handle_t *)process);
	if (uv_read_start((uv_stream_t *)&c->pipe, give_room, on_read) != 0)
		close_handle((uv_handle_t *)&c->pipe);
}

static int
spawn(struct courier *c, const struct courier_orders *orders)
{
	char acked[24];
	/* uv takes char *, and changes nothing. */
	char *args[] = { mem_strdup("upload"), mem_strdup("--state"),
		mem_strdup(c->state_dir), mem_strdup("--json"),
		mem_strdup("--v4"), mem_strdup(family_state_name(orders->v4)),
		mem_strdup("--v6"), mem_strdup(family_state_name(orders->v6)),
		mem_strdup("--acked"), acked, NULL };
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->pipe },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
	};
	uv_process_options_t options = {
		.exit_cb = on_child_exit,
		.file = c->helper,
		.args = args,
		.stdio = stdio,
		.stdio_count = 3,
	};
	int status;

	snprintf(acked, sizeof acked, "%" PRIu64, orders->acked);
	status = uv_spawn(c->loop, &c->process, &options);
	for (size_t i = 0; args[i] != acked; i++)
		free(args[i]);
	return status;
}

bool
courier_go(struct courier *c, const struct courier_orders *orders)
{
	int status;

	if (c->n_open > 0)
		return false;
	c->len = 0;
	c->has_exited = false;
	c->exit_status = 0;
	uv_pipe_init(c->loop, &c->pipe, 0);
	c->pipe.data = c;
	c->process.data = c;
	c->n_open = 2;
	status = spawn(c, orders);
	if (status == 0)
		return true;
	c->has_exited = true;
	c->exit_status = status;
	close_handle((uv_handle_t *)&c->pipe);
	close_handle((uv_handle_t *)&c->process);
	return true;
}

void
courier_stop(struct courier *c)
{
	c->done = NULL;
	if (c->n_open == 0)
		return;
	if (!c->has_exited)
		uv_process_kill(&c->process, SIGTERM);
	close_handle((uv_handle_t *)&c->pipe);
}

void
courier_free(struct courier *c)
{
	free(c);
}
