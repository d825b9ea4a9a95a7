/* test_reinterpret.c - stored identities read again by other templates. */
#include "collector/reinterpret.h"

#include <stdio.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/place.h"
#include "schema/base/file.h"
#include "tests/unit/check.h"
#include "tests/unit/serve_rig.h"

#define MINUTE (60 * US_PER_S)
#define START RIG_NOW

/* A batch of n rounds, a minute apart, the last at sent_at_us; takes identities
 * in turn. */
static void
post(struct rig *r, uint64_t first, size_t n, int64_t sent_at_us,
    const char *const *identities, size_t n_identities)
{
	struct ingest_job job = { .batch = rig_batch(r->probe, first,
				      first + n - 1, sent_at_us),
		.source = rig_addr("198.51.100.9"),
		.received_us = sent_at_us };
	struct ingest_job *jobs[] = { &job };
	struct err err = ERR_NONE;

	for (size_t i = 0; i < n; i++) {
		struct observation *o = &job.batch.observations[i];
		const char *text = identities[i % n_identities];

		o->at_us = sent_at_us - (int64_t)(n - 1 - i) * MINUTE;
		identity_set(&o->dns.nsid, text, strlen(text));
	}
	T_CHECK(ingest_group(r->ingest, jobs, 1, sent_at_us, &err) == RC_OK,
	    "%s", err.text);
	batch_fini(&job.batch);
}

/* The same service, and what became of its templates. */
static void
write_config(struct rig *r, const char *identity)
{
	char text[1024];
	struct err err = ERR_NONE;

	snprintf(text, sizeof text,
	    "database = \"%s\"\nservice \"web\" {\n"
	    "addresses = { \"" RIG_V4 "\", \"" RIG_V6 "\" }\n"
	    "zone = \"example\"\ncontrol = { \"" RIG_CONTROL "\" }\n%s\n"
	    "site \"ams\" { }\nsite \"fra\" { }\nsite \"ber\" { }\n}\n",
	    r->database, identity);
	T_CHECK(file_replace(scratch_path(&r->scratch, "c.conf"), 0600, text,
		    strlen(text), &err) == RC_OK,
	    "%s", err.text);
}

static int
run_command(struct rig *r, const char *option)
{
	char name[] = "reinterpret", json[] = "--json", conf[] = "--config";
	char path[256], extra[16];
	char *argv[] = { name, json, conf, path, extra, NULL };

	snprintf(path, sizeof path, "%s", scratch_path(&r->scratch, "c.conf"));
	snprintf(extra, sizeof extra, "%s", option);
	return command_reinterpret(option[0] != '\0' ? 5 : 4, argv);
}

/* The collector stops. */
static void
stop(struct rig *r)
{
	struct err err = ERR_NONE;

	T_CHECK(ingest_flush(r->ingest, START, &err) == RC_OK, "%s", err.text);
	ingest_close(r->ingest);
	r->ingest = NULL;
	store_close(r->store);
	r->store = NULL;
}

#define COUNT(what) "SELECT count(*) FROM " what
#define AT(name) \
	COUNT("landing l JOIN site s ON s.id = l.site_id WHERE " \
	      "s.name = '" name "' AND l.state = 'stable'")

static void
unknown_identities_become_a_site_and_bytes_stay(void **state)
{
	static const char *const both[] = { "ns1.ams" }, *const later[] = {
		"ns1.ber", "ns2.ber"
	};
	struct rig *r = rig_new();

	(void)state;
	post(r, 1, 10, START, both, 1);
	post(r, 11, 10, START + 10 * MINUTE, later, 2);
	write_config(r, "identity = { \"ns*.{site}\" }");
	/* It would change the detector's ground under its feet. */
	assert_int_equal(run_command(r, ""), 1);
	assert_int_equal(run_command(r, "--dry-run"), 0);
	stop(r);
	assert_int_equal(
	    rig_query(r, COUNT("landing WHERE state = 'unknown'")), 1);
	assert_int_equal(run_command(r, "--dry-run"), 0);
	assert_int_equal(rig_query(r, AT("ber")), 0);
	assert_int_equal(rig_query(r, COUNT("site WHERE name = 'ber'")), 0);

	assert_int_equal(run_command(r, ""), 0);
	assert_int_equal(
	    rig_query(r, COUNT("landing WHERE state = 'unknown'")), 0);
	assert_int_equal(rig_query(r, AT("ber")), 1);
	assert_int_equal(rig_query(r, AT("ams")), 1);
	assert_int_equal(rig_query(r, COUNT("landing")), 2);
	assert_int_equal(rig_query(r, COUNT("move")), 1);
	assert_int_equal(
	    rig_query(r, COUNT("landing WHERE until_us IS NULL")), 1);
	assert_int_equal(
	    rig_query(r, "SELECT n FROM landing WHERE until_us IS NULL"), 10);
	assert_int_equal(
	    rig_query(r, COUNT("observation o JOIN site s ON s.id = o.site_id "
			       "WHERE s.name = 'ber'")),
	    10);
	/* Two hosts of one site: the bytes are there, and are no event. */
	assert_int_equal(
	    rig_query(
		r, COUNT("identity WHERE CAST(bytes AS TEXT) LIKE 'ns_.ber'")),
	    2);
	assert_int_equal(rig_query(r, COUNT("event")), 0);
	rig_free(r);
}

static void
a_second_time_changes_nothing(void **state)
{
	static const char *const all[] = { "ns1.ams", "12m34" };
	struct rig *r = rig_new();
	int64_t before;

	(void)state;
	post(r, 1, 20, START, all, 1);
	post(r, 21, 10, START + 10 * MINUTE, all + 1, 1);
	stop(r);
	assert_int_equal(
	    rig_query(r, COUNT("landing WHERE state = 'unknown'")), 1);
	write_config(r, "nsid = { \"{number}m{number} -> ?\" }\n"
			"identity = { \"ns*.{site}\" }");
	assert_int_equal(run_command(r, ""), 0);
	/* What tells no site is no landing at an unknown one. */
	assert_int_equal(
	    rig_query(r, COUNT("landing WHERE state = 'unknown'")), 0);
	assert_int_equal(rig_query(r, AT("ams")), 1);
	before = rig_query(r, "SELECT sum(id * n + since_us) FROM landing");
	assert_int_equal(run_command(r, ""), 0);
	assert_int_equal(
	    rig_query(r, "SELECT sum(id * n + since_us) FROM landing"), before);
	rig_free(r);
}

/* The journal is older than the observations that are kept. */
static void
what_was_before_the_stored_observations_stays(void **state)
{
	static const char *const one[] = { "ns1.ams" };
	struct rig *r = rig_new();

	(void)state;
	post(r, 1, 20, START, one, 1);
	stop(r);
	sqlite3_exec(store_handle(r->side),
	    "DELETE FROM observation WHERE seq <= 10", NULL, NULL, NULL);
	write_config(r, "identity = { \"ns1.ams -> fra\", \"ns*.{site}\" }");
	assert_int_equal(run_command(r, ""), 0);
	assert_int_equal(rig_query(r, COUNT("landing")), 2);
	assert_int_equal(
	    rig_query(r, "SELECT n FROM landing WHERE until_us IS NOT NULL "
			 "AND site_id = (SELECT id FROM site WHERE "
			 "name = 'ams')"),
	    10);
	assert_int_equal(
	    rig_query(r, "SELECT n FROM landing WHERE until_us IS NULL AND "
			 "site_id = (SELECT id FROM site WHERE name = "
			 "'fra')"),
	    10);
	assert_int_equal(
	    rig_query(r,
		"SELECT a.until_us = b.since_us FROM landing a JOIN landing b "
		"ON a.until_us IS NOT NULL AND b.until_us IS NULL"),
	    1);
	rig_free(r);
}

/* The collector goes on from what was written. */
static void
the_collector_goes_on(void **state)
{
	static const char *const one[] = { "ns1.ber" };
	struct settings settings;
	struct rig *r = rig_new();
	struct err err = ERR_NONE;
	struct metrics metrics = { 0 };

	(void)state;
	post(r, 1, 10, START, one, 1);
	stop(r);
	write_config(r, "identity = { \"ns*.{site}\" }");
	assert_int_equal(run_command(r, ""), 0);
	T_CHECK(settings_load(&settings, scratch_path(&r->scratch, "c.conf"),
		    &err) == RC_OK,
	    "%s", err.text);
	assert_int_equal(
	    store_open(&r->store, r->database, STORE_SERVE, &err), RC_OK);
	T_CHECK(ingest_open(&r->ingest, r->store, &settings, NULL, &metrics,
		    START + MINUTE, &err) == RC_OK,
	    "%s", err.text);
	post(r, 11, 3, START + 3 * MINUTE, one, 1);
	T_CHECK(ingest_flush(r->ingest, START + 3 * MINUTE, &err) == RC_OK,
	    "%s", err.text);
	assert_int_equal(rig_query(r, COUNT("landing")), 1);
	assert_int_equal(rig_query(r, "SELECT n FROM landing"), 13);
	assert_int_equal(rig_query(r, COUNT("move")), 0);
	ingest_close(r->ingest);
	r->ingest = NULL;
	settings_fini(&settings);
	rig_free(r);
}

static void
without_a_database_none_is_made(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	write_config(r, "identity = { \"ns*.{site}\" }");
	stop(r);
	snprintf(r->database, sizeof r->database, "%s",
	    scratch_path(&r->scratch, "other.db"));
	write_config(r, "identity = { \"ns*.{site}\" }");
	assert_int_equal(run_command(r, ""), 1);
	assert_int_equal(access(r->database, F_OK), -1);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    unknown_identities_become_a_site_and_bytes_stay),
		cmocka_unit_test(a_second_time_changes_nothing),
		cmocka_unit_test(what_was_before_the_stored_observations_stays),
		cmocka_unit_test(the_collector_goes_on),
		cmocka_unit_test(without_a_database_none_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
