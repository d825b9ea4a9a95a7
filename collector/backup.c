/* backup.c - catchwater backup: a copy of the database, while it is at work. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/commands.h"
#include "collector/report_command.h"
#include "collector/store_backup.h"

static const struct option_spec options[] = {
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "backup", "FILE", 1, 1,
	"copy the database to a new file, while it is at work", options };

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct where *w = call->options;
	const char *to = call->operands[0];
	struct backed_up done;
	char *path, *safe;
	enum rc rc = where_database(w, &path, err);

	if (rc != RC_OK)
		return rc;
	rc = store_backup(path, to, &done, err);
	free(path);
	if (rc != RC_OK)
		return rc;
	safe = report_safe(to);
	printf("%s: %" PRId64 " bytes, schema version %" PRId64
	       ", checked and on disk\n",
	    safe, done.n_bytes, done.schema);
	free(safe);
	return RC_OK;
}

int
command_backup(int argc, char **argv)
{
	struct where where = { 0 };

	return command_run(&spec, &where, argc, argv, run);
}
