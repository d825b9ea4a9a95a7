/* test_store_site.c - what sites say, stored and told to the detector. */
#include "collector/store_admin.h"
#include "collector/store_drain.h"
#include "collector/store_site.h"

#include "tests/unit/serve_rig.h"

#define LEASE_US (30 * US_PER_S)

static struct probe_row
speaker(struct rig *r, const char *id, const char *site)
{
	struct probe_row p;
	struct err err;

	assert_int_equal(store_probe_find(r->side, id, &p, &err), RC_OK);
	snprintf(p.site, sizeof p.site, "%s", site);
	return p;
}

static struct site_report
report(const char *site, enum said announced, enum said healthy)
{
	struct site_report s = { .version = "1", .lease_us = LEASE_US, .n = 1 };

	snprintf(s.site, sizeof s.site, "%s", site);
	s.families[0].family = 4;
	s.families[0].announced.said = announced;
	s.families[0].healthy.said = healthy;
	return s;
}

static enum rc
say(struct rig *r, const struct probe_row *p, const struct site_report *s,
    int64_t at_us, struct err *err)
{
	int64_t last;
	enum rc rc = store_begin(r->side, err);

	assert_int_equal(rc, RC_OK);
	rc = store_site_report(r->side, p, s, at_us, at_us, &last, err);
	if (rc == RC_OK)
		return store_commit(r->side, err);
	store_rollback(r->side);
	return rc;
}

/* What is heard at a tick counts from the next whole second on. */
static void
tick(struct rig *r, int64_t at_us)
{
	bool has_written;
	struct err err;

	for (int64_t us = at_us; us <= at_us + US_PER_S; us += US_PER_S)
		T_CHECK(ingest_tick(r->ingest, us, &has_written, &err) == RC_OK,
		    "%s", err.text);
}

/* What the collector thinks of ams over IPv4: "announced healthy verdict". */
static void
check_state(struct rig *r, const char *expected)
{
	char sql[256];

	snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM site_state z JOIN site s ON s.id = z.site_id "
	    "WHERE s.name = 'ams' AND family = 4 AND until_us IS NULL AND "
	    "announced || ' ' || healthy || ' ' || verdict = '%s'",
	    expected);
	T_CHECK(rig_query(r, sql) == 1, "not %s", expected);
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

static void
only_the_site_of_the_enrolment_is_spoken_for(void **state)
{
	struct rig *r = *state;
	struct site_report ams = report("ams", SAID_YES, SAID_YES);
	struct probe_row p = speaker(r, r->probe, "");
	struct err err;

	assert_int_equal(say(r, &p, &ams, RIG_NOW, &err), RC_PEER);
	assert_non_null(strstr(err.text, "token new --site ams"));
	p = speaker(r, r->probe, "fra");
	assert_int_equal(say(r, &p, &ams, RIG_NOW, &err), RC_PEER);
	assert_non_null(strstr(err.text, "for site fra, not for ams"));
	p = speaker(r, r->probe, "ams");
	snprintf(p.service, sizeof p.service, "mail");
	snprintf(ams.service, sizeof ams.service, "web");
	assert_int_equal(say(r, &p, &ams, RIG_NOW, &err), RC_PEER);
	snprintf(p.service, sizeof p.service, "web");
	p.state = PROBE_QUARANTINED;
	assert_int_equal(say(r, &p, &ams, RIG_NOW, &err), RC_PEER);
	p = speaker(r, r->probe, "nowhere");
	ams = report("nowhere", SAID_YES, SAID_YES);
	assert_int_equal(say(r, &p, &ams, RIG_NOW, &err), RC_NOTFOUND);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM site_report"), 0);
}

static void
a_token_binds_who_enrols_to_its_site(void **state)
{
	struct rig *r = *state;
	struct probe_row p;
	struct signing_key key;
	char id[PROBE_ID_LEN + 1];
	struct err err;

	assert_int_equal(sqlite3_exec(store_handle(r->side),
			     "UPDATE token SET site = 'ams', service = 'web'",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	rig_add_probe(r, "two", &key, id);
	assert_int_equal(store_probe_find(r->side, id, &p, &err), RC_OK);
	assert_string_equal(p.site, "ams");
	assert_string_equal(p.service, "web");
	assert_int_equal(store_probe_find(r->side, r->probe, &p, &err), RC_OK);
	assert_string_equal(p.site, "");
}

static void
a_renewal_adds_no_row_and_a_change_does(void **state)
{
	struct rig *r = *state;
	struct probe_row p = speaker(r, r->probe, "ams");
	struct site_report s = report("ams", SAID_YES, SAID_YES);
	int64_t now = RIG_NOW;
	struct err err;

	for (int i = 0; i < 100; i++, now += 10 * US_PER_S) {
		s.families[0].serial++; /* a new zone is no new state */
		assert_int_equal(say(r, &p, &s, now, &err), RC_OK);
	}
	assert_int_equal(rig_query(r, "SELECT count(*) FROM site_report"), 1);
	assert_int_equal(rig_query(r, "SELECT heard_us FROM site_report"),
	    now - 10 * US_PER_S);
	s = report("ams", SAID_YES, SAID_NO);
	assert_int_equal(say(r, &p, &s, now, &err), RC_OK);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM site_report"), 2);
	assert_int_equal(
	    rig_query(r, "SELECT min(lease_until_us) FROM site_report"), now);
	/* The lease has ended meanwhile: nobody knew, which is an interval. */
	now += 2 * LEASE_US;
	assert_int_equal(say(r, &p, &s, now, &err), RC_OK);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM site_report"), 3);
}

static void
a_replayed_report_is_refused(void **state)
{
	struct rig *r = *state;
	struct probe_row p = speaker(r, r->probe, "ams");
	struct site_report s = report("ams", SAID_YES, SAID_YES);
	struct err err;

	assert_int_equal(say(r, &p, &s, RIG_NOW, &err), RC_OK);
	assert_int_equal(say(r, &p, &s, RIG_NOW, &err), RC_LIMIT);
	assert_int_equal(say(r, &p, &s, RIG_NOW - 1, &err), RC_LIMIT);
	assert_int_equal(say(r, &p, &s, RIG_NOW + 1, &err), RC_OK);
}

static void
the_detector_hears_it_and_forgets_it_with_the_lease(void **state)
{
	struct rig *r = *state;
	struct probe_row p = speaker(r, r->probe, "ams");
	struct site_report s = report("ams", SAID_YES, SAID_YES);
	int64_t now = RIG_NOW;
	struct err err;

	tick(r, now);
	check_state(r, "unknown unknown unknown");
	now += 2 * US_PER_S;
	assert_int_equal(say(r, &p, &s, now, &err), RC_OK);
	tick(r, now + 1);
	check_state(r, "yes yes unknown");
	now += 2 * US_PER_S;
	s = report("ams", SAID_NO, SAID_NO);
	assert_int_equal(say(r, &p, &s, now, &err), RC_OK);
	tick(r, now + 1);
	check_state(r, "no no unknown");
	now += 2 * US_PER_S;
	s = report("ams", SAID_UNKNOWN, SAID_NO);
	assert_int_equal(say(r, &p, &s, now, &err), RC_OK);
	tick(r, now + 1);
	check_state(r, "unknown no unknown");
	tick(r, now + LEASE_US);
	check_state(r, "unknown unknown unknown");
}

static void
what_is_in_force_is_told_after_a_restart(void **state)
{
	struct rig *r = *state;
	struct probe_row p = speaker(r, r->probe, "ams");
	struct site_report s = report("ams", SAID_NO, SAID_YES);
	struct err err;

	assert_int_equal(say(r, &p, &s, RIG_NOW, &err), RC_OK);
	ingest_close(r->ingest);
	T_CHECK(ingest_open(&r->ingest, r->store, &r->settings, NULL,
		    &r->metrics, RIG_NOW + 1, &err) == RC_OK,
	    "%s", err.text);
	tick(r, RIG_NOW + 2);
	check_state(r, "no yes unknown");
}

static void
of_two_routers_one_that_exports_is_enough(void **state)
{
	struct rig *r = *state;
	struct site_report yes = report("ams", SAID_YES, SAID_NO);
	struct site_report no = report("ams", SAID_NO, SAID_UNKNOWN);
	struct signing_key key;
	char id[PROBE_ID_LEN + 1];
	struct probe_row one, two;
	int64_t now = RIG_NOW;
	struct err err;

	rig_add_probe(r, "two", &key, id);
	one = speaker(r, r->probe, "ams");
	two = speaker(r, id, "ams");
	for (int i = 0; i < 4; i++, now += 10 * US_PER_S) {
		assert_int_equal(say(r, &one, &yes, now, &err), RC_OK);
		tick(r, now + 1);
		assert_int_equal(say(r, &two, &no, now + 2, &err), RC_OK);
		tick(r, now + 3);
		check_state(r, "yes no sick_announced");
	}
	/* The first falls silent: what the second says is left. */
	now += LEASE_US;
	assert_int_equal(say(r, &two, &no, now, &err), RC_OK);
	tick(r, now + 1);
	check_state(r, "no unknown unknown");
}

static void
what_is_not_looked_at_leaves_others_words_alone(void **state)
{
	struct rig *r = *state;
	struct probe_row p = speaker(r, r->probe, "ams");
	struct site_report s = report("ams", SAID_NOTHING, SAID_YES);
	int64_t id = rig_query(r, "SELECT id FROM site WHERE name = 'ams'");
	struct announcement a = { .site_id = id,
		.is_up = true,
		.at_us = RIG_NOW,
		.lease_until_us = RIG_NOW + 300 * US_PER_S,
		.source = "test" };
	struct err err;

	assert_int_equal(store_announce(r->side, &a, &err), RC_OK);
	assert_int_equal(say(r, &p, &s, RIG_NOW + 1, &err), RC_OK);
	tick(r, RIG_NOW + 2);
	check_state(r, "yes yes unknown");
	assert_int_equal(store_site_health(r->side, id, 0, SAID_NO, RIG_NOW + 3,
			     RIG_NOW + LEASE_US, &err),
	    RC_OK);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM site_report WHERE probe_id IS "
			 "NULL AND healthy = 'no'"),
	    2);
}

static void
a_drain_begins_ends_and_is_told(void **state)
{
	struct rig *r = *state;
	struct probe_row p = speaker(r, r->probe, "ams");
	struct site_report s = report("ams", SAID_YES, SAID_YES);
	struct drain_row d = { .drain.since_us = RIG_NOW + 1 }, last = { 0 };
	int64_t id;
	struct err err;

	d.drain.site_id =
	    rig_query(r, "SELECT id FROM site WHERE name = 'ams'");
	assert_int_equal(say(r, &p, &s, RIG_NOW, &err), RC_OK);
	assert_int_equal(
	    store_drain_last(r->side, d.drain.site_id, &last, &err),
	    RC_NOTFOUND);
	assert_int_equal(
	    store_drain_undo(r->side, d.drain.site_id, RIG_NOW, &err),
	    RC_NOTFOUND);
	d.expected = "{\"fra\":1.0}";
	assert_int_equal(store_drain_start(r->side, &d, &id, &err), RC_OK);
	d.drain.since_us++;
	assert_int_equal(store_drain_start(r->side, &d, &id, &err), RC_LIMIT);
	assert_int_equal(
	    store_drain_last(r->side, d.drain.site_id, &last, &err), RC_OK);
	assert_string_equal(last.expected, "{\"fra\":1.0}");
	assert_int_equal(last.drain.ended_us, 0);
	free(last.expected);
	assert_int_equal(store_drain_undo(r->side, d.drain.site_id,
			     RIG_NOW + US_PER_S, &err),
	    RC_OK);
	assert_int_equal(
	    store_drain_last(r->side, d.drain.site_id, &last, &err), RC_OK);
	assert_int_equal(last.drain.ended_us, RIG_NOW + US_PER_S);
	free(last.expected);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM audit WHERE action IN "
			 "('drain', 'drain-undo')"),
	    2);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(only_the_site_of_the_enrolment_is_spoken_for),
		CASE(a_token_binds_who_enrols_to_its_site),
		CASE(a_renewal_adds_no_row_and_a_change_does),
		CASE(a_replayed_report_is_refused),
		CASE(the_detector_hears_it_and_forgets_it_with_the_lease),
		CASE(what_is_in_force_is_told_after_a_restart),
		CASE(of_two_routers_one_that_exports_is_enough),
		CASE(what_is_not_looked_at_leaves_others_words_alone),
		CASE(a_drain_begins_ends_and_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
