/* check.c - catchwater check: is the configuration right, and what is in
 * force? */
#include <stdio.h>

#include "collector/commands.h"
#include "collector/listen.h"
#include "collector/report_command.h"
#include "collector/settings.h"

struct options {
	const char *config;
};

static const struct option_spec options[] = {
	{ 'c', "config", OPTION_TEXT, offsetof(struct options, config), 0, 0,
	    "FILE", "configuration (default " DEFAULT_CONFIG ")" },
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "check", "", 0, 0,
	"load a configuration; print what is in force, defaults included",
	options };

int
command_check(int argc, char **argv)
{
	struct options o = { .config = DEFAULT_CONFIG };
	struct settings settings;
	struct err err = ERR_NONE;
	struct addr address;
	uint16_t port;
	char **operands;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	if (settings_load(&settings, o.config, &err) != RC_OK)
		return command_fail(spec.name, &err);
	if (listen_check(&address, &port, settings.listen,
		settings.tls_certificate != NULL, &err) == RC_OK)
		settings_print(&settings, stdout);
	settings_fini(&settings);
	return err.rc == RC_OK ? 0 : command_fail(spec.name, &err);
}
