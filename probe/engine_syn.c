/* engine_syn.c - see engine_syn.h. */
#include "probe/engine_syn.h"

#include <netinet/in.h>

#include "probe/tcpmsg.h"

/* The upper half finds the flight, the lower one must be guessed. */
static uint32_t
seq_of(const struct flight *f)
{
	return (uint32_t)f->id << 16 | f->echo_id;
}

static struct flight *
find(const struct engine *e, const struct addr *target, uint16_t target_port,
    uint16_t source_port, uint32_t seq)
{
	const struct flight_key key = { .kind = FLIGHT_SYN,
		.target = *target,
		.target_port = target_port,
		.source_port = source_port,
		.id = (uint16_t)(seq >> 16) };
	struct flight *f = flight_find(e, &key);

	return f != NULL && seq_of(f) == seq ? f : NULL;
}

struct flight *
syn_find(const struct engine *e, const struct icmpmsg_quote *quote)
{
	return find(e, &quote->target, quote->target_port, quote->source_port,
	    quote->tcp_seq);
}

bool
syn_is_refused(const struct port_in *in)
{
	struct tcpmsg m;

	return tcpmsg_parse(&m, in->bytes, in->len) == RC_OK &&
	       (m.flags & TCPMSG_RST) != 0;
}

static void
syn_packet(void *ctx, const struct port_in *packet)
{
	struct engine_port *p = ctx;
	struct port_in in = *packet;
	struct tcpmsg m;
	struct flight *f;

	if (p->port.family == 4) {
		in.has_ttl = true;
		if (icmpmsg_skip_ip4(&in.bytes, &in.len, IPPROTO_TCP, &in.from,
			&in.ttl) != RC_OK)
			return;
	}
	if (tcpmsg_parse(&m, in.bytes, in.len) != RC_OK)
		return;
	f = find(p->engine, &in.from, m.source_port, m.target_port, m.ack - 1);
	if (f != NULL && tcpmsg_answers(&m, seq_of(f)))
		f->ask->ops->packet(f->ask, f, &in);
}

static const struct port_events events = { .sent = port_on_sent,
	.not_sent = port_on_not_sent,
	.departed = port_on_departed,
	.packet = syn_packet };

static struct engine_port *
syn_port(struct ask *a)
{
	const struct addr *target = &a->question.target;

	return port_of(a->engine, PORT_SYN, target,
	    socks_for(a->engine->socks, target)->syn_fd, &events);
}

bool
syn_is_possible(struct ask *a)
{
	return syn_port(a) != NULL;
}

enum rc
syn_send(struct ask *a, uint16_t source_port, uint8_t ttl, uint8_t attempt)
{
	struct engine *e = a->engine;
	const struct question *q = &a->question;
	struct flight_key key = { .kind = FLIGHT_SYN,
		.target = q->target,
		.target_port = q->port,
		.source_port = source_port };
	struct flight *f;
	struct port_out *out;

	if (a->source.family == 0)
		a->source = engine_source(e, &q->target);
	if (a->source.family == 0)
		return RC_SYS;
	do
		key.id = engine_random16(e);
	while (flight_find(e, &key) != NULL);
	f = flight_new(a, &key, false);
	f->echo_id = engine_random16(e);
	f->what = ttl;
	f->attempt = attempt;
	out = port_send(syn_port(a), f, ttl);
	out->len = (uint16_t)tcpmsg_write_syn(out->bytes, &a->source,
	    &q->target, source_port, q->port, seq_of(f));
	return RC_OK;
}
