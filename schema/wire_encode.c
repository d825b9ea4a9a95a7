/* wire_encode.c - see wire.h; keys are written in the order of this file. */
#include "schema/wire.h"

#include <assert.h>

#include "schema/fields.h"

/* Values whose absence says the same as zero: one rule for all of them. */
static void
put_nonzero(json_t *to, const char *key, int64_t v)
{
	if (v != 0)
		fields_put_int(to, key, v);
}

static void
put_true(json_t *to, const char *key, bool v)
{
	if (v)
		fields_put(to, key, json_true());
}

static void
put_addr(json_t *to, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_LEN];

	if (a->family != 0)
		fields_put_text(to, key, addr_format(a, text));
}

static void
put_identity(
    json_t *to, const char *key, const char *cut_key, const struct identity *id)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * IDENTITY_MAX + 1];
	char *p = hex;

	if (!id->is_present)
		return;
	for (size_t i = 0; i < id->len; i++) {
		*p++ = digits[id->bytes[i] >> 4];
		*p++ = digits[id->bytes[i] & 0xf];
	}
	*p = '\0';
	fields_put_text(to, key, hex);
	put_true(to, cut_key, id->is_cut);
}

static void
put_ede(json_t *to, const struct dns_result *d)
{
	json_t *codes;

	assert(d->n_ede <= EDE_MAX);
	if (d->n_ede == 0)
		return;
	codes = json_array();
	for (unsigned i = 0; i < d->n_ede; i++)
		json_array_append_new(codes, json_integer(d->ede[i]));
	fields_put(to, "ede", codes);
}

static void
put_chaos(json_t *to, const struct chaos *c)
{
	json_t *o;

	if (!c->is_asked)
		return;
	o = json_object();
	fields_put_text(o, "name", chaos_name_text((enum chaos_name)c->name));
	fields_put_text(o, "outcome", outcome_name(c->outcome));
	if (outcome_is_answer(c->outcome)) {
		fields_put_int(o, "rcode", c->rcode);
		fields_put_int(o, "rtt_us", c->rtt_us);
	}
	put_identity(o, "txt", "txt_cut", &c->txt);
	put_identity(o, "nsid", "nsid_cut", &c->nsid);
	fields_put(to, "chaos", o);
}

static void
put_dns(json_t *to, enum outcome outcome, const struct dns_result *d)
{
	put_nonzero(to, "source_port", d->source_port);
	if (outcome_is_answer(outcome))
		fields_put_int(to, "rcode", d->rcode);
	if (outcome_is_answer(outcome) || outcome == OUTCOME_REFUSED ||
	    outcome == OUTCOME_UNREACHABLE)
		fields_put_int(to, "rtt_us", d->rtt_us);
	if (d->has_reply_ttl)
		fields_put_int(to, "reply_ttl", d->reply_ttl);
	put_true(to, "aa", d->is_aa);
	put_true(to, "tc", d->is_tc);
	put_true(to, "ra", d->is_ra);
	put_true(to, "truncated_udp", d->is_truncated_udp);
	if (d->has_serial)
		fields_put_int(to, "serial", d->serial);
	put_nonzero(to, "size_bytes", d->size_bytes);
	put_ede(to, d);
	put_nonzero(to, "late", d->n_late);
	put_nonzero(to, "duplicate", d->n_duplicate);
	put_identity(to, "nsid", "nsid_cut", &d->nsid);
	put_chaos(to, &d->chaos);
}

static void
put_ping(json_t *to, const struct ping_result *p)
{
	fields_put_int(to, "sent", p->n_sent);
	fields_put_int(to, "received", p->n_received);
	if (p->n_received > 0) {
		fields_put_int(to, "rtt_min_us", p->rtt_min_us);
		fields_put_int(to, "rtt_median_us", p->rtt_median_us);
	}
	if (p->has_reply_ttl)
		fields_put_int(to, "reply_ttl", p->reply_ttl);
}

static void
put_labels(json_t *to, const struct hop *h)
{
	json_t *labels;

	assert(h->n_labels <= HOP_LABELS);
	if (h->n_labels == 0)
		return;
	labels = json_array();
	for (unsigned i = 0; i < h->n_labels; i++) {
		const struct mpls_label *l = &h->labels[i];
		json_t *o = json_object();

		fields_put_int(o, "label", l->label);
		fields_put_int(o, "tc", l->tc);
		put_true(o, "s", l->is_bottom);
		fields_put_int(o, "ttl", l->ttl);
		json_array_append_new(labels, o);
	}
	fields_put(to, "labels", labels);
}

static json_t *
new_hop(const struct hop *h)
{
	json_t *o = json_object();

	fields_put_int(o, "ttl", h->ttl);
	if (h->address.family == 0)
		return o;
	put_addr(o, "address", &h->address);
	fields_put_int(o, "rtt_us", h->rtt_us);
	put_nonzero(o, "reply_ttl", h->reply_ttl);
	put_true(o, "target", h->is_target);
	if (!h->is_target) {
		fields_put_int(o, "type", h->icmp_type);
		fields_put_int(o, "code", h->icmp_code);
	}
	put_labels(o, h);
	return o;
}

static void
put_trace(json_t *to, const struct trace_result *t)
{
	json_t *hops = json_array();

	assert(t->n_hops <= HOP_MAX);
	put_nonzero(to, "source_port", t->source_port);
	put_true(to, "reached", t->is_reached);
	for (unsigned i = 0; i < t->n_hops; i++)
		json_array_append_new(hops, new_hop(&t->hops[i]));
	fields_put(to, "hops", hops);
	put_identity(to, "nsid", "nsid_cut", &t->nsid);
}

static size_t
write_line(json_t *o, char buf[static WIRE_LINE_MAX])
{
	size_t len = json_dumpb(o, buf, WIRE_LINE_MAX - 1, JSON_COMPACT);

	json_decref(o);
	assert(len > 0 && len < WIRE_LINE_MAX);
	buf[len] = '\n';
	return len + 1;
}

size_t
wire_encode_observation(
    const struct observation *o, char buf[static WIRE_LINE_MAX])
{
	json_t *to = json_object();

	fields_put_int(to, "seq", (int64_t)o->seq);
	fields_put_int(to, "at_us", o->at_us);
	fields_put_text(to, "kind", kind_name(o->kind));
	fields_put_text(to, "why", why_name(o->why));
	fields_put_text(to, "proto", proto_name(o->proto));
	fields_put_text(to, "stamp", stamp_name(o->stamp));
	fields_put_text(to, "outcome", outcome_name(o->outcome));
	put_addr(to, "target", &o->target);
	if (o->proto != PROTO_ICMP)
		fields_put_int(to, "port", o->port);
	put_addr(to, "source", &o->source);
	switch (o->kind) {
	case KIND_DNS:
		put_dns(to, o->outcome, &o->dns);
		break;
	case KIND_PING:
		put_ping(to, &o->ping);
		break;
	case KIND_TRACE:
		put_trace(to, &o->trace);
		break;
	}
	return write_line(to, buf);
}

size_t
wire_encode_header(const struct batch_header *h, char buf[static WIRE_LINE_MAX])
{
	json_t *to = json_object();

	fields_put_text(to, "probe", h->probe);
	fields_put_text(to, "version", h->version);
	fields_put_int(to, "first_seq", (int64_t)h->first_seq);
	fields_put_int(to, "last_seq", (int64_t)h->last_seq);
	if (h->has_sent_at)
		fields_put_int(to, "sent_at_us", h->sent_at_us);
	fields_put_int(to, "anchor_at_us", h->anchor_at_us);
	fields_put_int(to, "anchor_mono_us", h->anchor_mono_us);
	fields_put_text(to, "clock", clock_state_name(h->clock));
	fields_put_int(to, "lost", (int64_t)h->n_lost);
	if (h->assignment[0] != '\0')
		fields_put_text(to, "assignment", h->assignment);
	return write_line(to, buf);
}
