/* test_rollup.c - quantiles within their bound, bytes as they are told, and
 * each observation counted once. */
#include "tests/unit/serve_rig.h"

#include <inttypes.h>

#include "collector/history_steps.h"
#include "collector/rollup.h"
#include "collector/rollups.h"
#include "collector/store_rollup.h"
#include "collector/store_verify.h"

#define N_VALUES 20000

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
		 UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* Small ones, ones around 20 ms, and any up to some minutes. */
static int64_t
draw(uint64_t *state)
{
	uint64_t r = next_random(state);

	switch (r % 3) {
	case 0:
		return (int64_t)(next_random(state) % 300);
	case 1:
		return 20000 + (int64_t)(next_random(state) % 3000);
	default:
		return (int64_t)(next_random(state) >> (r % 29));
	}
}

static int
ascending(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
quantiles_are_within_one_part_in_128(void **state)
{
	static const unsigned permilles[] = { 0, 1, 100, 500, 900, 990, 999,
		1000 };
	static int64_t values[N_VALUES];
	uint64_t random = 20261121;

	(void)state;
	print_message("seed %" PRIu64 "\n", random);
	for (size_t n = 1; n <= N_VALUES; n = n * 3 + 1) {
		struct sketch whole = { 0 }, parts[3] = { 0 };

		for (size_t i = 0; i < n; i++) {
			values[i] = draw(&random);
			sketch_add(&whole, values[i], 1);
			sketch_add(&parts[i % 3], values[i], 1);
		}
		qsort(values, n, sizeof *values, ascending);
		sketch_merge(&parts[0], &parts[1]);
		sketch_merge(&parts[0], &parts[2]);
		assert_int_equal(whole.n, n);
		assert_int_equal(whole.min_us, values[0]);
		assert_int_equal(parts[0].min_us, values[0]);
		for (size_t p = 0; p < T_LEN(permilles); p++) {
			int64_t want = values[(n - 1) * permilles[p] / 1000];
			int64_t got = sketch_quantile_us(&whole, permilles[p]);

			T_CHECK(llabs(got - want) * 128 <= want &&
				    (want >= 128 || got == want),
			    "n %zu, %u: %lld for %lld", n, permilles[p],
			    (long long)got, (long long)want);
			assert_int_equal(
			    got, sketch_quantile_us(&parts[0], permilles[p]));
		}
		for (size_t i = 0; i < 3; i++)
			sketch_fini(&parts[i]);
		sketch_fini(&whole);
	}
}

static void
what_is_out_of_range_counts_at_its_end(void **state)
{
	struct sketch s = { 0 };

	(void)state;
	assert_int_equal(sketch_quantile_us(&s, 500), 0);
	sketch_add(&s, -5, 1);
	sketch_add(&s, INT64_MAX, 1);
	sketch_add(&s, 7, 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.min_us, 0);
	assert_true(s.buckets[1].index < SKETCH_BUCKETS);
	assert_true(llabs(sketch_quantile_us(&s, 1000) - SKETCH_MAX_US) * 128 <=
		    SKETCH_MAX_US);
	sketch_fini(&s);
}

static void
fill(struct rollup *r)
{
	r->slots[0] = (struct rollup_slot){ .n = 3, .n_lost = 1 };
	sketch_add(&r->slots[0].rtt, 20000, 1);
	sketch_add(&r->slots[0].rtt, 20700, 1);
	r->slots[11] = (struct rollup_slot){ .n = 200, .n_lost = 200 };
	r->slots[23] = (struct rollup_slot){ .n = 9 };
	sketch_add(&r->slots[23].rtt, 5, 9);
}

static void
the_bytes_are_those_of_the_header(void **state)
{
	/* 20000 us: 2^8 * 78.1, so bucket 8 * 64 + 78 = 590; 20700: 592. */
	static const uint8_t want[] = { 1, 0, 3, 1, 2, 0xa0, 0x9c, 0x01, 0xce,
		0x04, 0, 1 << 2, 11, 0xc8, 0x01, 0xc8, 0x01, 0, 23, 9, 0, 1, 5,
		5, 3, 5 };
	struct rollup r = { 0 }, again = { 0 };
	uint8_t *bytes, *bytes_again;
	size_t len, len_again;

	(void)state;
	fill(&r);
	bytes = rollup_encode(&r, &len);
	assert_int_equal(len, sizeof want);
	assert_memory_equal(bytes, want, len);
	assert_int_equal(rollup_decode(&again, bytes, len), RC_OK);
	bytes_again = rollup_encode(&again, &len_again);
	assert_int_equal(len_again, len);
	assert_memory_equal(bytes_again, bytes, len);
	/* Decoding adds. */
	assert_int_equal(rollup_decode(&again, bytes, len), RC_OK);
	assert_int_equal(again.slots[11].n_lost, 400);
	assert_int_equal(again.slots[23].rtt.n, 18);
	free(bytes);
	free(bytes_again);
	rollup_fini(&r);
	rollup_fini(&again);
}

static void
damaged_bytes_are_refused_or_are_others(void **state)
{
	static const uint8_t bad[][8] = { { 2 }, { 1, 24, 1, 0, 0 },
		{ 1, 0, 0x80 }, { 1, 0, 1, 0, 1, 5, 0xc0, 0x0d } };
	static const size_t lens[] = { 1, 5, 3, 8 };
	struct rollup r = { 0 };
	uint64_t random = 7;
	uint8_t *bytes;
	size_t len;

	(void)state;
	for (size_t i = 0; i < T_LEN(bad); i++) {
		struct rollup got = { 0 };

		T_CHECK(rollup_decode(&got, bad[i], lens[i]) == RC_MALFORMED,
		    "case %zu", i);
		rollup_fini(&got);
	}
	assert_int_equal(rollup_decode(&r, "", 0), RC_MALFORMED);
	fill(&r);
	bytes = rollup_encode(&r, &len);
	for (int i = 0; i < 20000; i++) {
		struct rollup got = { 0 };
		uint8_t copy[64];

		memcpy(copy, bytes, len);
		copy[next_random(&random) % len] =
		    (uint8_t)next_random(&random);
		if (rollup_decode(
			&got, copy, next_random(&random) % (len + 1)) == RC_OK)
			for (size_t s = 0; s < ROLLUP_SLOTS; s++)
				(void)sketch_quantile_us(
				    &got.slots[s].rtt, 500);
		rollup_fini(&got);
	}
	free(bytes);
	rollup_fini(&r);
}

static void
steps_are_what_was_asked_for(void **state)
{
	const int64_t m = 60 * US_PER_S, h = 60 * m;
	static const struct {
		int64_t since_h, until_h, step_m;
		enum rc rc;
		int64_t want_step_m;
		size_t n;
	} cases[] = {
		{ 10, 16, 0, RC_OK, 5, 72 }, { 10, 17, 0, RC_OK, 60, 7 },
		{ 0, 168, 0, RC_OK, 60, 168 }, { 0, 192, 0, RC_OK, 1440, 8 },
		{ 10, 12, 15, RC_OK, 15, 8 }, { 10, 12, 7, RC_RANGE, 0, 0 },
		{ 12, 12, 5, RC_RANGE, 0, 0 }, { 12, 10, 5, RC_RANGE, 0, 0 },
		{ 0, 10000, 5, RC_RANGE, 0, 0 },
		{ 23, 25, 1440, RC_OK, 1440, 2 }, /* from midnight on */
	};
	struct history_steps s;
	struct err err;

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		enum rc rc = history_steps_init(&s, cases[i].since_h * h,
		    cases[i].until_h * h, cases[i].step_m * m, &err);

		T_CHECK(rc == cases[i].rc, "case %zu: %s", i, rc_name(rc));
		if (rc != RC_OK)
			continue;
		T_CHECK(
		    s.step_us == cases[i].want_step_m * m && s.n == cases[i].n,
		    "case %zu: %zu steps", i, s.n);
		history_steps_fini(&s);
	}
}

/* In a database. */

static void
run(struct rig *r, const char *sql)
{
	char *why = NULL;

	T_CHECK(sqlite3_exec(store_handle(r->store), sql, NULL, NULL, &why) ==
		    SQLITE_OK,
	    "%s", why);
}

static int
set_up(void **state)
{
	*state = rig_new();
	return 0;
}

static int
tear_down(void **state)
{
	rig_free(*state);
	return 0;
}

/* 400 hours of two series: each hour one answer after 100, 200 ... us, one
 * loss, one ping of three packets; and what does not count. */
static const char stored[] =
    "INSERT INTO vantage (id, probe_id, family, first_us) "
    "SELECT 7, id, 4, 1 FROM probe;"
    "WITH RECURSIVE h (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM h "
    "WHERE i < 399), o (t, kind, why, outcome, at, rtt, sent, got) AS "
    "(VALUES (1, 0, 0, 0, 10, 100, NULL, NULL), "
    "(1, 0, 0, 2, 20, NULL, NULL, NULL), "
    "(1, 0, 2, 2, 22, NULL, NULL, NULL), " /* a retry */
    "(1, 0, 0, 8, 30, NULL, NULL, NULL), " /* its own fault */
    "(1, 2, 0, 0, 40, NULL, NULL, NULL), " /* a trace */
    "(2, 1, 0, 0, 3500, 900, 3, 2)) "
    "INSERT INTO observation (vantage_id, seq, received_us, at_us, target_id, "
    "kind, why, proto, stamp, outcome, rtt_us, n_sent, n_received) "
    "SELECT 7, 6 * i + at, 1700000000000000 + i * 3600000000, "
    "1699999200000000 + i * 3600000000 + at * 1000000, t, kind, why, 0, 0, "
    "outcome, rtt + i, sent, got FROM h, o ORDER BY i, at";
#define STORED_HOUR (INT64_C(1699999200) / 3600)
#define STORED_END (INT64_C(1700000000) * US_PER_S + 401 * ROLLUP_HOUR_US)

/* What all rows of a series come to, in hours and days. */
static struct rollup_slot
total(struct rig *r, int series)
{
	static const char *const tables[] = { "rollup_hour", "rollup_day" };
	struct rollup_slot sum = { 0 };

	for (size_t t = 0; t < T_LEN(tables); t++) {
		char sql[100];
		sqlite3_stmt *s;

		snprintf(sql, sizeof sql,
		    "SELECT body FROM %s WHERE series_id = %d", tables[t],
		    series);
		assert_int_equal(sqlite3_prepare_v2(
				     store_handle(r->side), sql, -1, &s, NULL),
		    SQLITE_OK);
		while (sqlite3_step(s) == SQLITE_ROW) {
			struct rollup row = { 0 };

			assert_int_equal(
			    rollup_decode(&row, sqlite3_column_blob(s, 0),
				(size_t)sqlite3_column_bytes(s, 0)),
			    RC_OK);
			for (size_t i = 0; i < ROLLUP_SLOTS; i++)
				rollup_slot_merge(&sum, &row.slots[i]);
			rollup_fini(&row);
		}
		sqlite3_finalize(s);
	}
	return sum;
}

static void
check_totals(struct rig *r)
{
	struct rollup_slot dns = total(r, 1), ping = total(r, 2);

	assert_int_equal(rig_query(r, "SELECT count(*) FROM series"), 2);
	assert_int_equal(dns.n, 800);
	assert_int_equal(dns.n_lost, 400);
	assert_int_equal(dns.rtt.n, 400);
	assert_int_equal(dns.rtt.min_us, 100);
	assert_int_equal(ping.n, 1200);
	assert_int_equal(ping.n_lost, 400);
	assert_int_equal(ping.rtt.n, 400);
	assert_int_equal(ping.rtt.min_us, 900);
	T_CHECK(llabs(sketch_quantile_us(&dns.rtt, 500) - 299) * 128 <= 299,
	    "%lld", (long long)sketch_quantile_us(&dns.rtt, 500));
	rollup_slot_fini(&dns);
	rollup_slot_fini(&ping);
}

/* Ticks until all is done. */
static enum rc
work(struct rig *r, struct rollups *x, int64_t keep_us, struct err *err)
{
	enum rc rc = RC_OK;

	for (int i = 0; rc == RC_OK && i < 1000; i++) {
		rc = rollups_tick(
		    x, r->store, keep_us, STORED_END + i * US_PER_S, err);
		if (rollups_done_id(x) == 2400 && i > 100)
			break;
	}
	return rc;
}

static void
each_observation_counts_once(void **state)
{
	struct rig *r = *state;
	struct rollups *x = rollups_new();
	struct rollup_slot late;
	struct err err = ERR_NONE;

	run(r, stored);
	T_CHECK(work(r, x, 0, &err) == RC_OK, "%s", err.text);
	check_totals(r);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM rollup_hour"), 800);
	assert_int_equal(
	    rig_query(r, "SELECT min(hour) FROM rollup_hour"), STORED_HOUR);
	/* Late ones are added to their hour. */
	run(r, "INSERT INTO observation (vantage_id, seq, received_us, at_us, "
	       "target_id, kind, why, proto, stamp, outcome, rtt_us) VALUES "
	       "(7, 9999, 1701440000000000, 1699999210000000, 1, 0, 0, 0, 0, "
	       "0, 50)");
	T_CHECK(rollups_tick(
		    x, r->store, 0, STORED_END + ROLLUP_DAY_US, &err) == RC_OK,
	    "%s", err.text);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM rollup_hour"), 800);
	late = total(r, 1);
	assert_int_equal(late.rtt.min_us, 50);
	rollup_slot_fini(&late);
	rollups_free(x);
}

static void
note_fault(void *ctx, const char *check, const char *fault)
{
	bool *is_found = ctx;

	if (fault != NULL && strcmp(check, "statistics") == 0)
		*is_found = true;
}

static bool
is_fault_found(struct rig *r)
{
	bool is_found = false;
	struct err err;

	assert_int_equal(store_begin_reading(r->side, &err), RC_OK);
	store_verify(r->side, note_fault, &is_found);
	store_rollback(r->side);
	return is_found;
}

static void
verify_adds_them_up_again(void **state)
{
	static const char *const damages[] = {
		"DELETE FROM rollup_hour WHERE hour = 472600 AND series_id = 1",
		"UPDATE rollup_hour SET body = x'' WHERE hour = 472600",
		"UPDATE rollup_hour SET body = x'0102050000' "
		"WHERE hour = 472600",
		"DELETE FROM observation WHERE id = 1003",
		"DELETE FROM rollup_day WHERE day = 19676",
	};
	struct rig *r = *state;
	struct rollups *x = rollups_new();
	struct err err = ERR_NONE;

	run(r, stored);
	T_CHECK(work(r, x, 5 * ROLLUP_DAY_US, &err) == RC_OK, "%s", err.text);
	assert_false(is_fault_found(r));
	for (size_t i = 0; i < T_LEN(damages); i++) {
		run(r, "BEGIN");
		run(r, damages[i]);
		run(r, "COMMIT");
		T_CHECK(is_fault_found(r), "%s", damages[i]);
		run(r, "DELETE FROM rollup_hour; DELETE FROM rollup_day; "
		       "UPDATE rollup_state SET done_id = 0");
		rollups_free(x);
		x = rollups_new();
		T_CHECK(work(r, x, 5 * ROLLUP_DAY_US, &err) == RC_OK, "%s",
		    err.text);
		assert_false(is_fault_found(r));
	}
	/* What went with age is missed by nobody. */
	run(r, "DELETE FROM observation WHERE id <= 1003");
	assert_false(is_fault_found(r));
	rollups_free(x);
}

/* The five minutes under way are left for the next time. */
static void
what_just_came_in_waits(void **state)
{
	struct rig *r = *state;
	struct rollups *x = rollups_new();
	struct err err;

	run(r, stored);
	assert_int_equal(rollups_tick(x, r->store, 0,
			     INT64_C(1700000000) * US_PER_S + 10, &err),
	    RC_OK);
	assert_int_equal(rollups_done_id(x), 0);
	assert_int_equal(
	    rollups_tick(x, r->store, 0,
		INT64_C(1700000000) * US_PER_S + ROLLUP_SLOT_US, &err),
	    RC_OK);
	assert_int_equal(rollups_done_id(x), 6);
	rollups_free(x);
}

/* Some transactions in, writing fails and the collector begins anew. */
static void
after_a_crash_it_goes_on_where_it_was(void **state)
{
	struct rig *r = *state;
	struct rollups *x = rollups_new();
	struct err err = ERR_NONE;

	run(r, stored);
	run(r, "CREATE TRIGGER full BEFORE INSERT ON rollup_hour "
	       "WHEN (SELECT count(*) FROM rollup_hour) >= 450 "
	       "BEGIN SELECT RAISE(ABORT, 'full'); END");
	assert_int_equal(work(r, x, 0, &err), RC_DB);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM rollup_hour"), 400);
	assert_int_equal(rig_query(r, "SELECT n_done FROM rollup_state"), 400);
	assert_int_equal(rollups_done_id(x), 0);
	rollups_free(x);
	run(r, "DROP TRIGGER full");
	x = rollups_new();
	T_CHECK(work(r, x, 0, &err) == RC_OK, "%s", err.text);
	check_totals(r);
	rollups_free(x);
}

static void
old_hours_become_one_slot_of_their_day(void **state)
{
	struct rig *r = *state;
	struct rollups *x = rollups_new();
	struct err err = ERR_NONE;

	run(r, stored);
	T_CHECK(work(r, x, 5 * ROLLUP_DAY_US, &err) == RC_OK, "%s", err.text);
	check_totals(r);
	assert_int_equal(rig_query(r, "SELECT min(hour) FROM rollup_hour"),
	    STORED_END / ROLLUP_HOUR_US - 5 * 24);
	T_CHECK(rig_query(r, "SELECT count(*) FROM rollup_day") <= 2 * 13,
	    "%lld", (long long)rig_query(r, "SELECT count(*) FROM rollup_day"));
	rollups_free(x);
}

static void
a_damaged_row_stops_nothing(void **state)
{
	struct rig *r = *state;
	struct rollups *x = rollups_new();
	struct err err = ERR_NONE;

	run(r, stored);
	T_CHECK(work(r, x, 0, &err) == RC_OK, "%s", err.text);
	run(r, "UPDATE rollup_hour SET body = x'ff' WHERE hour < 472230");
	T_CHECK(work(r, x, ROLLUP_DAY_US, &err) == RC_OK, "%s", err.text);
	assert_true(rig_query(r, "SELECT min(hour) FROM rollup_hour") > 472230);
	rollups_free(x);
}

/* Observations that are still to be added up are not deleted before. */
static void
nothing_is_deleted_uncounted(void **state)
{
	struct rig *r = *state;
	bool has_written;
	struct err err = ERR_NONE;

	r->settings.keep_observations_us = ROLLUP_DAY_US;
	run(r, stored);
	for (int i = 0;
	     i < 1000 && rig_query(r, "SELECT count(*) FROM observation") > 1;
	     i++)
		T_CHECK(ingest_tick(r->ingest, RIG_NOW + i * US_PER_S,
			    &has_written, &err) == RC_OK,
		    "%s", err.text);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation"), 1);
	check_totals(r);
}

#define RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_within_one_part_in_128),
		cmocka_unit_test(what_is_out_of_range_counts_at_its_end),
		cmocka_unit_test(the_bytes_are_those_of_the_header),
		cmocka_unit_test(damaged_bytes_are_refused_or_are_others),
		cmocka_unit_test(steps_are_what_was_asked_for),
		RIG(each_observation_counts_once),
		RIG(verify_adds_them_up_again),
		RIG(what_just_came_in_waits),
		RIG(after_a_crash_it_goes_on_where_it_was),
		RIG(old_hours_become_one_slot_of_their_day),
		RIG(a_damaged_row_stops_nothing),
		RIG(nothing_is_deleted_uncounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
