/* program.c - see program.h. */
#include "schema/base/program.h"

#include <stdio.h>
#include <string.h>

#include "schema/base/options.h"
#include "schema/base/text.h"

#define MAX_COMMANDS 40
#define WORD_LEN 80 /* of one that is none, as it is told */

static void
usage(const struct program *p, FILE *to)
{
	fprintf(to,
	    "%s %s: %s\n\nusage: %s COMMAND [OPTION...] [ARGUMENT...]\n\n",
	    p->name, CATCHWATER_VERSION, p->summary, p->name);
	for (size_t i = 0; i < p->n_commands; i++)
		fprintf(to, "  %-12s %s\n", p->commands[i].name,
		    p->commands[i].summary);
	fprintf(to, "\n'%s COMMAND --help' lists a command's options.\n%s",
	    p->name, p->footer);
}

static int
unknown_command(const struct program *p, const char *word)
{
	const char *names[MAX_COMMANDS], *near;
	char safe[WORD_LEN];
	size_t n = p->n_commands < MAX_COMMANDS ? p->n_commands : MAX_COMMANDS;

	for (size_t i = 0; i < n; i++)
		names[i] = p->commands[i].name;
	near = options_suggest(word, names, n);
	if (near != NULL)
		fprintf(stderr,
		    "%s: unknown command '%s'; did you mean '%s'?\n", p->name,
		    text_safe(safe, sizeof safe, word), near);
	else
		fprintf(stderr, "%s: unknown command '%s'; see %s --help\n",
		    p->name, text_safe(safe, sizeof safe, word), p->name);
	return 2;
}

int
program_main(const struct program *p, int argc, char **argv)
{
	if (argc < 2) {
		usage(p, stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(p, stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", p->name, CATCHWATER_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--complete") == 0) {
		for (size_t i = 0; i < p->n_commands; i++)
			printf("%s\t\t%s\n", p->commands[i].name,
			    p->commands[i].summary);
		return 0;
	}
	for (size_t i = 0; i < p->n_commands; i++)
		if (strcmp(argv[1], p->commands[i].name) == 0)
			return p->commands[i].run(argc - 1, argv + 1);
	return unknown_command(p, argv[1]);
}
