/*
 * wire_encode.c - see wire.h; keys are written in the order of this file.
 *
 * One pass into the caller's buffer, without allocation: a sweep of thousands
 * of servers a second writes a line for each of them.
 */
#include "schema/wire.h"

#include <assert.h>
#include <string.h>

struct writer {
	char *at, *end;
	bool is_full; /* sticky: writes do nothing any more */
};

/* What stands before a value: its comma, its key, its colon. */
struct key {
	const char *text;
	size_t len;
};

#define KEY(name) \
	((struct key){ ",\"" name "\":", sizeof(",\"" name "\":") - 1 })

static void
put_bytes(struct writer *w, const char *bytes, size_t n)
{
	if (n > (size_t)(w->end - w->at)) {
		w->is_full = true;
		w->end = w->at;
		return;
	}
	memcpy(w->at, bytes, n);
	w->at += n;
}

static void
put_char(struct writer *w, char c)
{
	put_bytes(w, &c, 1);
}

/* The first key of an object has no comma. */
static void
put_key(struct writer *w, struct key k)
{
	size_t comma = w->at[-1] == '{' ? 1 : 0;

	put_bytes(w, k.text + comma, k.len - comma);
}

static void
put_number(struct writer *w, int64_t v)
{
	char text[20], *p = text + sizeof text;
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (v < 0)
		*--p = '-';
	put_bytes(w, p, (size_t)(text + sizeof text - p));
}

static void
put_int(struct writer *w, struct key k, int64_t v)
{
	put_key(w, k);
	put_number(w, v);
}

/* Values whose absence says the same as zero: one rule for all of them. */
static void
put_nonzero(struct writer *w, struct key k, int64_t v)
{
	if (v != 0)
		put_int(w, k, v);
}

static void
put_true(struct writer *w, struct key k, bool v)
{
	if (!v)
		return;
	put_key(w, k);
	put_bytes(w, "true", 4);
}

/* Text of our own: nothing in it needs an escape. */
static void
put_text(struct writer *w, struct key k, const char *text)
{
	put_key(w, k);
	put_char(w, '"');
	put_bytes(w, text, strlen(text));
	put_char(w, '"');
}

/* Text that is only nearly our own: another library worded it. */
static void
put_foreign_text(struct writer *w, struct key k, const char *text)
{
	if (*text == '\0')
		return;
	put_key(w, k);
	put_char(w, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			put_char(w, '\\');
		put_char(w, *text >= ' ' && *text <= '~' ? *text : '?');
	}
	put_char(w, '"');
}

static void
put_addr(struct writer *w, struct key k, const struct addr *a)
{
	char text[ADDR_TEXT_LEN];

	if (a->family != 0)
		put_text(w, k, addr_format(a, text));
}

static void
put_hex(struct writer *w, struct key k, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = bytes;

	put_key(w, k);
	put_char(w, '"');
	for (size_t i = 0; i < n; i++) {
		char pair[2] = { digits[b[i] >> 4], digits[b[i] & 0xf] };

		put_bytes(w, pair, 2);
	}
	put_char(w, '"');
}

/* A text of the network's; "" is no key. */
static void
put_hex_text(struct writer *w, struct key k, const char *text)
{
	if (text[0] != '\0')
		put_hex(w, k, text, strlen(text));
}

static void
put_identity(
    struct writer *w, struct key k, struct key cut, const struct identity *id)
{
	if (!id->is_present)
		return;
	put_hex(w, k, id->bytes, id->len);
	put_true(w, cut, id->is_cut);
}

/* ---- dns ---- */

static void
put_ede(struct writer *w, const struct dns_result *d)
{
	assert(d->n_ede <= EDE_MAX);
	if (d->n_ede == 0)
		return;
	put_key(w, KEY("ede"));
	for (unsigned i = 0; i < d->n_ede; i++) {
		put_char(w, i == 0 ? '[' : ',');
		put_number(w, d->ede[i]);
	}
	put_char(w, ']');
}

static void
put_zoneversion(struct writer *w, const struct zoneversion *z)
{
	assert(z->len <= ZONEVERSION_MAX);
	if (!z->is_present)
		return;
	put_key(w, KEY("zoneversion"));
	put_char(w, '{');
	put_int(w, KEY("labels"), z->n_labels);
	put_int(w, KEY("type"), z->type);
	if (z->len > 0)
		put_hex(w, KEY("version"), z->bytes, z->len);
	put_char(w, '}');
}

static void
put_chaos(struct writer *w, const struct chaos *c)
{
	if (!c->is_asked)
		return;
	put_key(w, KEY("chaos"));
	put_char(w, '{');
	put_text(w, KEY("name"), chaos_name_text((enum chaos_name)c->name));
	put_text(w, KEY("outcome"), outcome_name(c->outcome));
	if (outcome_is_answer(c->outcome)) {
		put_int(w, KEY("rcode"), c->rcode);
		put_int(w, KEY("rtt_us"), c->rtt_us);
	}
	put_identity(w, KEY("txt"), KEY("txt_cut"), &c->txt);
	put_identity(w, KEY("nsid"), KEY("nsid_cut"), &c->nsid);
	put_char(w, '}');
}

static void
put_second(struct writer *w, const struct second_answer *s)
{
	if (!s->is_present)
		return;
	put_key(w, KEY("second"));
	put_char(w, '{');
	put_true(w, KEY("different"), s->is_different);
	put_int(w, KEY("rcode"), s->rcode);
	put_int(w, KEY("rtt_us"), s->rtt_us);
	put_identity(w, KEY("nsid"), KEY("nsid_cut"), &s->nsid);
	put_char(w, '}');
}

static void
put_tls(struct writer *w, const struct tls_result *t)
{
	if (!t->is_present)
		return;
	put_key(w, KEY("tls"));
	put_char(w, '{');
	put_true(w, KEY("verified"), t->is_verified);
	put_text(w, KEY("version"), t->version == 3 ? "1.3" : "1.2");
	put_hex(w, KEY("fingerprint"), t->fingerprint, sizeof t->fingerprint);
	put_int(w, KEY("connect_us"), t->connect_us);
	put_int(w, KEY("handshake_us"), t->handshake_us);
	put_int(w, KEY("not_after_at_us"), t->not_after_us);
	put_hex_text(w, KEY("subject"), t->subject);
	put_hex_text(w, KEY("issuer"), t->issuer);
	put_hex_text(w, KEY("names"), t->names);
	put_foreign_text(w, KEY("fault"), t->fault);
	put_char(w, '}');
}

static void
put_dns(struct writer *w, enum outcome outcome, const struct dns_result *d)
{
	put_nonzero(w, KEY("source_port"), d->source_port);
	if (outcome_is_answer(outcome))
		put_int(w, KEY("rcode"), d->rcode);
	if (outcome_is_answer(outcome) || outcome == OUTCOME_REFUSED ||
	    outcome == OUTCOME_UNREACHABLE)
		put_int(w, KEY("rtt_us"), d->rtt_us);
	if (d->has_reply_ttl)
		put_int(w, KEY("reply_ttl"), d->reply_ttl);
	put_true(w, KEY("aa"), d->is_aa);
	put_true(w, KEY("tc"), d->is_tc);
	put_true(w, KEY("ra"), d->is_ra);
	put_true(w, KEY("truncated_udp"), d->is_truncated_udp);
	if (d->has_serial)
		put_int(w, KEY("serial"), d->serial);
	put_nonzero(w, KEY("size_bytes"), d->size_bytes);
	put_ede(w, d);
	put_nonzero(w, KEY("late"), d->n_late);
	put_nonzero(w, KEY("duplicate"), d->n_duplicate);
	put_identity(w, KEY("nsid"), KEY("nsid_cut"), &d->nsid);
	put_zoneversion(w, &d->zoneversion);
	put_chaos(w, &d->chaos);
	put_second(w, &d->second);
	put_tls(w, &d->tls);
}

/* ---- ping ---- */

static void
put_ping(struct writer *w, const struct ping_result *p)
{
	put_int(w, KEY("sent"), p->n_sent);
	put_int(w, KEY("received"), p->n_received);
	if (p->n_received > 0) {
		put_int(w, KEY("rtt_min_us"), p->rtt_min_us);
		put_int(w, KEY("rtt_median_us"), p->rtt_median_us);
	}
	if (p->has_reply_ttl)
		put_int(w, KEY("reply_ttl"), p->reply_ttl);
}

/* ---- trace ---- */

static void
put_labels(struct writer *w, const struct hop *h)
{
	assert(h->n_labels <= HOP_LABELS);
	if (h->n_labels == 0)
		return;
	put_key(w, KEY("labels"));
	for (unsigned i = 0; i < h->n_labels; i++) {
		const struct mpls_label *l = &h->labels[i];

		put_bytes(w, i == 0 ? "[{" : ",{", 2);
		put_int(w, KEY("label"), l->label);
		put_int(w, KEY("tc"), l->tc);
		put_true(w, KEY("s"), l->is_bottom);
		put_int(w, KEY("ttl"), l->ttl);
		put_char(w, '}');
	}
	put_char(w, ']');
}

static void
put_reply(struct writer *w, const struct hop *h)
{
	put_addr(w, KEY("address"), &h->address);
	put_int(w, KEY("rtt_us"), h->rtt_us);
	put_nonzero(w, KEY("reply_ttl"), h->reply_ttl);
	put_true(w, KEY("target"), h->is_target);
	if (!h->is_target) {
		put_int(w, KEY("type"), h->icmp_type);
		put_int(w, KEY("code"), h->icmp_code);
	}
	put_true(w, KEY("extra"), h->is_extra);
	put_nonzero(w, KEY("duplicate"), h->n_duplicate);
	put_labels(w, h);
}

static void
put_hop(struct writer *w, const struct trace_result *t, unsigned i)
{
	const struct hop *h = &t->hops[i];

	put_char(w, '{');
	put_int(w, KEY("ttl"), h->ttl);
	if (h->attempt > 1)
		put_int(w, KEY("attempt"), h->attempt);
	if (h->address.family != 0)
		put_reply(w, h);
	put_true(w, KEY("balanced"), trace_is_balanced(t, i));
	put_char(w, '}');
}

static void
put_links(struct writer *w, const struct trace_result *t)
{
	bool is_first = true;

	put_key(w, KEY("links"));
	put_char(w, '[');
	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *from = trace_link_from(t, i);

		if (from == NULL)
			continue;
		put_bytes(w, is_first ? "{" : ",{", is_first ? 1 : 2);
		is_first = false;
		put_addr(w, KEY("from"), &from->address);
		put_addr(w, KEY("to"), &t->hops[i].address);
		put_int(w, KEY("ttl"), t->hops[i].ttl);
		put_char(w, '}');
	}
	put_char(w, ']');
}

static void
put_trace(struct writer *w, const struct trace_result *t)
{
	assert(t->n_hops <= HOP_MAX);
	put_nonzero(w, KEY("source_port"), t->source_port);
	put_true(w, KEY("reached"), t->is_reached);
	put_key(w, KEY("hops"));
	put_char(w, '[');
	for (unsigned i = 0; i < t->n_hops; i++) {
		if (i > 0)
			put_char(w, ',');
		put_hop(w, t, i);
	}
	put_char(w, ']');
	if (t->n_queries > 1) {
		put_int(w, KEY("queries"), t->n_queries);
		put_links(w, t);
	}
	put_identity(w, KEY("nsid"), KEY("nsid_cut"), &t->nsid);
}

/* ---- lines ---- */

static struct writer
begin_line(char buf[static WIRE_LINE_MAX])
{
	buf[0] = '{';
	return (struct writer){ .at = buf + 1, .end = buf + WIRE_LINE_MAX };
}

static size_t
end_line(struct writer *w, const char *buf)
{
	put_bytes(w, "}\n", 2);
	assert(!w->is_full); /* the longest valid line fits */
	return (size_t)(w->at - buf);
}

size_t
wire_encode_observation(
    const struct observation *o, char buf[static WIRE_LINE_MAX])
{
	struct writer w = begin_line(buf);

	put_int(&w, KEY("seq"), (int64_t)o->seq);
	put_int(&w, KEY("at_us"), o->at_us);
	put_text(&w, KEY("kind"), kind_name(o->kind));
	put_text(&w, KEY("why"), why_name(o->why));
	put_text(&w, KEY("proto"), proto_name(o->proto));
	put_text(&w, KEY("stamp"), stamp_name(o->stamp));
	put_text(&w, KEY("outcome"), outcome_name(o->outcome));
	put_addr(&w, KEY("target"), &o->target);
	if (o->proto != PROTO_ICMP)
		put_int(&w, KEY("port"), o->port);
	put_addr(&w, KEY("source"), &o->source);
	switch (o->kind) {
	case KIND_DNS:
		put_dns(&w, o->outcome, &o->dns);
		break;
	case KIND_PING:
		put_ping(&w, &o->ping);
		break;
	case KIND_TRACE:
		put_trace(&w, &o->trace);
		break;
	}
	return end_line(&w, buf);
}

static void
put_family_state(struct writer *w, struct key k, enum family_state s)
{
	if (s != FAMILY_UNKNOWN)
		put_text(w, k, family_state_name(s));
}

size_t
wire_encode_header(const struct batch_header *h, char buf[static WIRE_LINE_MAX])
{
	struct writer w = begin_line(buf);

	put_text(&w, KEY("probe"), h->probe);
	put_foreign_text(&w, KEY("version"), h->version);
	put_int(&w, KEY("first_seq"), (int64_t)h->first_seq);
	put_int(&w, KEY("last_seq"), (int64_t)h->last_seq);
	if (h->has_sent_at)
		put_int(&w, KEY("sent_at_us"), h->sent_at_us);
	put_int(&w, KEY("anchor_at_us"), h->anchor_at_us);
	put_int(&w, KEY("anchor_mono_us"), h->anchor_mono_us);
	put_text(&w, KEY("clock"), clock_state_name(h->clock));
	put_int(&w, KEY("lost"), (int64_t)h->n_lost);
	if (h->assignment[0] != '\0')
		put_text(&w, KEY("assignment"), h->assignment);
	put_family_state(&w, KEY("v4"), h->v4);
	put_family_state(&w, KEY("v6"), h->v6);
	return end_line(&w, buf);
}
