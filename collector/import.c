/* import.c - catchwater import: history that others measured. */
#include "collector/commands.h"
#include "collector/import_commands.h"
#include "schema/base/program.h"

static const struct program_command commands[] = {
	{ "atlas", import_atlas,
	    "results of RIPE Atlas: DNS, traceroute, ping" },
	{ "catchment", import_catchment,
	    "rounds of a catchment mapper such as Verfploeter" },
};

int
command_import(int argc, char **argv)
{
	static const struct program program = {
		.name = "catchwater import",
		.summary = "takes in history, through the same landing and "
			   "detection as live data, at its own time",
		.commands = commands,
		.n_commands = sizeof commands / sizeof commands[0],
		.footer = "No 'catchwater serve' may run on the database "
			  "meanwhile.  'atlas --decode' needs no\ndatabase: "
			  "it writes what it reads as JSON Lines.\n",
	};

	return program_main(&program, argc, argv);
}
