/* test_status.c - what status tells, and how large a database will be. */
#include "tests/unit/serve_rig.h"

#include "collector/forecast.h"
#include "collector/store_status.h"
#include "tests/unit/pack_rig.h"

#define DAY_US (INT64_C(86400) * US_PER_S)
#define MB INT64_C(1000000)

static const struct {
	const char *claim;
	struct forecast_from from; /* now_us: day 100 */
	bool is_known;
	int64_t full_day, full_mb, year_mb;
} cases[] = {
	{ "a day of seven: seven times as much, in six days",
	    { 0, 80 * MB, 86400, 99 * DAY_US, 1, 7 * DAY_US, 0, 0, 0, 0, 0, 0 },
	    true, 106, 560, 560 },
	{ "a full one stays as it is",
	    { 0, 560 * MB, 604800, 93 * DAY_US, 1, 7 * DAY_US, 0, 0, 0, 0, 0,
		0 },
	    true, 100, 560, 560 },
	{ "twice as many of late: twice as large",
	    { 0, 560 * MB, 604800, 93 * DAY_US, 2, 7 * DAY_US, 0, 0, 0, 0, 0,
		0 },
	    true, 100, 1120, 1120 },
	{ "what lasts grows on: 10 MB in 50 days",
	    { 0, 570 * MB, 604800, 93 * DAY_US, 1, 7 * DAY_US, 0, 10 * MB,
		50 * DAY_US, 0, 0, 0 },
	    true, 100, 570, 643 },
	{ "statistics of 100 a second: 26 MB a day for ten days, then 3.6",
	    { 0, 7 * 864 * MB, 7 * 8640000, 93 * DAY_US, 100, 7 * DAY_US,
		10 * DAY_US, 0, 0, 0, 0, 0 },
	    true, 100, 6048, 7450 },
	{ "a day of seven, but for an hour packed to 8 bytes each: those grow",
	    { 0, 288000 + 662400, 86400, 99 * DAY_US, 1, 7 * DAY_US, 0, 0, 0,
		82800, 662400, 80 },
	    true, 106, 5, 5 },
	{ "an hour is too little to go by",
	    { 0, 80 * MB, 86400, 100 * DAY_US - 1, 1, 7 * DAY_US, 0, 0, 0, 0, 0,
		0 },
	    false, 0, 0, 0 },
	{ "so are few rows",
	    { 0, 80 * MB, 9999, 99 * DAY_US, 1, 7 * DAY_US, 0, 0, 0, 0, 0, 0 },
	    false, 0, 0, 0 },
	{ "it is not known how long they stay",
	    { 0, 80 * MB, 86400, 99 * DAY_US, 1, 0, 0, 0, 0, 0, 0, 0 }, false,
	    0, 0, 0 },
};

static void
forecasts_follow_from_age_and_pace(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct forecast_from from = cases[i].from;
		struct forecast f;

		from.now_us = 100 * DAY_US;
		f = forecast_of(&from);
		T_CHECK(f.is_known == cases[i].is_known, "%s", cases[i].claim);
		if (!f.is_known)
			continue;
		T_CHECK(f.full_us == cases[i].full_day * DAY_US &&
			    f.full_bytes / MB == cases[i].full_mb &&
			    f.year_bytes / MB == cases[i].year_mb,
		    "%s: %lld, %lld", cases[i].claim, (long long)f.full_bytes,
		    (long long)f.year_bytes);
	}
}

static void
take_in(struct rig *r, uint64_t first, uint64_t last, int64_t now_us)
{
	struct ingest_job job = { .received_us = now_us };
	struct ingest_job *jobs[] = { &job };
	struct err err = ERR_NONE;

	job.batch = rig_batch(r->probe, first, last, now_us);
	T_CHECK(ingest_group(r->ingest, jobs, 1, now_us, &err) == RC_OK, "%s",
	    err.text);
	batch_fini(&job.batch);
}

static void
an_empty_collector_has_nothing_to_tell(void **state)
{
	struct rig *r = rig_new();
	struct store_status s;
	struct err err;

	(void)state;
	assert_int_equal(
	    store_status_read(r->side, RIG_NOW, RIG_NOW, &s, &err), RC_OK);
	assert_int_equal(s.n_active, 1);
	assert_int_equal(s.n_heard_lately, 0);
	assert_false(s.has_received);
	assert_int_equal(s.n_observations, 0);
	assert_int_equal(s.lasting_bytes, 0);
	rig_free(r);
}

static void
what_is_told_is_what_is_there(void **state)
{
	static const char more[] =
	    "INSERT INTO event (id, kind, severity, service_id, since_us, "
	    "detected_us, updated_us, resolved_us, n_vantages, n_asns, needed, "
	    "gates) VALUES (1, 'shift', 'major', 1, 1, 1, 1, NULL, 1, 1, 1, "
	    "'{}'), (2, 'shift', 'major', 1, 1, 1, 1, 2, 1, 1, 1, '{}'), "
	    "(3, 'shift', 'info', 1, 1, 1, 1, NULL, 1, 1, 1, '{}');"
	    "INSERT INTO probe (id, public_key, name, state, enrolled_us, "
	    "received_us, source) VALUES ('0000000000000001', zeroblob(32), "
	    "'of-others', 'active', 1, 9000000000000000, 'atlas'), "
	    "('0000000000000002', zeroblob(32), 'b', 'quarantined', 1, 1, "
	    "NULL), ('0000000000000003', zeroblob(32), 'c', 'left', 1, NULL, "
	    "NULL)";
	const int64_t then = RIG_NOW + 100 * US_PER_S;
	struct rig *r = rig_new();
	struct store_status s;
	struct err err;

	(void)state;
	take_in(r, 1, 100, RIG_NOW);
	take_in(r, 101, 300, then);
	assert_int_equal(
	    sqlite3_exec(store_handle(r->side), more, NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    store_status_read(r->side, then + 100 * US_PER_S, then, &s, &err),
	    RC_OK);
	assert_int_equal(s.n_active, 1);
	assert_int_equal(s.n_quarantined, 1);
	assert_int_equal(s.n_gone, 1);
	assert_int_equal(s.n_heard_lately, 1);
	assert_int_equal(s.received_us, then);
	assert_int_equal(s.n_observations, 300);
	assert_int_equal(s.n_packed, 0);
	T_CHECK(s.raw_bytes > 40 && s.raw_bytes < 100, "%f", s.raw_bytes);
	assert_int_equal(s.oldest_us, RIG_NOW);
	assert_int_equal((int)(s.per_second * 100 + 0.5), 150);
	assert_int_equal(s.n_open[SEVERITY_MAJOR], 1);
	assert_int_equal(s.n_open[SEVERITY_INFO], 1);
	assert_int_equal(s.bytes, rig_query(r, "PRAGMA page_count") *
				      rig_query(r, "PRAGMA page_size"));
	assert_int_equal(s.schema, rig_query(r, "PRAGMA user_version"));
	assert_true(s.lasting_bytes > 0);
	pack_all(r->store);
	assert_int_equal(
	    store_status_read(r->side, then + 100 * US_PER_S, then, &s, &err),
	    RC_OK);
	assert_int_equal(s.n_observations, 300);
	assert_int_equal(s.oldest_us, RIG_NOW);
	assert_int_equal((int)(s.per_second * 100 + 0.5), 150);
	assert_int_equal(s.n_packed, 299);
	assert_int_equal(
	    s.packed_bytes, rig_query(r, "SELECT sum(n_bytes) FROM chunk"));
	rig_free(r);
}

/* What is told of rows is what the pages say, but for the pages' own part. */
static void
what_a_row_takes_is_told_right(void **state)
{
	struct rig *r = rig_new();
	struct store_status s;
	struct err err;
	double pages;

	(void)state;
	for (uint64_t seq = 0; seq < 2000; seq += 500)
		take_in(
		    r, seq + 1, seq + 500, RIG_NOW + (int64_t)seq * 60000000);
	assert_int_equal(
	    store_status_read(r->side, RIG_NOW, RIG_NOW, &s, &err), RC_OK);
	pages = (double)rig_query(r, "SELECT sum(pgsize) FROM dbstat WHERE "
				     "name = 'observation'") /
		2000;
	T_CHECK(s.raw_bytes > 0.9 * pages && s.raw_bytes < 1.1 * pages,
	    "%f told, %f there", s.raw_bytes, pages);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forecasts_follow_from_age_and_pace),
		cmocka_unit_test(an_empty_collector_has_nothing_to_tell),
		cmocka_unit_test(what_is_told_is_what_is_there),
		cmocka_unit_test(what_a_row_takes_is_told_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
