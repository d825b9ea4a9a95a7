/*
 * main.c - catchwater-probe: finds the subcommand and runs it.
 *
 * enroll, site, upload and leave speak HTTPS: they live in the helper program
 * catchwater-upload, so that the resident probe never loads libcurl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/commands.h"
#include "probe/helper.h"
#include "probe/state.h"
#include "schema/base/program.h"

/* Becomes the helper program, which finds the command in argv[0]. */
static int
exec_helper(int argc, char **argv)
{
	char path[HELPER_PATH_MAX];
	struct err err = ERR_NONE;

	(void)argc;
	if (helper_find(path, &err) == RC_OK) {
		execv(path, argv);
		err_sys(&err, "start %s", path);
	}
	fprintf(stderr, "catchwater-probe: %s\n", err.text);
	return 1;
}

static const struct program_command commands[] = {
	{ "measure", command_measure,
	    "measure targets now; no collector needed" },
	{ "enroll", exec_helper,
	    "make a key and register it with a collector" },
	{ "run", command_run, "measure what the collector assigns, for ever" },
	{ "site", exec_helper,
	    "at an anycast site: tell whether it is announced and healthy" },
	{ "upload", exec_helper, "send what the spool holds, now" },
	{ "doctor", command_doctor,
	    "try every step that can fail, and name it" },
	{ "leave", exec_helper,
	    "tell the collector, then erase the key and the spool" },
};

int
main(int argc, char **argv)
{
	static const struct program program = {
		.name = "catchwater-probe",
		.summary = "measures where anycast traffic lands",
		.commands = commands,
		.n_commands = sizeof commands / sizeof commands[0],
		.footer = "",
	};

	state_set_home(getenv("XDG_STATE_HOME"), getenv("HOME"));
	return program_main(&program, argc, argv);
}
