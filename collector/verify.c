/* verify.c - catchwater verify: is the database whole? */
#include <inttypes.h>
#include <stdio.h>

#include "collector/commands.h"
#include "collector/report_command.h"
#include "collector/store_verify.h"

static const struct option_spec options[] = {
	OPTION_JSON,
	OPTION_CSV,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "verify", "", 0, 0,
	"is the database whole, and does it agree with itself", options };

static const struct column columns[] = {
	{ "check", "check", CELL_TEXT },
	{ "result", "result", CELL_TEXT },
	{ "fault", "fault", CELL_TEXT },
};

struct verdict {
	struct report report;
	unsigned n_faults;
};

static void
add_row(void *ctx, const char *check, const char *fault)
{
	struct verdict *v = ctx;

	report_text(&v->report, check);
	report_text(&v->report, fault == NULL ? "ok" : "fault");
	report_text(&v->report, fault);
	v->n_faults += fault != NULL;
}

static enum rc
run(const struct where *w, unsigned *n_faults, struct err *err)
{
	struct verdict v = { .n_faults = 0 };
	struct store *st = NULL;
	enum rc rc = where_open(w, STORE_READ, &st, err);

	report_init(&v.report, columns, sizeof columns / sizeof *columns);
	if (rc == RC_OK)
		rc = store_verify(st, add_row, &v, err);
	if (rc == RC_OK)
		where_print(w, &v.report, "");
	*n_faults = v.n_faults;
	report_fini(&v.report);
	store_close(st);
	return rc;
}

int
command_verify(int argc, char **argv)
{
	struct where where = { 0 };
	struct err err = ERR_NONE;
	unsigned n_faults = 0;
	char **operands;
	int n, status;

	status = command_options(&spec, &where, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	if (run(&where, &n_faults, &err) != RC_OK)
		return command_fail(spec.name, &err);
	if (n_faults == 0)
		return 0;
	fflush(stdout);
	fprintf(stderr,
	    PROGRAM " verify: %u faults; a copy made by '" PROGRAM
		    " backup' before them has what is lost, and 'sqlite3 FILE "
		    ".recover' what can still be read\n",
	    n_faults);
	return 1;
}
