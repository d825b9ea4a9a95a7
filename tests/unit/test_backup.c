/* test_backup.c - copies of a database at work, and what verify finds. */
#include "tests/unit/serve_rig.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "collector/store_backup.h"
#include "collector/store_verify.h"
#include "tests/unit/fixture.h"

#define EVERY 3 /* observations of a batch */

struct copying {
	struct rig *rig;
	uint64_t seq;
	atomic_bool is_over;
	atomic_uint n_batches;
	char copy[300];
};

static int
set_up(void **state)
{
	struct copying *c = mem_new(sizeof *c);

	c->rig = rig_new();
	snprintf(c->copy, sizeof c->copy, "%s/copy.db", c->rig->scratch.dir);
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct copying *c = *state;

	rig_free(c->rig);
	free(c);
	return 0;
}

/* Batch n came n minutes after RIG_NOW, and landed there. */
static void
take_in(struct copying *c, const char *site)
{
	int64_t now_us = RIG_NOW + (int64_t)(c->seq / EVERY) * 60 * US_PER_S;
	struct ingest_job job = { .received_us = now_us };
	struct ingest_job *jobs[] = { &job };
	struct err err = ERR_NONE;

	job.batch =
	    rig_batch(c->rig->probe, c->seq + 1, c->seq + EVERY, now_us);
	for (size_t i = 0; i < EVERY; i++)
		job.batch.observations[i] = rig_observation(c->seq + 1 + i,
		    now_us - (int64_t)(EVERY - i) * US_PER_S, site);
	T_CHECK(ingest_group(c->rig->ingest, jobs, 1, now_us, &err) == RC_OK,
	    "%s", err.text);
	batch_fini(&job.batch);
	c->seq += EVERY;
}

static void *
write_on(void *arg)
{
	struct copying *c = arg;

	while (!c->is_over) {
		take_in(c, "ams");
		c->n_batches++;
	}
	return NULL;
}

static int64_t
n_in_copy(struct copying *c)
{
	return fixture_number(c->copy, "SELECT count(*) FROM observation");
}

static void
a_copy_is_one_moment_of_a_database_at_work(void **state)
{
	struct copying *c = *state;
	struct backed_up done;
	struct err err = ERR_NONE;
	unsigned before;
	pthread_t thread;
	struct stat file;
	uint8_t head[20];
	char part[320];
	FILE *f;

	assert_int_equal(pthread_create(&thread, NULL, write_on, c), 0);
	while (c->n_batches < 50)
		usleep(1000);
	before = c->n_batches;
	T_CHECK(store_backup(c->rig->database, c->copy, &done, &err) == RC_OK,
	    "%s", err.text);
	c->is_over = true;
	pthread_join(thread, NULL);
	assert_int_equal(stat(c->copy, &file), 0);
	assert_int_equal(file.st_size, done.n_bytes);
	assert_int_equal(file.st_mode & 0777, 0600);
	snprintf(part, sizeof part, "%s.part", c->copy);
	assert_int_not_equal(access(part, F_OK), 0);
	/* One file: bytes 18 and 19 are 2 where a log belongs to it. */
	f = fopen(c->copy, "rb");
	assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
	fclose(f);
	assert_int_equal(head[18], 1);
	assert_int_equal(head[19], 1);
	assert_true(n_in_copy(c) >= before * EVERY);
	assert_int_equal(n_in_copy(c) % EVERY, 0);
	assert_int_equal(fixture_number(c->copy, "SELECT acked_seq FROM probe"),
	    n_in_copy(c));
}

static void
nothing_is_overwritten(void **state)
{
	struct copying *c = *state;
	struct backed_up done;
	struct err err = ERR_NONE;
	char part[320];

	take_in(c, "ams");
	fixture_run(c->copy, "CREATE TABLE mine (x)");
	assert_int_equal(
	    store_backup(c->rig->database, c->copy, &done, &err), RC_RANGE);
	assert_int_equal(
	    fixture_number(c->copy, "SELECT count(*) FROM sqlite_schema"), 1);
	assert_int_equal(unlink(c->copy), 0);
	/* Another one at work, or what is left of it. */
	snprintf(part, sizeof part, "%s.part", c->copy);
	fixture_run(part, "CREATE TABLE mine (x)");
	assert_int_equal(
	    store_backup(c->rig->database, c->copy, &done, &err), RC_RANGE);
	assert_int_equal(
	    fixture_number(part, "SELECT count(*) FROM sqlite_schema"), 1);
	assert_int_not_equal(access(c->copy, F_OK), 0);
}

static void
check_nothing_left(struct copying *c)
{
	char part[320];

	snprintf(part, sizeof part, "%s.part", c->copy);
	assert_int_not_equal(access(c->copy, F_OK), 0);
	assert_int_not_equal(access(part, F_OK), 0);
}

static void
a_copy_that_cannot_be_whole_is_none(void **state)
{
	struct copying *c = *state;
	struct rlimit was, little;
	struct backed_up done;
	struct err err = ERR_NONE;

	take_in(c, "ams");
	assert_int_equal(
	    store_backup("/nowhere/c.db", c->copy, &done, &err), RC_NOTFOUND);
	/* No room: the limit stands for a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	little = was;
	little.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &little);
	assert_int_equal(
	    store_backup(c->rig->database, c->copy, &done, &err), RC_DB);
	setrlimit(RLIMIT_FSIZE, &was);
	check_nothing_left(c);
}

/* Overwrites a part of a page of observations. */
static void
damage(struct copying *c)
{
	int64_t page;
	FILE *f;

	fixture_run(c->rig->database, "PRAGMA wal_checkpoint(TRUNCATE)");
	page = fixture_number(c->rig->database,
	    "SELECT pageno FROM dbstat WHERE name = 'observation' "
	    "AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 1");
	assert_true(page > 1);
	f = fopen(c->rig->database, "r+b");
	assert_int_equal(fseek(f, (long)(page - 1) * 4096 + 40, SEEK_SET), 0);
	assert_int_equal(fwrite("damaged by a test", 17, 1, f), 1);
	fclose(f);
}

static void
no_copy_is_made_of_what_is_damaged(void **state)
{
	struct copying *c = *state;
	struct backed_up done;
	struct err err = ERR_NONE;

	for (int i = 0; i < 100; i++)
		take_in(c, "ams");
	damage(c);
	assert_int_equal(
	    store_backup(c->rig->database, c->copy, &done, &err), RC_DB);
	/* The second where it is met as soon as the database is opened. */
	T_CHECK(strstr(err.text, "damaged") != NULL ||
		    strstr(err.text, "malformed") != NULL,
	    "%s", err.text);
	check_nothing_left(c);
}

/* Verify. */

struct told {
	unsigned n_checks, n_faults;
	char text[256];     /* the last fault */
	const char *wanted; /* a check; NULL: any */
	bool is_found;
};

static void
note(void *ctx, const char *check, const char *fault)
{
	struct told *t = ctx;

	t->n_checks++;
	if (fault == NULL)
		return;
	t->n_faults++;
	t->is_found |= t->wanted == NULL || strcmp(check, t->wanted) == 0;
	snprintf(t->text, sizeof t->text, "%s: %s", check, fault);
}

static struct told
verify(const char *path, const char *wanted)
{
	struct told t = { .wanted = wanted };
	struct err err = ERR_NONE;
	struct store *st;

	T_CHECK(
	    store_open(&st, path, STORE_READ, &err) == RC_OK, "%s", err.text);
	T_CHECK(store_begin_reading(st, &err) == RC_OK, "%s", err.text);
	store_verify(st, note, &t);
	store_close(st);
	return t;
}

/* Two landings and the move between them, and an event of it. */
static void
live(struct copying *c)
{
	static const char event[] =
	    "INSERT INTO event (id, kind, severity, service_id, site_id, "
	    "since_us, detected_us, updated_us, resolved_us, resolution, "
	    "n_vantages, n_asns, needed, gates, is_planned) SELECT 1, 'shift', "
	    "'major', 1, 1, at_us, confirmed_us, confirmed_us, confirmed_us, "
	    "'settled', 1, 1, 1, '{}', 0 FROM move;"
	    "INSERT INTO vote (event_id, vantage_id, target_id, from_site_id, "
	    "to_site_id, at_us, confirmed_us) SELECT 1, vantage_id, target_id, "
	    "from_site_id, to_site_id, at_us, confirmed_us FROM move;"
	    "INSERT INTO delivery (event_id, alert, notice, key, created_us, "
	    "next_try_us) VALUES (1, 'ops', 'open', 'a', 1, 1), "
	    "(1, 'ops', 'resolve', 'b', 2, 2);"
	    "INSERT INTO service (id, name) VALUES (9, 'other');"
	    "INSERT INTO site (id, service_id, name, scope) "
	    "VALUES (9, 9, 'ams', 'global');";
	struct err err;

	for (int i = 0; i < 4; i++)
		take_in(c, i < 2 ? "ams" : "fra");
	assert_int_equal(
	    ingest_flush(c->rig->ingest, RIG_NOW + 300 * US_PER_S, &err),
	    RC_OK);
	fixture_run(c->rig->database, event);
	assert_int_equal(rig_query(c->rig, "SELECT count(*) FROM move"), 1);
}

static const struct {
	const char *check, *sql;
} damages[] = {
	{ "file",
	    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = "
	    "(SELECT rootpage FROM sqlite_schema WHERE name = 'move_by_time') "
	    "WHERE name = 'event_by_time'" },
	{ "references", "DELETE FROM identity" },
	{ "observations once", "UPDATE observation SET seq = 1 WHERE seq = 2" },
	{ "observations acknowledged",
	    "UPDATE probe SET acked_seq = acked_seq - 1" },
	{ "observations' sites",
	    "UPDATE observation SET site_id = 9 WHERE seq = 5" },
	{ "journal in order",
	    "UPDATE landing SET until_us = NULL WHERE id = 1" },
	{ "journal in order",
	    "UPDATE landing SET until_us = until_us + 1 WHERE id = 1" },
	{ "journal's numbers",
	    "UPDATE landing SET until_us = since_us - 1 WHERE id = 1" },
	{ "journal's numbers", "UPDATE landing SET rtt_min_us = 99000" },
	{ "journal's sites", "UPDATE landing SET site_id = NULL" },
	{ "journal's sites", "UPDATE landing SET state = 'unknown'" },
	{ "journal's sites", "UPDATE landing SET site_id = 9" },
	{ "moves in the journal", "UPDATE move SET at_us = at_us + 1" },
	{ "moves in the journal", "DELETE FROM landing WHERE id = 2" },
	{ "sites' states in order",
	    "UPDATE site_state SET until_us = NULL; INSERT INTO site_state "
	    "(site_id, family, announced, healthy, receiving, verdict, "
	    "since_us) SELECT site_id, family, announced, healthy, receiving, "
	    "verdict, since_us + 1 FROM site_state" },
	{ "events' times", "UPDATE event SET detected_us = since_us - 1" },
	{ "events' times", "UPDATE event SET resolved_us = NULL" },
	{ "events' votes", "UPDATE event SET n_vantages = 2" },
	{ "shifts' moves", "UPDATE vote SET at_us = at_us - 1" },
	{ "deliveries", "DELETE FROM delivery WHERE notice = 'open'" },
	{ "journal and observations",
	    "DELETE FROM observation WHERE at_us = "
	    "(SELECT since_us FROM landing WHERE id = 2)" },
	{ "journal and observations",
	    "DELETE FROM observation WHERE at_us = "
	    "(SELECT last_us FROM landing WHERE id = 2)" },
	{ "journal and observations", "UPDATE landing SET n = n + 1" },
	{ "journal and observations",
	    "UPDATE observation SET site_id = 1 WHERE site_id = 2" },
};

static void
each_fault_is_found_by_its_check(void **state)
{
	struct copying *c = *state;
	struct backed_up done;
	struct err err = ERR_NONE;
	struct told t;

	live(c);
	t = verify(c->rig->database, NULL);
	T_CHECK(t.n_faults == 0, "%s", t.text);
	assert_true(t.n_checks >= 15);
	for (size_t i = 0; i < T_LEN(damages); i++) {
		T_CHECK(store_backup(c->rig->database, c->copy, &done, &err) ==
			    RC_OK,
		    "%s", err.text);
		fixture_run(c->copy, damages[i].sql);
		t = verify(c->copy, damages[i].check);
		T_CHECK(t.is_found, "%s: %u faults, last %s", damages[i].sql,
		    t.n_faults, t.text);
		unlink(c->copy);
	}
}

/* What was deleted for its age is held against nobody. */
static void
what_is_gone_for_its_age_is_no_fault(void **state)
{
	struct copying *c = *state;
	struct told t;

	live(c);
	for (int gone = 1; gone < 4 * EVERY; gone++) {
		char sql[80];

		snprintf(sql, sizeof sql,
		    "DELETE FROM observation WHERE id <= %d", gone);
		fixture_run(c->rig->database, sql);
		t = verify(c->rig->database, NULL);
		T_CHECK(t.n_faults == 0, "%d gone: %s", gone, t.text);
	}
}

static void
what_cannot_be_read_is_a_fault(void **state)
{
	struct copying *c = *state;

	for (int i = 0; i < 100; i++)
		take_in(c, "ams");
	damage(c);
	assert_true(verify(c->rig->database, "file").is_found);
}

#define RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG(a_copy_is_one_moment_of_a_database_at_work),
		RIG(nothing_is_overwritten),
		RIG(a_copy_that_cannot_be_whole_is_none),
		RIG(no_copy_is_made_of_what_is_damaged),
		RIG(each_fault_is_found_by_its_check),
		RIG(what_is_gone_for_its_age_is_no_fault),
		RIG(what_cannot_be_read_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
