/* test_packing.c - observations that are packed are the same, whatever is
 * killed when; blocks go when they are old, and damage is told. */
#include "tests/unit/serve_rig.h"

#include <sys/wait.h>

#include "collector/store_reinterpret.h"
#include "collector/store_verify.h"
#include "tests/unit/pack_rig.h"

#define HOUR PACKING_HOUR_US

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
run(struct store *st, const char *sql)
{
	char *why = NULL;

	T_CHECK(
	    sqlite3_exec(store_handle(st), sql, NULL, NULL, &why) == SQLITE_OK,
	    "%s: %s", why, sql);
}

/* n observations from RIG_NOW on, a millisecond apart or so, some of each kind
 * and each column, of five vantages; and a copy of them. */
static void
fill(struct rig *r, int n)
{
	char sql[2000];

	run(r->store,
	    "PRAGMA synchronous = OFF;"
	    "INSERT INTO identity VALUES (1, x'6e7331'), (2, x'00');"
	    "INSERT INTO path VALUES (1, -77, '[]');"
	    "INSERT INTO probe (id, public_key, name, state, enrolled_us) "
	    "SELECT printf('%016d', value), zeroblob(32), value, 'active', 1 "
	    "FROM json_each('[1,2,3,4,5]');"
	    "INSERT INTO vantage (id, probe_id, family, first_us) "
	    "SELECT value, printf('%016d', value), 4, 1 "
	    "FROM json_each('[1,2,3,4,5]')");
	snprintf(sql, sizeof sql,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO observation SELECT i, 1 + i / 7 %% 5, "
	    "i, "
	    "%lld + i / 7 * 7000, %lld + i * 900 + i * i %% 97, 1 + i %% 3, "
	    "i %% 3, i %% 7, i %% 5, i %% 3, i %% 10, nullif(i %% 3, 0), "
	    "nullif(20000 + i * i %% 1000, 20000), 60, nullif(i %% 4, 0), 0, "
	    "1, 4294967295 - i, 100, iif(i %% 11, NULL, '22,' || i), 2, 1, "
	    "nullif(i %% 3, 0), 1, 0, 0, 123, 1, NULL, 3, i %% 4, 7, i %% 2, "
	    "iif(i %% 5, NULL, 1), iif(i %% 5, NULL, '[1,' || i || ',null]'), "
	    "iif(i %% 13, NULL, x'0100') FROM n",
	    n, (long long)RIG_NOW, (long long)RIG_NOW - 1000000);
	run(r->store, sql);
	run(r->store, "CREATE TABLE copy AS SELECT * FROM observation");
}

/* All columns of all rows, both ways, and their order. */
static void
check_all(struct store *st)
{
	assert_int_equal(
	    pack_number(st, "SELECT count(*) FROM (SELECT * FROM observed "
			    "EXCEPT SELECT * FROM copy)"),
	    0);
	assert_int_equal(
	    pack_number(st, "SELECT count(*) FROM (SELECT * FROM copy "
			    "EXCEPT SELECT * FROM observed)"),
	    0);
	assert_int_equal(pack_number(st, "SELECT count(*) FROM observed"),
	    pack_number(st, "SELECT count(*) FROM copy"));
	assert_int_equal(
	    pack_number(st, "SELECT count(*) FROM (SELECT id, lag(id) OVER () "
			    "AS before FROM observed) WHERE id <= before"),
	    0);
}

static void
what_is_packed_is_the_same_in_less_room(void **state)
{
	struct rig *r = *state;

	fill(r, 40000);
	check_all(r->store);
	pack_all(r->store);
	check_all(r->store);
	/* A reader of another connection sees the same. */
	check_all(r->side);
	assert_int_equal(
	    pack_number(r->store, "SELECT count(*) FROM observation"), 1);
	assert_in_range(
	    pack_number(r->store, "SELECT count(*) FROM chunk"), 3, 8);
	T_CHECK(pack_number(r->store, "SELECT sum(n_bytes) / sum(n) FROM "
				      "chunk") < 12,
	    "%lld",
	    (long long)pack_number(
		r->store, "SELECT sum(n_bytes) / sum(n) FROM chunk"));
}

static void
any_bounds_give_the_rows_between(void **state)
{
	static const char *const bounds[] = { "id = 17", "id = 4999", "id = 0",
		"id > 1999 AND id <= 2100", "id >= 2000 AND id < 2001",
		"id < 5", "id > 4990", "rowid >= 4998", "id > 3.5 AND id < 6.5",
		"id = NULL", "id > '7'", "id IN (3, 1, 4999, 5000, 6000)",
		"id BETWEEN 4000 AND 3000", "id > 9223372036854775806",
		"id < 3 OR id > 4998", "kind = 1 AND id < 100" };
	struct rig *r = *state;
	char sql[300];

	fill(r, 5000);
	pack_all(r->store);
	for (size_t i = 0; i < T_LEN(bounds); i++) {
		int64_t wanted;

		snprintf(sql, sizeof sql,
		    "SELECT coalesce(sum(id * 31 + rtt_us), 0) FROM copy "
		    "WHERE %s",
		    bounds[i]);
		wanted = pack_number(r->store, sql);
		snprintf(sql, sizeof sql,
		    "SELECT coalesce(sum(id * 31 + rtt_us), 0) FROM observed "
		    "WHERE %s",
		    bounds[i]);
		T_CHECK(pack_number(r->store, sql) == wanted, "%s", bounds[i]);
	}
	/* Many readers at once, in each other. */
	assert_int_equal(
	    pack_number(r->store,
		"SELECT count(*) FROM observed a JOIN observed b ON b.id = "
		"a.id + 1 JOIN observed c ON c.id = b.id - 1 WHERE a.id > 4900 "
		"AND c.vantage_id = a.vantage_id"),
	    99);
	assert_int_equal(
	    pack_number(
		r->store, "SELECT id FROM observed ORDER BY id DESC LIMIT 1"),
	    5000);
}

static void
tick(struct packing *p, struct store *st, int64_t done_id, int64_t now_us)
{
	struct err err = ERR_NONE;

	for (int i = 0; i < 50; i++)
		T_CHECK(packing_tick(p, st, done_id, now_us + i * 31000000,
			    &err) == RC_OK,
		    "%s", err.text);
}

/* RIG_NOW is some minutes into its hour. */
static void
an_hour_is_packed_when_it_is_over_for_one(void **state)
{
	struct rig *r = *state;
	struct packing *p = packing_new();
	int64_t hour_end_us = RIG_NOW - RIG_NOW % HOUR + HOUR, packed_id = 0;
	struct err err = ERR_NONE;
	char sql[200];

	fill(r, 500);
	snprintf(sql, sizeof sql,
	    "UPDATE observation SET received_us = %lld WHERE id > 400",
	    (long long)hour_end_us);
	run(r->store, sql);
	tick(p, r->store, INT64_MAX, hour_end_us + HOUR - 1600000000);
	assert_int_equal(
	    pack_number(r->store, "SELECT packed_id FROM chunk_state"), 0);
	/* What is not yet added up waits. */
	tick(p, r->store, 300, hour_end_us + HOUR + 60000000);
	assert_int_equal(
	    pack_number(r->store, "SELECT packed_id FROM chunk_state"), 300);
	tick(p, r->store, INT64_MAX, hour_end_us + HOUR + 1700000000);
	assert_int_equal(store_chunk_packed(r->store, &packed_id, &err), RC_OK);
	assert_int_equal(packed_id, 400);
	assert_int_equal(
	    pack_number(r->store, "SELECT count(*) FROM observation"), 100);
	assert_int_equal(
	    pack_number(r->store, "SELECT count(*) FROM observed"), 500);
	tick(p, r->store, INT64_MAX, hour_end_us + 3 * HOUR);
	/* The newest stays, so that ids go on from it. */
	assert_int_equal(
	    pack_number(r->store, "SELECT id FROM observation"), 500);
	assert_int_equal(
	    pack_number(r->store,
		"SELECT count(*) FROM chunk WHERE last_us - first_us < "
		"3600000000 AND last_us / 3600000000 = first_us / 3600000000"),
	    3);
	packing_free(p);
}

/* ---- killed ---- */

static int n_statements_left;

static int
count_down(unsigned what, void *ctx, void *stmt, void *text)
{
	(void)what;
	(void)ctx;
	(void)stmt;
	(void)text;
	if (n_statements_left-- == 0)
		_exit(7); /* as by SIGKILL: nothing is written any more */
	return 0;
}

/* Packs in a process that ends before its nth statement; false: it came to its
 * end before. */
static bool
pack_until(const char *path, int n)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct err err = ERR_NONE;
		struct store *st;

		if (store_open(&st, path, STORE_EDIT, &err) != RC_OK)
			_exit(1);
		run(st, "PRAGMA synchronous = OFF"); /* no power cut is meant */
		n_statements_left = n;
		sqlite3_trace_v2(
		    store_handle(st), SQLITE_TRACE_STMT, count_down, NULL);
		pack_all(st);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0);
	return WEXITSTATUS(status) == 7;
}

static void
killed_between_any_two_statements_nothing_is_lost_or_doubled(void **state)
{
	struct rig *r = *state;
	struct err err = ERR_NONE;
	char copy[256], sql[400];
	struct store *st;
	int n = 0;
	bool is_killed = true;

	fill(r, 20);
	snprintf(sql, sizeof sql, "PRAGMA synchronous = OFF; VACUUM INTO '%s'",
	    scratch_path(&r->scratch, "killed.db"));
	snprintf(
	    copy, sizeof copy, "%s", scratch_path(&r->scratch, "killed.db"));
	for (; is_killed; n++) {
		run(r->store, sql);
		is_killed = pack_until(copy, n);
		T_CHECK(store_open(&st, copy, STORE_EDIT, &err) == RC_OK, "%s",
		    err.text);
		run(st, "PRAGMA synchronous = OFF");
		check_all(st);
		pack_all(st);
		check_all(st);
		assert_int_equal(
		    pack_number(st, "SELECT sum(n) FROM chunk"), 19);
		store_close(st);
		assert_int_equal(unlink(copy), 0);
	}
	T_CHECK(n > 25, "only %d statements", n);
}

/* ---- age ---- */

static void
blocks_go_when_all_of_them_is_old(void **state)
{
	struct rig *r = *state;
	struct err err = ERR_NONE;
	int64_t n = 0, last_us;

	fill(r, 5000);
	pack_all(r->store);
	last_us = pack_number(r->store, "SELECT max(last_us) FROM chunk");
	assert_int_equal(
	    store_chunk_expire(r->store, last_us, &n, &err), RC_OK);
	assert_int_equal(n, 0);
	assert_int_equal(
	    store_chunk_expire(r->store, last_us + 1, &n, &err), RC_OK);
	assert_int_equal(n, 4999);
	assert_int_equal(
	    pack_number(r->store, "SELECT id FROM observed"), 5000);
	assert_int_equal(
	    store_chunk_expire(r->store, INT64_MAX, &n, &err), RC_OK);
	assert_int_equal(n, 0);
}

/* ---- other sites ---- */

static void
packed_observations_get_other_sites(void **state)
{
	static const struct chunk_site sites[] = { { 2, 2 }, { 3, 0 },
		{ 4999, 1 }, { 5000, 2 } };
	struct rig *r = *state;
	struct err err = ERR_NONE;

	fill(r, 5000);
	pack_all(r->store);
	/* A reader that has the block in memory reads it anew. */
	assert_int_equal(pack_number(r->store, "SELECT site_id FROM observed "
					       "WHERE id = 4999"),
	    4999 % 3);
	T_CHECK(
	    store_answer_sites(r->store, sites, T_LEN(sites), &err) == RC_OK,
	    "%s", err.text);
	run(r->store, "UPDATE copy SET site_id = 2 WHERE id IN (2, 5000);"
		      "UPDATE copy SET site_id = NULL WHERE id = 3;"
		      "UPDATE copy SET site_id = 1 WHERE id = 4999");
	check_all(r->store);
	check_all(r->side);
}

/* ---- damage ---- */

struct told {
	const char *check;
	char faults[2000];
};

static void
note(void *ctx, const char *check, const char *fault)
{
	struct told *t = ctx;

	size_t len = strlen(t->faults);

	if (fault != NULL && strcmp(check, t->check) == 0)
		snprintf(
		    t->faults + len, sizeof t->faults - len, "%s; ", fault);
}

static void
damage_is_told_and_nothing_else_happens(void **state)
{
	static const struct {
		const char *sql, *says;
		bool is_read; /* reading goes on all the same */
	} cases[] = {
		{ "UPDATE chunk SET body = x'00', n_bytes = 1",
		    "its head cannot be read", false },
		{ "UPDATE chunk SET body = substr(body, 1, n_bytes - 1), "
		  "n_bytes = n_bytes - 1",
		    "its head cannot be read", false },
		{ "UPDATE chunk SET n = 17", "another number of rows", false },
		{ "UPDATE chunk SET n_bytes = 17", "not as large", true },
		{ "UPDATE chunk SET first_id = 3", "an id is of another block",
		    false },
		{ "UPDATE chunk SET first_id = -9000000",
		    "it cannot be as large", false },
		{ "UPDATE chunk SET first_us = last_us",
		    "not received when its block was", true },
		{ "INSERT INTO chunk SELECT 99, first_id, last_id, first_us, "
		  "last_us, n, n_bytes, body FROM chunk",
		    "an id is there already", false },
		{ "INSERT INTO chunk SELECT 99, first_id - 1, first_id, "
		  "first_us, last_us, n, n_bytes, body FROM chunk",
		    "begins within another", false },
	};
	struct rig *r = *state;

	fill(r, 500);
	pack_all(r->store);
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct told t = { .check = "chunks" };
		sqlite3_stmt *s;
		int step;

		run(r->store, "BEGIN");
		run(r->store, cases[i].sql);
		assert_int_equal(
		    sqlite3_prepare_v2(store_handle(r->store),
			"SELECT id, seq, hop_rtts FROM observed", -1, &s, NULL),
		    SQLITE_OK);
		while ((step = sqlite3_step(s)) == SQLITE_ROW)
			continue;
		T_CHECK(cases[i].is_read == (step == SQLITE_DONE), "%s",
		    cases[i].sql);
		T_CHECK(cases[i].is_read ||
			    strstr(sqlite3_errmsg(store_handle(r->store)),
				"is damaged") != NULL,
		    "%s: %s", cases[i].sql,
		    sqlite3_errmsg(store_handle(r->store)));
		sqlite3_finalize(s);
		store_verify(r->store, note, &t);
		T_CHECK(strstr(t.faults, cases[i].says) != NULL, "%s: '%s'",
		    cases[i].sql, t.faults);
		run(r->store, "ROLLBACK");
	}
}

static void
what_a_packed_observation_refers_to_is_there(void **state)
{
	struct rig *r = *state;
	struct told t = { .check = "packed references" };

	fill(r, 100);
	pack_all(r->store);
	store_verify(r->store, note, &t);
	assert_string_equal(t.faults, "");
	run(r->store, "PRAGMA foreign_keys = OFF; DELETE FROM path");
	store_verify(r->store, note, &t);
	T_CHECK(strstr(t.faults, "refers to what is not there") != NULL, "%s",
	    t.faults);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_packed_is_the_same_in_less_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    any_bounds_give_the_rows_between, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_hour_is_packed_when_it_is_over_for_one, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    killed_between_any_two_statements_nothing_is_lost_or_doubled,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    blocks_go_when_all_of_them_is_old, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    packed_observations_get_other_sites, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    damage_is_told_and_nothing_else_happens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_a_packed_observation_refers_to_is_there, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
