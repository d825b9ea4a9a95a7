/* test_record.c - words, identities and path hashes. */
#include "schema/record.h"

#include <string.h>

#include "tests/unit/check.h"

/* Defines a test: every value of an enum has its own word, and back. */
#define DEFINE_WORDS(test, type, last, to_name, from_name) \
	static void test(void **state) \
	{ \
		type back; \
\
		(void)state; \
		for (int i = 0; i <= (int)(last); i++) { \
			T_CHECK(from_name(&back, to_name((type)i)) == RC_OK && \
				    (int)back == i, \
			    "%s", to_name((type)i)); \
		} \
		assert_string_equal(to_name((type)((last) + 1)), "?"); \
		back = last; \
		assert_int_equal(from_name(&back, "?"), RC_MALFORMED); \
		assert_int_equal(from_name(&back, ""), RC_MALFORMED); \
		assert_int_equal(back, last); \
	}

DEFINE_WORDS(kind_words, enum kind, KIND_TRACE, kind_name, kind_from_name)
DEFINE_WORDS(proto_words, enum proto, PROTO_PLAIN, proto_name, proto_from_name)
DEFINE_WORDS(outcome_words, enum outcome, OUTCOME_SEND_FAILED, outcome_name,
    outcome_from_name)
DEFINE_WORDS(why_words, enum why, WHY_DECOY, why_name, why_from_name)
DEFINE_WORDS(
    stamp_words, enum stamp, STAMP_RECEIVE, stamp_name, stamp_from_name)
DEFINE_WORDS(chaos_words, enum chaos_name, CHAOS_GIVEN, chaos_name_text,
    chaos_name_from_text)
DEFINE_WORDS(clock_words, enum clock_state, CLOCK_UNSYNCHRONISED,
    clock_state_name, clock_state_from_name)
DEFINE_WORDS(family_words, enum family_state, FAMILY_NONE, family_state_name,
    family_state_from_name)

static void
only_two_outcomes_are_answers_and_two_our_fault(void **state)
{
	(void)state;
	for (int i = 0; i <= OUTCOME_SEND_FAILED; i++) {
		enum outcome o = (enum outcome)i;

		assert_int_equal(outcome_is_answer(o),
		    o == OUTCOME_OK || o == OUTCOME_RCODE);
		assert_int_equal(outcome_is_own_fault(o),
		    o == OUTCOME_NO_FAMILY || o == OUTCOME_SEND_FAILED);
	}
}

static void
a_long_identity_is_cut_and_marked(void **state)
{
	uint8_t bytes[IDENTITY_MAX + 1];
	struct identity id = { 0 };

	(void)state;
	memset(bytes, 'a', sizeof bytes);
	identity_set(&id, bytes, IDENTITY_MAX);
	assert_true(id.is_present && !id.is_cut && id.len == IDENTITY_MAX);
	identity_set(&id, bytes, IDENTITY_MAX + 1);
	assert_true(id.is_present && id.is_cut && id.len == IDENTITY_MAX);
	identity_set(&id, NULL, 0);
	assert_true(id.is_present && !id.is_cut && id.len == 0);
}

static void
empty_is_not_absent(void **state)
{
	struct identity absent = { 0 }, empty = { 0 }, a = { 0 }, b = { 0 };

	(void)state;
	identity_set(&empty, "", 0);
	assert_false(identity_equal(&absent, &empty));
	identity_set(&a, "ns1", 3);
	identity_set(&b, "ns12", 4);
	assert_false(identity_equal(&a, &b));
	identity_set(&b, "ns1", 3); /* the old byte behind does not count */
	assert_true(identity_equal(&a, &b));
	identity_set(&b, "NS1", 3);
	assert_false(identity_equal(&a, &b));
}

static const struct {
	const char *bytes;
	size_t len;
	const char *text;
} shown[] = {
	{ "ns1.nl-ams.example", 18, "ns1.nl-ams.example" },
	{ "", 0, "" },
	{ " ~", 2, " ~" },
	{ "a\\b", 3, "a\\x5cb" },
	{ "\x1b[2J", 4, "\\x1b[2J" },
	{ "c01.FRA\x0e"
	  "eroot",
	    13, "c01.FRA\\x0eeroot" },
	{ "\0\xff\x7f", 3, "\\x00\\xff\\x7f" },
};

static void
no_terminal_escape_survives(void **state)
{
	char text[IDENTITY_TEXT_LEN];
	struct identity id = { 0 };
	uint8_t worst[IDENTITY_MAX];

	(void)state;
	assert_string_equal(identity_format(&id, text), "");
	for (size_t i = 0; i < T_LEN(shown); i++) {
		identity_set(&id, shown[i].bytes, shown[i].len);
		assert_string_equal(identity_format(&id, text), shown[i].text);
	}
	memset(worst, 0x1b, sizeof worst);
	identity_set(&id, worst, sizeof worst);
	assert_int_equal(
	    strlen(identity_format(&id, text)), IDENTITY_TEXT_LEN - 1);
}

static struct trace_result
trace_of_two(void)
{
	struct trace_result t = { .n_hops = 2 };

	t.hops[0].ttl = 1;
	t.hops[1].ttl = 2;
	t.hops[1].n_labels = 1;
	t.hops[1].labels[0].label = 16;
	assert_int_equal(addr_parse(&t.hops[0].address, "192.0.2.1"), RC_OK);
	assert_int_equal(addr_parse(&t.hops[1].address, "192.0.2.2"), RC_OK);
	return t;
}

static void
times_do_not_make_another_path(void **state)
{
	struct trace_result a = trace_of_two(), b = a;

	(void)state;
	b.hops[0].rtt_us = 9;
	b.hops[0].reply_ttl = 9;
	b.hops[1].labels[0].ttl = 9;
	b.source_port = 9;
	assert_true(trace_path_hash(&a) == trace_path_hash(&b));
}

static void
the_router_before_the_target_is_known_when_it_is_one(void **state)
{
	struct trace_result t = trace_of_two();
	struct addr target = t.hops[1].address;

	(void)state;
	t.hops[0].ttl = 1;
	t.hops[1].ttl = 2;
	assert_ptr_equal(trace_penultimate(&t, &target), &t.hops[0]);
	/* Not reached: the last that answered. */
	target.bytes[3] = 77;
	assert_ptr_equal(trace_penultimate(&t, &target), &t.hops[1]);
	t.hops[1].is_target = true;
	assert_ptr_equal(trace_penultimate(&t, &target), &t.hops[0]);
	/* Two routers at its TTL: neither. */
	t.hops[2] = t.hops[0];
	t.hops[2].address.bytes[3] = 9;
	t.n_hops = 3;
	assert_null(trace_penultimate(&t, &target));
	t.hops[2].is_extra = true;
	assert_ptr_equal(trace_penultimate(&t, &target), &t.hops[0]);
	t.hops[0].address.family = 0;
	assert_null(trace_penultimate(&t, &target));
}

static void
extra_replies_make_no_other_path(void **state)
{
	struct trace_result a = trace_of_two(), b = a;

	(void)state;
	b.hops[2] = b.hops[1];
	b.hops[2].address.bytes[3] = 9;
	b.n_hops = 3;
	assert_true(trace_path_hash(&a) != trace_path_hash(&b));
	b.hops[2].is_extra = true;
	assert_true(trace_path_hash(&a) == trace_path_hash(&b));
	b.hops[1].attempt = b.hops[1].n_duplicate = 2;
	assert_true(trace_path_hash(&a) == trace_path_hash(&b));
}

static void
hops_and_labels_do(void **state)
{
	struct trace_result a = trace_of_two(), b = a;

	(void)state;
	b.hops[0].address.bytes[3] = 9;
	assert_true(trace_path_hash(&a) != trace_path_hash(&b));
	b = a;
	b.hops[0].address.family = 0; /* silent */
	assert_true(trace_path_hash(&a) != trace_path_hash(&b));
	b = a;
	b.hops[1].ttl = 3;
	assert_true(trace_path_hash(&a) != trace_path_hash(&b));
	b = a;
	b.hops[1].labels[0].label = 17;
	assert_true(trace_path_hash(&a) != trace_path_hash(&b));
	b = a;
	b.n_hops = 1;
	assert_true(trace_path_hash(&a) != trace_path_hash(&b));
	b.hops[0] = a.hops[1];
	b.hops[1] = a.hops[0];
	b.n_hops = 2;
	assert_true(trace_path_hash(&a) != trace_path_hash(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kind_words),
		cmocka_unit_test(proto_words),
		cmocka_unit_test(outcome_words),
		cmocka_unit_test(why_words),
		cmocka_unit_test(stamp_words),
		cmocka_unit_test(chaos_words),
		cmocka_unit_test(clock_words),
		cmocka_unit_test(family_words),
		cmocka_unit_test(
		    only_two_outcomes_are_answers_and_two_our_fault),
		cmocka_unit_test(a_long_identity_is_cut_and_marked),
		cmocka_unit_test(empty_is_not_absent),
		cmocka_unit_test(no_terminal_escape_survives),
		cmocka_unit_test(times_do_not_make_another_path),
		cmocka_unit_test(extra_replies_make_no_other_path),
		cmocka_unit_test(
		    the_router_before_the_target_is_known_when_it_is_one),
		cmocka_unit_test(hops_and_labels_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
