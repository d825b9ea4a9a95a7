/* main.c - catchwater: finds the subcommand and runs it. */
#include <stdio.h>
#include <string.h>

#include "collector/commands.h"
#include "schema/base/options.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "serve", command_serve,
	    "collect, detect and alert: the long-running program" },
	{ "check", command_check,
	    "load a configuration; print what is in force" },
	{ "token", command_token, "make, list and revoke enrolment tokens" },
	{ "vantages", command_vantages,
	    "list, show, quarantine, release and revoke vantages" },
	{ "catchment", command_catchment, "which vantages land at which site" },
	{ "landing", command_landing, "where one vantage landed, and when" },
	{ "diff", command_diff, "who moved between two moments" },
	{ "sites", command_sites,
	    "announced, healthy and receiving: the verdict per site" },
	{ "events", command_events, "what happened, newest first" },
	{ "explain", command_explain,
	    "one event: gates, votes, raw evidence, paths" },
	{ "announce", command_announce,
	    "tell that a site's route is up or down" },
	{ "alert", command_alert, "send a test through an alert channel" },
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void
usage(FILE *to)
{
	fprintf(to,
	    "catchwater %s: where anycast traffic lands, and what moved\n\n"
	    "usage: catchwater COMMAND [OPTION...] [ARGUMENT...]\n\n",
	    CATCHWATER_VERSION);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(
		    to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'catchwater COMMAND --help' lists a command's options.\n"
	      "A TIME is 2026-11-21T08:00:00Z, now, today, yesterday or -2h.\n",
	    to);
}

static int
unknown_command(const char *word)
{
	const char *names[N_COMMANDS], *near;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	near = options_suggest(word, names, N_COMMANDS);
	fprintf(stderr, "catchwater: unknown command '%s'%s%s%s\n", word,
	    near != NULL ? "; did you mean '" : "; see catchwater --help",
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
		puts("catchwater " CATCHWATER_VERSION);
		return 0;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return unknown_command(argv[1]);
}
