/* engine_icmp.c - see engine_icmp.h. */
#include "probe/engine_icmp.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

#include "probe/engine_slot.h"

#define BATCH 256 /* packets read before others get a turn */

static struct echo_sent *
find_echo(struct engine *e, uint16_t seq)
{
	struct echo_sent *s = &e->echoes[seq % ENGINE_ECHOES_MAX];

	return s->ask != NULL && s->seq == seq && s->ask->is_active &&
		       s->serial == s->ask->serial
		   ? s
		   : NULL;
}

static const uint8_t *
nonce_of(const struct ask *a)
{
	return a->question.kind == KIND_PING ? a->ping.nonce : a->trace.nonce;
}

static bool
is_to(const struct echo_sent *s, const struct addr *target)
{
	return addr_equal(&s->ask->question.target, target);
}

/* A datagram socket's id is the kernel's choice, and the kernel's check. */
static bool
is_id_right(const struct engine *e, const struct echo_sent *s, uint16_t id)
{
	const struct socks_icmp *icmp =
	    socks_for(e->socks, &s->ask->question.target);

	return icmp->mode != SOCKS_RAW || s->id == id;
}

static void
take_reply(
    struct engine *e, const struct icmpmsg *m, const struct flow_packet *p)
{
	struct echo_sent *s = find_echo(e, m->echo.seq);

	if (s == NULL || !is_to(s, &p->from) ||
	    !is_id_right(e, s, m->echo.id) ||
	    memcmp(m->echo.nonce, nonce_of(s->ask), ICMPMSG_NONCE_LEN) != 0) {
		e->n_stray++;
		return;
	}
	s->ask->ops->echo(s->ask, s, p);
}

static void
take_echo_error(
    struct engine *e, const struct icmpmsg_quote *quote, const struct notice *n)
{
	struct echo_sent *s = find_echo(e, quote->seq);

	if (s == NULL || !is_to(s, &quote->target) ||
	    !is_id_right(e, s, quote->id))
		e->n_stray++;
	else
		s->ask->ops->echo_notice(s->ask, s, n);
}

static struct notice
notice_of(const struct icmpmsg *m, const struct flow_packet *p)
{
	return (struct notice){ .arrival = p->arrival,
		.from = p->from,
		.type = m->type,
		.code = m->code,
		.has_ttl = p->has_ttl,
		.ttl = p->ttl,
		.labels = m->labels,
		.has_checksum = true,
		.checksum = m->quote.checksum,
		.quote = m->quote.payload,
		.quote_len = m->quote.payload_len };
}

/* An error about any packet of this host; TCP has its own error queue. */
static void
take_error(
    struct engine *e, const struct icmpmsg *m, const struct flow_packet *p)
{
	struct notice n = notice_of(m, p);

	if (m->quote.ip_proto == IPPROTO_UDP)
		(void)slot_notice(e, &m->quote, &n);
	else if (m->quote.ip_proto == IPPROTO_ICMP ||
		 m->quote.ip_proto == IPPROTO_ICMPV6)
		take_echo_error(e, &m->quote, &n);
}

static void
take_message(struct engine *e, int family, const struct socks_icmp *icmp,
    struct flow_packet *p)
{
	const uint8_t *bytes = e->buffer;
	size_t len = p->len;
	struct icmpmsg m;

	if (family == 4 && icmp->mode == SOCKS_RAW) {
		p->has_ttl = true;
		if (icmpmsg_skip_ip4(&bytes, &len, &p->from, &p->ttl) != RC_OK)
			return;
	}
	if (icmpmsg_parse(&m, family, bytes, len) != RC_OK)
		e->n_stray++;
	else if (m.kind == ICMPMSG_ECHO_REPLY)
		take_reply(e, &m, p);
	else if (m.kind == ICMPMSG_ERROR)
		take_error(e, &m, p);
}

/* The error queue of a datagram socket.  The quoted echo's own target is the
 * ask's, since the kernel matched it to this socket. */
static void
drain_errors(struct engine *e, int fd)
{
	struct flow_error error;

	for (unsigned i = 0; i < BATCH; i++) {
		struct icmpmsg_quote quote;
		struct echo_sent *s;
		struct notice n;

		if (flow_read_error(fd, e->buffer, ENGINE_BUFFER_LEN, &error) !=
		    RC_OK)
			return;
		if (!error.is_icmp || icmpmsg_parse_quoted_echo(&quote,
					  e->buffer, error.len) != RC_OK)
			continue;
		s = find_echo(e, quote.seq);
		n = (struct notice){ .arrival = error.arrival,
			.from = error.from,
			.type = error.type,
			.code = error.code,
			.has_ttl = error.has_ttl,
			.ttl = error.ttl,
			.labels = error.labels };
		if (s != NULL)
			s->ask->ops->echo_notice(s->ask, s, &n);
	}
}

static void
read_messages(struct engine *e, int family, const struct socks_icmp *icmp)
{
	struct flow_packet p;

	for (unsigned i = 0; i < BATCH; i++) {
		enum rc rc =
		    flow_read(icmp->fd, e->buffer, ENGINE_BUFFER_LEN, &p);

		if (rc == RC_AGAIN)
			return;
		if (rc == RC_OK)
			take_message(e, family, icmp, &p);
	}
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct engine *e = poll->data;
	int family = poll == &e->icmp_polls[0] ? 4 : 6;
	const struct socks_icmp *icmp =
	    family == 4 ? &e->socks->v4 : &e->socks->v6;

	(void)events;
	drain_errors(e, icmp->fd);
	read_messages(e, family, icmp);
	/* libuv stops watching a socket with an error waiting; we took it. */
	if (status < 0 && !e->is_closing)
		uv_poll_start(poll, UV_READABLE, on_poll);
	engine_arm(e);
}

static enum rc
start_one(struct engine *e, unsigned i, const struct socks_icmp *icmp,
    struct err *err)
{
	uv_poll_t *poll = &e->icmp_polls[i];
	int status;

	if (icmp->fd < 0)
		return RC_OK;
	status = uv_poll_init(e->loop, poll, icmp->fd);
	if (status != 0)
		return err_set(
		    err, RC_SYS, "ICMP socket: %s", uv_strerror(status));
	poll->data = e;
	e->n_handles++;
	uv_poll_start(poll, UV_READABLE, on_poll);
	return RC_OK;
}

enum rc
icmp_start(struct engine *e, struct err *err)
{
	enum rc rc = start_one(e, 0, &e->socks->v4, err);

	e->next_seq = (uint16_t)randombytes_random();
	return rc != RC_OK ? rc : start_one(e, 1, &e->socks->v6, err);
}

static void
on_closed(uv_handle_t *handle)
{
	engine_handle_closed(handle->data);
}

void
icmp_close(struct engine *e)
{
	for (unsigned i = 0; i < 2; i++) {
		uv_poll_t *poll = &e->icmp_polls[i];

		if (poll->data != NULL) {
			uv_poll_stop(poll);
			uv_close((uv_handle_t *)poll, on_closed);
		}
	}
}

enum rc
icmp_send(struct ask *a, uint16_t id,
    const uint8_t nonce[static ICMPMSG_NONCE_LEN], uint8_t what, uint8_t ttl,
    struct moment *sent)
{
	struct engine *e = a->engine;
	const struct addr *target = &a->question.target;
	const struct socks_icmp *icmp = socks_for(e->socks, target);
	struct icmpmsg_echo echo = { .id = id, .seq = e->next_seq };
	uint8_t packet[ICMPMSG_ECHO_LEN];
	size_t len;

	if (icmp->fd < 0)
		return RC_NOTFOUND;
	memcpy(echo.nonce, nonce, ICMPMSG_NONCE_LEN);
	len = icmpmsg_write_echo(packet, target->family, &echo);
	if (flow_write(icmp->fd, target, packet, len, ttl, sent) != RC_OK)
		return RC_SYS;
	e->echoes[e->next_seq % ENGINE_ECHOES_MAX] =
	    (struct echo_sent){ .ask = a,
		    .serial = a->serial,
		    .id = id,
		    .seq = e->next_seq,
		    .what = what,
		    .sent = *sent };
	e->next_seq++;
	return RC_OK;
}
