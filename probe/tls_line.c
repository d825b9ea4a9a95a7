/* tls_line.c - see tls_line.h. */
#include "probe/tls_line.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/fields.h"

#define FINGERPRINT_LEN 32
#define STAGE_MAX_US (2 * TLS_TIMEOUT_MAX_US)    /* a busy host is late */
#define TIME_MAX_US INT64_C(0x7fffffffffffff)    /* the year 3111 */
#define YEAR_9999_US INT64_C(253402300799000000) /* its end */

static void
put_hex(json_t *to, const char *key, const uint8_t *bytes, size_t n)
{
	char *hex = mem_new(2 * n + 1);

	sodium_bin2hex(hex, 2 * n + 1, bytes, n);
	fields_put_text(to, key, hex);
	free(hex);
}

/* Reads hexadecimal of min to max bytes.  Returns how many. */
static size_t
read_hex(
    struct fields *f, const char *key, uint8_t *out, size_t min, size_t max)
{
	const char *hex = fields_text(f, key);
	size_t len = strlen(hex), n = 0;

	if (f->fault->rc != RC_OK)
		return 0;
	if (sodium_hex2bin(out, max, hex, len, NULL, &n, NULL) != 0 ||
	    2 * n != len || n < min) {
		fields_fail(f, RC_MALFORMED, key, "not the bytes expected");
		return 0;
	}
	return n;
}

/* Reads a text of at most max bytes into out, which has one more. */
static void
read_text(struct fields *f, const char *key, char *out, size_t max)
{
	const char *text = fields_text(f, key);
	size_t n = strlen(text);

	if (n > max) {
		fields_fail(f, RC_RANGE, key, "too long");
		return;
	}
	memcpy(out, text, n + 1);
}

static struct addr
read_addr(struct fields *f, const char *key)
{
	const char *text = fields_text(f, key);
	struct addr a = { 0 };

	if (f->fault->rc == RC_OK && addr_parse(&a, text) != RC_OK)
		fields_fail(f, RC_MALFORMED, key, "not an address");
	return a;
}

static void
put_addr(json_t *to, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_LEN];

	fields_put_text(to, key, addr_format(a, text));
}

static void
put_moment(json_t *to, const char *key, const struct moment *m)
{
	json_t *both = json_object();

	fields_put_int(both, "at_us", m->at_us);
	fields_put_int(both, "mono_us", m->mono_us);
	fields_put(to, key, both);
}

static struct moment
read_moment(struct fields *f, const char *key)
{
	struct fields both = fields_object(f, key);

	return (struct moment){
		.at_us = fields_int(&both, "at_us", 0, TIME_MAX_US),
		.mono_us = fields_int(&both, "mono_us", 0, TIME_MAX_US),
	};
}

/* Takes root.  Returns the length of the line; 0 when it does not fit, which
 * none of ours does. */
static size_t
write_line(json_t *root, char *buf, size_t cap)
{
	size_t n = json_dumpb(root, buf, cap - 1, JSON_COMPACT);

	json_decref(root);
	if (n == 0 || n >= cap)
		return 0;
	buf[n] = '\n';
	return n + 1;
}

size_t
tls_line_ask(const struct tls_question *q, uint32_t id,
    char buf[static TLS_ASK_LINE_MAX])
{
	json_t *root = json_object(), *queries = json_array();

	fields_put_int(root, "id", id);
	put_addr(root, "address", &q->target);
	fields_put_int(root, "port", q->port);
	fields_put_int(root, "source_port", q->source_port);
	fields_put_text(root, "name", q->name);
	fields_put_int(root, "timeout_us", q->timeout_us);
	for (size_t i = 0; i < q->n_queries; i++) {
		json_t *query = json_object();

		put_hex(query, "hex", q->queries[i].bytes, q->queries[i].len);
		json_array_append_new(queries, query);
	}
	fields_put(root, "queries", queries);
	return write_line(root, buf, TLS_ASK_LINE_MAX);
}

static void
read_queries(struct fields *f, struct tls_question *q)
{
	size_t n = fields_count(f, "queries", TLS_QUERIES_MAX);

	if (n == 0)
		fields_fail(f, RC_MALFORMED, "queries", "none");
	for (size_t i = 0; i < n; i++) {
		struct fields query = fields_element(f, "queries", i);

		q->queries[i].len = (uint16_t)read_hex(&query, "hex",
		    q->queries[i].bytes, DNSMSG_HEADER_LEN, DNSMSG_QUERY_MAX);
	}
	q->n_queries = (uint8_t)n;
}

enum rc
tls_line_read_ask(struct tls_question *out, uint32_t *id, const char *line,
    size_t len, struct err *err)
{
	struct fields_fault fault = { .err = err };
	struct tls_question q = { 0 };
	struct doc doc = { 0 };
	enum rc rc = doc_load(&doc, line, len, err);
	struct fields f;

	if (rc != RC_OK)
		return rc;
	f = fields_root(&doc, &fault);
	*id = (uint32_t)fields_int(&f, "id", 1, TLS_ID_MAX);
	q.target = read_addr(&f, "address");
	q.port = (uint16_t)fields_int(&f, "port", 1, UINT16_MAX);
	q.source_port = (uint16_t)fields_int(&f, "source_port", 0, UINT16_MAX);
	read_text(&f, "name", q.name, ZONE_TEXT_MAX);
	q.timeout_us = fields_int(&f, "timeout_us", 1, TLS_TIMEOUT_MAX_US);
	read_queries(&f, &q);
	doc_fini(&doc);
	*out = q;
	return fault.rc;
}

static json_t *
tls_object(const struct tls_result *t)
{
	json_t *o = json_object();

	put_hex(o, "fingerprint", t->fingerprint, FINGERPRINT_LEN);
	fields_put(o, "verified", json_boolean(t->is_verified));
	fields_put_int(o, "version", t->version);
	fields_put_int(o, "handshake_us", t->handshake_us);
	fields_put_int(o, "not_after_us", t->not_after_us);
	fields_put_text(o, "subject", t->subject);
	fields_put_text(o, "issuer", t->issuer);
	fields_put_text(o, "names", t->names);
	fields_put_text(o, "fault", t->fault);
	return o;
}

static void
read_tls(struct fields *f, struct tls_result *t)
{
	struct fields o = fields_object(f, "tls");

	t->is_present = true;
	(void)read_hex(&o, "fingerprint", t->fingerprint, FINGERPRINT_LEN,
	    FINGERPRINT_LEN);
	t->is_verified = fields_bool(&o, "verified");
	t->version = (uint8_t)fields_int(&o, "version", 2, 3);
	t->handshake_us = fields_int(&o, "handshake_us", 0, STAGE_MAX_US);
	t->not_after_us = fields_int(&o, "not_after_us", 0, YEAR_9999_US);
	read_text(&o, "subject", t->subject, TLS_TEXT_MAX);
	read_text(&o, "issuer", t->issuer, TLS_TEXT_MAX);
	read_text(&o, "names", t->names, TLS_TEXT_MAX);
	read_text(&o, "fault", t->fault, TLS_TEXT_MAX);
}

static json_t *
reply_object(const struct tls_reply *r)
{
	json_t *o = json_object();

	if (!r->is_sent)
		return o;
	put_moment(o, "sent", &r->sent.before);
	fields_put_int(o, "sent_kernel_ns", r->sent.kernel_ns);
	if (!r->is_received)
		return o;
	put_moment(o, "read", &r->arrival.read);
	fields_put_int(o, "read_kernel_ns", r->arrival.kernel_ns);
	put_hex(o, "hex", r->bytes, r->len);
	return o;
}

static void
read_reply(struct fields *f, struct tls_reply *r)
{
	r->is_sent = fields_has(f, "sent");
	if (!r->is_sent)
		return;
	r->sent.before = read_moment(f, "sent");
	r->sent.kernel_ns = fields_int(f, "sent_kernel_ns", 0, INT64_MAX);
	r->is_received = fields_has(f, "hex");
	if (!r->is_received)
		return;
	r->arrival.read = read_moment(f, "read");
	r->arrival.kernel_ns = fields_int(f, "read_kernel_ns", 0, INT64_MAX);
	r->len = (uint16_t)read_hex(
	    f, "hex", r->bytes, DNSMSG_HEADER_LEN, TLS_REPLY_MAX);
}

size_t
tls_line_tell(
    const struct tls_answer *a, uint32_t id, char buf[static TLS_TOLD_LINE_MAX])
{
	json_t *root = json_object(), *replies = json_array();

	fields_put_int(root, "id", id);
	fields_put_text(root, "outcome", outcome_name(a->outcome));
	put_moment(root, "begun", &a->begun);
	if (a->source.family != 0) {
		put_addr(root, "source", &a->source);
		fields_put_int(root, "source_port", a->source_port);
	}
	fields_put_int(root, "connect_us", a->tls.connect_us);
	if (a->tls.is_present)
		fields_put(root, "tls", tls_object(&a->tls));
	for (size_t i = 0; i < a->n_replies; i++)
		json_array_append_new(replies, reply_object(&a->replies[i]));
	fields_put(root, "replies", replies);
	return write_line(root, buf, TLS_TOLD_LINE_MAX);
}

/* Fills *a, which is zeroed. */
static void
read_answer(struct fields *f, struct tls_answer *a)
{
	if (outcome_from_name(&a->outcome, fields_text(f, "outcome")) != RC_OK)
		fields_fail(f, RC_MALFORMED, "outcome", "not an outcome");
	a->begun = read_moment(f, "begun");
	if (fields_has(f, "source")) {
		a->source = read_addr(f, "source");
		a->source_port =
		    (uint16_t)fields_int(f, "source_port", 0, UINT16_MAX);
	}
	if (fields_has(f, "tls"))
		read_tls(f, &a->tls);
	a->tls.connect_us = fields_int(f, "connect_us", 0, STAGE_MAX_US);
	a->n_replies = (uint8_t)fields_count(f, "replies", TLS_QUERIES_MAX);
	for (size_t i = 0; i < a->n_replies; i++) {
		struct fields reply = fields_element(f, "replies", i);

		read_reply(&reply, &a->replies[i]);
	}
}

enum rc
tls_line_read_told(struct tls_answer *out, uint32_t *id, const char *line,
    size_t len, struct err *err)
{
	struct fields_fault fault = { .err = err };
	struct doc doc = { 0 };
	enum rc rc = doc_load(&doc, line, len, err);
	struct fields f;

	if (rc != RC_OK)
		return rc;
	f = fields_root(&doc, &fault);
	*id = (uint32_t)fields_int(&f, "id", 1, TLS_ID_MAX);
	memset(out, 0, sizeof *out);
	read_answer(&f, out);
	doc_fini(&doc);
	return fault.rc;
}
