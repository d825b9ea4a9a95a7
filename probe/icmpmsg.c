/* icmpmsg.c - see icmpmsg.h. */
#include "probe/icmpmsg.h"

#include <netinet/in.h>
#include <string.h>

#include "schema/base/bytes.h"

#define ICMP_HEADER_LEN 8
#define IP4_HEADER_MIN 20
#define QUOTE_MIN 128 /* RFC 4884 section 4: padded to this when extended */
#define EXTENSION_VERSION 2
#define CLASS_MPLS 1

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12
};

enum icmp6_type {
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER = 4,
	ICMPV6_ECHO = 128,
	ICMPV6_ECHO_REPLY = 129
};

static enum icmpmsg_kind
kind_of(int family, uint8_t type)
{
	if (family == 6) {
		if (type == ICMPV6_ECHO_REPLY)
			return ICMPMSG_ECHO_REPLY;
		return type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER
			   ? ICMPMSG_ERROR
			   : ICMPMSG_OTHER;
	}
	if (type == ICMP4_ECHO_REPLY)
		return ICMPMSG_ECHO_REPLY;
	return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED ||
		       type == ICMP4_PARAMETER
		   ? ICMPMSG_ERROR
		   : ICMPMSG_OTHER;
}

static struct addr
read_addr(struct rbuf *r, uint8_t family)
{
	struct addr a = { .family = family };
	size_t n = family == 4 ? 4 : 16;
	const uint8_t *p = rbuf_take(r, n);

	if (p != NULL)
		memcpy(a.bytes, p, n);
	return a;
}

/* Skips one IPv4 header at the cursor, filling source and target. */
static void
read_ip4(struct rbuf *r, struct icmpmsg_quote *q, uint8_t *ttl)
{
	uint8_t first = rbuf_u8(r);
	size_t header_len = (size_t)(first & 0xf) * 4;

	rbuf_skip(r, 7);
	*ttl = rbuf_u8(r);
	q->ip_proto = rbuf_u8(r);
	rbuf_skip(r, 2);
	q->source = read_addr(r, 4);
	q->target = read_addr(r, 4);
	if (first >> 4 != 4 || header_len < IP4_HEADER_MIN)
		r->is_bad = true;
	else
		rbuf_skip(r, header_len - IP4_HEADER_MIN);
}

/* Is it a header that only stands before the next one (RFC 8200)? */
static bool
is_extension_header(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_FRAGMENT;
}

static void
read_ip6(struct rbuf *r, struct icmpmsg_quote *q)
{
	uint8_t first = rbuf_u8(r), next;

	rbuf_skip(r, 5);
	next = rbuf_u8(r);
	rbuf_skip(r, 1);
	q->source = read_addr(r, 6);
	q->target = read_addr(r, 6);
	while (!r->is_bad && is_extension_header(next)) {
		bool is_fragment = next == IPPROTO_FRAGMENT;
		uint8_t units;

		next = rbuf_u8(r);
		units = rbuf_u8(r);
		rbuf_skip(r, is_fragment ? 6 : (size_t)units * 8 + 6);
	}
	q->ip_proto = next;
	if (first >> 4 != 6)
		r->is_bad = true;
}

/* The first 8 bytes of what the quoted packet carried: all that an old
 * router returns (RFC 792). */
static void
read_quoted_transport(struct rbuf *r, struct icmpmsg_quote *q)
{
	switch (q->ip_proto) {
	case IPPROTO_UDP:
		q->source_port = rbuf_u16(r);
		q->target_port = rbuf_u16(r);
		rbuf_skip(r, 2);
		q->checksum = rbuf_u16(r);
		break;
	case IPPROTO_TCP:
		q->source_port = rbuf_u16(r);
		q->target_port = rbuf_u16(r);
		q->tcp_seq = rbuf_u32(r);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		rbuf_skip(r, 2); /* type and code */
		q->checksum = rbuf_u16(r);
		q->id = rbuf_u16(r);
		q->seq = rbuf_u16(r);
		break;
	default:
		return;
	}
	q->payload_len = rbuf_left(r);
	q->payload = rbuf_take(r, q->payload_len);
}

enum rc
icmpmsg_parse_quoted_echo(
    struct icmpmsg_quote *out, const void *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct icmpmsg_quote q = { .ip_proto = IPPROTO_ICMP };

	read_quoted_transport(&r, &q);
	if (r.is_bad)
		return RC_MALFORMED;
	*out = q;
	return RC_OK;
}

static void
read_labels(struct rbuf *object, struct icmpmsg_labels *out)
{
	while (rbuf_left(object) >= 4) {
		uint32_t entry = rbuf_u32(object); /* RFC 3032 section 2.1 */
		struct mpls_label label = {
			.label = entry >> 12,
			.tc = entry >> 9 & 7,
			.is_bottom = (entry >> 8 & 1) != 0,
			.ttl = (uint8_t)entry,
		};

		if (out->n < HOP_LABELS)
			out->label[out->n++] = label;
	}
}

/* Reads objects until the structure is used up; false when one breaks it. */
static bool
read_objects(struct rbuf *r, struct icmpmsg_labels *out)
{
	while (rbuf_left(r) > 0) {
		uint16_t object_len = rbuf_u16(r);
		uint8_t class = rbuf_u8(r), type = rbuf_u8(r);
		struct rbuf object;

		if (r->is_bad || object_len < 4 || object_len % 4 != 0)
			return false;
		object = rbuf_sub(r, (size_t)object_len - 4);
		if (object.is_bad)
			return false;
		if (class == CLASS_MPLS && type == 1)
			read_labels(&object, out);
	}
	return true;
}

void
icmpmsg_parse_extensions(
    struct icmpmsg_labels *out, const void *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct icmpmsg_labels got = { 0 };
	uint8_t version = rbuf_u8(&r) >> 4;
	uint16_t checksum;

	rbuf_skip(&r, 1);
	checksum = rbuf_u16(&r);
	out->n = 0;
	if (r.is_bad || version != EXTENSION_VERSION)
		return;
	/* Zero: not computed (RFC 4884 section 7). */
	if (checksum != 0 && inet_checksum(bytes, len, 0) != 0)
		return;
	if (read_objects(&r, &got))
		*out = got;
}

/* Where the quote ends and extensions begin.  The length field counts 32-bit
 * words for IPv4 and 64-bit words for IPv6 (RFC 4884 section 4); zero with
 * more than 128 bytes is how routers older than that RFC extend. */
static size_t
quote_length(int family, uint8_t units, size_t body_len)
{
	size_t n = (size_t)units * (family == 6 ? 8 : 4);

	if (units == 0)
		n = QUOTE_MIN;
	return n < body_len ? n : body_len;
}

/* The length byte is the sixth of an IPv4, the fifth of an IPv6 error. */
static enum rc
read_error(struct icmpmsg *m, int family, const uint8_t rest[4], struct rbuf *r)
{
	size_t body_len = rbuf_left(r);
	size_t n = quote_length(family, rest[family == 6 ? 0 : 1], body_len);
	struct rbuf body = *r;
	uint8_t unused;

	if (family == 6 && m->type == ICMPV6_TOO_BIG)
		n = body_len; /* its four bytes are the MTU */
	rbuf_skip(r, n);
	if (rbuf_left(r) > 0) {
		size_t left = rbuf_left(r);

		icmpmsg_parse_extensions(&m->labels, rbuf_take(r, left), left);
	}
	if (rest[family == 6 ? 0 : 1] != 0 || m->labels.n > 0)
		body = rbuf_sub(&body, n);
	if (family == 6)
		read_ip6(&body, &m->quote);
	else
		read_ip4(&body, &m->quote, &unused);
	read_quoted_transport(&body, &m->quote);
	return body.is_bad ? RC_MALFORMED : RC_OK;
}

/* An echo of another program may be shorter than ours: its nonce is zero. */
static void
read_echo(struct icmpmsg_echo *echo, const uint8_t rest[4], struct rbuf *r)
{
	const uint8_t *nonce;

	echo->id = (uint16_t)(rest[0] << 8 | rest[1]);
	echo->seq = (uint16_t)(rest[2] << 8 | rest[3]);
	rbuf_skip(r, 2);
	nonce = rbuf_take(r, ICMPMSG_NONCE_LEN);
	if (nonce != NULL)
		memcpy(echo->nonce, nonce, ICMPMSG_NONCE_LEN);
}

enum rc
icmpmsg_parse(struct icmpmsg *out, int family, const void *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct icmpmsg m = { 0 };
	const uint8_t *rest;

	m.type = rbuf_u8(&r);
	m.code = rbuf_u8(&r);
	rbuf_skip(&r, 2);
	rest = rbuf_take(&r, 4);
	if (rest == NULL || (family == 4 && inet_checksum(bytes, len, 0) != 0))
		return RC_MALFORMED;
	m.kind = kind_of(family, m.type);
	if (m.kind == ICMPMSG_ECHO_REPLY)
		read_echo(&m.echo, rest, &r);
	if (m.kind == ICMPMSG_ERROR &&
	    read_error(&m, family, rest, &r) != RC_OK)
		return RC_MALFORMED;
	*out = m;
	return RC_OK;
}

enum rc
icmpmsg_skip_ip4(const uint8_t **bytes, size_t *len, uint8_t ip_proto,
    struct addr *source, uint8_t *ttl)
{
	struct rbuf r = rbuf_over(*bytes, *len);
	struct icmpmsg_quote header;
	uint8_t got_ttl;

	read_ip4(&r, &header, &got_ttl);
	if (r.is_bad || header.ip_proto != ip_proto)
		return RC_MALFORMED;
	*source = header.source;
	*ttl = got_ttl;
	*len = rbuf_left(&r);
	*bytes = rbuf_take(&r, *len);
	return RC_OK;
}

size_t
icmpmsg_write_echo(uint8_t buf[static ICMPMSG_ECHO_LEN], int family,
    const struct icmpmsg_echo *echo)
{
	struct wbuf w = wbuf_over(buf, ICMPMSG_ECHO_LEN);

	wbuf_u8(&w, family == 6 ? ICMPV6_ECHO : ICMP4_ECHO);
	wbuf_u8(&w, 0);
	wbuf_u16(&w, 0);
	wbuf_u16(&w, echo->id);
	wbuf_u16(&w, echo->seq);
	wbuf_u16(&w, (uint16_t)~echo->seq); /* seq and this add up to -0 */
	wbuf_put(&w, echo->nonce, ICMPMSG_NONCE_LEN);
	if (family == 4) {
		uint16_t sum = inet_checksum(buf, w.len, 0);

		buf[2] = (uint8_t)(sum >> 8);
		buf[3] = (uint8_t)sum;
	}
	return w.len;
}

uint16_t
icmpmsg_udp_checksum(const struct addr *source, uint16_t source_port,
    const struct addr *target, uint16_t target_port, const void *payload,
    size_t len)
{
	uint8_t head[16 + 16 + 4 + 8];
	struct wbuf w = wbuf_over(head, sizeof head);
	size_t addr_len = source->family == 6 ? 16 : 4;
	uint16_t sum;

	wbuf_put(&w, source->bytes, addr_len);
	wbuf_put(&w, target->bytes, addr_len);
	wbuf_u16(&w, IPPROTO_UDP);
	wbuf_u16(&w, (uint16_t)(len + 8));
	wbuf_u16(&w, source_port);
	wbuf_u16(&w, target_port);
	wbuf_u16(&w, (uint16_t)(len + 8));
	/* The checksum of the head is the complement of its sum. */
	sum = inet_checksum(
	    payload, len, (uint16_t)~inet_checksum(head, w.len, 0));
	return sum == 0 ? 0xffff : sum;
}

enum icmpmsg_meaning
icmpmsg_meaning(int family, uint8_t type, uint8_t code)
{
	bool is_unreachable =
	    type == (family == 6 ? ICMPV6_UNREACHABLE : ICMP4_UNREACHABLE);

	if (type == (family == 6 ? ICMPV6_TIME_EXCEEDED : ICMP4_TIME_EXCEEDED))
		return code == 0 ? ICMPMSG_TTL_EXCEEDED : ICMPMSG_IGNORED;
	if (!is_unreachable)
		return ICMPMSG_IGNORED;
	if (code == (family == 6 ? 4 : 3))
		return ICMPMSG_PORT_CLOSED;
	/* IPv4 code 4 is path MTU discovery at work. */
	return family == 4 && code == 4 ? ICMPMSG_IGNORED : ICMPMSG_UNREACHABLE;
}
