/* wire_decode.c - one line; what is required when: schema/README.md. */
#include "schema/wire.h"

#include <string.h>

#include "schema/fields.h"

#define AT_MIN_US INT64_C(946684800000000)  /* 2000-01-01 */
#define AT_MAX_US INT64_C(4102444800000000) /* 2100-01-01 */
#define MONO_MAX_US (AT_MAX_US - AT_MIN_US)
#define RTT_MAX_US INT64_C(600000000)
#define RCODE_MAX 4095 /* 12 bits with EDNS, RFC 6891 section 6.1.3 */
#define LABEL_MAX 0xfffff
#define NOT_AFTER_MAX_US INT64_C(253402300799999999) /* X.509: year 9999 */

/* Defines the reader of one enum's words. */
#define DEFINE_WORD(type, read_name, from_name) \
	static type read_name(struct fields *f, const char *key) \
	{ \
		type v = (type)0; \
\
		if (from_name(&v, fields_text(f, key)) != RC_OK) \
			fields_fail(f, RC_MALFORMED, key, "unknown word"); \
		return v; \
	}

DEFINE_WORD(enum kind, read_kind, kind_from_name)
DEFINE_WORD(enum why, read_why, why_from_name)
DEFINE_WORD(enum proto, read_proto, proto_from_name)
DEFINE_WORD(enum stamp, read_stamp, stamp_from_name)
DEFINE_WORD(enum outcome, read_outcome, outcome_from_name)
DEFINE_WORD(enum chaos_name, read_chaos_name, chaos_name_from_text)
DEFINE_WORD(enum clock_state, read_clock_state, clock_state_from_name)
DEFINE_WORD(enum family_state, read_family_state, family_state_from_name)

/* An optional integer that is 0 when absent. */
static int64_t
read_or_zero(struct fields *f, const char *key, int64_t min, int64_t max)
{
	int64_t v = 0;

	(void)fields_int_if(f, key, min, max, &v);
	return v;
}

static struct addr
read_addr(struct fields *f, const char *key)
{
	struct addr a = { 0 };

	if (addr_parse(&a, fields_text(f, key)) != RC_OK)
		fields_fail(f, RC_MALFORMED, key, "not an IP address");
	return a;
}

static bool
read_reply_ttl(struct fields *f, uint8_t *ttl)
{
	int64_t v = 0;
	bool has = fields_int_if(f, "reply_ttl", 0, 255, &v);

	*ttl = (uint8_t)v;
	return has;
}

/* -1 when c is no lower-case hexadecimal digit. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads hexadecimal of at most max bytes into bytes; *n says how many. */
static enum rc
parse_hex(uint8_t *bytes, size_t max, size_t *n, const char *hex)
{
	size_t len = strlen(hex);

	if (len % 2 != 0)
		return RC_MALFORMED;
	if (len > 2 * max)
		return RC_RANGE;
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_value(hex[2 * i]);
		int low = hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return RC_MALFORMED;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	*n = len / 2;
	return RC_OK;
}

static void
read_identity(
    struct fields *f, const char *key, const char *cut_key, struct identity *id)
{
	const char *hex = fields_text_if(f, key);
	size_t len = 0;
	enum rc rc;

	if (hex == NULL)
		return;
	rc = parse_hex(id->bytes, IDENTITY_MAX, &len, hex);
	id->len = (uint8_t)len;
	if (rc != RC_OK)
		fields_fail(f, rc, key,
		    "not lower-case hexadecimal of at most 255 bytes");
	id->is_present = true;
	id->is_cut = fields_bool(f, cut_key);
	if (id->is_cut && id->len != IDENTITY_MAX)
		fields_fail(f, RC_RANGE, cut_key, "cut before its 255th byte");
}

/* The rcode of an answer: "ok" has NOERROR, "rcode" any other. */
static uint16_t
read_rcode(struct fields *f, enum outcome outcome)
{
	bool is_error = outcome == OUTCOME_RCODE;

	return (uint16_t)fields_int(
	    f, "rcode", is_error ? 1 : 0, is_error ? RCODE_MAX : 0);
}

static void
read_chaos(struct fields *f, struct chaos *c)
{
	c->is_asked = true;
	c->name = (uint8_t)read_chaos_name(f, "name");
	c->outcome = read_outcome(f, "outcome");
	if (outcome_is_answer(c->outcome)) {
		c->rcode = read_rcode(f, c->outcome);
		c->rtt_us = fields_int(f, "rtt_us", 0, RTT_MAX_US);
	}
	read_identity(f, "txt", "txt_cut", &c->txt);
	read_identity(f, "nsid", "nsid_cut", &c->nsid);
}

static void
read_ede(struct fields *f, struct dns_result *d)
{
	d->n_ede = (uint8_t)fields_count(f, "ede", EDE_MAX);
	for (unsigned i = 0; i < d->n_ede; i++)
		d->ede[i] =
		    (uint16_t)fields_element_int(f, "ede", i, 0, UINT16_MAX);
}

static void
read_zoneversion(struct fields *f, struct zoneversion *z)
{
	const char *hex = fields_text_if(f, "version");
	size_t len = 0;

	z->is_present = true;
	z->n_labels = (uint8_t)fields_int(f, "labels", 0, UINT8_MAX);
	z->type = (uint8_t)fields_int(f, "type", 0, UINT8_MAX);
	if (hex == NULL)
		return;
	if (parse_hex(z->bytes, ZONEVERSION_MAX, &len, hex) != RC_OK ||
	    len == 0)
		fields_fail(f, RC_MALFORMED, "version",
		    "not lower-case hexadecimal of 1 to 8 bytes");
	z->len = (uint8_t)len;
}

static void
read_second(struct fields *f, struct second_answer *s)
{
	s->is_present = true;
	s->is_different = fields_bool(f, "different");
	s->rcode = (uint16_t)fields_int(f, "rcode", 0, RCODE_MAX);
	s->rtt_us = fields_int(f, "rtt_us", 0, RTT_MAX_US);
	read_identity(f, "nsid", "nsid_cut", &s->nsid);
}

/* Text of a certificate: it ends nowhere but at its end. */
static void
read_hex_text(struct fields *f, const char *key, char text[TLS_TEXT_MAX + 1])
{
	const char *hex = fields_text_if(f, key);
	uint8_t bytes[TLS_TEXT_MAX];
	size_t len = 0;

	if (hex == NULL)
		return;
	if (parse_hex(bytes, sizeof bytes, &len, hex) != RC_OK || len == 0 ||
	    memchr(bytes, '\0', len) != NULL)
		fields_fail(f, RC_MALFORMED, key,
		    "not lower-case hexadecimal of 1 to 127 bytes without 00");
	else
		memcpy(text, bytes, len);
}

static bool
is_printable(const char *text, size_t *len)
{
	size_t n = 0;

	while (text[n] >= ' ' && text[n] <= '~')
		n++;
	*len = n;
	return text[n] == '\0';
}

static void
read_fault(struct fields *f, struct tls_result *t)
{
	const char *text = fields_text_if(f, "fault");
	size_t len;

	if (text == NULL)
		return;
	if (!is_printable(text, &len) || len == 0 || len > TLS_TEXT_MAX)
		fields_fail(
		    f, RC_RANGE, "fault", "not 1 to 127 printable characters");
	else
		memcpy(t->fault, text, len);
}

static uint8_t
read_tls_version(struct fields *f)
{
	const char *text = fields_text(f, "version");

	if (strcmp(text, "1.3") == 0)
		return 3;
	if (strcmp(text, "1.2") != 0)
		fields_fail(f, RC_MALFORMED, "version", "unknown word");
	return 2;
}

static void
read_tls(struct fields *f, struct tls_result *t)
{
	size_t len = 0;

	t->is_present = true;
	t->is_verified = fields_bool(f, "verified");
	t->version = read_tls_version(f);
	if (parse_hex(t->fingerprint, sizeof t->fingerprint, &len,
		fields_text(f, "fingerprint")) != RC_OK ||
	    len != sizeof t->fingerprint)
		fields_fail(f, RC_MALFORMED, "fingerprint",
		    "not lower-case hexadecimal of 32 bytes");
	t->connect_us = fields_int(f, "connect_us", 0, RTT_MAX_US);
	t->handshake_us = fields_int(f, "handshake_us", 0, RTT_MAX_US);
	t->not_after_us = fields_int(f, "not_after_at_us", 0, NOT_AFTER_MAX_US);
	read_hex_text(f, "subject", t->subject);
	read_hex_text(f, "issuer", t->issuer);
	read_hex_text(f, "names", t->names);
	read_fault(f, t);
}

/* The objects within a dns line. */
static void
read_dns_parts(struct fields *f, enum proto proto, struct dns_result *d)
{
	struct fields part;

	if (fields_has(f, "zoneversion")) {
		part = fields_object(f, "zoneversion");
		read_zoneversion(&part, &d->zoneversion);
	}
	if (fields_has(f, "chaos")) {
		part = fields_object(f, "chaos");
		read_chaos(&part, &d->chaos);
	}
	if (fields_has(f, "second")) {
		part = fields_object(f, "second");
		read_second(&part, &d->second);
	}
	if (!fields_has(f, "tls"))
		return;
	if (proto != PROTO_TLS)
		fields_fail(f, RC_RANGE, "tls", "without proto tls");
	part = fields_object(f, "tls");
	read_tls(&part, &d->tls);
}

static void
read_dns(struct fields *f, const struct observation *o, struct dns_result *d)
{
	enum outcome outcome = o->outcome;
	int64_t serial = 0;

	d->source_port =
	    (uint16_t)read_or_zero(f, "source_port", 1, UINT16_MAX);
	if (outcome_is_answer(outcome))
		d->rcode = read_rcode(f, outcome);
	if (outcome_is_answer(outcome) || outcome == OUTCOME_REFUSED ||
	    outcome == OUTCOME_UNREACHABLE)
		d->rtt_us = fields_int(f, "rtt_us", 0, RTT_MAX_US);
	d->has_reply_ttl = read_reply_ttl(f, &d->reply_ttl);
	d->is_aa = fields_bool(f, "aa");
	d->is_tc = fields_bool(f, "tc");
	d->is_ra = fields_bool(f, "ra");
	d->is_truncated_udp = fields_bool(f, "truncated_udp");
	d->has_serial = fields_int_if(f, "serial", 0, UINT32_MAX, &serial);
	d->serial = (uint32_t)serial;
	d->size_bytes = (uint16_t)read_or_zero(f, "size_bytes", 1, UINT16_MAX);
	read_ede(f, d);
	d->n_late = (uint8_t)read_or_zero(f, "late", 0, UINT8_MAX);
	d->n_duplicate = (uint8_t)read_or_zero(f, "duplicate", 0, UINT8_MAX);
	read_identity(f, "nsid", "nsid_cut", &d->nsid);
	read_dns_parts(f, o->proto, d);
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
	p->has_reply_ttl = read_reply_ttl(f, &p->reply_ttl);
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
	h->reply_ttl = (uint8_t)read_or_zero(f, "reply_ttl", 1, 255);
	h->is_target = fields_bool(f, "target");
	if (!h->is_target) {
		h->icmp_type = (uint8_t)fields_int(f, "type", 0, 255);
		h->icmp_code = (uint8_t)fields_int(f, "code", 0, 255);
	}
	h->is_extra = fields_bool(f, "extra");
	h->n_duplicate = (uint8_t)read_or_zero(f, "duplicate", 0, UINT8_MAX);
	h->n_labels = (uint8_t)fields_count(f, "labels", HOP_LABELS);
	for (unsigned i = 0; i < h->n_labels; i++) {
		struct fields label = fields_element(f, "labels", i);

		read_label(&label, &h->labels[i]);
	}
}

static void
read_trace(struct fields *f, struct trace_result *t)
{
	t->source_port =
	    (uint16_t)read_or_zero(f, "source_port", 1, UINT16_MAX);
	t->is_reached = fields_bool(f, "reached");
	if (!fields_has(f, "hops"))
		fields_fail(f, RC_MALFORMED, "hops", "missing");
	t->n_hops = (uint8_t)fields_count(f, "hops", HOP_MAX);
	for (unsigned i = 0; i < t->n_hops; i++) {
		struct fields hop = fields_element(f, "hops", i);

		read_hop(&hop, &t->hops[i]);
	}
	read_identity(f, "nsid", "nsid_cut", &t->nsid);
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
	o->outcome = read_outcome(f, "outcome");
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
		read_dns(f, o, &o->dns);
		break;
	case KIND_PING:
		read_ping(f, o->outcome, &o->ping);
		break;
	case KIND_TRACE:
		read_trace(f, &o->trace);
		break;
	}
}

static enum rc
load_line(json_t **out, const char *line, size_t len, struct err *err)
{
	if (len > WIRE_LINE_MAX)
		return err_set(
		    err, RC_LIMIT, "line longer than %d bytes", WIRE_LINE_MAX);
	return fields_load(out, line, len, err);
}

enum rc
wire_decode_observation(
    struct observation *out, const char *line, size_t len, struct err *err)
{
	struct fields_fault fault = { .err = err };
	struct observation o;
	struct fields f;
	json_t *root = NULL;
	enum rc rc;

	rc = load_line(&root, line, len, err);
	if (rc != RC_OK)
		return rc;
	memset(&o, 0, sizeof o); /* padding too: records compare as bytes */
	f = fields_root(root, &fault);
	read_observation(&f, &o);
	json_decref(root);
	if (fault.rc == RC_OK)
		*out = o;
	return fault.rc;
}

/* Copies PROBE_ID_LEN hexadecimal digits. */
static void
read_hex_id(struct fields *f, const char *key, char id[PROBE_ID_LEN + 1])
{
	const char *text = fields_text(f, key);
	size_t n = 0;

	while (n < PROBE_ID_LEN && hex_value(text[n]) >= 0)
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
wire_decode_header(
    struct batch_header *out, const char *line, size_t len, struct err *err)
{
	struct fields_fault fault = { .err = err };
	struct batch_header h;
	struct fields f;
	json_t *root = NULL;
	enum rc rc;

	rc = load_line(&root, line, len, err);
	if (rc != RC_OK)
		return rc;
	memset(&h, 0, sizeof h);
	f = fields_root(root, &fault);
	read_header(&f, &h);
	json_decref(root);
	if (fault.rc == RC_OK)
		*out = h;
	return fault.rc;
}
