/*
 * options.h - command-line options from one table: parsing and help.  (pure)
 *
 * Used by  the main.c and subcommands of both programs
 *
 * A subcommand declares one array of struct option_spec; parsing, --help and
 * the man page's option list all come from it.
 */
#ifndef SCHEMA_BASE_OPTIONS_H
#define SCHEMA_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "schema/base/err.h"

enum option_kind {
	OPTION_FLAG,    /* bool: set to true when given */
	OPTION_TEXT,    /* const char *: lends the argument */
	OPTION_COUNT,   /* int64_t: whole number from min to max */
	OPTION_DECIMAL, /* double: from min to max */
	OPTION_DURATION /* int64_t in microseconds: "90s"; bare number = s */
};

struct option_spec {
	char letter;      /* 0: long form only */
	const char *name; /* without the dashes */
	enum option_kind kind;
	size_t offset;    /* of the field in the command's struct */
	int64_t min, max; /* COUNT and DECIMAL; both 0: any */
	const char
	    *argument;    /* name of the argument in help; NULL for a flag */
	const char *help; /* one line, lower case, no full stop */
};

struct command_spec {
	const char *program;            /* "catchwater-probe" */
	const char *name;               /* "measure" */
	const char *operands;           /* "TARGET..."; "" for none */
	int min_operands, max_operands; /* max -1: any number */
	const char *summary;            /* one line */
	const struct option_spec
	    *options; /* ends with name NULL; may be NULL */
};

/* Parses argv (argv[0] is the subcommand's name) into the struct at into,
 * whose fields hold their defaults.  Operands may stand between options and
 * come out at *operands (lent from argv) with their count.  --help and
 * --complete: write to standard output and return RC_NOTFOUND: the caller
 * leaves with status 0.  RC_MALFORMED, RC_RANGE: *err says which and what was
 * expected; "did you mean" for a misspelt long option. */
MUST_USE enum rc options_parse(const struct command_spec *spec, void *into,
    int argc, char **argv, char ***operands, int *n_operands, struct err *err);

/* Writes usage and the option table. */
void options_help(const struct command_spec *spec, FILE *to);

/* Writes what --complete does, for a shell's completion: a line for each
 * option, "--name TAB argument TAB help"; no argument: a flag. */
void options_complete(const struct command_spec *spec, FILE *to);

/* The closest of n names to a misspelt word, or NULL when none is close
 * (Damerau-Levenshtein distance of at most 2).  Lends from names. */
const char *
options_suggest(const char *word, const char *const *names, size_t n);

#endif
