/* engine_icmp.c - see engine_icmp.h. */
#include "probe/engine_icmp.h"

#include <netinet/in.h>
#include <string.h>

#include "probe/engine_syn.h"

static const uint8_t *
nonce_of(const struct ask *a)
{
	return a->question.kind == KIND_PING ? a->ping.nonce : a->trace->nonce;
}

/* The flight of an echo request of ours; NULL: none.  A datagram socket's id
 * is the kernel's choice, and the kernel's check. */
static struct flight *
find_echo(
    struct engine_port *p, const struct addr *target, uint16_t id, uint16_t seq)
{
	const struct flight_key key = {
		.kind = FLIGHT_ECHO, .target = *target, .id = seq
	};
	struct flight *f = flight_find(p->engine, &key);

	return f == NULL || f->ask == NULL || (p->is_raw && f->echo_id != id)
		   ? NULL
		   : f;
}

static void
take_reply(
    struct engine_port *p, const struct icmpmsg *m, const struct port_in *in)
{
	struct flight *f = find_echo(p, &in->from, m->echo.id, m->echo.seq);

	if (f != NULL &&
	    memcmp(m->echo.nonce, nonce_of(f->ask), ICMPMSG_NONCE_LEN) == 0)
		f->ask->ops->packet(f->ask, f, in);
}

/* Whose UDP packet a quote is of.  One that reaches the DNS id is read there,
 * since the checksum may have been filled in by a network card later; a
 * shorter one has only that. */
static struct flight *
find_udp(const struct engine *e, const struct icmpmsg_quote *quote)
{
	const struct flight_key key = { .kind = FLIGHT_UDP,
		.target = quote->target,
		.target_port = quote->target_port,
		.source_port = quote->source_port,
		.id = dnsmsg_id(quote->payload, quote->payload_len) };

	return quote->payload_len >= 2
		   ? flight_find(e, &key)
		   : flight_find_checksum(e, &key, quote->checksum);
}

static struct notice
notice_of(const struct icmpmsg *m, const struct port_in *in)
{
	return (struct notice){ .arrival = in->arrival,
		.from = in->from,
		.type = m->type,
		.code = m->code,
		.has_ttl = in->has_ttl,
		.ttl = in->ttl,
		.labels = m->labels };
}

/* An error about any packet of this host. */
static void
take_error(
    struct engine_port *p, const struct icmpmsg *m, const struct port_in *in)
{
	const struct notice n = notice_of(m, in);
	const struct icmpmsg_quote *quote = &m->quote;
	struct flight *f = NULL;

	if (quote->ip_proto == IPPROTO_UDP)
		f = find_udp(p->engine, quote);
	else if (quote->ip_proto == IPPROTO_TCP)
		f = syn_find(p->engine, quote);
	else if (quote->ip_proto == IPPROTO_ICMP ||
		 quote->ip_proto == IPPROTO_ICMPV6)
		f = find_echo(p, &quote->target, quote->id, quote->seq);
	if (f != NULL && f->ask != NULL)
		f->ask->ops->notice(f->ask, f, &n);
}

static void
icmp_packet(void *ctx, const struct port_in *packet)
{
	struct engine_port *p = ctx;
	struct port_in in = *packet;
	struct icmpmsg m;

	if (p->port.family == 4 && p->is_raw) {
		in.has_ttl = true;
		if (icmpmsg_skip_ip4(&in.bytes, &in.len, IPPROTO_ICMP, &in.from,
			&in.ttl) != RC_OK)
			return;
	}
	if (icmpmsg_parse(&m, p->port.family, in.bytes, in.len) != RC_OK)
		return;
	if (m.kind == ICMPMSG_ECHO_REPLY)
		take_reply(p, &m, &in);
	else if (m.kind == ICMPMSG_ERROR)
		take_error(p, &m, &in);
}

/* The error queue of a datagram socket gives the echo request from its ICMP
 * header on. */
static void
icmp_error(void *ctx, const struct port_in *in)
{
	struct engine_port *p = ctx;
	struct icmpmsg_quote quote;
	const struct notice n = port_notice(in);
	struct flight *f;

	if (icmpmsg_parse_quoted_echo(&quote, in->bytes, in->len) != RC_OK)
		return;
	f = find_echo(p, &in->from, quote.id, quote.seq);
	if (f != NULL)
		f->ask->ops->notice(f->ask, f, &n);
}

static const struct port_events events = { .sent = port_on_sent,
	.not_sent = port_on_not_sent,
	.departed = port_on_departed,
	.packet = icmp_packet,
	.error = icmp_error };

struct engine_port *
icmp_port(struct engine *e, const struct addr *a)
{
	return port_of(e, PORT_ICMP, a, socks_for(e->socks, a)->fd, &events);
}

void
icmp_start(struct engine *e)
{
	(void)icmp_port(e, &(struct addr){ .family = 4 });
	(void)icmp_port(e, &(struct addr){ .family = 6 });
}

enum rc
icmp_send(struct ask *a, uint16_t id,
    const uint8_t nonce[static ICMPMSG_NONCE_LEN], uint8_t ttl, uint8_t what,
    uint8_t attempt)
{
	struct engine *e = a->engine;
	const struct addr *target = &a->question.target;
	struct engine_port *p = icmp_port(e, target);
	struct icmpmsg_echo echo = { .id = id, .seq = e->next_seq++ };
	const struct flight_key key = {
		.kind = FLIGHT_ECHO, .target = *target, .id = echo.seq
	};
	struct flight *f;
	struct port_out *out;

	if (p == NULL)
		return RC_NOTFOUND;
	memcpy(echo.nonce, nonce, ICMPMSG_NONCE_LEN);
	f = flight_new(a, &key, false);
	f->echo_id = id;
	f->what = what;
	f->attempt = attempt;
	out = port_send(p, f, ttl);
	out->len =
	    (uint16_t)icmpmsg_write_echo(out->bytes, target->family, &echo);
	return RC_OK;
}
