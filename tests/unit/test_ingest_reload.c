/* test_ingest_reload.c - other settings while the detector is at work. */
#include "tests/unit/serve_rig.h"

#define STEP (60 * US_PER_S)

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

/* Settings of their own that say the same as the rig's: free(). */
static struct rig *
new_settings(const struct rig *r)
{
	struct rig *other = mem_new(sizeof *other);

	snprintf(other->database, sizeof other->database, "%s", r->database);
	rig_services(other);
	return other;
}

static void
reload(struct rig *r, struct rig *with, int64_t now_us)
{
	struct err err = ERR_NONE;

	T_CHECK(ingest_reload(r->ingest, &with->settings, NULL, now_us, &err) ==
		    RC_OK,
	    "%s", err.text);
}

/* One observation, number seq, a minute after the one before. */
static void
see(struct rig *r, uint64_t seq, const char *site)
{
	int64_t now_us = RIG_NOW + (int64_t)seq * STEP;
	struct ingest_job job = { .batch =
				      rig_batch(r->probe, seq, seq, now_us),
		.received_us = now_us };
	struct ingest_job *jobs[] = { &job };
	bool has_written;
	struct err err = ERR_NONE;

	job.batch.observations[0] =
	    rig_observation(seq, now_us - 1000, site == NULL ? "" : site);
	if (site == NULL) {
		job.batch.observations[0].outcome = OUTCOME_TIMEOUT;
		job.batch.observations[0].dns.nsid = (struct identity){ 0 };
	}
	T_CHECK(ingest_group(r->ingest, jobs, 1, now_us, &err) == RC_OK, "%s",
	    err.text);
	assert_int_equal(job.rc, RC_OK);
	T_CHECK(ingest_tick(r->ingest, now_us + US_PER_S, &has_written, &err) ==
		    RC_OK,
	    "%s", err.text);
	batch_fini(&job.batch);
}

/* Copies what the detector wrote down to out. */
static void
journal(struct rig *r, char out[static 2048])
{
	static const char SQL[] =
	    "SELECT (SELECT group_concat(state || ' ' || site_id || ' ' || "
	    "since_us || ' ' || coalesce(until_us, 'open') || ' ' || n || ' ' "
	    "|| rtt_sum_us, '; ') FROM landing), (SELECT group_concat("
	    "from_site_id || '>' || to_site_id || ' ' || at_us || ' ' || "
	    "confirmed_us, '; ') FROM move)";
	sqlite3_stmt *s;
	struct err err = ERR_NONE;

	T_CHECK(ingest_flush(r->ingest, RIG_NOW + 30 * STEP, &err) == RC_OK,
	    "%s", err.text);
	sqlite3_prepare_v2(store_handle(r->side), SQL, -1, &s, NULL);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	snprintf(out, 2048, "landings: %s\nmoves: %s", store_text(s, 0),
	    store_text(s, 1));
	sqlite3_finalize(s);
}

static void
a_detector_goes_on_as_if_nothing_had_been(void **state)
{
	static const char *const story[] = { "ams", "ams", "ams", "ams", "fra",
		"fra", "fra", "fra", NULL, NULL, "fra", "ams", "fra", "ams",
		"ams", "ams", "nowhere", "nowhere", "nowhere", "ams" };
	struct rig *through = *state, *plain = rig_new();
	struct rig *settings[2] = { new_settings(through),
		new_settings(through) };
	char with[2048], without[2048];

	for (size_t i = 0; i < T_LEN(story); i++) {
		see(plain, i + 1, story[i]);
		see(through, i + 1, story[i]);
		reload(through, settings[i % 2],
		    RIG_NOW + (int64_t)(i + 1) * STEP + 2 * US_PER_S);
	}
	journal(plain, without);
	journal(through, with);
	assert_string_equal(with, without);
	T_CHECK(strstr(with, ">") != NULL, "nobody moved: %s", with);
	rig_free(plain);
	ingest_close(through->ingest); /* before what it lends */
	through->ingest = NULL;
	free(settings[0]);
	free(settings[1]);
}

static void
a_new_site_is_known_from_then_on(void **state)
{
	struct rig *r = *state, *next = new_settings(r);

	for (uint64_t i = 1; i <= 5; i++)
		see(r, i, "lon");
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation "
				      "WHERE site_id IS NOT NULL"),
	    0);
	snprintf(next->sites[1].name, sizeof next->sites[1].name, "lon");
	reload(r, next, RIG_NOW + 5 * STEP + 2 * US_PER_S);
	for (uint64_t i = 6; i <= 12; i++)
		see(r, i, "lon");
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM observation o JOIN site s ON "
			 "s.id = o.site_id WHERE s.name = 'lon'"),
	    7);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM landing l JOIN site s ON "
			 "s.id = l.site_id WHERE s.name = 'lon' AND "
			 "l.state = 'stable' AND l.until_us IS NULL"),
	    1);
	ingest_close(r->ingest);
	r->ingest = NULL;
	free(next);
}

static void
a_service_may_go_and_come_back(void **state)
{
	struct rig *r = *state, *without = new_settings(r),
		   *with = new_settings(r);

	without->settings.services.n_targets = 0;
	without->settings.services.n = 0;
	for (uint64_t i = 1; i <= 5; i++)
		see(r, i, "ams");
	reload(r, without, RIG_NOW + 5 * STEP + 2 * US_PER_S);
	for (uint64_t i = 6; i <= 8; i++)
		see(r, i, "ams");
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation"), 5);
	assert_int_equal(rig_query(r, "SELECT acked_seq FROM probe"), 8);
	reload(r, with, RIG_NOW + 8 * STEP + 2 * US_PER_S);
	for (uint64_t i = 9; i <= 12; i++)
		see(r, i, "ams");
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation"), 9);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM landing WHERE until_us IS NULL "
			 "AND state = 'stable'"),
	    1);
	ingest_close(r->ingest);
	r->ingest = NULL;
	free(without);
	free(with);
}

/* The disk is full at the wrong moment. */
static void
what_cannot_be_stored_is_not_in_force(void **state)
{
	struct rig *r = *state, *next = new_settings(r);
	struct err err = ERR_NONE;

	snprintf(next->sites[1].name, sizeof next->sites[1].name, "lon");
	see(r, 1, "ams");
	sqlite3_exec(
	    store_handle(r->store), "PRAGMA query_only = 1", NULL, NULL, NULL);
	assert_int_equal(ingest_reload(r->ingest, &next->settings, NULL,
			     RIG_NOW + STEP + 2 * US_PER_S, &err),
	    RC_DB);
	sqlite3_exec(
	    store_handle(r->store), "PRAGMA query_only = 0", NULL, NULL, NULL);
	see(r, 2, "lon");
	see(r, 3, "fra");
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM site WHERE name = 'lon'"), 0);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation "
				      "WHERE site_id IS NOT NULL"),
	    2);
	free(next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_detector_goes_on_as_if_nothing_had_been, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_new_site_is_known_from_then_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_service_may_go_and_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_cannot_be_stored_is_not_in_force, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
