/* test_history.c - what catchwater history and availability print. */
#include "tests/unit/serve_rig.h"

#include <pty.h>
#include <stdlib.h>

#include "collector/commands.h"
#include "collector/rollups.h"

#define MAX_ARGS 24
#define END (INT64_C(1700010000) * US_PER_S + 10 * INT64_C(3600) * US_PER_S)

/* From 22:00 on 14 November 2023, two hours at ams, then one at fra; a question
 * a minute, the first of each hour is lost, each answer 1 us later than the one
 * before; and a control that always answers. */
static const char stored[] =
    "INSERT INTO vantage (id, probe_id, family, first_us) "
    "SELECT 7, id, 4, 1 FROM probe;"
    "INSERT INTO landing (vantage_id, target_id, state, site_id, since_us, "
    "until_us, last_us, n) VALUES "
    "(7, 1, 'stable', 1, 1699999200000000, 1700006400000000, "
    "1700006399000000, 120), "
    "(7, 1, 'stable', 2, 1700006400000000, NULL, 1700009999000000, 60);"
    "WITH RECURSIVE m (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM m "
    "WHERE i < 179) INSERT INTO observation (vantage_id, seq, received_us, "
    "at_us, target_id, kind, why, proto, stamp, outcome, rtt_us, site_id) "
    "SELECT 7, 2 * i + n, 1700010000000000, 1699999200000000 + i * 60000000, "
    "t, 0, 0, 0, 0, iif(t = 1 AND i % 60 = 0, 2, 0), iif(t = 1, "
    "iif(i % 60 = 0, NULL, 20000 + i), 100), iif(t = 1, 1 + i / 120, NULL) "
    "FROM m, (SELECT 0 AS n, 1 AS t UNION ALL SELECT 1, 3);";

struct printed {
	int status;
	char *out, *err;
};

static char *
slurp(const char *path)
{
	char *text;
	size_t len;
	struct err err;

	T_CHECK(file_read(path, 1 << 20, &text, &len, &err) == RC_OK, "%s",
	    err.text);
	return text;
}

static int
redirect(int fd, const char *path)
{
	int old = dup(fd),
	    file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0 && old >= 0);
	dup2(file, fd);
	close(file);
	return old;
}

typedef int command(int argc, char **argv);

/* Splits a line at its blanks and runs it with the database. */
static int
run(struct rig *r, command *of, const char *line)
{
	char copy[256], *argv[MAX_ARGS + 3], *rest = NULL;
	int argc = 0;

	snprintf(copy, sizeof copy, "history %s", line);
	for (char *word = strtok_r(copy, " ", &rest);
	     word != NULL && argc < MAX_ARGS; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc++] = (char[]){ "--db" };
	argv[argc++] = r->database;
	argv[argc] = NULL;
	return of(argc, argv);
}

static struct printed
told_by(struct rig *r, command *of, const char *line)
{
	char out[300], err[300];
	struct printed p;
	int old_out, old_err;

	snprintf(out, sizeof out, "%s/out", r->scratch.dir);
	snprintf(err, sizeof err, "%s/err", r->scratch.dir);
	fflush(NULL);
	old_out = redirect(STDOUT_FILENO, out);
	old_err = redirect(STDERR_FILENO, err);
	p.status = run(r, of, line);
	fflush(NULL);
	dup2(old_out, STDOUT_FILENO);
	dup2(old_err, STDERR_FILENO);
	close(old_out);
	close(old_err);
	p.out = slurp(out);
	p.err = slurp(err);
	return p;
}

static struct printed
history(struct rig *r, const char *line)
{
	return told_by(r, command_history, line);
}

/* What a terminal of 44 columns gets, that is small enough for its buffer. */
static void
history_on_terminal(struct rig *r, const char *line, char *got, size_t cap)
{
	struct winsize size = { .ws_row = 24, .ws_col = 44 };
	int ours, theirs, old = dup(STDOUT_FILENO);
	ssize_t n;

	assert_int_equal(openpty(&ours, &theirs, NULL, NULL, &size), 0);
	fflush(NULL);
	dup2(theirs, STDOUT_FILENO);
	assert_int_equal(run(r, command_history, line), 0);
	fflush(NULL);
	dup2(old, STDOUT_FILENO);
	n = read(ours, got, cap - 1);
	got[n > 0 ? n : 0] = '\0';
	close(ours);
	close(theirs);
	close(old);
}

static int
set_up(void **state)
{
	struct rig *r = rig_new();
	struct rollups *x = rollups_new();
	struct err err;
	char *why = NULL;

	T_CHECK(sqlite3_exec(store_handle(r->store), stored, NULL, NULL,
		    &why) == SQLITE_OK,
	    "%s", why);
	for (int i = 0; i < 100 && rollups_done_id(x) < 360; i++)
		T_CHECK(rollups_tick(x, r->store, 0, END, &err) == RC_OK, "%s",
		    err.text);
	rollups_free(x);
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	rig_free(*state);
	return 0;
}

/* 20000 to 20179 us: buckets of 256 us, told by their middle. */
static const struct {
	const char *line, *out;
} cases[] = {
	{ "one/4 --target 192.0.2.53 --since 2023-11-14T22:00:00Z "
	  "--until 2023-11-15T02:00:00Z --step 1h",
	    "vantage  site  target      at                     n  lost  "
	    "rtt min   median      p90      p99\n"
	    "one/4    -     192.0.2.53  2023-11-14T22:00:00Z  60  1.7%  "
	    "20.0 ms  20.1 ms  20.1 ms  20.1 ms\n"
	    "one/4    -     192.0.2.53  2023-11-14T23:00:00Z  60  1.7%  "
	    "20.1 ms  20.1 ms  20.1 ms  20.1 ms\n"
	    "one/4    -     192.0.2.53  2023-11-15T00:00:00Z  60  1.7%  "
	    "20.1 ms  20.1 ms  20.1 ms  20.1 ms\n" },
	{ "one --since 2023-11-14 --until 2023-11-16 --step 1d --csv",
	    "vantage,site,service,target,at,n,n_lost,lost_percent,rtt_min_us,"
	    "rtt_median_us,rtt_p90_us,rtt_p99_us\r\n"
	    "one/4,,web,192.0.2.53,2023-11-14T00:00:00Z,120,2,1.7,20001,20095,"
	    "20095,20095\r\n"
	    "one/4,,web,192.0.2.53,2023-11-15T00:00:00Z,60,1,1.7,20121,20121,"
	    "20121,20121\r\n"
	    "one/4,,,198.51.100.1,2023-11-14T00:00:00Z,120,0,0.0,100,100,100,"
	    "100\r\n"
	    "one/4,,,198.51.100.1,2023-11-15T00:00:00Z,60,0,0.0,100,100,100,"
	    "100\r\n" },
	/* Only who landed there, while he did. */
	{ "--site fra --since 2023-11-14 --until 2023-11-16 --step 1d --csv",
	    "vantage,site,service,target,at,n,n_lost,lost_percent,rtt_min_us,"
	    "rtt_median_us,rtt_p90_us,rtt_p99_us\r\n"
	    ",fra,web,192.0.2.53,2023-11-15T00:00:00Z,60,1,1.7,20121,20121,"
	    "20121,20121\r\n" },
	{ "--site ams --since 2023-11-14T23:50:00Z "
	  "--until 2023-11-15T00:10:00Z --json",
	    "[\n"
	    "  {\n"
	    "    \"site\": \"ams\",\n"
	    "    \"service\": \"web\",\n"
	    "    \"target\": \"192.0.2.53\",\n"
	    "    \"at\": \"2023-11-14T23:50:00.000000Z\",\n"
	    "    \"n\": 5,\n"
	    "    \"n_lost\": 0,\n"
	    "    \"lost_percent\": 0.0,\n"
	    "    \"rtt_min_us\": 20110,\n"
	    "    \"rtt_median_us\": 20110,\n"
	    "    \"rtt_p90_us\": 20110,\n"
	    "    \"rtt_p99_us\": 20110\n"
	    "  },\n"
	    "  {\n"
	    "    \"site\": \"ams\",\n"
	    "    \"service\": \"web\",\n"
	    "    \"target\": \"192.0.2.53\",\n"
	    "    \"at\": \"2023-11-14T23:55:00.000000Z\",\n"
	    "    \"n\": 5,\n"
	    "    \"n_lost\": 0,\n"
	    "    \"lost_percent\": 0.0,\n"
	    "    \"rtt_min_us\": 20115,\n"
	    "    \"rtt_median_us\": 20115,\n"
	    "    \"rtt_p90_us\": 20115,\n"
	    "    \"rtt_p99_us\": 20115\n"
	    "  }\n"
	    "]\n" },
	{ "one/4 --kind ping --since 2023-11-14 --until 2023-11-16",
	    "no history in this time; 'catchwater serve' writes it, five "
	    "minutes after what comes in\n" },
	{ "one/6 --since 2023-11-14 --until 2023-11-16",
	    "no history in this time; 'catchwater serve' writes it, five "
	    "minutes after what comes in\n" },
};

static void
the_rows_are_those_of_the_time_and_place(void **state)
{
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct printed p = history(*state, cases[i].line);

		T_CHECK(p.status == 0, "%s: %s", cases[i].line, p.err);
		T_CHECK(strcmp(p.out, cases[i].out) == 0, "%s:\n%s",
		    cases[i].line, p.out);
		free(p.out);
		free(p.err);
	}
}

static const struct {
	const char *line, *says;
} mistakes[] = {
	{ "", "name one vantage, or a site with --site" },
	{ "one --site ams", "name one vantage, or a site with --site" },
	{ "two", "no vantage 'two'" },
	{ "--site nyc", "no site 'nyc'" },
	{ "one --step 7m", "a multiple of 5m" },
	{ "one --since -1h --until -2h", "--since must be before --until" },
	{ "one --since 2001-01-01 --step 5m", "too many" },
	{ "one --kind trace", "expected dns or ping" },
};

static void
mistakes_are_told(void **state)
{
	for (size_t i = 0; i < T_LEN(mistakes); i++) {
		struct printed p = history(*state, mistakes[i].line);

		T_CHECK(
		    p.status == 1 && strstr(p.err, mistakes[i].says) != NULL,
		    "'%s': %d, %s", mistakes[i].line, p.status, p.err);
		free(p.out);
		free(p.err);
	}
}

static void
who_is_in_quarantine_speaks_for_no_site(void **state)
{
	static const char *const both[][2] = {
		{ "UPDATE probe SET state = 'quarantined'",
		    "UPDATE probe SET state = 'active'" },
		{ "INSERT INTO quarantine (vantage_id, reason, since_us, "
		  "updated_us, numbers) VALUES (7, 'light', 1, 1, '{}')",
		    "UPDATE quarantine SET until_us = 2, "
		    "ending = 'believable'" },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < T_LEN(both); i++) {
		for (size_t j = 0; j < 2; j++) {
			struct printed p;

			assert_int_equal(sqlite3_exec(store_handle(r->store),
					     both[i][j], NULL, NULL, NULL),
			    SQLITE_OK);
			p = history(r, cases[2].line);
			T_CHECK((strcmp(p.out, cases[2].out) == 0) == (j == 1),
			    "%s: %s", both[i][j], p.out);
			free(p.out);
			free(p.err);
			p = history(r, cases[0].line);
			assert_string_equal(p.out, cases[0].out);
			free(p.out);
			free(p.err);
		}
	}
}

/* The same numbers once the hours have been added up to days. */
static void
what_is_of_hours_only_is_told_by_the_hour(void **state)
{
	struct rig *r = *state;
	struct rollups *x = rollups_new();
	struct printed p;
	struct err err;

	for (int i = 0; i < 10; i++)
		assert_int_equal(rollups_tick(x, r->store, 3600 * US_PER_S,
				     END + 86400 * US_PER_S, &err),
		    RC_OK);
	rollups_free(x);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM rollup_hour"), 0);
	for (size_t i = 0; i < 3; i++) {
		p = history(r, cases[i].line);
		T_CHECK(strcmp(p.out, cases[i].out) == 0, "%s:\n%s",
		    cases[i].line, p.out);
		free(p.out);
		free(p.err);
	}
}

#define RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void
a_terminal_shows_the_course_as_bars(void **state)
{
	char got[4096];

	unsetenv("TERM");
	setenv("LC_ALL", "C", 1);
	history_on_terminal(*state,
	    "--site ams --since 2023-11-14T22:00:00Z "
	    "--until 2023-11-15T00:00:00Z --step 30m",
	    got, sizeof got);
	T_CHECK(strstr(got, "\nrtt median  20.1 to  20.1 ms  ____\r\n") != NULL,
	    "%s", got);
	T_CHECK(strstr(got, "\nlost         0.0 to   3.3 %   #_#_\r\n") != NULL,
	    "%s", got);
}

/* 180 questions in November, three of them lost; nobody else's month. */
static void
a_month_is_judged_by_rssac047(void **state)
{
	struct printed p =
	    told_by(*state, command_availability, "--month 2023-11 --csv");

	assert_int_equal(p.status, 0);
	T_CHECK(
	    strstr(p.out, "\r\nweb,192.0.2.53,4,180,98.3333,96.0000,pass,20095,"
			  "250000,pass\r\n") != NULL,
	    "%s", p.out);
	free(p.out);
	free(p.err);
	p = told_by(*state, command_availability, "--month 2023-12");
	T_CHECK(strncmp(p.out, "nobody asked", 12) == 0 ||
		    strstr(p.out, " 0          -") != NULL,
	    "%s", p.out);
	free(p.out);
	free(p.err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG(the_rows_are_those_of_the_time_and_place),
		RIG(who_is_in_quarantine_speaks_for_no_site),
		RIG(a_terminal_shows_the_course_as_bars),
		RIG(a_month_is_judged_by_rssac047),
		RIG(mistakes_are_told),
		RIG(what_is_of_hours_only_is_told_by_the_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
