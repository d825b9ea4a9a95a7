/*
 * main_upload.c - catchwater-upload: the helper that speaks TLS.
 *
 * Started by catchwater-probe, for enroll, upload, leave and site, by the resident
 * probe for each upload, and to measure DNS over TLS.  argv[0] is the
 * subcommand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/commands.h"
#include "probe/state.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "enroll", command_enroll },
	{ "upload", command_upload },
	{ "leave", command_leave },
	{ "reach", command_reach },
	{ "dot", command_dot },
	{ "site", command_site },
};

int
main(int argc, char **argv)
{
	state_set_home(getenv("XDG_STATE_HOME"), getenv("HOME"));
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (argc > 0 && strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	fputs("catchwater-upload is started by catchwater-probe; see "
	      "'catchwater-probe --help'\n",
	    stderr);
	return 2;
}
