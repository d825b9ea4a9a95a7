/* wire_decode.c - one line; what is required when: schema/README.md. */
#include "schema/wire.h"

#include <stddef.h>
#include <string.h>

#include "schema/fields.h"
#include "schema/wire_read.h"

#define AT_MIN_US INT64_C(946684800000000)  /* 2000-01-01 */
#define AT_MAX_US INT64_C(4102444800000000) /* 2100-01-01 */
#define MONO_MAX_US (AT_MAX_US - AT_MIN_US)
#define LABEL_MAX 0xfffff

WIRE_DEFINE_WORD(static, enum kind, read_kind, kind_from_name)
WIRE_DEFINE_WORD(static, enum why, read_why, why_from_name)
WIRE_DEFINE_WORD(static, enum proto, read_proto, proto_from_name)
WIRE_DEFINE_WORD(static, enum stamp, read_stamp, stamp_from_name)
WIRE_DEFINE_WORD(
    static, enum clock_state, read_clock_state, clock_state_from_name)
WIRE_DEFINE_WORD(
    static, enum family_state, read_family_state, family_state_from_name)

static struct addr
read_addr(struct fields *f, const char *key)
{
	struct addr a = { 0 };

	if (addr_parse(&a, fields_text(f, key)) != RC_OK)
		fields_fail(f, RC_MALFORMED, key, "not an IP address");
	return a;
}

static void
read_ping(struct fields *f, enum outcome outcome, struct ping_result *p)
{
	p->n_sent = (uint16_t)fields_int(f, "sent", 0, UINT16_MAX);
	p->n_received = (uint16_t)fields_int(
	    f, "received", outcome == OUTCOME_OK, p->n_sent);
	if (p->n_received > 0) {
		p->rtt_min_us = fields_int(f, "rtt_min_us", 0, RTT_MAX_US);
		p->rtt_median_us =
		    fields_int(f, "rtt_median_us", p->rtt_min_us, RTT_MAX_US);
	}
	p->has_reply_ttl = wire_read_reply_ttl(f, &p->reply_ttl);
}

static void
read_label(struct fields *f, struct mpls_label *l)
{
	l->label = (uint32_t)fields_int(f, "label", 0, LABEL_MAX);
	l->tc = (uint8_t)fields_int(f, "tc", 0, 7);
	l->is_bottom = fields_bool(f, "s");
	l->ttl = (uint8_t)fields_int(f, "ttl", 0, 255);
}

static void
read_hop(struct fields *f, struct hop *h)
{
	int64_t attempt = 1;

	h->ttl = (uint8_t)fields_int(f, "ttl", 1, TRACE_TTL_MAX);
	(void)fields_int_if(f, "attempt", 1, UINT8_MAX, &attempt);
	h->attempt = (uint8_t)attempt;
	if (!fields_has(f, "address"))
		return;
	h->address = read_addr(f, "address");
	h->rtt_us = fields_int(f, "rtt_us", 0, RTT_MAX_US);
	h->reply_ttl = (uint8_t)wire_read_or_zero(f, "reply_ttl", 1, 255);
	h->is_target = fields_bool(f, "target");
	if (!h->is_target) {
		h->icmp_type = (uint8_t)fields_int(f, "type", 0, 255);
		h->icmp_code = (uint8_t)fields_int(f, "code", 0, 255);
	}
	h->is_extra = fields_bool(f, "extra");
	h->n_duplicate =
	    (uint8_t)wire_read_or_zero(f, "duplicate", 0, UINT8_MAX);
	h->n_labels = (uint8_t)fields_count(f, "labels", HOP_LABELS);
	for (unsigned i = 0; i < h->n_labels; i++) {
		struct fields label = fields_element(f, "labels", i);

		read_label(&label, &h->labels[i]);
	}
}

static void
mark_link(struct trace_result *t, int64_t ttl, const struct addr *to)
{
	for (unsigned i = 0; i < t->n_hops; i++) {
		struct hop *h = &t->hops[i];

		if (h->ttl != ttl || h->is_extra || to->family == 0 ||
		    !addr_equal(&h->address, to))
			continue;
		h->is_linked = true;
		return;
	}
}

/* A link is a mark of the hop that it leads to; one to no hop is nothing. */
static void
read_links(struct fields *f, struct trace_result *t)
{
	unsigned n = (unsigned)fields_count(f, "links", TRACE_TTL_MAX);

	for (unsigned k = 0; k < n; k++) {
		struct fields link = fields_element(f, "links", k);
		int64_t ttl = fields_int(&link, "ttl", 2, TRACE_TTL_MAX);
		struct addr to = read_addr(&link, "to");

		mark_link(t, ttl, &to);
	}
}

static void
read_trace(struct fields *f, struct trace_result *t)
{
	t->source_port =
	    (uint16_t)wire_read_or_zero(f, "source_port", 1, UINT16_MAX);
	t->is_reached = fields_bool(f, "reached");
	if (!fields_has(f, "hops"))
		fields_fail(f, RC_MALFORMED, "hops", "missing");
	t->n_hops = (uint8_t)fields_count(f, "hops", HOP_MAX);
	for (unsigned i = 0; i < t->n_hops; i++) {
		struct fields hop = fields_element(f, "hops", i);

		read_hop(&hop, &t->hops[i]);
	}
	t->n_queries = 1;
	if (fields_has(f, "queries"))
		t->n_queries = (uint8_t)fields_int(f, "queries", 1, UINT8_MAX);
	read_links(f, t);
	wire_read_identity(f, "nsid", "nsid_cut", &t->nsid);
}

/* Where to: what every kind has. */
static void
read_ends(struct fields *f, struct observation *o)
{
	o->target = read_addr(f, "target");
	if (o->proto != PROTO_ICMP)
		o->port = (uint16_t)fields_int(f, "port", 1, UINT16_MAX);
	if (fields_has(f, "source"))
		o->source = read_addr(f, "source");
	if (o->source.family != 0 && o->source.family != o->target.family)
		fields_fail(
		    f, RC_RANGE, "source", "of another family than target");
}

/* dns: udp, tcp, tls; ping: icmp, tcp; trace: udp, plain, icmp, tcp. */
static bool
proto_fits(enum kind kind, enum proto proto)
{
	static const unsigned protos[] = {
		[KIND_DNS] =
		    1u << PROTO_UDP | 1u << PROTO_TCP | 1u << PROTO_TLS,
		[KIND_PING] = 1u << PROTO_ICMP | 1u << PROTO_TCP,
		[KIND_TRACE] = 1u << PROTO_UDP | 1u << PROTO_PLAIN |
			       1u << PROTO_ICMP | 1u << PROTO_TCP,
	};

	return (protos[kind] >> proto & 1) != 0;
}

static void
read_common(struct fields *f, struct observation *o)
{
	o->seq = (uint64_t)fields_int(f, "seq", 1, INT64_MAX);
	o->at_us = fields_int(f, "at_us", AT_MIN_US, AT_MAX_US);
	o->kind = read_kind(f, "kind");
	o->why = read_why(f, "why");
	o->proto = read_proto(f, "proto");
	o->stamp = read_stamp(f, "stamp");
	o->outcome = wire_read_outcome(f, "outcome");
	if (!proto_fits(o->kind, o->proto))
		fields_fail(f, RC_RANGE, "proto", "not one of this kind");
	read_ends(f, o);
}

static void
read_observation(struct fields *f, struct observation *o)
{
	read_common(f, o);
	switch (o->kind) {
	case KIND_DNS:
		memset(&o->dns, 0, sizeof o->dns);
		wire_read_dns(f, o);
		break;
	case KIND_PING:
		memset(&o->ping, 0, sizeof o->ping);
		read_ping(f, o->outcome, &o->ping);
		break;
	case KIND_TRACE:
		memset(&o->trace, 0, sizeof o->trace);
		read_trace(f, &o->trace);
		break;
	}
}

static enum rc
load_line(struct doc *d, const char *line, size_t len, struct err *err)
{
	if (len > WIRE_LINE_MAX)
		return err_set(
		    err, RC_LIMIT, "line longer than %d bytes", WIRE_LINE_MAX);
	return doc_load(d, line, len, err);
}

enum rc
wire_read_observation(struct doc *d, struct observation *out, const char *line,
    size_t len, struct err *err)
{
	struct fields_fault fault = { .err = err };
	struct fields f;
	enum rc rc = load_line(d, line, len, err);

	if (rc != RC_OK)
		return rc;
	memset(out, 0, offsetof(struct observation, dns));
	f = fields_root(d, &fault);
	read_observation(&f, out);
	return fault.rc;
}

enum rc
wire_decode_observation(
    struct observation *out, const char *line, size_t len, struct err *err)
{
	struct observation o;
	struct doc doc = { 0 };
	enum rc rc;

	memset(&o, 0, sizeof o); /* padding too: records compare as bytes */
	rc = wire_read_observation(&doc, &o, line, len, err);
	doc_fini(&doc);
	if (rc == RC_OK)
		*out = o;
	return rc;
}

/* Copies PROBE_ID_LEN hexadecimal digits. */
static void
read_hex_id(struct fields *f, const char *key, char id[PROBE_ID_LEN + 1])
{
	const char *text = fields_text(f, key);
	size_t n = 0;

	while (n < PROBE_ID_LEN && wire_hex_value(text[n]) >= 0)
		n++;
	if (n == PROBE_ID_LEN && text[n] == '\0')
		memcpy(id, text, PROBE_ID_LEN + 1);
	else
		fields_fail(f, RC_MALFORMED, key,
		    "not 16 lower-case hexadecimal digits");
}

static void
read_version(struct fields *f, struct batch_header *h)
{
	const char *text = fields_text(f, "version");
	size_t n = 0;

	while (text[n] > ' ' && text[n] <= '~')
		n++;
	if (n > 0 && n < sizeof h->version && text[n] == '\0')
		memcpy(h->version, text, n);
	else
		fields_fail(
		    f, RC_RANGE, "version", "not 1 to 23 printable characters");
}

/* "unknown" is no word of the wire: it is told by the key's absence. */
static enum family_state
read_family(struct fields *f, const char *key)
{
	enum family_state s;

	if (!fields_has(f, key))
		return FAMILY_UNKNOWN;
	s = read_family_state(f, key);
	if (s == FAMILY_UNKNOWN)
		fields_fail(f, RC_MALFORMED, key, "unknown word");
	return s;
}

static void
read_header(struct fields *f, struct batch_header *h)
{
	read_hex_id(f, "probe", h->probe);
	read_version(f, h);
	h->first_seq = (uint64_t)fields_int(f, "first_seq", 1, INT64_MAX);
	h->last_seq = (uint64_t)fields_int(
	    f, "last_seq", (int64_t)h->first_seq, INT64_MAX);
	h->has_sent_at = fields_int_if(
	    f, "sent_at_us", AT_MIN_US, AT_MAX_US, &h->sent_at_us);
	h->anchor_at_us = fields_int(f, "anchor_at_us", AT_MIN_US, AT_MAX_US);
	h->anchor_mono_us = fields_int(f, "anchor_mono_us", 0, MONO_MAX_US);
	h->clock = read_clock_state(f, "clock");
	h->n_lost = (uint64_t)fields_int(f, "lost", 0, INT64_MAX);
	if (fields_has(f, "assignment"))
		read_hex_id(f, "assignment", h->assignment);
	h->v4 = read_family(f, "v4");
	h->v6 = read_family(f, "v6");
}

enum rc
wire_read_header(struct doc *d, struct batch_header *out, const char *line,
    size_t len, struct err *err)
{
	struct fields_fault fault = { .err = err };
	struct batch_header h;
	struct fields f;
	enum rc rc = load_line(d, line, len, err);

	if (rc != RC_OK)
		return rc;
	memset(&h, 0, sizeof h);
	f = fields_root(d, &fault);
	read_header(&f, &h);
	if (fault.rc == RC_OK)
		*out = h;
	return fault.rc;
}

enum rc
wire_decode_header(
    struct batch_header *out, const char *line, size_t len, struct err *err)
{
	struct doc doc = { 0 };
	enum rc rc = wire_read_header(&doc, out, line, len, err);

	doc_fini(&doc);
	return rc;
}
