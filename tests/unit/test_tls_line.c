/* test_tls_line.c - the lines between the probe and its child that speaks TLS:
 * what was written is read, and nothing else is believed. */
#include "tests/unit/check.h"

#include <string.h>

#include "probe/tls_line.h"

static struct tls_question
a_question(void)
{
	struct tls_question q = { .port = 853,
		.source_port = 40000,
		.name = "dns.example",
		.timeout_us = 4000000,
		.n_queries = TLS_QUERIES_MAX };

	assert_int_equal(addr_parse(&q.target, "2001:db8::53"), RC_OK);
	for (size_t i = 0; i < q.n_queries; i++) {
		q.queries[i].len = DNSMSG_QUERY_MAX;
		memset(q.queries[i].bytes, (int)(0xa0 + i), DNSMSG_QUERY_MAX);
	}
	return q;
}

static void
a_question_comes_through(void **state)
{
	struct tls_question q = a_question(), got;
	char line[TLS_ASK_LINE_MAX];
	size_t len;
	uint32_t id;

	(void)state;
	memset(q.name, 'n', sizeof q.name - 1);
	len = tls_line_ask(&q, TLS_ID_MAX, line);
	assert_int_equal(line[len - 1], '\n');
	assert_null(memchr(line, '\n', len - 1));
	assert_int_equal(tls_line_read_ask(&got, &id, line, len, NULL), RC_OK);
	assert_int_equal(id, TLS_ID_MAX);
	assert_memory_equal(&got, &q, sizeof q);
}

/* Every field at its largest. */
static void
fill(struct tls_answer *a)
{
	*a = (struct tls_answer){ .outcome = OUTCOME_SEND_FAILED,
		.begun = { INT64_C(9999999999999999), 7 },
		.source_port = 65535,
		.n_replies = TLS_QUERIES_MAX };
	assert_int_equal(
	    addr_parse(&a->source, "2001:db8:1111:2222:3333:4444:5555:6666"),
	    RC_OK);
	a->tls = (struct tls_result){ .is_present = true,
		.is_verified = true,
		.version = 3,
		.connect_us = 120000000,
		.handshake_us = 120000000,
		.not_after_us = INT64_C(253402300799000000) };
	memset(a->tls.fingerprint, 0xfe, sizeof a->tls.fingerprint);
	memset(a->tls.subject, '"', TLS_TEXT_MAX);
	memset(a->tls.issuer, '\\', TLS_TEXT_MAX);
	memset(a->tls.names, 'n', TLS_TEXT_MAX);
	memset(a->tls.fault, 'f', TLS_TEXT_MAX);
	for (size_t i = 0; i < a->n_replies; i++) {
		struct tls_reply *r = &a->replies[i];

		r->is_sent = r->is_received = true;
		r->sent.before.at_us = INT64_C(9007199254740991);
		r->sent.before.mono_us = INT64_C(9007199254740991);
		r->arrival.read = r->sent.before;
		r->sent.kernel_ns = r->arrival.kernel_ns = INT64_MAX;
		r->len = TLS_REPLY_MAX;
		memset(r->bytes, (int)(0xb0 + i), TLS_REPLY_MAX);
	}
}

static struct tls_answer answer, got;
static char line[TLS_TOLD_LINE_MAX];

static void
the_largest_answer_fits_and_comes_through(void **state)
{
	size_t len;
	uint32_t id;

	(void)state;
	fill(&answer);
	len = tls_line_tell(&answer, 7, line);
	assert_true(len > 0);
	assert_int_equal(line[len - 1], '\n');
	assert_int_equal(tls_line_read_told(&got, &id, line, len, NULL), RC_OK);
	assert_int_equal(id, 7);
	assert_memory_equal(&got, &answer, sizeof got);
}

static void
an_answer_without_much_comes_through(void **state)
{
	size_t len;
	uint32_t id;

	(void)state;
	answer = (struct tls_answer){ .outcome = OUTCOME_RESET,
		.tls = { .connect_us = 5 },
		.n_replies = 2 };
	answer.replies[0].is_sent = true;
	answer.replies[0].sent.before.mono_us = 3;
	len = tls_line_tell(&answer, 1, line);
	assert_int_equal(tls_line_read_told(&got, &id, line, len, NULL), RC_OK);
	assert_memory_equal(&got, &answer, sizeof got);
}

/* A line with one thing changed: from is replaced by to. */
static const struct {
	const char *claim, *from, *to;
	enum rc rc;
} changes[] = {
	{ "nothing changed", "", "", RC_OK },
	{ "an id of 0 is nobody's", "\"id\":7", "\"id\":0", RC_RANGE },
	{ "an id beyond all", "\"id\":7", "\"id\":4294967303", RC_RANGE },
	{ "no id", "\"id\":7", "\"ie\":7", RC_MALFORMED },
	{ "an unknown outcome", "send_failed", "send_fooled", RC_MALFORMED },
	{ "an outcome of another type", "\"send_failed\"", "3", RC_MALFORMED },
	{ "no address", "2001:db8:", "2001:xb8:", RC_MALFORMED },
	{ "a negative time", "\"connect_us\":1", "\"connect_us\":-1",
	    RC_RANGE },
	{ "an age to connect", "\"connect_us\":1", "\"connect_us\":9",
	    RC_RANGE },
	{ "a certificate for ever", "_us\":2534", "_us\":3534", RC_RANGE },
	{ "a version of old", "\"version\":3", "\"version\":1", RC_RANGE },
	{ "a time beyond all", "\"at_us\":9", "\"at_us\":99", RC_RANGE },
	{ "a negative stamp", "\"read_kernel_ns\":9", "\"read_kernel_ns\":-9",
	    RC_RANGE },
	{ "a moment that is none", "\"sent\":{", "\"sent\":0,\"x\":{",
	    RC_MALFORMED },
	{ "a reply read at no time", "\"read\"", "\"reap\"", RC_MALFORMED },
	{ "a fingerprint too short", "fefe\"", "fe\"", RC_MALFORMED },
	{ "a fingerprint too long", "fefe\"", "fefefe\"", RC_MALFORMED },
	{ "half a byte", "b0b0\"", "b0b\"", RC_MALFORMED },
	{ "no hexadecimal", "b0b0\"", "b0g0\"", RC_MALFORMED },
	{ "a reply one byte too long", "b0b0\"", "b0b0b0\"", RC_MALFORMED },
	{ "a text too long", "\"fault\":\"f", "\"fault\":\"ff", RC_RANGE },
	{ "a fourth reply", "\"replies\":[", "\"replies\":[{},", RC_LIMIT },
	{ "replies of another type", "\"replies\":[", "\"replies\":0,\"x\":[",
	    RC_MALFORMED },
	{ "two objects", "\n", "{}\n", RC_MALFORMED },
	{ "a NUL inside", "ffff\"", "ff\\u0000\"", RC_MALFORMED },
};

static size_t
change(char *to, const char *from_line, size_t len, size_t i)
{
	size_t n_from = strlen(changes[i].from), n_to = strlen(changes[i].to);
	const char *at = memmem(from_line, len, changes[i].from, n_from);
	size_t before;

	T_CHECK(at != NULL, "%s", changes[i].claim);
	before = (size_t)(at - from_line);
	memcpy(to, from_line, before);
	memcpy(to + before, changes[i].to, n_to);
	memcpy(to + before + n_to, at + n_from, len - before - n_from);
	return len - n_from + n_to;
}

static void
a_changed_answer_is_refused(void **state)
{
	static char changed[TLS_TOLD_LINE_MAX + 64];
	size_t len;

	(void)state;
	fill(&answer);
	len = tls_line_tell(&answer, 7, line);
	for (size_t i = 0; i < T_LEN(changes); i++) {
		size_t n = change(changed, line, len, i);
		uint32_t id;
		enum rc rc = tls_line_read_told(&got, &id, changed, n, NULL);

		T_CHECK(rc == changes[i].rc, "%s: %s", changes[i].claim,
		    rc_name(rc));
	}
}

/* Every prefix is refused, none is over-read. */
static void
a_question_cut_short_is_refused(void **state)
{
	struct tls_question q = a_question(), read;
	char whole[TLS_ASK_LINE_MAX];
	size_t len;
	uint32_t id;

	(void)state;
	q.n_queries = 1;
	q.queries[0].len = DNSMSG_HEADER_LEN;
	len = tls_line_ask(&q, 1, whole) - 1;
	for (size_t n = 0; n < len; n++)
		assert_int_not_equal(
		    tls_line_read_ask(&read, &id, whole, n, NULL), RC_OK);
	assert_int_equal(
	    tls_line_read_ask(&read, &id, whole, len, NULL), RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_comes_through),
		cmocka_unit_test(the_largest_answer_fits_and_comes_through),
		cmocka_unit_test(an_answer_without_much_comes_through),
		cmocka_unit_test(a_changed_answer_is_refused),
		cmocka_unit_test(a_question_cut_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
