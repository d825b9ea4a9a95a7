/*
 * program.h - a program of subcommands: finding one, help, version.  (pure)
 *
 * Uses     schema/base/options.h
 * Used by  the main.c of both programs
 */
#ifndef SCHEMA_BASE_PROGRAM_H
#define SCHEMA_BASE_PROGRAM_H

#include <stddef.h>

struct program_command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
	const char *summary;
};

struct program {
	const char *name;
	const char *summary; /* what it does, in one line */
	const struct program_command *commands;
	size_t n_commands;
	const char *footer; /* of the help; "" for none */
};

/* Runs the command that argv[1] names and returns its exit status; --help,
 * --version and, for a shell's completion, --complete: 0.  2: no such command, with a "did you mean". */
int program_main(const struct program *p, int argc, char **argv);

#endif
