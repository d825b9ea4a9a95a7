/* test_hoststate.c - whose fault a silence was, on simulated time. */
#include "probe/hoststate.h"

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define T0 (INT64_C(1763700000) * US_PER_S)
#define AT(s) (T0 + (int64_t)((s)*1e6))

static const struct family_look usable = {
	.has_targets = true,
	.source = { 4, { 192, 0, 2, 1 } },
	.is_up = true,
};

static struct family_look
but(bool has_targets, uint8_t last, bool is_up)
{
	struct family_look look = usable;

	look.has_targets = has_targets;
	look.source.bytes[3] = last;
	look.source.family = last == 0 ? 0 : 4;
	look.is_up = is_up;
	return look;
}

static void
a_look_tells_what_changed(void **state)
{
	const struct {
		const char *claim;
		struct family_look look;
		enum host_change change;
		enum family_state state;
	} steps[] = {
		{ "nobody needs it", but(false, 1, true), HOST_SAME,
		    FAMILY_UNKNOWN },
		{ "found", but(true, 1, true), HOST_FOUND, FAMILY_OK },
		{ "the same", but(true, 1, true), HOST_SAME, FAMILY_OK },
		{ "another address", but(true, 2, true), HOST_MOVED,
		    FAMILY_OK },
		{ "no route", but(true, 0, true), HOST_LOST, FAMILY_NONE },
		{ "said once", but(true, 0, true), HOST_SAME, FAMILY_NONE },
		{ "back", but(true, 2, true), HOST_BACK, FAMILY_OK },
		{ "link down", but(true, 2, false), HOST_LOST, FAMILY_NONE },
		{ "back elsewhere", but(true, 3, true), HOST_BACK, FAMILY_OK },
		{ "no targets", but(false, 3, true), HOST_SAME,
		    FAMILY_UNKNOWN },
		{ "targets, no route", but(true, 0, false), HOST_LOST,
		    FAMILY_NONE },
	};
	struct hoststate h = { 0 };

	(void)state;
	for (size_t i = 0; i < T_LEN(steps); i++) {
		int64_t now_us = T0 + (int64_t)i * US_PER_S;
		enum host_change change = hoststate_look(
		    &h, 4, &steps[i].look, now_us, false, now_us);

		T_CHECK(change == steps[i].change, "%s: %d", steps[i].claim,
		    (int)change);
		T_CHECK(hoststate_of(&h, 4) == steps[i].state, "%s: %d",
		    steps[i].claim, (int)hoststate_of(&h, 4));
		T_CHECK(hoststate_of(&h, 6) == FAMILY_UNKNOWN, "%s",
		    steps[i].claim);
	}
}

/* What happened to the host at second 100, as the resident probe hears it. */
static struct hoststate
lived_through(const char *what)
{
	struct family_look gone = but(true, 0, true);
	struct family_look moved = but(true, 9, true);
	struct hoststate h = { 0 };

	hoststate_slept(&h, T0, T0 - 7 * US_PER_S);
	hoststate_look(&h, 4, &usable, T0, false, T0);
	hoststate_look(&h, 6, &usable, T0, false, T0);
	if (what[0] == 'g' || what[0] == 'b') /* gone, and back at 110 */
		hoststate_look(&h, 4, &gone, AT(100), false, AT(100.25));
	if (what[0] == 'b')
		hoststate_look(&h, 4, &usable, AT(109.75), false, AT(110));
	if (what[0] == 'f') /* flapped: down and up between two looks */
		hoststate_look(&h, 4, &usable, AT(100), true, AT(100.25));
	if (what[0] == 'm') /* moved to another address */
		hoststate_look(&h, 4, &moved, AT(100), false, AT(100.25));
	if (what[0] == 's') { /* slept from 100 to 110 */
		hoststate_slept(&h, AT(100), AT(93));
		hoststate_slept(&h, AT(110), AT(93.1));
	}
	return h;
}

static const struct {
	const char *claim, *happened;
	double from, until; /* when it was asked, and given up */
	enum outcome seen, told;
} cases[] = {
	{ "nothing happened", "-", 98, 102, OUTCOME_TIMEOUT, OUTCOME_TIMEOUT },
	{ "lost while it waited", "gone", 98, 102, OUTCOME_TIMEOUT,
	    OUTCOME_NO_FAMILY },
	{ "an answer is one", "gone", 98, 102, OUTCOME_OK, OUTCOME_OK },
	{ "so is a refusal", "gone", 98, 102, OUTCOME_REFUSED,
	    OUTCOME_REFUSED },
	{ "over before the loss", "gone", 90, 94, OUTCOME_TIMEOUT,
	    OUTCOME_TIMEOUT },
	{ "lost just before it was noticed", "gone", 95.5, 99.5,
	    OUTCOME_TIMEOUT, OUTCOME_NO_FAMILY },
	{ "asked in vain while gone", "gone", 105, 105.1, OUTCOME_TIMEOUT,
	    OUTCOME_NO_FAMILY },
	{ "lost and back while it waited", "back", 98, 112, OUTCOME_TIMEOUT,
	    OUTCOME_SEND_FAILED },
	{ "no way out, says a neighbour", "back", 98, 111, OUTCOME_UNREACHABLE,
	    OUTCOME_SEND_FAILED },
	{ "the link just came back", "back", 111, 115, OUTCOME_TIMEOUT,
	    OUTCOME_SEND_FAILED },
	{ "long after it came back", "back", 113, 117, OUTCOME_TIMEOUT,
	    OUTCOME_TIMEOUT },
	{ "down and up unseen", "flap", 98, 102, OUTCOME_TIMEOUT,
	    OUTCOME_SEND_FAILED },
	{ "long after the flap", "flap", 103, 107, OUTCOME_TIMEOUT,
	    OUTCOME_TIMEOUT },
	{ "another address", "moved", 98, 102, OUTCOME_TIMEOUT,
	    OUTCOME_SEND_FAILED },
	{ "a connection broken by it", "moved", 98, 100.1, OUTCOME_RESET,
	    OUTCOME_SEND_FAILED },
	{ "the host slept", "slept", 99, 110.1, OUTCOME_TIMEOUT,
	    OUTCOME_SEND_FAILED },
	{ "before it slept", "slept", 90, 94, OUTCOME_TIMEOUT,
	    OUTCOME_TIMEOUT },
	{ "long after it woke", "slept", 113, 117, OUTCOME_TIMEOUT,
	    OUTCOME_TIMEOUT },
	{ "own faults stay what they are", "moved", 98, 102, OUTCOME_NO_FAMILY,
	    OUTCOME_NO_FAMILY },
};

static void
a_silence_that_spans_a_loss_is_our_own_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct hoststate h = lived_through(cases[i].happened);
		struct observation o = { .outcome = cases[i].seen,
			.at_us = AT(cases[i].from),
			.target = { 4, { 198, 51, 100, 1 } } };

		hoststate_settle(&h, &o, AT(cases[i].until));
		T_CHECK(o.outcome == cases[i].told, "%s: %s", cases[i].claim,
		    outcome_name(o.outcome));
	}
}

static void
the_other_family_is_not_touched(void **state)
{
	static const char *const happened[] = { "gone", "back", "flap",
		"moved" };

	(void)state;
	for (size_t i = 0; i < T_LEN(happened); i++) {
		struct hoststate h = lived_through(happened[i]);
		struct observation o = { .outcome = OUTCOME_TIMEOUT,
			.at_us = AT(98),
			.target = { 6, { 0x20, 1 } } };

		hoststate_settle(&h, &o, AT(112));
		T_CHECK(o.outcome == OUTCOME_TIMEOUT, "%s: IPv6", happened[i]);
	}
}

static void
parts_of_a_measurement_are_judged_too(void **state)
{
	struct hoststate h = lived_through("flap");
	struct observation dns = { .kind = KIND_DNS,
		.outcome = OUTCOME_OK,
		.at_us = AT(98),
		.target = { 4, { 198, 51, 100, 1 } } };
	struct observation trace = dns;

	(void)state;
	dns.dns.chaos.is_asked = true;
	dns.dns.chaos.outcome = OUTCOME_TIMEOUT;
	hoststate_settle(&h, &dns, AT(102));
	assert_int_equal(dns.outcome, OUTCOME_OK);
	assert_int_equal(dns.dns.chaos.outcome, OUTCOME_SEND_FAILED);
	trace.kind = KIND_TRACE;
	trace.outcome = OUTCOME_TIMEOUT;
	trace.trace.n_hops = 3;
	hoststate_settle(&h, &trace, AT(102));
	assert_int_equal(trace.outcome, OUTCOME_SEND_FAILED);
	assert_int_equal(trace.trace.n_hops, 0);
}

/* Clocks that differ by little, or that were never compared, tell nothing. */
static void
a_sleep_is_told_once(void **state)
{
	struct hoststate h = { 0 };

	(void)state;
	assert_false(hoststate_slept(&h, AT(0), AT(-3600)));
	assert_false(hoststate_slept(&h, AT(60), AT(-3540)));
	assert_false(hoststate_slept(&h, AT(60.3), AT(-3539.8)));
	assert_true(hoststate_slept(&h, AT(3660.3), AT(-3539.7)));
	assert_false(hoststate_slept(&h, AT(3661), AT(-3539)));
}

/* Outages come and go; the ring keeps the newest. */
static void
a_network_that_never_rests_is_remembered_as_far_as_it_goes(void **state)
{
	struct hoststate h = { 0 };
	struct observation old = { .outcome = OUTCOME_TIMEOUT,
		.at_us = AT(10),
		.target = { 4, { 198, 51, 100, 1 } } };
	struct observation late = old;

	(void)state;
	hoststate_look(&h, 4, &usable, T0, false, T0);
	for (int i = 0; i < 3 * HOSTSTATE_OUTAGES; i++) {
		struct family_look look = but(true, 0, true);

		hoststate_look(
		    &h, 4, &look, AT(10 + 10 * i), false, AT(10 + 10 * i));
		hoststate_look(
		    &h, 4, &usable, AT(11 + 10 * i), false, AT(11 + 10 * i));
	}
	hoststate_settle(&h, &old, AT(14));
	assert_int_equal(old.outcome, OUTCOME_TIMEOUT);
	late.at_us = AT(10 * 3 * HOSTSTATE_OUTAGES);
	hoststate_settle(&h, &late, late.at_us + 4 * US_PER_S);
	assert_int_equal(late.outcome, OUTCOME_SEND_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_tells_what_changed),
		cmocka_unit_test(a_silence_that_spans_a_loss_is_our_own_fault),
		cmocka_unit_test(the_other_family_is_not_touched),
		cmocka_unit_test(parts_of_a_measurement_are_judged_too),
		cmocka_unit_test(a_sleep_is_told_once),
		cmocka_unit_test(
		    a_network_that_never_rests_is_remembered_as_far_as_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
