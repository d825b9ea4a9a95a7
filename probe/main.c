/*
 * main.c - catchwater-probe: finds the subcommand and runs it.
 *
 * enroll, upload and leave speak HTTPS: they live in the helper program
 * catchwater-upload, so that the resident probe never loads libcurl.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/commands.h"
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

/* Becomes the helper program: beside this one (a build folder), or installed. */
static int
exec_helper(char **argv)
{
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n > 0) {
		self[n] = '\0';
		snprintf(
		    path, sizeof path, "%s/catchwater-upload", dirname(self));
		execv(path, argv);
	}
	execv(CATCHWATER_LIBEXEC "/catchwater-upload", argv);
	fprintf(stderr, "catchwater-probe: cannot start catchwater-upload, "
			"neither beside this program nor in " CATCHWATER_LIBEXEC
			"; install it ('make install')\n");
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
