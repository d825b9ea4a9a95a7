/* test_migration.c - databases of older programs, with what is in them. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/sql_text.h"
#include "tests/unit/fixture.h"

static char dir[32], path[64];

/* What a collector of the first schema has stored; copy: to compare with. */
static const char stored[] =
    "INSERT INTO service VALUES (1, 'web');"
    "INSERT INTO site (id, service_id, name, scope) "
    "VALUES (1, 1, 'ams', 'global');"
    "INSERT INTO target VALUES (1, 'service', 1, NULL, 4, '192.0.2.53', 53);"
    "INSERT INTO probe (id, public_key, name, state, enrolled_us, acked_seq, "
    "clock) VALUES ('5d1c0a72e94b3f86', zeroblob(32), 'one', 'active', 1, 12, "
    "'synchronised');"
    "INSERT INTO vantage (id, probe_id, family, first_us) "
    "VALUES (1, '5d1c0a72e94b3f86', 4, 1);"
    "INSERT INTO identity VALUES (3, x'6e7331');"
    "INSERT INTO path VALUES (8, -77, '[{\"ttl\":1}]');"
    "INSERT INTO observation (id, vantage_id, seq, received_us, at_us, "
    "target_id, kind, why, proto, stamp, outcome, site_id, rtt_us, serial, "
    "ede, nsid_id) VALUES (5, 1, 10, 100, 90, 1, 0, 5, 1, 1, 0, 1, 12000, "
    "4294967295, '22,23', 3);"
    "INSERT INTO observation (id, vantage_id, seq, received_us, at_us, "
    "target_id, kind, why, proto, stamp, outcome, n_sent, n_received) "
    "VALUES (9, 1, 11, 101, 91, 1, 1, 0, 2, 0, 2, 3, 0);"
    "INSERT INTO observation (id, vantage_id, seq, received_us, at_us, "
    "target_id, kind, why, proto, stamp, outcome, is_reached, path_id, "
    "hop_rtts) VALUES (12, 1, 12, 102, 92, 1, 2, 0, 0, 0, 0, 1, 8, '[7]');"
    "INSERT INTO landing (vantage_id, target_id, state, site_id, since_us, "
    "last_us, n) VALUES (1, 1, 'stable', 1, 90, 92, 3);"
    "CREATE TABLE copy AS SELECT * FROM observation;";

static int
make_old(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/catchwater-test-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/c.db", dir);
	fixture_run(path, sql_migrations[0]);
	fixture_run(path, "PRAGMA user_version = 1");
	fixture_run(path, stored);
	return 0;
}

static int
remove_old(void **state)
{
	static const char *const tails[] = { "", "-wal", "-shm", ".lock" };

	(void)state;
	for (size_t i = 0; i < T_LEN(tails); i++) {
		char file[80];

		snprintf(file, sizeof file, "%s%s", path, tails[i]);
		unlink(file);
	}
	return rmdir(dir);
}

static enum rc
serve(struct err *err)
{
	struct store *st;
	enum rc rc = store_open(&st, path, STORE_SERVE, err);

	if (rc == RC_OK)
		store_close(st);
	return rc;
}

static void
everything_stored_is_there_afterwards(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	T_CHECK(serve(&err) == RC_OK, "%s", err.text);
	assert_int_equal(
	    fixture_number(path, "PRAGMA user_version"), sql_n_migrations);
	assert_int_equal(
	    fixture_number(path, "SELECT count(*) FROM observation"), 3);
	assert_int_equal(fixture_number(path,
			     "SELECT count(*) FROM (SELECT *, NULL FROM copy "
			     "EXCEPT SELECT * FROM observation)"),
	    0);
	assert_int_equal(
	    fixture_number(path,
		"SELECT count(*) FROM probe WHERE name = 'one' AND "
		"acked_seq = 12 AND v4 IS NULL AND v6 IS NULL"),
	    1);
	assert_int_equal(
	    fixture_number(path,
		"SELECT count(*) FROM measurement WHERE id = 5 AND "
		"kind = 'dns' AND why = 'manual' AND proto = 'tcp' AND "
		"stamp = 'user' AND outcome = 'ok' AND site = 'ams'"),
	    1);
	assert_int_equal(
	    fixture_number(path, "SELECT count(*) FROM landing"), 1);
	assert_int_equal(fixture_number(path,
			     "SELECT count(*) FROM pragma_foreign_key_check"),
	    0);
	assert_int_equal(
	    fixture_number(path, "SELECT done_id FROM rollup_state"), 0);
	assert_int_equal(
	    fixture_number(path, "SELECT count(*) FROM sqlite_schema WHERE "
				 "type = 'index' AND name IN "
				 "('attempt_of_delivery', 'delivery_by_time', "
				 "'delivery_of_event', 'heard_passing', "
				 "'heard_vantages', 'event_by_end', "
				 "'landing_by_place')"),
	    7);
}

static void
the_new_words_fit_and_no_others(void **state)
{
	static const struct {
		const char *set;
		bool fits;
	} cases[] = {
		{ "why = 6, proto = 4, stamp = 2", true },
		{ "why = 7", false },
		{ "proto = 5", false },
		{ "stamp = 3", false },
		{ "outcome = 10", false },
	};
	struct err err = ERR_NONE;
	sqlite3 *db;

	(void)state;
	T_CHECK(serve(&err) == RC_OK, "%s", err.text);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char sql[80];

		snprintf(sql, sizeof sql,
		    "UPDATE observation SET %s WHERE id = 12", cases[i].set);
		T_CHECK((sqlite3_exec(db, sql, NULL, NULL, NULL) ==
			    SQLITE_OK) == cases[i].fits,
		    "%s", cases[i].set);
	}
	sqlite3_close(db);
	assert_int_equal(
	    fixture_number(path,
		"SELECT count(*) FROM measurement WHERE id = 12 AND "
		"why = 'decoy' AND proto = 'plain' AND stamp = 'receive'"),
	    1);
}

static void
only_the_collector_migrates(void **state)
{
	struct err err = ERR_NONE;
	struct store *st;

	(void)state;
	assert_int_equal(store_open(&st, path, STORE_READ, &err), RC_RANGE);
	assert_int_equal(store_open(&st, path, STORE_EDIT, &err), RC_RANGE);
	assert_int_equal(fixture_number(path, "PRAGMA user_version"), 1);
}

static void
a_migration_that_would_break_references_changes_nothing(void **state)
{
	struct err err = ERR_NONE;

	(void)state;
	fixture_run(path, "DELETE FROM identity");
	assert_int_equal(serve(&err), RC_DB);
	assert_int_equal(fixture_number(path, "PRAGMA user_version"), 1);
	assert_int_equal(
	    fixture_number(path, "SELECT count(*) FROM observation"), 3);
	assert_int_equal(
	    fixture_number(
		path, "SELECT count(*) FROM sqlite_schema WHERE name = 'tls'"),
	    0);
}

#define OLD(test) cmocka_unit_test_setup_teardown(test, make_old, remove_old)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OLD(everything_stored_is_there_afterwards),
		OLD(the_new_words_fit_and_no_others),
		OLD(only_the_collector_migrates),
		OLD(a_migration_that_would_break_references_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
