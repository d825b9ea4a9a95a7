/*
 * report_command.h - what every subcommand on a database shares.   (wiring)
 *
 * Uses     collector/report.h, settings.h, store.h, schema/base/options.h
 * Used by  the subcommands
 */
#ifndef COLLECTOR_REPORT_COMMAND_H
#define COLLECTOR_REPORT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/report.h"
#include "collector/store.h"
#include "schema/base/err.h"
#include "schema/base/options.h"

#define PROGRAM "catchwater"
#define DEFAULT_CONFIG "/etc/catchwater/catchwater.conf"

/* First member of the options struct of each such subcommand. */
struct where {
	const char *config, *database;
	bool is_json, is_csv, is_html;
};

#define OPTION_WHERE \
	{ 'c', "config", OPTION_TEXT, offsetof(struct where, config), 0, 0, \
		"FILE", "configuration (default " DEFAULT_CONFIG ")" }, \
	{ \
		0, "db", OPTION_TEXT, offsetof(struct where, database), 0, 0, \
		    "FILE", "database, or a copy of it; no configuration read" \
	}
#define OPTION_JSON \
	{ \
		0, "json", OPTION_FLAG, offsetof(struct where, is_json), 0, 0, \
		    NULL, "write JSON" \
	}
#define OPTION_HTML \
	{ \
		0, "html", OPTION_FLAG, offsetof(struct where, is_html), 0, 0, \
		    NULL, "write a page of HTML that needs nothing else" \
	}
#define OPTION_CSV \
	{ \
		0, "csv", OPTION_FLAG, offsetof(struct where, is_csv), 0, 0, \
		    NULL, "write comma-separated values" \
	}

/* Parses; returns -1 to go on, else the exit status. */
int command_options(const struct command_spec *spec, void *into, int argc,
    char **argv, char ***operands, int *n_operands);

/* What a subcommand was called with. */
struct command_call {
	const void *options;
	char **operands;
	int n_operands;
};
typedef enum rc command_body(const struct command_call *call, struct err *err);

/* Parses into options, runs the body, and says what went wrong; returns the exit
 * status. */
int command_run(const struct command_spec *spec, void *options, int argc,
    char **argv, command_body *run);

/* RC_RANGE unless a --family is 4, 6 or not given (0). */
MUST_USE enum rc check_family(int64_t family, struct err *err);

/* The path of the database that the options name.  Gives *path. */
MUST_USE enum rc
where_database(const struct where *w, char **path, struct err *err);

/* Opens it.  Gives *out. */
MUST_USE enum rc where_open(const struct where *w, enum store_mode mode,
    struct store **out, struct err *err);

/* Prints the report in the form asked for; --html has the command line for a
 * title. */
void
where_print(const struct where *w, const struct report *r, const char *empty);

/* For a person, at a terminal or in a pipe: there may be words beside it. */
bool where_is_table(const struct where *w);

/* Prints a whole JSON value, which it takes. */
void where_print_json(json_t *json);

/* Prints "catchwater NAME: text" to standard error; returns 1. */
int command_fail(const char *name, const struct err *err);

#endif
