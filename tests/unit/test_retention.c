/* test_retention.c - what goes with age, what stays, and that nothing refers
 * to what went. */
#include "tests/unit/serve_rig.h"

#include "collector/retention.h"
#include "collector/store_retention.h"

#define H (INT64_C(3600) * US_PER_S)
#define DAY_US (24 * H)

static int
set_up(void **state)
{
	struct rig *r = rig_new();

	r->settings.keep_observations_us = DAY_US;
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	rig_free(*state);
	return 0;
}

/* Runs SQL as the writer. */
static void
run(struct rig *r, const char *sql)
{
	char *why = NULL;

	T_CHECK(sqlite3_exec(store_handle(r->store), sql, NULL, NULL, &why) ==
		    SQLITE_OK,
	    "%s", why);
}

/* Ticks come each second. */
static void
tick(struct rig *r, int64_t from_us, int n)
{
	bool has_written;
	struct err err = ERR_NONE;

	for (int i = 0; i < n; i++)
		T_CHECK(ingest_tick(r->ingest, from_us + i * US_PER_S,
			    &has_written, &err) == RC_OK,
		    "%s", err.text);
}

static void
send_one(struct rig *r, struct observation *o, int64_t now_us)
{
	struct ingest_job job = { .received_us = now_us };
	struct ingest_job *jobs[] = { &job };
	struct err err = ERR_NONE;

	o->at_us = now_us - US_PER_S;
	job.batch = rig_batch(r->probe, o->seq, o->seq, now_us);
	job.batch.observations[0] = *o;
	T_CHECK(ingest_group(r->ingest, jobs, 1, now_us, &err) == RC_OK, "%s",
	    err.text);
	assert_int_equal(job.rc, RC_OK);
	batch_fini(&job.batch);
}

static void
send_answer(struct rig *r, uint64_t seq, const char *site, int64_t now_us)
{
	struct observation o = rig_observation(seq, now_us, site);

	send_one(r, &o, now_us);
}

static void
send_trace(struct rig *r, uint64_t seq, uint8_t hop, int64_t now_us)
{
	struct observation o = { .seq = seq,
		.kind = KIND_TRACE,
		.target = rig_addr(RIG_V4),
		.port = 53 };

	o.trace.n_hops = 1;
	o.trace.hops[0].ttl = 1;
	o.trace.hops[0].address = rig_addr("192.0.2.1");
	o.trace.hops[0].address.bytes[3] = hop;
	send_one(r, &o, now_us);
}

static int64_t
count(struct rig *r, const char *what)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", what);
	return rig_query(r, sql);
}

static void
a_step_deletes_no_more_than_it_may(void **state)
{
	struct rig *r = *state;
	struct err err = ERR_NONE;
	int64_t n = 0, oldest_us = 0;

	assert_int_equal(
	    store_observation_oldest(r->store, &oldest_us, &err), RC_NOTFOUND);
	for (uint64_t seq = 1; seq <= 10; seq++)
		send_answer(r, seq, "ams", RIG_NOW + (int64_t)seq * US_PER_S);
	assert_int_equal(
	    store_observation_oldest(r->store, &oldest_us, &err), RC_OK);
	assert_int_equal(oldest_us, RIG_NOW + US_PER_S);
	assert_int_equal(store_observation_expire(r->store,
			     RIG_NOW + 8 * US_PER_S, INT64_MAX, 4, &n, &err),
	    RC_OK);
	assert_int_equal(n, 4);
	assert_int_equal(store_observation_expire(r->store,
			     RIG_NOW + 8 * US_PER_S, INT64_MAX, 4, &n, &err),
	    RC_OK);
	assert_int_equal(n, 3);
	/* Never the last: ids go on from it. */
	assert_int_equal(store_observation_expire(r->store, RIG_NOW + DAY_US,
			     INT64_MAX, 100, &n, &err),
	    RC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(rig_query(r, "SELECT id FROM observation"), 10);
}

/* Far more than a step's worth, in rows of other tables too. */
static void
a_backlog_goes_and_its_pages_too(void **state)
{
	static const char many[] =
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < 30000) INSERT INTO observation (vantage_id, seq, "
	    "received_us, at_us, target_id, kind, why, proto, stamp, outcome, "
	    "hop_rtts) SELECT 1, 100 + i, 1800000000000000 + i, 1, 1, 2, 0, 0, "
	    "0, 0, '[1000,2000,3000,4000,5000,6000,7000]' FROM n;"
	    "INSERT INTO hop_note (observation_id, hops) "
	    "SELECT id, '[]' FROM observation;";
	struct rig *r = *state;
	int64_t pages;

	send_answer(r, 1, "ams", RIG_NOW);
	run(r, many);
	send_answer(r, 40000, "ams", RIG_NOW + 2 * DAY_US);
	pages = rig_query(r, "PRAGMA page_count");
	for (int i = 0;
	     i < 1000 && (count(r, "observed") > 1 || count(r, "hop_note") > 0);
	     i++)
		tick(r, RIG_NOW + 2 * DAY_US + i * US_PER_S, 1);
	assert_int_equal(count(r, "observed"), 1);
	assert_int_equal(count(r, "hop_note"), 0);
	tick(r, RIG_NOW + 2 * DAY_US + H / 2, 20);
	T_CHECK(rig_query(r, "PRAGMA page_count") < pages / 2, "%lld of %lld",
	    (long long)rig_query(r, "PRAGMA page_count"), (long long)pages);
}

static void
what_nothing_refers_to_goes(void **state)
{
	struct rig *r = *state;
	int64_t later = RIG_NOW + 2 * DAY_US;

	send_answer(r, 1, "ams", RIG_NOW);
	send_trace(r, 2, 1, RIG_NOW + 1);
	send_answer(r, 3, "fra", later);
	send_trace(r, 4, 2, later + 1);
	run(r,
	    "INSERT INTO identity (bytes) VALUES (x'01'), (x'02');"
	    "INSERT INTO second_answer (observation_id, is_different, rcode, "
	    "rtt_us, nsid_id) VALUES (3, 1, 0, 1, (SELECT id FROM identity "
	    "WHERE bytes = x'01'));"
	    "INSERT INTO certificate (fingerprint, not_after_us) VALUES "
	    "(zeroblob(32), 1), (randomblob(32), 1);"
	    "INSERT INTO tls (observation_id, certificate_id, version, "
	    "is_verified, connect_us, handshake_us) VALUES (3, 2, 3, 1, 1, "
	    "1)");
	tick(r, later + US_PER_S, 20);
	assert_int_equal(count(r, "observation"), 2);
	assert_int_equal(count(r, "identity"), 4); /* not yet */
	tick(r, later + 7 * H, 20);
	assert_int_equal(count(r, "identity"), 2);
	assert_int_equal(
	    count(r, "identity WHERE bytes IN (x'01', x'6e73312e667261')"), 2);
	assert_int_equal(count(r, "path"), 1);
	assert_int_equal(count(r, "certificate"), 1);
	assert_int_equal(count(r, "pragma_foreign_key_check"), 0);
	/* What comes again is stored again, whatever is remembered. */
	send_answer(r, 5, "ams", later + 8 * H);
	send_trace(r, 6, 1, later + 8 * H + 1);
	assert_int_equal(count(r, "identity"), 3);
	assert_int_equal(count(r, "path"), 2);
	assert_int_equal(count(r, "pragma_foreign_key_check"), 0);
	/* References are looked after once more. */
	assert_int_not_equal(sqlite3_exec(store_handle(r->store),
				 "DELETE FROM path WHERE id IN (SELECT path_id "
				 "FROM observation)",
				 NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
notices_go_a_year_after_their_event(void **state)
{
	static const char events[] =
	    "INSERT INTO event (id, kind, severity, service_id, since_us, "
	    "detected_us, updated_us, resolved_us, resolution, n_vantages, "
	    "n_asns, needed, gates) VALUES "
	    "(1, 'shift', 'major', 1, 1, 1, 1, 2, 'settled', 1, 1, 1, '{}'), "
	    "(2, 'shift', 'major', 1, 1, 1, 1, NULL, NULL, 1, 1, 1, '{}'), "
	    "(3, 'shift', 'major', 1, 1, 1, 1, 1799990000000000, 'settled', 1, "
	    "1, 1, '{}');"
	    "INSERT INTO delivery (id, event_id, alert, notice, key, "
	    "created_us, next_try_us, delivered_us, given_up_us) VALUES "
	    "(1, 1, 'a', 'open', '1', 1, 1, 1, NULL), "
	    "(2, 1, 'a', 'resolve', '2', 1, 1, NULL, 1), "
	    "(3, 2, 'a', 'open', '3', 1, 1, 1, NULL), "
	    "(4, 3, 'a', 'open', '4', 1, 1, 1, NULL), "
	    "(5, NULL, 'a', 'test', '5', 1, 1, 1, NULL), "
	    "(6, 1, 'b', 'open', '6', 1, 9000000000000000, NULL, NULL);"
	    "INSERT INTO attempt (delivery_id, at_us) "
	    "SELECT id, 1 FROM delivery;";
	struct rig *r = *state;

	run(r, events);
	tick(r, RIG_NOW, 1);
	tick(r, RIG_NOW + 2 * H, 1);
	/* Left: of an open event, of one just over, and one that is due. */
	assert_int_equal(count(r, "delivery WHERE id IN (3, 4, 6)"), 3);
	assert_int_equal(count(r, "delivery"), 3);
	assert_int_equal(count(r, "attempt"), 3);
	assert_int_equal(count(r, "event"), 3);
}

static void
of_vantages_the_last_word_is_kept(void **state)
{
	static const char heard[] =
	    "DELETE FROM heard;"
	    "INSERT INTO heard (id, after_id, passed_us, kind, body) VALUES "
	    "(1, 0, 1, 'vantage', '{\"vantage\":1}'), "
	    "(2, 0, 1, 'vantage', '{\"vantage\":2}'), "
	    "(3, 1, 1, 'vantage', '{\"vantage\":1}'), "
	    "(4, 1, 1, 'start', '{}'), "
	    "(5, 9, 1, 'vantage', '{\"vantage\":1}'), "
	    "(6, 9, 1, 'start', '{}')";
	struct rig *r = *state;

	for (uint64_t seq = 1; seq <= 10; seq++)
		send_answer(
		    r, seq, "ams", seq <= 5 ? RIG_NOW : RIG_NOW + 2 * DAY_US);
	tick(r, RIG_NOW + US_PER_S, 1);
	run(r, heard);
	tick(r, RIG_NOW + 2 * DAY_US, 2);
	assert_int_equal(count(r, "observation"), 5);
	assert_int_equal(count(r, "heard WHERE id IN (2, 3, 5, 6)"), 4);
	assert_int_equal(count(r, "heard WHERE id < 7"), 4);
}

static void
nothing_goes_when_all_is_kept(void **state)
{
	struct rig *r = *state;

	r->settings.keep_observations_us = 0;
	send_answer(r, 1, "ams", RIG_NOW);
	send_answer(r, 2, "fra", RIG_NOW + 1);
	tick(r, RIG_NOW + 3650 * DAY_US, 2);
	tick(r, RIG_NOW + 3651 * DAY_US, 2);
	assert_int_equal(count(r, "observed"), 2);
	assert_int_equal(count(r, "identity"), 2);
}

#define RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG(a_step_deletes_no_more_than_it_may),
		RIG(a_backlog_goes_and_its_pages_too),
		RIG(what_nothing_refers_to_goes),
		RIG(notices_go_a_year_after_their_event),
		RIG(of_vantages_the_last_word_is_kept),
		RIG(nothing_goes_when_all_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
