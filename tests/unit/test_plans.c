/*
 * test_plans.c - no report reads through a table that grows for ever.
 *
 * Every statement that a subcommand runs is caught on its way, and SQLite asked
 * how it would go about it: each of the large tables must be searched by a key
 * or an index.
 */
#include "collector/commands.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/store_sqlite.h"
#include "tests/unit/fixture.h"

#define MAX_ARGS 16
#define MAX_STATEMENTS 200

static char dir[] = "/tmp/test_plans.XXXXXX";
static char database[64];
static char *statements[MAX_STATEMENTS];
static size_t n_statements;

static const char *const large[] = { "observation", "landing", "move", "vote",
	"event", "heard", "hop_note", "second_answer", "tls", "doubt", "path",
	"identity", "delivery", "attempt", "rollup_hour", "rollup_day",
	"site_report", "site_state" };

static const struct {
	int (*command)(int argc, char **argv);
	const char *line;
} reports[] = {
	{ command_catchment, "catchment --at 2026-03-01T13:00:00Z" },
	{ command_catchment, "catchment --by asn --at 2026-03-01T13:00:00Z" },
	{ command_landing, "landing v-berlin/4 --since 2026-02-01" },
	{ command_landing, "landing --all --since 2026-02-28" },
	{ command_diff, "diff 2026-03-01T11:00:00Z 2026-03-01T13:00:00Z" },
	{ command_sites, "sites" },
	{ command_vantages, "vantages" },
	{ command_vantages, "vantages show v-berlin" },
	{ command_events, "events --open" },
	{ command_explain, "explain 1" },
	{ command_history, "history v-berlin/4 --since 2026-02-01" },
	{ command_history, "history --site ams --service root" },
	{ command_status, "status" },
};

static int catch (unsigned what, void *ctx, void *stmt, void *text)
{
	const char *sql = sqlite3_sql(stmt);

	(void)what;
	(void)ctx;
	(void)text;
	for (size_t i = 0; i < n_statements; i++)
		if (strcmp(statements[i], sql) == 0)
			return 0;
	if (n_statements < MAX_STATEMENTS)
		statements[n_statements++] = strdup(sql);
	return 0;
}

/* Called for each connection that is opened. */
static int
watch(sqlite3 *db, const char **why, const void *api)
{
	(void)why;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, catch, NULL);
}

static int
quietly(int (*command)(int argc, char **argv), const char *line)
{
	char copy[256], *argv[MAX_ARGS + 3], *rest = NULL;
	int argc = 0, out, status, file = open("/dev/null", O_WRONLY);

	snprintf(copy, sizeof copy, "%s", line);
	for (char *word = strtok_r(copy, " ", &rest);
	     word != NULL && argc < MAX_ARGS; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc++] = (char[]){ "--db" };
	argv[argc++] = database;
	argv[argc] = NULL;
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	dup2(file, STDOUT_FILENO);
	close(file);
	status = command(argc, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	return status;
}

/* "SCAN landing", or under an alias "SCAN l": the plan names the alias, so the
 * statement tells which table it is of. */
static bool
is_of(const char *sql, const char *name, const char *table)
{
	static const char *const before[] = { "FROM", "JOIN" };
	char text[80];

	if (strcmp(name, table) == 0)
		return true;
	for (size_t i = 0; i < T_LEN(before); i++) {
		const char *at;

		snprintf(
		    text, sizeof text, "%s %s %s ", before[i], table, name);
		at = strstr(sql, text);
		if (at != NULL)
			return true;
	}
	return false;
}

static void
check_plan(sqlite3 *db, const char *line, const char *sql)
{
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, explain, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(s, 3);
		char name[64];

		if (sscanf(step, "SCAN %63s", name) != 1)
			continue;
		if (strstr(step, "VIRTUAL TABLE INDEX 0:") != NULL &&
		    is_of(sql, name, "observed"))
			fail_msg("%s: %s, in: %s", line, step, sql);
		for (size_t i = 0; i < T_LEN(large); i++)
			if (is_of(sql, name, large[i]))
				fail_msg("%s: %s, in: %s", line, step, sql);
	}
	sqlite3_finalize(s);
	sqlite3_free(explain);
}

static void
no_report_reads_through_a_large_table(void **state)
{
	struct err err = ERR_NONE;
	struct store *st;

	(void)state;
	for (size_t i = 0; i < T_LEN(reports); i++) {
		n_statements = 0;
		sqlite3_auto_extension((void (*)(void))watch);
		T_CHECK(quietly(reports[i].command, reports[i].line) == 0, "%s",
		    reports[i].line);
		sqlite3_cancel_auto_extension((void (*)(void))watch);
		assert_true(n_statements > 0);
		T_CHECK(store_open(&st, database, STORE_READ, &err) == RC_OK,
		    "%s", err.text);
		for (size_t j = 0; j < n_statements; j++) {
			if (strncmp(statements[j], "PRAGMA", 6) != 0)
				check_plan(store_handle(st), reports[i].line,
				    statements[j]);
			free(statements[j]);
		}
		store_close(st);
	}
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(database, sizeof database, "%s/c.db", dir);
	fixture_make(database, "tests/data/report.sql");
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const tails[] = { "", "-wal", "-shm", ".lock" };

	(void)state;
	for (size_t i = 0; i < T_LEN(tails); i++) {
		char path[80];

		snprintf(path, sizeof path, "%s%s", database, tails[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_report_reads_through_a_large_table),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
