/* wire_decode_dns.c - what a dns line has: schema/README.md. */
#include <string.h>

#include "schema/wire_read.h"

#define NOT_AFTER_MAX_US INT64_C(253402300799999999) /* X.509: year 9999 */

WIRE_DEFINE_WORD(static, enum chaos_name, read_chaos_name, chaos_name_from_text)

static void
read_chaos(struct fields *f, struct chaos *c)
{
	c->is_asked = true;
	c->name = (uint8_t)read_chaos_name(f, "name");
	c->outcome = wire_read_outcome(f, "outcome");
	if (outcome_is_answer(c->outcome)) {
		c->rcode = wire_read_rcode(f, c->outcome);
		c->rtt_us = fields_int(f, "rtt_us", 0, RTT_MAX_US);
	}
	wire_read_identity(f, "txt", "txt_cut", &c->txt);
	wire_read_identity(f, "nsid", "nsid_cut", &c->nsid);
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
	if (wire_read_hex(z->bytes, ZONEVERSION_MAX, &len, hex) != RC_OK ||
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
	wire_read_identity(f, "nsid", "nsid_cut", &s->nsid);
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
	if (wire_read_hex(bytes, sizeof bytes, &len, hex) != RC_OK ||
	    len == 0 || memchr(bytes, '\0', len) != NULL)
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
	if (wire_read_hex(t->fingerprint, sizeof t->fingerprint, &len,
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

void
wire_read_dns(struct fields *f, struct observation *o)
{
	enum outcome outcome = o->outcome;
	struct dns_result *d = &o->dns;
	int64_t serial = 0;

	d->source_port =
	    (uint16_t)wire_read_or_zero(f, "source_port", 1, UINT16_MAX);
	if (outcome_is_answer(outcome))
		d->rcode = wire_read_rcode(f, outcome);
	if (outcome_is_answer(outcome) || outcome == OUTCOME_REFUSED ||
	    outcome == OUTCOME_UNREACHABLE)
		d->rtt_us = fields_int(f, "rtt_us", 0, RTT_MAX_US);
	d->has_reply_ttl = wire_read_reply_ttl(f, &d->reply_ttl);
	d->is_aa = fields_bool(f, "aa");
	d->is_tc = fields_bool(f, "tc");
	d->is_ra = fields_bool(f, "ra");
	d->is_truncated_udp = fields_bool(f, "truncated_udp");
	d->has_serial = fields_int_if(f, "serial", 0, UINT32_MAX, &serial);
	d->serial = (uint32_t)serial;
	d->size_bytes =
	    (uint16_t)wire_read_or_zero(f, "size_bytes", 1, UINT16_MAX);
	read_ede(f, d);
	d->n_late = (uint8_t)wire_read_or_zero(f, "late", 0, UINT8_MAX);
	d->n_duplicate =
	    (uint8_t)wire_read_or_zero(f, "duplicate", 0, UINT8_MAX);
	wire_read_identity(f, "nsid", "nsid_cut", &d->nsid);
	read_dns_parts(f, o->proto, d);
}
