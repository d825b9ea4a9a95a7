/* test_courier.c - the child's one line, its failures, and the waits after. */
#include "probe/courier.h"

#include <string.h>

#include "probe/assigned.h"
#include "probe/backoff.h"
#include "schema/base/clock.h"
#include "tests/unit/scratch.h"

static void
a_line_is_understood_or_refused(void **state)
{
	static const struct {
		const char *claim, *line;
		enum rc rc;
		bool is_ok;
	} cases[] = {
		{ "all went well",
		    "{\"acked\":9,\"n_sent\":3,\"retry_after_s\":0,"
		    "\"assignment\":\"changed\",\"error\":\"\"}\n",
		    RC_OK, true },
		{ "it failed, and says so",
		    "{\"acked\":9,\"n_sent\":0,\"retry_after_s\":30,"
		    "\"assignment\":\"unknown\",\"error\":\"busy\"}\n",
		    RC_OK, false },
		{ "nothing was said", "", RC_MALFORMED, false },
		{ "half a line", "{\"acked\":9,", RC_MALFORMED, false },
		{ "a key is missing", "{\"acked\":9}", RC_MALFORMED, false },
		{ "a seq no probe can have",
		    "{\"acked\":9223372036854775807,\"n_sent\":3,"
		    "\"retry_after_s\":0,\"assignment\":\"none\",\"error\":"
		    "\"\"}",
		    RC_MALFORMED, false },
		{ "a negative wait",
		    "{\"acked\":9,\"n_sent\":3,\"retry_after_s\":-1,"
		    "\"assignment\":\"none\",\"error\":\"\"}",
		    RC_MALFORMED, false },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct courier_news news;
		enum rc rc =
		    courier_parse(&news, cases[i].line, strlen(cases[i].line));

		T_CHECK(rc == cases[i].rc, "%s", cases[i].claim);
		T_CHECK(rc != RC_OK || news.is_ok == cases[i].is_ok, "%s",
		    cases[i].claim);
	}
}

struct heard {
	unsigned n;
	struct courier_news last;
};

static void
hear(void *ctx, const struct courier_news *news)
{
	struct heard *h = ctx;

	h->n++;
	h->last = *news;
}

/* Runs the courier once with a script in the helper's place. */
static struct heard
run_once(const char *script)
{
	static const struct courier_orders orders = { FAMILY_OK, FAMILY_NONE,
		77 };
	struct heard heard = { 0 };
	struct scratch d;
	struct courier *c;
	uv_loop_t loop;
	char helper[256];

	scratch_make(&d);
	if (script != NULL) {
		scratch_write(&d, "helper", script);
		chmod(scratch_path(&d, "helper"), 0700);
	}
	snprintf(helper, sizeof helper, "%s/helper", d.dir);
	uv_loop_init(&loop);
	c = courier_new(&loop, helper, d.dir, hear, &heard);
	assert_true(courier_go(c, &orders));
	assert_false(courier_go(c, &orders));
	uv_run(&loop, UV_RUN_DEFAULT);
	courier_stop(c);
	courier_free(c);
	assert_int_equal(uv_loop_close(&loop), 0);
	scratch_remove(&d);
	return heard;
}

static void
however_the_child_ends_it_is_told_once(void **state)
{
	static const struct {
		const char *claim, *script;
		bool is_ok;
		const char *says;
	} cases[] = {
		{ "a good end",
		    "#!/bin/sh\necho '{\"acked\":9,\"n_sent\":3,"
		    "\"retry_after_s\":0,\"assignment\":\"none\","
		    "\"error\":\"\"}'\n",
		    true, "" },
		{ "what it is told",
		    "#!/bin/sh\necho '{\"acked\":9,\"n_sent\":3,"
		    "\"retry_after_s\":0,\"assignment\":\"none\","
		    "\"error\":\"'\"$4 $5 $6 $7 $8 $9\"'\"}'\n",
		    false, "--v4 ok --v6 none --acked 77" },
		{ "silence", "#!/bin/sh\nexit 3\n", false, "status 3" },
		{ "a signal", "#!/bin/sh\nkill -9 $$\n", false, "status 137" },
		{ "no program", NULL, false, "cannot start" },
		{ "endless talk",
		    "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x\n", false,
		    "said nothing" },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct heard h = run_once(cases[i].script);

		T_CHECK(h.n == 1, "%s: told %u times", cases[i].claim, h.n);
		T_CHECK(h.last.is_ok == cases[i].is_ok, "%s: %s",
		    cases[i].claim, h.last.error);
		T_CHECK(strstr(h.last.error, cases[i].says) != NULL, "%s: %s",
		    cases[i].claim, h.last.error);
	}
}

static void
waits_double_are_jittered_and_obey(void **state)
{
	static const struct {
		const char *claim;
		unsigned n_failures;
		int64_t asked_us;
		uint64_t random;
		int64_t min_us, max_us;
	} cases[] = {
		{ "the first", 0, 0, 0, US_PER_S, US_PER_S },
		{ "the first, jittered", 0, 0, UINT64_MAX, US_PER_S / 2,
		    US_PER_S },
		{ "the fourth", 3, 0, 0, 8 * US_PER_S, 8 * US_PER_S },
		{ "the hundredth", 99, 0, 0, BACKOFF_MAX_US, BACKOFF_MAX_US },
		{ "Retry-After is obeyed", 0, 30 * US_PER_S, 0, 30 * US_PER_S,
		    30 * US_PER_S },
		{ "a shorter Retry-After shortens nothing", 3, US_PER_S, 0,
		    8 * US_PER_S, 8 * US_PER_S },
		{ "a week's Retry-After is not believed", 0,
		    7 * 86400 * US_PER_S, 0, BACKOFF_ASKED_MAX_US,
		    BACKOFF_ASKED_MAX_US },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct backoff b = { .n_failures = cases[i].n_failures };

		backoff_failed(&b, 5, cases[i].asked_us, cases[i].random);
		T_CHECK(b.not_before_us - 5 >= cases[i].min_us &&
			    b.not_before_us - 5 <= cases[i].max_us,
		    "%s: %lld", cases[i].claim, (long long)b.not_before_us);
		backoff_succeeded(&b);
		T_CHECK(b.not_before_us == 0 && b.n_failures == 0, "%s",
		    cases[i].claim);
	}
}

static void
source_ports_are_fixed_spread_and_in_range(void **state)
{
	unsigned n_same = 0;
	uint16_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		char probe[PROBE_ID_LEN + 1];
		uint16_t port;

		snprintf(probe, sizeof probe, "5d1c0a72e94b3f%02x", i);
		port = assigned_source_port(probe);
		T_CHECK(port >= ASSIGNED_PORT_MIN && port <= ASSIGNED_PORT_MAX,
		    "%u: port %u", i, port);
		T_CHECK(
		    port == assigned_source_port(probe), "%u: not fixed", i);
		n_same += port == last;
		last = port;
	}
	assert_true(n_same < 3);
}

static struct assignment *
two_targets(void)
{
	static struct assignment a;
	struct assigned_target *t;

	a.timeout_us = 4 * US_PER_S;
	for (int i = 0; i < 2; i++) {
		t = assignment_add(&a);
		t->address = (struct addr){ 4, { 192, 0, 2, (uint8_t)i } };
		t->port = 53;
		t->zone = assignment_zone(&a, "example.");
		t->is_decoy = i == 0;
	}
	return &a;
}

static void
questions_are_what_was_assigned(void **state)
{
	struct assignment *a = two_targets();
	struct round round = { .target = 1, .with_chaos = true };
	struct question q = assigned_round(a, &round, "5d1c0a72e94b3f86");

	(void)state;
	assert_int_equal(q.kind, KIND_DNS);
	assert_int_equal(q.why, WHY_ROUND);
	assert_int_equal(q.proto, PROTO_UDP);
	assert_int_equal(
	    q.source_port, assigned_source_port("5d1c0a72e94b3f86"));
	assert_string_equal(q.zone, "example.");
	assert_true(q.with_chaos);
	assert_int_equal(q.timeout_us, 4 * US_PER_S);
	round = (struct round){ .target = 0 };
	q = assigned_round(a, &round, "5d1c0a72e94b3f86");
	assert_int_equal(q.why, WHY_DECOY);
	assert_string_equal(q.name, "");
	a->targets[1].identity = ASSIGNED_NAME;
	a->targets[1].identity_name = "id.example.";
	round = (struct round){ .target = 1, .with_chaos = true };
	q = assigned_round(a, &round, "5d1c0a72e94b3f86");
	assert_string_equal(q.name, "id.example.");
	assert_int_equal(q.name_class, NAME_IN);
	/* A trace by ICMP is another flow: nobody may take it for a landing's.
	 */
	round =
	    (struct round){ .target = 1, .kind = KIND_TRACE, .is_icmp = true };
	q = assigned_round(a, &round, "5d1c0a72e94b3f86");
	assert_int_equal(q.proto, PROTO_ICMP);
	assert_int_equal(q.why, WHY_VARIED);
	assert_true(q.deadline_us > 0);
	assert_int_equal(assigned_first(a, 4), 1);
	assert_int_equal(assigned_first(a, 6), a->n_targets);
	assignment_fini(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_understood_or_refused),
		cmocka_unit_test(however_the_child_ends_it_is_told_once),
		cmocka_unit_test(waits_double_are_jittered_and_obey),
		cmocka_unit_test(source_ports_are_fixed_spread_and_in_range),
		cmocka_unit_test(questions_are_what_was_assigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
