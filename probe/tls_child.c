/* tls_child.c - see tls_child.h. */
#include "probe/tls_child.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probe/helper.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

/* Over the child's own deadlines: then it is stuck. */
#define SPARE_US (2 * US_PER_S)

struct run { /* one process; frees itself when its handles are closed */
	struct tls_child *owner; /* NULL: given up */
	uv_process_t process;
	uv_pipe_t to, from;
	unsigned n_open;
	bool has_exited;
	size_t len;
	char line[TLS_TOLD_LINE_MAX];
	struct tls_answer answer;
};

struct pending {
	uint32_t id; /* 0: free */
	uint8_t n_queries;
	bool is_lost; /* about to be ended */
	int64_t asked_mono_us, deadline_mono_us;
	tls_child_done *done;
	void *ctx;
};

struct tls_child {
	uv_loop_t *loop;
	char *helper, *ca;
	uv_timer_t timer;
	bool is_closing;
	struct run *run; /* NULL: none */
	uint32_t last_id;
	int64_t idle_us, idle_mono_us; /* when nothing is pending: stop then */
	struct pending pending[TLS_CONNS_MAX];
};

static void on_timer(uv_timer_t *timer);

/* Sets the timer to what is due first: a stuck question, or idleness. */
static void
arm(struct tls_child *c)
{
	int64_t due = INT64_MAX, now = clock_mono_us();

	if (c->is_closing)
		return;
	for (size_t i = 0; i < TLS_CONNS_MAX; i++)
		if (c->pending[i].id != 0 &&
		    c->pending[i].deadline_mono_us < due)
			due = c->pending[i].deadline_mono_us;
	if (due == INT64_MAX && c->run != NULL)
		due = c->idle_mono_us;
	if (due == INT64_MAX) {
		uv_timer_stop(&c->timer);
		return;
	}
	uv_update_time(c->loop);
	uv_timer_start(&c->timer, on_timer,
	    due <= now ? 0 : (uint64_t)((due - now + 999) / US_PER_MS), 0);
}

static void
end_pending(struct tls_child *c, struct pending *p, const struct tls_answer *a)
{
	struct pending ended = *p;

	*p = (struct pending){ 0 };
	c->idle_mono_us = clock_mono_us() + c->idle_us;
	ended.done(ended.ctx, a); /* may ask again */
}

/* Ends all that is due by then; not what is asked meanwhile. */
static void
fail_due(struct tls_child *c, int64_t by_mono_us)
{
	const struct tls_answer failed = { .outcome = OUTCOME_SEND_FAILED };

	for (size_t i = 0; i < TLS_CONNS_MAX; i++)
		c->pending[i].is_lost =
		    c->pending[i].id != 0 &&
		    c->pending[i].deadline_mono_us <= by_mono_us;
	for (size_t i = 0; i < TLS_CONNS_MAX && !c->is_closing; i++)
		if (c->pending[i].is_lost)
			end_pending(c, &c->pending[i], &failed);
	arm(c);
}

static void
on_run_closed(uv_handle_t *handle)
{
	struct run *r = handle->data;

	if (--r->n_open == 0)
		free(r);
}

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_run_closed);
}

/* The process is to end; it has nothing to lose. */
static void
give_up(struct run *r)
{
	if (r->owner != NULL)
		r->owner->run = NULL;
	r->owner = NULL;
	close_handle((uv_handle_t *)&r->to);
	close_handle((uv_handle_t *)&r->from);
	if (!r->has_exited)
		(void)uv_process_kill(&r->process, SIGKILL);
}

/* It died or is not to be trusted: what it was asked has failed. */
static void
break_off(struct run *r)
{
	struct tls_child *c = r->owner;

	give_up(r);
	if (c != NULL)
		fail_due(c, INT64_MAX);
}

static void
on_exit_of_child(uv_process_t *process, int64_t status, int signal)
{
	struct run *r = process->data;

	(void)status;
	(void)signal;
	r->has_exited = true;
	close_handle((uv_handle_t *)process);
	/* What it said before is still in the pipe: its end breaks off. */
}

static struct pending *
find_pending(struct tls_child *c, uint32_t id)
{
	for (size_t i = 0; i < TLS_CONNS_MAX; i++)
		if (c->pending[i].id == id)
			return &c->pending[i];
	return NULL;
}

static bool
is_within(int64_t mono_us, int64_t from, int64_t to)
{
	return mono_us >= from && mono_us <= to;
}

/* Can all that have happened since the question, and before now? */
static bool
is_possible(const struct tls_answer *a, const struct pending *p)
{
	int64_t now = clock_mono_us();

	if (a->n_replies != p->n_queries ||
	    (a->begun.mono_us != 0 &&
		!is_within(a->begun.mono_us, p->asked_mono_us, now)))
		return false;
	for (size_t i = 0; i < a->n_replies; i++) {
		const struct tls_reply *r = &a->replies[i];
		int64_t sent = r->sent.before.mono_us;

		if ((r->is_sent && !is_within(sent, p->asked_mono_us, now)) ||
		    (r->is_received &&
			!is_within(r->arrival.read.mono_us, sent, now)))
			return false;
	}
	return true;
}

/* False: it is no answer to anything we asked. */
static bool
take_line(struct run *r, size_t len)
{
	struct tls_child *c = r->owner;
	struct pending *p;
	uint32_t id;

	if (tls_line_read_told(&r->answer, &id, r->line, len, NULL) != RC_OK)
		return false;
	p = find_pending(c, id);
	if (p == NULL || !is_possible(&r->answer, p))
		return false;
	end_pending(c, p, &r->answer);
	arm(c);
	return true;
}

/* Takes whole lines off the front.  False: the child is not to be trusted. */
static bool
take_lines(struct run *r)
{
	while (r->owner != NULL) {
		char *end = memchr(r->line, '\n', r->len);
		size_t n;

		if (end == NULL)
			return r->len < sizeof r->line;
		n = (size_t)(end - r->line);
		if (!take_line(r, n))
			return false;
		r->len -= n + 1;
		memmove(r->line, end + 1, r->len);
	}
	return true;
}

static void
give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct run *r = handle->data;

	(void)suggested;
	*buf =
	    uv_buf_init(r->line + r->len, (unsigned)(sizeof r->line - r->len));
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct run *r = stream->data;

	(void)buf;
	if (n > 0)
		r->len += (size_t)n;
	if (n < 0 || !take_lines(r))
		break_off(r);
}

static int
spawn(struct run *r, char *helper, char *ca)
{
	/* uv takes char *, and changes nothing. */
	char name[] = "dot", option[] = "--ca";
	char *args[] = { name, ca != NULL ? option : NULL, ca, NULL };
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		    .data.stream = (uv_stream_t *)&r->to },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&r->from },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 },
	};
	const uv_process_options_t options = {
		.exit_cb = on_exit_of_child,
		.file = helper,
		.args = args,
		.stdio = stdio,
		.stdio_count = 3,
	};

	return uv_spawn(r->owner->loop, &r->process, &options);
}

/* Starts the process; leaves c->run NULL when that fails. */
static void
start(struct tls_child *c)
{
	struct run *r = mem_new(sizeof *r);

	r->owner = c;
	uv_pipe_init(c->loop, &r->to, 0);
	uv_pipe_init(c->loop, &r->from, 0);
	r->to.data = r->from.data = r->process.data = r;
	r->n_open = 3;
	c->run = r;
	if (spawn(r, c->helper, c->ca) != 0) {
		r->has_exited = true;
		close_handle((uv_handle_t *)&r->process);
		give_up(r);
	} else if (uv_read_start((uv_stream_t *)&r->from, give_room, on_read) !=
		   0) {
		give_up(r);
	}
}

static void
on_timer(uv_timer_t *timer)
{
	struct tls_child *c = timer->data;
	int64_t now = clock_mono_us();
	bool is_idle = true, is_stuck = false;

	for (size_t i = 0; i < TLS_CONNS_MAX; i++) {
		const struct pending *p = &c->pending[i];

		is_idle = is_idle && p->id == 0;
		is_stuck =
		    is_stuck || (p->id != 0 && p->deadline_mono_us <= now);
	}
	if (c->run != NULL && (is_stuck || (is_idle && c->idle_mono_us <= now)))
		break_off(c->run);
	else
		fail_due(c, now);
}

/* By hand, for libuv would let a child that is gone raise SIGPIPE, and
 * allocate.  All questions that may be under way fit the socket's buffer.
 * False: this one did not, or the child is gone. */
static bool
send_question(struct run *r, const struct tls_question *q, uint32_t id)
{
	char line[TLS_ASK_LINE_MAX];
	size_t n = tls_line_ask(q, id, line);
	uv_os_fd_t fd;
	ssize_t sent;

	if (uv_fileno((uv_handle_t *)&r->to, &fd) != 0)
		return false;
	sent = send(fd, line, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent > 0 && (size_t)sent < n)
		give_up(r); /* half a line: nothing more can be said */
	return sent == (ssize_t)n;
}

struct tls_child *
tls_child_new(
    uv_loop_t *loop, const char *helper, const char *ca, int64_t idle_us)
{
	struct tls_child *c = mem_new(sizeof *c);
	char found[HELPER_PATH_MAX];

	c->loop = loop;
	c->idle_us = idle_us;
	c->ca = mem_strdup(ca);
	if (helper == NULL && helper_find(found, NULL) == RC_OK)
		helper = found;
	c->helper = mem_strdup(helper != NULL ? helper : "");
	uv_timer_init(loop, &c->timer); /* cannot fail */
	c->timer.data = c;
	return c;
}

enum rc
tls_child_ask(struct tls_child *c, const struct tls_question *q,
    tls_child_done *done, void *ctx)
{
	struct pending *p = find_pending(c, 0);
	int64_t now = clock_mono_us();

	if (p == NULL || c->is_closing)
		return RC_LIMIT;
	c->last_id = c->last_id < TLS_ID_MAX ? c->last_id + 1 : 1;
	if (c->run == NULL)
		start(c);
	*p = (struct pending){ .id = c->last_id,
		.n_queries = q->n_queries,
		.asked_mono_us = now,
		.deadline_mono_us = now + 3 * q->timeout_us + SPARE_US,
		.done = done,
		.ctx = ctx };
	if (c->run == NULL || !send_question(c->run, q, p->id))
		p->deadline_mono_us = 0; /* at the next turn */
	arm(c);
	return RC_OK;
}

bool
tls_child_has_room(const struct tls_child *c)
{
	for (size_t i = 0; i < TLS_CONNS_MAX; i++)
		if (c->pending[i].id == 0)
			return true;
	return false;
}

bool
tls_child_is_running(const struct tls_child *c)
{
	return c->run != NULL;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct tls_child *c = handle->data;

	free(c->helper);
	free(c->ca);
	free(c);
}

void
tls_child_free(struct tls_child *c)
{
	if (c == NULL)
		return;
	c->is_closing = true;
	if (c->run != NULL)
		give_up(c->run);
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}
