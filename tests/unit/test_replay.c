/* test_replay.c - a replay of what was stored gives what was told: over
 * shifts, black holes, announcements, drains, quarantine, late news, stops,
 * crashes, pauses and imported history. */
#include "tests/unit/serve_rig.h"

#include <fcntl.h>
#include <inttypes.h>

#include "collector/commands.h"
#include "collector/detect_suspected.h"
#include "collector/heard.h"
#include "collector/ingest_foreign.h"
#include "collector/replay.h"
#include "collector/store_drain.h"
#include "collector/store_compare.h"
#include "collector/store_heard.h"
#include "collector/store_quarantine.h"
#include "collector/store_verify.h"
#include "tests/unit/pack_rig.h"

#define PROBES 8
#define EVERY_S 10

struct fleet_rig {
	struct rig *rig;
	uint64_t random;
	int64_t now_us;
	struct signing_key keys[PROBES];
	char ids[PROBES][PROBE_ID_LEN + 1];
	uint64_t seqs[PROBES];
	const char *site[PROBES]; /* where it lands; NULL: silence */
	int64_t round_us;         /* when the last imported round began */
};

static uint64_t
random_below(struct fleet_rig *f, uint64_t n)
{
	f->random = f->random * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
	return (f->random >> 33) % n;
}

static int
set_up(void **state)
{
	struct fleet_rig *f = mem_new(sizeof *f);

	f->rig = rig_new();
	f->random = 20261121;
	f->now_us = RIG_NOW + 345678;
	print_message("seed %" PRIu64 "\n", f->random);
	for (size_t i = 0; i < PROBES; i++) {
		char name[16];

		snprintf(name, sizeof name, "p%zu", i);
		rig_add_probe(f->rig, name, &f->keys[i], f->ids[i]);
		f->site[i] = i < 5 ? "ams" : "fra";
	}
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fleet_rig *f = *state;

	rig_free(f->rig);
	free(f);
	return 0;
}

/* Each in an AS of its own. */
static void
spread(struct fleet_rig *f)
{
	char sql[160];

	for (size_t i = 0; i < PROBES; i++) {
		snprintf(sql, sizeof sql,
		    "UPDATE probe SET asn = %zu WHERE id = '%s'", 64600 + i,
		    f->ids[i]);
		T_CHECK(sqlite3_exec(store_handle(f->rig->side), sql, NULL,
			    NULL, NULL) == SQLITE_OK,
		    "%s", sql);
	}
}

static struct observation
ask(struct fleet_rig *f, size_t i, bool is_control)
{
	struct observation o = rig_observation(++f->seqs[i], f->now_us - 500000,
	    f->site[i] == NULL ? "ams" : f->site[i]);

	if (is_control) {
		o.target = rig_addr(RIG_CONTROL);
		o.dns.nsid = (struct identity){ 0 };
	} else if (f->site[i] == NULL) {
		o.outcome = OUTCOME_TIMEOUT;
		o.dns = (struct dns_result){ 0 };
	}
	return o;
}

static struct observation
trace(struct fleet_rig *f, size_t i)
{
	struct observation o = { .seq = ++f->seqs[i],
		.at_us = f->now_us - 400000,
		.kind = KIND_TRACE,
		.proto = PROTO_UDP,
		.target = rig_addr(RIG_V4),
		.port = 53 };

	o.trace.n_hops = 2;
	o.trace.is_reached = true;
	o.trace.hops[0].ttl = 1;
	o.trace.hops[0].address = rig_addr("192.0.2.1");
	o.trace.hops[1].ttl = 2;
	o.trace.hops[1].address = o.target;
	o.trace.hops[1].is_target = true;
	return o;
}

/* Takes the batch. */
static void
post(struct fleet_rig *f, size_t i, struct batch batch)
{
	struct ingest_job job = { .batch = batch,
		.received_us = f->now_us - (int64_t)random_below(f, 1500000) };
	struct ingest_job *jobs[] = { &job };
	struct err err = ERR_NONE;
	char source[32];

	snprintf(source, sizeof source, "198.51.%zu.7", i);
	job.source = rig_addr(source);
	T_CHECK(
	    ingest_group(f->rig->ingest, jobs, 1, f->now_us, &err) == RC_OK &&
		job.rc == RC_OK,
	    "%s", err.text);
	batch_fini(&job.batch);
}

static void
upload(struct fleet_rig *f, size_t i)
{
	struct batch b = rig_batch(
	    f->ids[i], f->seqs[i] + 1, f->seqs[i] + 3, f->now_us - 1000);

	b.observations[0] = ask(f, i, true);
	b.observations[1] = ask(f, i, false);
	b.observations[2] = trace(f, i);
	post(f, i, b);
}

/* What waited in a spool since long before: a while at another site. */
static void
upload_late(struct fleet_rig *f, size_t i)
{
	enum { N = 5 };
	struct batch b = rig_batch(
	    f->ids[i], f->seqs[i] + 1, f->seqs[i] + N, f->now_us - 1000);

	for (size_t k = 0; k < N; k++) {
		int64_t ago_us = (900 - 10 * (int64_t)k) * US_PER_S;

		b.observations[k] =
		    rig_observation(++f->seqs[i], f->now_us - ago_us, "fra");
	}
	post(f, i, b);
}

/* Ticks come when they like, and not all of them. */
static void
run(struct fleet_rig *f, int64_t seconds)
{
	int64_t until_us = f->now_us + seconds * US_PER_S;
	bool has_written;
	struct err err;

	while (f->now_us < until_us) {
		int64_t turn = f->now_us / US_PER_S;

		for (size_t i = 0; i < PROBES; i++) {
			if ((turn + (int64_t)i) % EVERY_S == 0)
				upload(f, i);
			f->now_us += 1000;
		}
		f->now_us += 400000 + (int64_t)random_below(f, 500000);
		if (random_below(f, 4) > 0)
			assert_int_equal(ingest_tick(f->rig->ingest, f->now_us,
					     &has_written, &err),
			    RC_OK);
		f->now_us =
		    (turn + 1) * US_PER_S + (int64_t)random_below(f, 90000);
	}
}

static void
announce(struct fleet_rig *f, int site, bool is_up)
{
	char sql[256];

	snprintf(sql, sizeof sql,
	    "INSERT INTO announcement (site_id, family, is_up, at_us, "
	    "lease_until_us, source) VALUES (%d, NULL, %d, %" PRId64
	    ", %" PRId64 ", 'test')",
	    site, is_up, f->now_us, f->now_us + 600 * US_PER_S);
	assert_int_equal(
	    sqlite3_exec(store_handle(f->rig->side), sql, NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
restart(struct fleet_rig *f, bool is_clean)
{
	struct rig *r = f->rig;
	struct err err;

	if (is_clean)
		assert_int_equal(
		    ingest_flush(r->ingest, f->now_us, &err), RC_OK);
	ingest_close(r->ingest);
	f->now_us += 7 * US_PER_S;
	T_CHECK(ingest_open(&r->ingest, r->store, &r->settings, NULL,
		    &r->metrics, f->now_us, &err) == RC_OK,
	    "%s", err.text);
}

/* All that was decided, as text: release with sqlite3_free. */
static char *
dump(struct store *st)
{
	static const char *const queries[] = {
		"SELECT group_concat(printf('%d %s %s %d %d %d %d %d %s %d "
		"%s', "
		"id, kind, severity, site_id, since_us, detected_us, "
		"updated_us, resolved_us, resolution, is_planned, gates), "
		"char(10)) "
		"FROM (SELECT * FROM event ORDER BY id)",
		"SELECT group_concat(printf('%d %d %d %d %d', event_id, "
		"vantage_id, at_us, confirmed_us, ended_us), char(10)) "
		"FROM (SELECT * FROM vote ORDER BY 1, 2, 3)",
		"SELECT group_concat(printf('%d %d %s %d %d %d %d %d', id, "
		"vantage_id, state, site_id, since_us, until_us, n, last_us), "
		"char(10)) FROM (SELECT * FROM landing ORDER BY id)",
		"SELECT group_concat(printf('%d %s %d %d', site_id, verdict, "
		"since_us, until_us), char(10)) "
		"FROM (SELECT * FROM site_state ORDER BY id)",
		"SELECT group_concat(printf('%d %s', vantage_id, "
		"hex(state)), char(10)) FROM (SELECT * FROM track "
		"ORDER BY vantage_id, target_id)",
		"SELECT group_concat(printf('%s %s', key, hex(bytes)), "
		"char(10)) FROM (SELECT * FROM memo ORDER BY key)",
		"SELECT group_concat(printf('%d %s %d %d %s', vantage_id, "
		"reason, since_us, until_us, ending), char(10)) "
		"FROM (SELECT * FROM quarantine ORDER BY since_us)",
	};
	char *all = sqlite3_mprintf("");

	for (size_t i = 0; i < T_LEN(queries); i++) {
		sqlite3_stmt *s;
		char *more;

		assert_int_equal(sqlite3_prepare_v2(store_handle(st),
				     queries[i], -1, &s, NULL),
		    SQLITE_OK);
		assert_int_equal(sqlite3_step(s), SQLITE_ROW);
		more = sqlite3_mprintf(
		    "%z%s\n--\n", all, (const char *)sqlite3_column_text(s, 0));
		sqlite3_finalize(s);
		all = more;
	}
	return all;
}

/* The first line in which two texts differ. */
static void
check_same(const char *live, const char *again)
{
	while (*live != '\0' && *again != '\0') {
		int n = (int)strcspn(live, "\n"), m = (int)strcspn(again, "\n");

		T_CHECK(n == m && strncmp(live, again, (size_t)n) == 0,
		    "live:   %.*s\nreplay: %.*s", n, live, m, again);
		live += n + (live[n] != '\0');
		again += m + (again[m] != '\0');
	}
	T_CHECK(*live == *again, "live: %s\nreplay: %s", live, again);
}

static void
refuse(void *ctx, const char *check, const char *fault)
{
	(void)ctx;
	T_CHECK(fault == NULL, "verify: %s: %s", check, fault);
}

static void
refuse_row(void *ctx, const char *fault)
{
	refuse(ctx, "replay", fault);
}

static void
note_row(void *ctx, const char *fault)
{
	char *all = ctx;
	size_t len = strlen(all);

	snprintf(all + len, 600 - len, "%s; ", fault);
}

/* What a replay does not come to is told, row by row. */
static void
check_compare(struct fleet_rig *f, const char *damage, const char *says)
{
	struct store *scratch;
	struct replayed told;
	char fault[600] = "";
	struct err err;

	T_CHECK(sqlite3_exec(store_handle(f->rig->store), damage, NULL, NULL,
		    NULL) == SQLITE_OK,
	    "%s", damage);
	T_CHECK(store_open_scratch(&scratch, f->rig->database, &err) == RC_OK,
	    "%s", err.text);
	T_CHECK(replay(f->rig->side, scratch, &f->rig->settings.services, NULL,
		    &told, &err) == RC_OK,
	    "%s", err.text);
	assert_int_equal(
	    store_compare(f->rig->side, scratch, note_row, fault, &err), RC_OK);
	T_CHECK(strstr(fault, says) != NULL, "%s: '%s'", damage, fault);
	store_close(scratch);
}

/* A replay of the database at path, which may be a copy of the live one. */
static struct replayed
check_replay_of(struct fleet_rig *f, const char *path, bool is_same)
{
	struct store *source, *scratch;
	char *live = dump(f->rig->store), *again;
	struct replayed told;
	struct err err;

	assert_int_equal(store_open(&source, path, STORE_READ, &err), RC_OK);
	T_CHECK(
	    store_open_scratch(&scratch, path, &err) == RC_OK, "%s", err.text);
	T_CHECK(replay(source, scratch, &f->rig->settings.services, NULL, &told,
		    &err) == RC_OK,
	    "%s", err.text);
	store_verify(source, refuse, NULL);
	again = dump(scratch);
	if (is_same) {
		check_same(live, again);
		assert_int_equal(
		    store_compare(source, scratch, refuse_row, NULL, &err),
		    RC_OK);
	}
	sqlite3_free(live);
	sqlite3_free(again);
	store_close(scratch);
	store_close(source);
	return told;
}

/* Of the database, and of a copy in which it is packed. */
static struct replayed
check_replay(struct fleet_rig *f, bool is_same)
{
	struct replayed told = check_replay_of(f, f->rig->database, is_same);
	struct replayed of_packed;
	char copy[256];

	snprintf(copy, sizeof copy, "%s",
	    scratch_path(&f->rig->scratch, "packed.db"));
	pack_copy(f->rig->database, copy);
	of_packed = check_replay_of(f, copy, is_same);
	assert_int_equal(unlink(copy), 0);
	assert_true(told.is_whole == of_packed.is_whole);
	assert_int_equal(told.n_observations, of_packed.n_observations);
	assert_int_equal(told.first_us, of_packed.first_us);
	return told;
}

static void
move(struct fleet_rig *f, size_t from, size_t to, const char *site)
{
	for (size_t i = from; i < to; i++)
		f->site[i] = site;
}

static void
every_event_is_told_again(void **state)
{
	struct fleet_rig *f = *state;

	spread(f);
	announce(f, 1, true);
	run(f, 120);
	move(f, 0, 4, "fra");
	run(f, 90);
	announce(f, 1, false);
	run(f, 60);
	move(f, 0, 5, "ams");
	run(f, 60);
	move(f, 0, 5, NULL);
	run(f, 120);
	move(f, 0, 5, "ams");
	run(f, 400);
	assert_true(check_replay(f, true).is_whole);
	assert_true(rig_query(f->rig, "SELECT count(*) FROM event WHERE "
				      "kind = 'shift'") >= 1);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM event WHERE "
					   "kind = 'blackhole'"),
	    1);
	check_compare(f, "UPDATE landing SET n = n + 1 WHERE id = 3",
	    "landing 3 is another in a replay");
	check_compare(f,
	    "UPDATE landing SET n = n - 1 WHERE id = 3;"
	    "DELETE FROM vote WHERE event_id = (SELECT max(event_id) FROM "
	    "vote)",
	    " is told by a replay, and is not stored");
	check_compare(f,
	    "INSERT INTO move (vantage_id, target_id, from_site_id, "
	    "to_site_id, at_us, confirmed_us) VALUES (1, 1, 1, 2, 1, 1)",
	    "is stored, and a replay does not tell it");
}

/* What a subcommand says of the database at path; NULL: it would not.  Gives
 * the text. */
static char *
answer(struct fleet_rig *f, int (*command)(int argc, char **argv),
    const char *line, const char *path)
{
	char words[200], db[300], conf[300], file[256], *text = NULL;
	char *argv[12], *rest = NULL;
	struct err err = ERR_NONE;
	int argc = 0, was, to;
	size_t len;

	snprintf(words, sizeof words, "%s", line);
	snprintf(db, sizeof db, "--db=%s", path);
	snprintf(conf, sizeof conf, "--config=%s",
	    scratch_path(&f->rig->scratch, "c.conf"));
	snprintf(
	    file, sizeof file, "%s", scratch_path(&f->rig->scratch, "said"));
	for (char *word = strtok_r(words, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	if (command != command_explain)
		argv[argc++] = conf;
	argv[argc++] = db;
	argv[argc] = NULL;
	fflush(stdout);
	was = dup(STDOUT_FILENO);
	to = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(to, STDOUT_FILENO);
	close(to);
	assert_int_equal(command(argc, argv), 0);
	fflush(stdout);
	dup2(was, STDOUT_FILENO);
	close(was);
	T_CHECK(file_read(file, 1 << 24, &text, &len, &err) == RC_OK, "%s",
	    err.text);
	return text;
}

/* Templates that mean something else now. */
static void
write_config(struct fleet_rig *f, const char *identity)
{
	char text[1000];
	struct err err = ERR_NONE;

	snprintf(text, sizeof text,
	    "database = \"%s\"\nservice \"web\" {\n"
	    "addresses = { \"" RIG_V4 "\", \"" RIG_V6 "\" }\n"
	    "zone = \"example\"\ncontrol = { \"" RIG_CONTROL "\" }\n"
	    "identity = { %s }\n"
	    "site \"ams\" { }\nsite \"fra\" { }\n}\n",
	    f->rig->database, identity);
	T_CHECK(file_replace(scratch_path(&f->rig->scratch, "c.conf"), 0600,
		    text, strlen(text), &err) == RC_OK,
	    "%s", err.text);
}

static void
packed_observations_answer_the_same(void **state)
{
	static const struct {
		int (*command)(int argc, char **argv);
		const char *line, *says;
	} asked[] = {
		{ command_replay, "replay --json", "\"kind\": \"shift\"" },
		{ command_explain, "explain 1 --json", "192.0.2.1" },
		{ command_explain, "explain 2 --json", "fra" },
		{ command_explain, "explain 1", "192.0.2.1" },
		{ command_verify, "verify --json", "packed references" },
		{ command_reinterpret, "reinterpret --dry-run --json",
		    "\"to\": \"fra\"" },
	};
	struct fleet_rig *f = *state;
	char copy[256];

	spread(f);
	run(f, 120);
	move(f, 0, 4, "fra");
	run(f, 90);
	move(f, 0, 5, NULL);
	run(f, 120);
	snprintf(copy, sizeof copy, "%s",
	    scratch_path(&f->rig->scratch, "packed.db"));
	pack_copy(f->rig->database, copy);
	write_config(f, "\"ns*.{site}\"");
	for (size_t i = 0; i < T_LEN(asked); i++) {
		char *live, *packed;

		if (asked[i].command == command_reinterpret)
			write_config(f, "\"ns1.ams -> fra\", \"ns*.{site}\"");
		live = answer(
		    f, asked[i].command, asked[i].line, f->rig->database);
		packed = answer(f, asked[i].command, asked[i].line, copy);
		T_CHECK(strstr(live, asked[i].says) != NULL, "%s: %s",
		    asked[i].line, live);
		check_same(live, packed);
		free(live);
		free(packed);
	}
}

static void
stops_crashes_and_pauses_are_as_they_were(void **state)
{
	struct fleet_rig *f = *state;

	spread(f);
	announce(f, 1, true);
	run(f, 100);
	restart(f, true);
	move(f, 0, 4, "fra");
	run(f, 25);
	restart(f, false);
	run(f, 60);
	f->now_us += 1000 * US_PER_S; /* nobody ran, the collector neither */
	run(f, 60);
	move(f, 0, 5, NULL);
	run(f, 70);
	restart(f, false);
	run(f, 30);
	move(f, 0, 5, "ams");
	run(f, 300);
	assert_true(check_replay(f, true).is_whole);
	assert_true(rig_query(f->rig, "SELECT count(*) FROM event") >= 2);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM heard WHERE "
					   "kind = 'skip'"),
	    1);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM heard WHERE "
					   "kind = 'start'"),
	    4);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM heard WHERE "
					   "kind = 'vantage'"),
	    PROBES);
}

/* Two of five leave, too few; a crash; it passes, and nothing was told. */
static void
what_is_suspected_survives_a_crash_and_is_no_event(void **state)
{
	static const char N[] =
	    "SELECT sum(json_array_length(bytes)) FROM memo "
	    "WHERE key = '" SUSPECTED_MEMO "'";
	struct fleet_rig *f = *state;

	spread(f);
	run(f, 100);
	assert_int_equal(rig_query(f->rig, N), 0);
	move(f, 0, 2, "fra");
	run(f, 45);
	assert_int_equal(rig_query(f->rig, N), 1);
	restart(f, false);
	run(f, 5);
	assert_int_equal(rig_query(f->rig, N), 1);
	assert_true(check_replay(f, true).is_whole);
	run(f, 200);
	assert_int_equal(rig_query(f->rig, N), 0);
	assert_true(check_replay(f, true).is_whole);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM event"), 0);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM delivery"), 0);
}

static void
quarantine_counts_from_when_it_did(void **state)
{
	struct fleet_rig *f = *state;
	struct err err;

	spread(f);
	run(f, 100);
	assert_int_equal(store_probe_set_state(f->rig->side, f->ids[1],
			     PROBE_QUARANTINED, "test", f->now_us, &err),
	    RC_OK);
	run(f, 30);
	move(f, 0, 5, "fra");
	run(f, 120);
	assert_true(check_replay(f, true).is_whole);
	assert_int_equal(
	    rig_query(f->rig, "SELECT n_asns FROM event LIMIT 1"), 4);
	assert_int_equal(store_probe_set_state(f->rig->side, f->ids[1],
			     PROBE_ACTIVE, NULL, f->now_us, &err),
	    RC_OK);
	run(f, 30);
	move(f, 0, 5, "ams");
	run(f, 120);
	assert_true(check_replay(f, true).is_whole);
	assert_int_equal(
	    rig_query(f->rig, "SELECT count(*) FROM heard WHERE kind = "
			      "'vantage' AND NOT body ->> 'trusted'"),
	    1);
}

static void
drains_begin_and_end_when_they_did(void **state)
{
	struct fleet_rig *f = *state;
	struct drain_row drain = { 0 };
	int64_t id;
	struct err err;

	spread(f);
	announce(f, 1, true);
	run(f, 120);
	drain.drain.site_id = 1;
	drain.drain.since_us = f->now_us;
	assert_int_equal(
	    store_drain_start(f->rig->side, &drain, &id, &err), RC_OK);
	run(f, 20);
	announce(f, 1, false);
	move(f, 0, 4, "fra"); /* one does not leave */
	run(f, 90);
	restart(f, false);
	run(f, 60);
	assert_int_equal(
	    store_drain_undo(f->rig->side, 1, f->now_us, &err), RC_OK);
	announce(f, 1, true);
	run(f, 10);
	move(f, 0, 4, "ams");
	run(f, 120);
	assert_true(check_replay(f, true).is_whole);
	assert_true(rig_query(f->rig, "SELECT count(*) FROM event WHERE "
				      "is_planned") >= 1);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM heard WHERE "
					   "kind = 'drain'"),
	    3); /* once more after the restart */
}

static void
late_news_is_late_again(void **state)
{
	struct fleet_rig *f = *state;

	spread(f);
	upload_late(f, 7); /* before anything is known of it */
	run(f, 120);
	move(f, 0, 3, "fra");
	run(f, 20);
	upload_late(f, 4);
	upload_late(f, 5);
	run(f, 60);
	restart(f, true);
	upload_late(f, 0);
	run(f, 60);
	assert_true(check_replay(f, true).is_whole);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM observation "
					   "WHERE received_us > at_us + 800e6"),
	    20);
}

/* Imported rounds. */

#define FOREIGN 12
#define ROUND_US (600 * US_PER_S)

static void
import_reply(struct fleet_rig *f, size_t i, int site)
{
	struct observation o = { .seq = ++f->random,
		.at_us = f->now_us - (int64_t)i,
		.kind = KIND_PING,
		.proto = PROTO_ICMP,
		.target = rig_addr(RIG_V4),
		.ping = { .n_sent = 1,
		    .n_received = 1,
		    .rtt_min_us = 9000,
		    .rtt_median_us = 9000 + (int64_t)i } };
	struct foreign_vantage v = { .source = "catchment", .family = 4 };
	struct foreign_sight sight = { .observation = &o,
		.target_id = f->rig->targets[0].id,
		.received_us = f->now_us,
		.is_known = true,
		.site_id = f->rig->sites[site].id };
	struct vantage_row row;

	snprintf(v.probe.id, sizeof v.probe.id, "%016zx", 100 + i);
	snprintf(v.probe.name, sizeof v.probe.name, "r%zu", i);
	v.probe.declared.asn = (uint32_t)(64700 + i);
	v.seen =
	    (struct addr){ .family = 4, .bytes = { 203, 0, (uint8_t)i, 1 } };
	assert_int_equal(
	    ingest_foreign_vantage(f->rig->ingest, &v, o.at_us, &row), RC_OK);
	sight.vantage = &row;
	assert_int_equal(ingest_foreign_put(f->rig->ingest, &sight), RC_OK);
}

/* As import_catchment does: the round before lasts until this one begins. */
static void
import_round(struct fleet_rig *f, bool is_first, const char *sites)
{
	struct ingest *in = f->rig->ingest;
	struct times t = { .service_id = f->rig->service.id,
		.dns_every_us = ROUND_US,
		.shift_settles_us = 1,
		.round_us = f->round_us,
		.n_agree = 1 };
	struct err err;

	assert_int_equal(ingest_foreign_begin(in, f->now_us, &err), RC_OK);
	assert_int_equal(ingest_foreign_retime(in, &t), RC_OK);
	f->now_us += ROUND_US;
	assert_int_equal(ingest_foreign_tick(in, f->now_us), RC_OK);
	t.round_before_us = is_first ? 0 : f->round_us;
	t.round_us = f->round_us = f->now_us - FOREIGN;
	assert_int_equal(ingest_foreign_retime(in, &t), RC_OK);
	for (size_t i = 0; i < FOREIGN; i++)
		if (sites[i] != '-')
			import_reply(f, i, sites[i] == 'f');
	assert_int_equal(ingest_foreign_tick(in, f->now_us), RC_OK);
	assert_int_equal(ingest_foreign_end(in, f->now_us), RC_OK);
}

static void
imported_history_is_told_again(void **state)
{
	struct fleet_rig *f = *state;

	import_round(f, true, "aaaaaaaaaaaa");
	import_round(f, false, "ffffffaaaaaa");
	import_round(f, false, "ffffffaaaaaa");
	restart(f, true);
	import_round(f, false, "ffff--------");
	import_round(f, true, "aaaaaaffffff");
	restart(f, true); /* and now it is lived on, at its own times */
	spread(f);
	run(f, 120);
	move(f, 0, 4, "fra");
	run(f, 90);
	assert_true(check_replay(f, true).is_whole);
	assert_int_equal(
	    rig_query(f->rig,
		"SELECT group_concat(what) = 'shift 6,silent 8,shift 4' FROM "
		"(SELECT kind || ' ' || n_vantages AS what FROM event "
		"ORDER BY id)"),
	    1);
}

/* Steps of ten minutes: the pauses between are not lived through. */
static void
run_slowly(struct fleet_rig *f, size_t steps)
{
	bool has_written;
	struct err err;

	for (; steps > 0; steps--) {
		f->now_us += 600 * US_PER_S;
		f->now_us -= f->now_us % (600 * US_PER_S) + 5 * US_PER_S;
		assert_int_equal(
		    ingest_tick(f->rig->ingest, f->now_us, &has_written, &err),
		    RC_OK);
		for (size_t i = 0; i < PROBES; i++) {
			f->now_us += US_PER_S;
			upload(f, i);
		}
	}
}

/* Eight hosts of one AS in one place, one of which lands apart. */
static void
distrust_is_repeated(void **state)
{
	struct fleet_rig *f = *state;
	struct rig *r = f->rig;
	struct err err;
	int64_t n;

	assert_int_equal(
	    sqlite3_exec(store_handle(r->side),
		"UPDATE probe SET latitude = 52.3700001, longitude = 4.9", NULL,
		NULL, NULL),
	    SQLITE_OK);
	r->settings.services.list[0].dns_every_us = 600 * US_PER_S;
	restart(f, true);
	move(f, 0, 7, "ams");
	f->site[7] = "fra";
	run_slowly(f, 100);
	restart(f, false);
	run_slowly(f, 80);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM quarantine WHERE "
				      "until_us IS NULL AND reason = 'peers'"),
	    1);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM audit WHERE action = "
			 "'quarantined' AND detail LIKE 'by the detector: %'"),
	    1);
	assert_int_equal(store_quarantine_release(
			     r->side, f->ids[7], 4, f->now_us, &n, &err),
	    RC_OK);
	assert_int_equal(n, 1);
	restart(f, true);
	run_slowly(f, 6);
	assert_true(check_replay(f, true).is_whole);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM heard WHERE kind = 'release'"),
	    1);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM quarantine WHERE "
			 "ending = 'released' AND released_us = until_us"),
	    1);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM audit WHERE action = "
			 "'released' AND detail = 'by hand: peers'"),
	    1);
}

static void
what_is_gone_is_said(void **state)
{
	struct fleet_rig *f = *state;
	struct replayed told;

	spread(f);
	run(f, 200);
	assert_int_equal(
	    sqlite3_exec(store_handle(f->rig->side),
		"DELETE FROM observation WHERE id <= 60", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    store_heard_expire(f->rig->side, 2000, &(int64_t){ 0 }, NULL),
	    RC_OK);
	assert_int_equal(
	    store_heard_expire_vantages(f->rig->side, NULL), RC_OK);
	move(f, 0, 5, "fra");
	run(f, 200);
	told = check_replay(f, false);
	assert_false(told.is_whole);
	assert_true(told.first_us > RIG_NOW && told.n_observations > 100);
}

static void
of_what_is_gone_the_last_word_on_each_vantage_stays(void **state)
{
	struct fleet_rig *f = *state;

	run(f, 60);
	spread(f);
	run(f, 60);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM heard WHERE "
					   "kind = 'vantage'"),
	    2 * PROBES);
	restart(f, true);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM heard WHERE "
					   "kind = 'vantage'"),
	    2 * PROBES);
	assert_int_equal(
	    sqlite3_exec(store_handle(f->rig->side),
		"DELETE FROM observation WHERE id < (SELECT max(id) FROM "
		"observation)",
		NULL, NULL, NULL),
	    SQLITE_OK);
	restart(f, true);
	assert_int_equal(
	    rig_query(f->rig,
		"SELECT count(*) FROM heard WHERE kind = 'vantage' "
		"AND body ->> 'asn' >= 64600"),
	    PROBES);
	assert_int_equal(rig_query(f->rig, "SELECT count(*) FROM heard WHERE "
					   "kind = 'vantage'"),
	    PROBES);
	run(f, 60);
	assert_false(check_replay(f, false).is_whole);
}

static void
rows_are_read_as_they_were_written(void **state)
{
	struct heard in[] = { { .kind = HEARD_START, .until_us = 5 },
		{ .kind = HEARD_VANTAGE,
		    .vantage = { .id = 1,
			.family = 6,
			.asn = UINT32_MAX,
			.probe = UINT64_MAX,
			.prefix = UINT64_C(1) << 63,
			.at = { true, 52.3700001, -4.1 / 3 },
			.is_trusted = true } },
		{ .kind = HEARD_RELEASE, .release = { 3, INT64_MAX } },
		{ .kind = HEARD_EXCUSE, .excuse = { 7, 8, EXCUSE_PER_PACKET } },
		{ .kind = HEARD_ANNOUNCEMENT,
		    .announcement = { 1, 4, true, 10, 20 } },
		{ .kind = HEARD_HEALTH,
		    .announcement = { 1, 6, false, 10, 20 } },
		{ .kind = HEARD_DRAIN, .drain = { 1, 2, 3, 0, 5 } },
		{ .kind = HEARD_TIMES,
		    .times = { 1, 2, 3, 4, 5, UINT8_MAX } } };

	(void)state;
	for (size_t i = 0; i < T_LEN(in); i++) {
		char *body = heard_body(&in[i]);
		struct heard out = { 0 };
		char *again;

		assert_int_equal(
		    heard_read(&out, heard_kind_name(in[i].kind), body), RC_OK);
		again = heard_body(&out);
		assert_string_equal(body, again);
		free(body);
		free(again);
	}
}

static void
what_cannot_be_read_is_refused(void **state)
{
	static const struct {
		const char *kind, *body;
	} bad[] = { { "wish", "{}" }, { "vantage", "{}" }, { "vantage", "" },
		{ "excuse", "{\"vantage\":1,\"target\":1,\"excuse\":9}" },
		{ "flush", "[]" }, { "announcement", "{\"site\":1}" },
		{ "times", "{\"service\":1}" },
		{ "release", "{\"vantage\":1}" },
		{ "times", "{\"service\":1,\"dns_every_us\":-1,"
			   "\"shift_settles_us\":0,\"round_us\":0,"
			   "\"round_before_us\":0,\"agree\":1}" },
		{ "times", "{\"service\":1,\"dns_every_us\":1,"
			   "\"shift_settles_us\":0,\"round_us\":0,"
			   "\"round_before_us\":0,\"agree\":256}" } };
	struct heard h;

	(void)state;
	for (size_t i = 0; i < T_LEN(bad); i++)
		assert_int_equal(
		    heard_read(&h, bad[i].kind, bad[i].body), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    packed_observations_answer_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    every_event_is_told_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stops_crashes_and_pauses_are_as_they_were, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_suspected_survives_a_crash_and_is_no_event, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    quarantine_counts_from_when_it_did, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    drains_begin_and_end_when_they_did, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    late_news_is_late_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    imported_history_is_told_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    distrust_is_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_gone_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    of_what_is_gone_the_last_word_on_each_vantage_stays, set_up,
		    tear_down),
		cmocka_unit_test(rows_are_read_as_they_were_written),
		cmocka_unit_test(what_cannot_be_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
