/*
 * test_commands.c - what the subcommands print, on the fleet of
 * tests/data/report.sql, and what they write.
 *
 * The subcommands run in this process, their standard output and error go to
 * files.
 */
#include "collector/commands.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixture.h"

#define STORY_SINCE "2026-02-01"
#define MAX_ARGS 16

static char dir[] = "/tmp/test_commands.XXXXXX";
static char database[64];

struct outcome {
	int status;
	char *out, *err; /* what was printed */
};

static char *
path_of(const char *name, char buf[static 64])
{
	snprintf(buf, 64, "%s/%s", dir, name);
	return buf;
}

static char *
slurp(const char *name)
{
	char path[64], *text;
	size_t len;
	struct err err;

	T_CHECK(
	    file_read(path_of(name, path), 1 << 20, &text, &len, &err) == RC_OK,
	    "%s", err.text);
	return text;
}

/* Lets fd write to a file; returns what it was. */
static int
redirect(int fd, const char *name)
{
	char path[64];
	int file =
	    open(path_of(name, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int old = dup(fd);

	assert_true(file >= 0 && old >= 0);
	dup2(file, fd);
	close(file);
	return old;
}

static void
restore(int fd, int old)
{
	dup2(old, fd);
	close(old);
}

/* Splits a line at its blanks and runs it with the database. */
static struct outcome
run(int (*command)(int argc, char **argv), const char *line)
{
	char copy[256], *argv[MAX_ARGS + 3];
	struct outcome o;
	int argc = 0, out, err;

	snprintf(copy, sizeof copy, "%s", line);
	for (char *word = strtok_r(copy, " ", &argv[MAX_ARGS]);
	     word != NULL && argc < MAX_ARGS - 3;
	     word = strtok_r(NULL, " ", &argv[MAX_ARGS]))
		argv[argc++] = word;
	argv[argc++] = (char[]){ "--db" };
	argv[argc++] = database;
	argv[argc] = NULL;
	fflush(NULL);
	out = redirect(STDOUT_FILENO, "out");
	err = redirect(STDERR_FILENO, "err");
	o.status = command(argc, argv);
	fflush(NULL);
	restore(STDOUT_FILENO, out);
	restore(STDERR_FILENO, err);
	o.out = slurp("out");
	o.err = slurp("err");
	return o;
}

static void
outcome_fini(struct outcome *o)
{
	free(o->out);
	free(o->err);
}

static const struct {
	const char *file; /* in tests/data/report: all of standard output */
	int (*command)(int argc, char **argv);
	const char *line;
} reports[] = {
	{ "catchment-before-the-shift.txt", command_catchment,
	    "catchment --service root --at 2026-03-01T11:59:00Z" },
	{ "catchment-with-dark-and-silent.txt", command_catchment,
	    "catchment --at 2026-03-01T13:00:00Z" },
	{ "catchment-of-one-target-by-country.csv", command_catchment,
	    "catchment --target 2001:db8::53 --by country "
	    "--at 2026-03-01T13:00:00Z --csv" },
	{ "catchment-by-asn.json", command_catchment,
	    "catchment --by asn -f 6 --at 2026-03-01T13:00:00Z --json" },
	{ "shares-over-the-shift.txt", command_shares,
	    "shares -s root -f 4 --since 2026-03-01T11:58:00Z "
	    "--until 2026-03-01T12:01:00Z --step 60s" },
	{ "shares-over-the-shift.json", command_shares,
	    "shares --since 2026-03-01T11:58:00Z --until 2026-03-01T12:02:00Z "
	    "--step 60s --json" },
	{ "landing-oldest-first.txt", command_landing,
	    "landing v-tokyo --since " STORY_SINCE },
	{ "landing-by-id-and-family.csv", command_landing,
	    "landing 0000000000000001/6 --since " STORY_SINCE " --csv" },
	{ "diff-over-the-shift.txt", command_diff,
	    "diff 2026-03-01T11:59:00Z 2026-03-01T12:20:00Z" },
	{ "diff-over-the-shift.json", command_diff,
	    "diff 2026-03-01T11:59:00Z 2026-03-01T12:20:00Z --json" },
	{ "diff-takes-minus-times.txt", command_diff, "diff -1h now" },
	{ "sites.txt", command_sites, "sites" },
	{ "sites.csv", command_sites, "sites --csv" },
	{ "whatif.txt", command_whatif,
	    "whatif ams --service root --since " STORY_SINCE },
	{ "whatif.json", command_whatif,
	    "whatif ams --service root --since " STORY_SINCE " --json" },
	{ "coverage.txt", command_coverage, "coverage" },
	{ "coverage-by-region.csv", command_coverage,
	    "coverage --by region --csv" },
	{ "coverage-weighted.txt", command_coverage,
	    "coverage --weights tests/data/weights.csv" },
	{ "vantages.txt", command_vantages, "vantages" },
	{ "vantages-show.txt", command_vantages, "vantages show v-paris" },
	{ "vantages-show.json", command_vantages,
	    "vantages show v-paris/4 --json" },
	{ "events-newest-first.txt", command_events,
	    "events --since " STORY_SINCE },
	{ "events-open-of-a-kind.txt", command_events,
	    "events --open --kind shift" },
	{ "events.json", command_events,
	    "events --since " STORY_SINCE " --json" },
	{ "events-suspected.txt", command_events, "events --suspected" },
	{ "events-suspected-of-a-kind.json", command_events,
	    "events --suspected --kind blackhole --json" },
	{ "explain-suspected.txt", command_explain, "explain suspected" },
	{ "explain-suspected.json", command_explain,
	    "explain suspected --json" },
	{ "explain-shift.txt", command_explain, "explain 1" },
	{ "explain-shift.json", command_explain, "explain 1 --json" },
	{ "explain-blackhole.txt", command_explain, "explain 2" },
	{ "explain-mismatch.txt", command_explain, "explain 3" },
};

static char *
golden(const char *name)
{
	char path[128], *text;
	size_t len;
	struct err err;

	snprintf(path, sizeof path, "tests/data/report/%s", name);
	T_CHECK(file_read(path, 1 << 20, &text, &len, &err) == RC_OK, "%s",
	    err.text);
	return text;
}

static void
each_report_prints_what_the_database_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(reports); i++) {
		struct outcome o = run(reports[i].command, reports[i].line);
		char *want = golden(reports[i].file);

		T_CHECK(o.status == 0, "%s: %s", reports[i].line, o.err);
		T_CHECK(strcmp(o.out, want) == 0,
		    "%s differs from %s; got:\n%s", reports[i].line,
		    reports[i].file, o.out);
		free(want);
		outcome_fini(&o);
	}
}

static void
bytes_of_the_network_never_reach_the_terminal(void **state)
{
	struct outcome o = run(command_explain, "explain 1");

	(void)state;
	assert_int_equal(o.status, 0);
	assert_null(strchr(o.out, '\x1b'));
	assert_non_null(strstr(o.out, "\\x1b[2Jsi"));
	outcome_fini(&o);
}

/* Runs a report and gives its JSON, which must be some. */
static json_t *
run_json(int (*command)(int argc, char **argv), const char *line)
{
	struct outcome o = run(command, line);
	json_error_t why;
	json_t *json = json_loads(o.out, 0, &why);

	T_CHECK(
	    o.status == 0 && json != NULL, "%s: %s %s", line, o.err, why.text);
	outcome_fini(&o);
	return json;
}

static json_t *
landing_of(json_t *catchment, const char *vantage, const char *service)
{
	size_t i;
	json_t *l;

	json_array_foreach(json_object_get(catchment, "landings"), i, l)
	{
		const char *v =
		    json_string_value(json_object_get(l, "vantage"));
		const char *s =
		    json_string_value(json_object_get(l, "service"));

		if (strcmp(v, vantage) == 0 && strcmp(s, service) == 0)
			return l;
	}
	return NULL;
}

static const struct {
	const char *vantage, *state, *site;
} landings[] = {
	{ "v-berlin/4", "stable", "nyc" },
	{ "v-berlin/6", "stable", "ams" },
	{ "v-tokyo/4", "dark", "sin" },
	{ "v-delhi/4", "unknown", NULL },
	{ "v-lima/4", "unobserved", NULL },
};

static void
json_tells_where_each_vantage_landed(void **state)
{
	json_t *json = run_json(
	    command_catchment, "catchment --at 2026-03-01T13:00:00Z --json");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "at")),
	    "2026-03-01T13:00:00.000000Z");
	for (size_t i = 0; i < T_LEN(landings); i++) {
		json_t *l = landing_of(json, landings[i].vantage, "root");
		const char *site;

		T_CHECK(l != NULL, "%s", landings[i].vantage);
		assert_string_equal(
		    json_string_value(json_object_get(l, "state")),
		    landings[i].state);
		site = json_string_value(json_object_get(l, "site"));
		T_CHECK(
		    (site == NULL) == (landings[i].site == NULL) &&
			(site == NULL || strcmp(site, landings[i].site) == 0),
		    "%s", landings[i].vantage);
	}
	assert_null(landing_of(json, "v-gone/4", "root"));
	json_decref(json);
}

static void
json_of_an_event_holds_its_evidence(void **state)
{
	json_t *json = run_json(command_explain, "explain 1 --json"), *vote;

	(void)state;
	vote = json_array_get(json_object_get(json, "votes"), 0);
	assert_string_equal(
	    json_string_value(json_object_get(vote, "vantage")), "v-berlin/4");
	assert_int_equal(json_array_size(json_object_get(vote, "before")), 2);
	assert_int_equal(json_array_size(json_object_get(vote, "after")), 3);
	assert_int_equal(json_integer_value(json_object_get(
			     json_object_get(vote, "path_during"), "path_id")),
	    2);
	assert_int_equal(json_integer_value(json_object_get(
			     json_object_get(json, "gates"), "asns_fresh")),
	    6);
	json_decref(json);
}

static const struct {
	const char *claim;
	int (*command)(int argc, char **argv);
	const char *line;
	int status;
	const char *err;
} failures[] = {
	{ "a service that is not there", command_catchment,
	    "catchment --service rot", 1,
	    "catchwater catchment: no service 'rot'; did you mean 'root'?\n" },
	{ "a target that is not there", command_catchment,
	    "catchment --target 10.9.8.7", 1,
	    "catchwater catchment: no target '10.9.8.7'; there are: "
	    "192.0.2.53, 192.0.2.80, 2001:db8::53\n" },
	{ "a grouping that is none", command_catchment, "catchment --by planet",
	    1,
	    "catchwater catchment: no grouping 'planet'; there are: site, asn, "
	    "country, family\n" },
	{ "a family that is none", command_catchment, "catchment -f 5", 1,
	    "catchwater catchment: --family: expected 4 or 6\n" },
	{ "a vantage that is not there", command_landing, "landing v-berln/4",
	    1,
	    "catchwater landing: no vantage 'v-berln'; did you mean "
	    "'v-berlin'?\n" },
	{ "a kind that is none", command_events, "events --kind shifts", 1,
	    "catchwater events: no kind 'shifts'; did you mean 'shift'?\n" },
	{ "an event that is not there", command_explain, "explain 99", 1,
	    "catchwater explain: no event 99; 'catchwater events' lists "
	    "them\n" },
	{ "what was suspected", command_events,
	    "events --suspected --since -1d", 1,
	    "catchwater events: --suspected is about now: leave out --open and "
	    "--since\n" },
	{ "an event that is no number", command_explain, "explain two", 1,
	    "catchwater explain: 'two' is not an event's number; 'catchwater "
	    "events' shows them\n" },
	{ "a site that is in two services", command_announce,
	    "announce ams down", 1,
	    "catchwater announce: site 'ams' is in several services; say which "
	    "with --service root or --service shop\n" },
	{ "a site that is not there", command_announce, "announce zurich up", 1,
	    "catchwater announce: no site 'zurich'; there are: ams, lab, nyc, "
	    "sin\n" },
	{ "a direction that is none", command_announce, "announce nyc on", 1,
	    "catchwater announce: no direction 'on'; did you mean 'up'?\n" },
	{ "a health that is none", command_announce,
	    "announce nyc up --healthy maybe", 1,
	    "catchwater announce: no --healthy 'maybe'; there are: yes, no, "
	    "unknown\n" },
	{ "a token for a site that is not there", command_token,
	    "token new --site zurich", 1,
	    "catchwater token: no site 'zurich'; there are: ams, lab, nyc, "
	    "sin\n" },
	{ "a token for a service without a site", command_token,
	    "token new --service root", 1,
	    "catchwater token: --service needs --site\n" },
	{ "the end of a drain that is none", command_drain,
	    "drain root nyc --undo", 1,
	    "catchwater drain: nyc: the site is not in drain\n" },
	{ "an expectation that is none", command_drain,
	    "drain root nyc --expect ams", 1,
	    "catchwater drain: --expect: 'ams' is not like nyc=60\n" },
	{ "an expectation of more than all", command_drain,
	    "drain root nyc --expect ams=60,sin=60", 1,
	    "catchwater drain: --expect: the shares make 120 %, not 100\n" },
	{ "a site to go to that is not there", command_drain,
	    "drain root nyc --expect zurich=100", 1,
	    "catchwater drain: no site 'zurich'; there are: ams, lab, nyc, "
	    "sin\n" },
	{ "a revoked probe cannot be released", command_vantages,
	    "vantages release v-gone", 1,
	    "catchwater vantages: v-gone is revoked; it would have to enrol "
	    "again\n" },
	{ "a token that is not there", command_token, "token revoke 99", 1,
	    "catchwater token: no token 99; 'catchwater token list' lists "
	    "them\n" },
	{ "a month that is none", command_availability,
	    "availability --month 2026-13", 1,
	    "catchwater availability: --month: expected a month such as "
	    "2026-10\n" },
	{ "a site that is not there", command_whatif, "whatif nix", 1,
	    "catchwater whatif: no site 'nix'; did you mean 'nyc'?\n" },
	{ "weights that are none", command_coverage,
	    "coverage --weights tests/data/report.sql", 1,
	    "catchwater coverage: --weights: line 1: expected KEY,NUMBER such "
	    "as DE,83.2\n" },
	{ "an option that is none is a usage error", command_sites,
	    "sites --jsn", 2,
	    "catchwater sites: unknown option --jsn; did you mean --json?\n" },
};

static void
what_cannot_be_done_is_said_with_a_way_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(failures); i++) {
		struct outcome o = run(failures[i].command, failures[i].line);

		T_CHECK(o.status == failures[i].status, "%s: status %d",
		    failures[i].claim, o.status);
		T_CHECK(strcmp(o.err, failures[i].err) == 0,
		    "%s:\n got %s\nwant %s", failures[i].claim, o.err,
		    failures[i].err);
		assert_string_equal(o.out, "");
		outcome_fini(&o);
	}
}

static void
a_token_is_printed_once_and_stored_as_its_hash(void **state)
{
	struct outcome o = run(command_token, "token new --uses 3");

	(void)state;
	T_CHECK(o.status == 0, "%s", o.err);
	assert_int_equal(strlen(o.out), 65);
	assert_int_equal(strspn(o.out, "0123456789abcdef"), 64);
	assert_int_equal(fixture_number(database,
			     "SELECT length(hash) FROM token "
			     "WHERE uses_left = 3 AND revoked_us IS NULL"),
	    32);
	assert_int_equal(fixture_number(database, "SELECT count(*) FROM audit "
						  "WHERE action = 'token'"),
	    1);
	outcome_fini(&o);
	o = run(command_token, "token revoke 2");
	T_CHECK(o.status == 0, "%s", o.err);
	outcome_fini(&o);
	o = run(command_token, "token list");
	assert_non_null(strstr(o.out, " 2  revoked "));
	outcome_fini(&o);
}

static void
an_announcement_holds_for_its_lease(void **state)
{
	struct outcome o = run(
	    command_announce, "announce ams down --service root --lease 2m");

	(void)state;
	T_CHECK(o.status == 0, "%s", o.err);
	assert_int_equal(
	    fixture_number(database,
		"SELECT (lease_until_us - at_us) / 1000000 FROM announcement "
		"WHERE site_id = 1 AND is_up = 0 AND family IS NULL"),
	    120);
	outcome_fini(&o);
}

static void
a_site_can_be_said_to_be_healthy(void **state)
{
	struct outcome o = run(command_announce,
	    "announce nyc up --service root --family 6 --healthy no");

	(void)state;
	T_CHECK(o.status == 0, "%s", o.err);
	assert_non_null(strstr(o.out, "nyc is announced and not healthy "));
	assert_int_equal(
	    fixture_number(database,
		"SELECT count(*) FROM site_report JOIN site s ON s.id = "
		"site_id WHERE s.name = 'nyc' AND family = 6 AND healthy = "
		"'no' AND announced IS NULL AND probe_id IS NULL"),
	    1);
	outcome_fini(&o);
}

static void
check_drain(const char *line, const char *says, int64_t n_in_force)
{
	struct outcome o = run(command_drain, line);

	T_CHECK(o.status == 0, "%s: %s", line, o.err);
	T_CHECK(strstr(o.out, says) != NULL, "%s: %s", line, o.out);
	T_CHECK(
	    fixture_number(database, "SELECT count(*) FROM drain "
				     "WHERE ended_us IS NULL") == n_in_force,
	    "%s", line);
	outcome_fini(&o);
}

static void
a_drain_is_shown_begun_shown_and_undone(void **state)
{
	struct outcome o;

	(void)state;
	check_drain("drain root nyc --show", "is not in drain; if it were", 0);
	check_drain("drain root nyc --expect ams=70,sin=30%",
	    "still there: v-berlin/4 (AS64501)", 1);
	check_drain("drain root nyc", "ams     70.0%", 1); /* shown */
	check_drain("drain root nyc --show --json", "\"draining\"", 1);
	o = run(command_drain, "drain root nyc --for 2h");
	assert_int_equal(o.status, 1);
	outcome_fini(&o);
	check_drain("drain root nyc --undo", "0 of the 0 who left", 0);
	check_drain("drain root nyc --show --json", "\"over\"", 0);
	assert_int_equal(
	    fixture_number(database, "SELECT count(*) FROM drain"), 1);
}

static void
a_quarantined_probe_is_counted_aside_until_released(void **state)
{
	struct outcome o = run(
	    command_vantages, "vantages quarantine v-boston/4 --reason lies");

	(void)state;
	T_CHECK(o.status == 0, "%s", o.err);
	outcome_fini(&o);
	o = run(command_catchment,
	    "catchment --service root --at 2026-03-01T13:00:00Z");
	assert_non_null(strstr(o.out, "(quarantined)   2 "));
	outcome_fini(&o);
	o = run(command_vantages, "vantages show v-boston");
	assert_non_null(strstr(o.out, "state           quarantined\n"));
	assert_non_null(strstr(o.out, "reason          lies\n"));
	outcome_fini(&o);
	o = run(command_vantages, "vantages release v-boston");
	T_CHECK(o.status == 0, "%s", o.err);
	outcome_fini(&o);
	assert_int_equal(
	    fixture_number(database, "SELECT count(*) FROM probe "
				     "WHERE state = 'quarantined'"),
	    1);
}

static int
make_database(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	path_of("c.db", database);
	fixture_make(database, "tests/data/report.sql");
	return 0;
}

static int
remove_database(void **state)
{
	static const char *const names[] = { "c.db", "c.db-wal", "c.db-shm",
		"out", "err", "" };
	char path[64];

	(void)state;
	for (size_t i = 0; i < T_LEN(names); i++)
		remove(path_of(names[i], path));
	return 0;
}

/* v-boston/4, by the detector since half past twelve. */
static void
distrust(void)
{
	fixture_run(database,
	    "INSERT INTO quarantine SELECT v.id, 'peers', 1772368200000000, "
	    "NULL, 1772371800000000, NULL, NULL, '{\"share\":0.93,"
	    "\"limit\":0.4,\"ends_below\":0.2,\"targets\":2,"
	    "\"contradicted\":2,\"witnesses\":5,\"believable_us\":0}' "
	    "FROM vantage v JOIN probe p ON p.id = v.probe_id "
	    "WHERE p.name = 'v-boston'");
}

static void
check_says(int command(int, char **), const char *line, const char *says)
{
	struct outcome o = run(command, line);

	T_CHECK(o.status == 0, "%s: %s", line, o.err);
	T_CHECK(strstr(o.out, says) != NULL, "%s: not %s in:\n%s", line, says,
	    o.out);
	outcome_fini(&o);
}

static void
the_detectors_own_quarantine_is_shown_and_released(void **state)
{
	struct outcome o;

	(void)state;
	distrust();
	check_says(command_vantages, "vantages",
	    "\nv-boston/4: quarantined by the detector since "
	    "2026-03-01T12:30:00Z: lands apart from all of its AS and of "
	    "those near it at 2 of 2 targets (of late 93%; over 40% begins "
	    "it, under 20% ends it)\n");
	check_says(command_vantages, "vantages show v-boston",
	    "quarantine      peers\n");
	check_says(command_vantages, "vantages --json", "\"witnesses\": 5");
	check_says(command_vantages, "vantages show v-boston --json",
	    "\"state\": \"quarantined\"");
	check_says(command_catchment,
	    "catchment --service root --at 2026-03-01T13:00:00Z",
	    "(quarantined)   2 ");
	check_says(command_catchment, /* it was not yet */
	    "catchment --service root --at 2026-03-01T12:20:00Z",
	    "(quarantined)   1 ");
	check_says(command_vantages, "vantages release v-boston/4",
	    "v-boston counts again");
	assert_int_equal(fixture_number(database,
			     "SELECT count(*) FROM audit WHERE "
			     "action = 'released' AND subject LIKE '%/4'"),
	    1);
	o = run(command_vantages, "vantages release v-boston/4");
	assert_int_equal(o.status, 1);
	outcome_fini(&o);
	check_says(command_vantages, "vantages show v-boston",
	    "state           active\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_report_prints_what_the_database_says),
		cmocka_unit_test(bytes_of_the_network_never_reach_the_terminal),
		cmocka_unit_test(json_tells_where_each_vantage_landed),
		cmocka_unit_test(json_of_an_event_holds_its_evidence),
		cmocka_unit_test(what_cannot_be_done_is_said_with_a_way_on),
		cmocka_unit_test(
		    a_token_is_printed_once_and_stored_as_its_hash),
		cmocka_unit_test(an_announcement_holds_for_its_lease),
		cmocka_unit_test(a_site_can_be_said_to_be_healthy),
		cmocka_unit_test(a_drain_is_shown_begun_shown_and_undone),
		cmocka_unit_test(
		    a_quarantined_probe_is_counted_aside_until_released),
		cmocka_unit_test(
		    the_detectors_own_quarantine_is_shown_and_released),
	};

	return cmocka_run_group_tests(tests, make_database, remove_database);
}
