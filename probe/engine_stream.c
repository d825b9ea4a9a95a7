/* engine_stream.c - see engine_stream.h. */
#include "probe/engine_stream.h"

#include <errno.h>
#include <stdlib.h>

#include "schema/base/mem.h"

static void on_poll(uv_poll_t *poll, int status, int events);

static void
watch(struct stream *s, int uv_events)
{
	s->watched = uv_events;
	uv_poll_start(&s->poll, uv_events | UV_PRIORITIZED, on_poll);
}

static void
on_closed(uv_handle_t *handle)
{
	struct stream *s = handle->data;
	struct engine *e = s->engine;

	free(s);
	engine_handle_closed(e);
}

enum rc
stream_open(struct ask *a, uint16_t source_port, uint8_t ttl)
{
	struct engine *e = a->engine;
	const struct question *q = &a->question;
	struct stream *s;

	if (e->n_streams == ENGINE_STREAMS_MAX)
		return RC_LIMIT;
	s = mem_new(sizeof *s);
	s->engine = e;
	s->ask = a;
	if (flow_open_tcp(&s->flow, &q->target, q->port, source_port, ttl) !=
	    RC_OK) {
		int saved = errno;

		free(s);
		errno = saved;
		return RC_SYS;
	}
	if (uv_poll_init(e->loop, &s->poll, s->flow.fd) != 0) {
		flow_close(&s->flow);
		free(s);
		errno = EMFILE;
		return RC_SYS;
	}
	s->poll.data = s;
	e->n_handles++;
	e->n_streams++;
	a->stream = s;
	a->source = s->flow.source;
	watch(s, UV_WRITABLE);
	return RC_OK;
}

void
stream_watch(struct ask *a, int uv_events)
{
	watch(a->stream, uv_events);
}

void
stream_close(struct ask *a)
{
	struct stream *s = a->stream;

	if (s == NULL)
		return;
	a->stream = NULL;
	s->ask = NULL;
	s->engine->n_streams--;
	uv_poll_stop(&s->poll);
	uv_close((uv_handle_t *)&s->poll, on_closed);
	flow_close(&s->flow); /* libuv has let go of it */
}

/* The error queue: what left, and ICMP errors. */
static void
take_news(struct stream *s)
{
	struct flow_news news;

	while (s->ask != NULL && flow_read_news(&s->flow, &news) == RC_OK) {
		struct ask *a = s->ask;
		const struct notice n = { .arrival = news.arrival,
			.from = news.from,
			.type = news.type,
			.code = news.code,
			.has_ttl = news.has_ttl,
			.ttl = news.ttl,
			.labels = news.labels };

		if (news.is_departure && a->ops->stream_departed != NULL)
			a->ops->stream_departed(
			    a, news.key, news.arrival.kernel_ns);
		else if (!news.is_departure && a->ops->stream_notice != NULL)
			a->ops->stream_notice(a, &n);
	}
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct stream *s = poll->data;
	struct engine *e = s->engine;

	take_news(s);
	/* UV_PRIORITIZED alone is the error queue's, which is empty now. */
	if (s->ask != NULL &&
	    (status < 0 || (events & (UV_READABLE | UV_WRITABLE)) != 0))
		s->ask->ops->ready(s->ask);
	/* libuv stops watching a socket with an error waiting; we took it. */
	if (status < 0 && s->ask != NULL)
		watch(s, s->watched);
	if (!e->is_closing)
		e->pass(e);
}
