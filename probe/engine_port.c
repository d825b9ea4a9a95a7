/* engine_port.c - see engine_port.h. */
#include "probe/engine_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/engine_again.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define READ_MAX 256 /* packets of one socket before others get a turn */

/* A port of the system's choice stays open this long after its last question,
 * for late replies: without the socket our own kernel would refuse them by
 * ICMP. */
#define LINGER_US (5 * US_PER_S)

struct engine_ports {
	struct engine_port roles[N_PORT_ROLES][2]; /* v4, v6 */
	struct engine_port *udp[ENGINE_PORTS_MAX];
	unsigned n_udp;
	int64_t sweep_mono_us; /* when one may be closed; NEVER: none */
};

/* ---- what happened on a port ---- */

void
port_on_sent(void *ctx, const struct port_out *out, const struct moment *before)
{
	struct flight *f = out->tag;

	(void)ctx;
	if (f->serial != out->tag_serial || f->ask == NULL)
		return;
	f->sent.before = *before;
	ask_sent(f->ask, before);
}

void
port_on_not_sent(void *ctx, const struct port_out *out, int sys_errno)
{
	struct flight *f = out->tag;

	(void)ctx;
	if (f->serial == out->tag_serial && f->ask != NULL)
		f->ask->ops->not_sent(f->ask, f, sys_errno);
}

void
port_on_departed(void *ctx, void *tag, uint32_t serial, int64_t kernel_ns)
{
	struct flight *f = tag;

	(void)ctx;
	if (f->serial == serial)
		f->sent.kernel_ns = kernel_ns;
}

static void
on_packet(void *ctx, const struct port_in *in)
{
	struct engine_port *p = ctx;
	const struct flight_key key = { .kind = FLIGHT_UDP,
		.target = in->from,
		.target_port = in->from_port,
		.source_port = p->port.source_port,
		.id = dnsmsg_id(in->bytes, in->len) };
	struct flight *f = flight_find(p->engine, &key);

	if (f == NULL)
		return;
	if (f->ask == NULL)
		again_take_past(p->engine, f, in);
	else
		f->ask->ops->packet(f->ask, f, in);
}

struct notice
port_notice(const struct port_in *in)
{
	return (struct notice){ .arrival = in->arrival,
		.from = in->offender,
		.type = in->type,
		.code = in->code,
		.has_ttl = in->has_ttl,
		.ttl = in->ttl,
		.labels = in->labels };
}

/* An ICMP error from the error queue: it quotes our payload, or less. */
static void
on_error(void *ctx, const struct port_in *in)
{
	struct engine_port *p = ctx;
	struct flight_key key = { .kind = FLIGHT_UDP,
		.target = in->from,
		.target_port = in->from_port,
		.source_port = p->port.source_port,
		.id = dnsmsg_id(in->bytes, in->len) };
	struct flight *f = in->len >= 2 ? flight_find(p->engine, &key)
					: flight_find_only(p->engine, &key);
	const struct notice n = port_notice(in);

	if (f != NULL && f->ask != NULL)
		f->ask->ops->notice(f->ask, f, &n);
}

static const struct port_events udp_events = { .sent = port_on_sent,
	.not_sent = port_on_not_sent,
	.departed = port_on_departed,
	.packet = on_packet,
	.error = on_error };

static void
read_port(struct engine_port *p)
{
	(void)port_read(&p->port, p->engine->buffers, READ_MAX, p->events, p);
}

/* ---- watching ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void
watch(struct engine_port *p)
{
	uv_poll_start(&p->poll, UV_READABLE | UV_PRIORITIZED, on_poll);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct engine_port *p = poll->data;
	struct engine *e = p->engine;

	(void)events;
	read_port(p);
	/* libuv stops watching a socket with an error waiting; we took it. */
	if (status < 0 && !p->is_closing && !e->is_slotted)
		watch(p);
	if (!e->is_closing)
		e->pass(e);
}

static enum rc
start(struct engine_port *p, struct engine *e)
{
	int status = uv_poll_init(e->loop, &p->poll, p->port.fd);

	if (status != 0)
		return RC_SYS;
	p->engine = e;
	p->poll.data = p;
	p->is_open = true;
	e->n_handles++;
	if (!e->is_slotted)
		watch(p);
	return RC_OK;
}

static void
on_closed(uv_handle_t *handle)
{
	struct engine_port *p = handle->data;
	struct engine *e = p->engine;

	if (!p->is_adopted)
		free(p);
	engine_handle_closed(e);
}

static void
close_port(struct engine_port *p)
{
	p->is_closing = true;
	uv_poll_stop(&p->poll);
	uv_close((uv_handle_t *)&p->poll, on_closed);
	if (p->is_adopted)
		port_release(&p->port);
	else
		port_close(&p->port); /* libuv has let go of it */
}

/* Calls f for every open port. */
static void
for_each(struct engine *e, void (*f)(struct engine_port *p))
{
	struct engine_ports *s = e->ports;

	for (unsigned i = 0; i < 2 * N_PORT_ROLES; i++) {
		struct engine_port *p = &s->roles[i / 2][i % 2];

		if (p->is_open && !p->is_closing)
			f(p);
	}
	for (unsigned i = 0; i < s->n_udp; i++)
		f(s->udp[i]);
}

static void
unwatch(struct engine_port *p)
{
	uv_poll_stop(&p->poll);
}

void
ports_watch(struct engine *e, bool is_watched)
{
	for_each(e, is_watched ? watch : unwatch);
}

static void
read_busy(struct engine_port *p)
{
	if (p->engine->n_active_of[p->port.family == 6] > 0)
		read_port(p);
}

void
ports_read(struct engine *e)
{
	for_each(e, read_busy);
}

static void
flush(struct engine_port *p)
{
	port_flush(&p->port, p->events, p);
}

void
ports_flush(struct engine *e)
{
	for_each(e, flush);
}

bool
ports_have_rest(const struct engine *e)
{
	const struct engine_ports *s = e->ports;

	for (unsigned i = 0; i < 2 * N_PORT_ROLES; i++)
		if (s->roles[i / 2][i % 2].port.n_out > 0)
			return true;
	for (unsigned i = 0; i < s->n_udp; i++)
		if (s->udp[i]->port.n_out > 0)
			return true;
	return false;
}

/* ---- life ---- */

void
ports_new(struct engine *e)
{
	e->ports = mem_new(sizeof *e->ports);
	e->ports->sweep_mono_us = NEVER;
}

void
ports_close(struct engine *e)
{
	if (e->ports == NULL)
		return;
	for_each(e, close_port);
	e->ports->n_udp = 0;
}

struct engine_port *
port_of(struct engine *e, enum port_role role, const struct addr *a, int fd,
    const struct port_events *events)
{
	struct engine_port *p = &e->ports->roles[role][a->family == 6];

	if (p->is_open)
		return p;
	if (fd < 0)
		return NULL;
	port_adopt(&p->port, a->family, fd);
	p->is_adopted = true;
	p->is_raw = socks_for(e->socks, a)->mode == SOCKS_RAW;
	p->events = events;
	if (start(p, e) == RC_OK)
		return p;
	port_release(&p->port);
	return NULL;
}

static struct engine_port *
find_udp(struct engine *e, const struct question *q)
{
	for (unsigned i = 0; i < e->ports->n_udp; i++) {
		struct engine_port *p = e->ports->udp[i];

		if (p->wanted_port == q->source_port &&
		    p->port.family == q->target.family)
			return p;
	}
	return NULL;
}

/* With a raw socket for ICMP the errors come there. */
static enum rc
open_udp(struct engine *e, const struct question *q, struct engine_port **out)
{
	bool is_raw = socks_for(e->socks, &q->target)->mode == SOCKS_RAW;
	struct engine_port *p;

	if (e->ports->n_udp == ENGINE_PORTS_MAX)
		return RC_LIMIT;
	p = mem_new(sizeof *p);
	if (port_open_udp(
		&p->port, q->target.family, q->source_port, !is_raw) != RC_OK) {
		free(p);
		return RC_SYS;
	}
	p->events = &udp_events;
	if (start(p, e) != RC_OK) {
		port_close(&p->port);
		free(p);
		errno = EMFILE;
		return RC_SYS;
	}
	p->wanted_port = q->source_port;
	e->ports->udp[e->ports->n_udp++] = p;
	*out = p;
	return RC_OK;
}

enum rc
port_join(struct ask *a)
{
	const struct question *q = &a->question;
	struct engine_port *p = NULL;

	if (q->source_port != 0)
		p = find_udp(a->engine, q);
	if (p == NULL) {
		enum rc rc = open_udp(a->engine, q, &p);

		if (rc != RC_OK)
			return rc;
	}
	a->udp = p;
	p->n_asks++;
	return RC_OK;
}

void
port_leave(struct ask *a)
{
	struct engine_port *p = a->udp;
	struct engine_ports *s = a->engine->ports;
	int64_t close_at;

	if (p == NULL)
		return;
	a->udp = NULL;
	p->n_asks--;
	p->last_used_mono_us = clock_mono_us();
	close_at = p->last_used_mono_us + LINGER_US;
	if (p->wanted_port == 0 && close_at < s->sweep_mono_us)
		s->sweep_mono_us = close_at;
}

/* Never wakes us for this alone: a socket more does no harm meanwhile. */
void
ports_sweep(struct engine *e, int64_t now)
{
	struct engine_ports *s = e->ports;
	unsigned n = 0;

	if (s->sweep_mono_us > now && s->n_udp < ENGINE_PORTS_MAX / 2)
		return;
	s->sweep_mono_us = NEVER;
	for (unsigned i = 0; i < s->n_udp; i++) {
		struct engine_port *p = s->udp[i];
		int64_t close_at = p->last_used_mono_us + LINGER_US;

		if (p->wanted_port == 0 && p->n_asks == 0 && close_at <= now) {
			close_port(p);
			continue;
		}
		if (p->wanted_port == 0 && p->n_asks == 0 &&
		    close_at < s->sweep_mono_us)
			s->sweep_mono_us = close_at;
		s->udp[n++] = p;
	}
	s->n_udp = n;
}

/* ---- sending ---- */

struct port_out *
port_send(struct engine_port *p, struct flight *f, uint8_t ttl)
{
	struct port_out *out;

	if (port_is_full(&p->port))
		flush(p);
	out = port_put(&p->port);
	out->to = f->target;
	out->to_port = f->kind == FLIGHT_UDP ? f->target_port : 0;
	out->ttl = ttl;
	out->tag = f;
	out->tag_serial = f->serial;
	return out;
}

uint16_t
port_new_id(const struct ask *a)
{
	struct flight_key key = { .kind = FLIGHT_UDP,
		.target = a->question.target,
		.target_port = a->question.port,
		.source_port = a->udp->port.source_port };

	do
		key.id = engine_random16(a->engine);
	while (key.id == 0 || key.id == UINT16_MAX ||
	       flight_find(a->engine, &key) != NULL);
	return key.id;
}
