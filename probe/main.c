/*
 * main.c - catchwater-probe: finds the subcommand and runs it.
 *
 * enroll, upload and leave speak HTTPS: they live in the helper program
 * catchwater-upload, so that the resident probe never loads libcurl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/commands.h"
#include "probe/helper.h"
#include "probe/state.h"
#include "schema/base/options.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* NULL: in the helper program */
	const char *summary;
} commands[] = {
	{ "measure", command_measure,
	    "measure targets now; no collector needed" },
	{ "enroll", NULL, "make a key and register it with a collector" },
	{ "run", command_run, "measure what the collector assigns, for ever" },
	{ "upload", NULL, "send what the spool holds, now" },
	{ "doctor", command_doctor,
	    "try every step that can fail, and name it" },
	{ "leave", NULL,
	    "tell the collector, then erase the key and the spool" },
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void
usage(FILE *to)
{
	fprintf(to,
	    "catchwater-probe %s: measures where anycast traffic lands\n\n"
	    "usage: catchwater-probe COMMAND [OPTION...] [ARGUMENT...]\n\n",
	    CATCHWATER_VERSION);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(
		    to, "  %-9s %s\n", commands[i].name, commands[i].summary);
	fputs(
	    "\n'catchwater-probe COMMAND --help' lists a command's options.\n",
	    to);
}

/* Becomes the helper program. */
static int
exec_helper(char **argv)
{
	char path[HELPER_PATH_MAX];
	struct err err = ERR_NONE;

	if (helper_find(path, &err) == RC_OK) {
		execv(path, argv);
		err_sys(&err, "start %s", path);
	}
	fprintf(stderr, "catchwater-probe: %s\n", err.text);
	return 1;
}

static int
unknown_command(const char *word)
{
	const char *names[N_COMMANDS], *near;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	near = options_suggest(word, names, N_COMMANDS);
	fprintf(stderr, "catchwater-probe: unknown command '%s'%s%s%s\n", word,
	    near != NULL ? "; did you mean '" : "; see catchwater-probe --help",
	    near != NULL ? near : "", near != NULL ? "'?" : "");
	return 2;
}

int
main(int argc, char **argv)
{
	state_set_home(getenv("XDG_STATE_HOME"), getenv("HOME"));
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("catchwater-probe " CATCHWATER_VERSION);
		return 0;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (commands[i].run == NULL)
			return exec_helper(argv + 1);
		return commands[i].run(argc - 1, argv + 1);
	}
	return unknown_command(argv[1]);
}
