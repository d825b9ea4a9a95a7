/* report_command.c - see report_command.h. */
#include "collector/report_command.h"

#include <stdlib.h>
#include <string.h>

#include "collector/settings.h"
#include "schema/base/mem.h"

/* The command line, for a title: a process has one.  Lent. */
static struct {
	int argc;
	char **argv;
} asked;

static void
print_html(const struct report *r, const char *empty)
{
	size_t cap = sizeof PROGRAM, len;
	char *text, *safe;

	for (int i = 0; i < asked.argc; i++)
		cap += strlen(asked.argv[i]) + 1;
	text = mem_new(cap);
	len = (size_t)snprintf(text, cap, PROGRAM);
	for (int i = 0; i < asked.argc; i++)
		len += (size_t)snprintf(
		    text + len, cap - len, " %s", asked.argv[i]);
	safe = report_safe(text);
	report_print_html(r, safe, empty, stdout);
	free(safe);
	free(text);
}

bool
where_is_table(const struct where *w)
{
	return !w->is_json && !w->is_csv && !w->is_html;
}

int
command_options(const struct command_spec *spec, void *into, int argc,
    char **argv, char ***operands, int *n_operands)
{
	struct err err = ERR_NONE;
	enum rc rc =
	    options_parse(spec, into, argc, argv, operands, n_operands, &err);

	asked.argc = argc;
	asked.argv = argv;
	if (rc == RC_OK)
		return -1;
	if (rc == RC_NOTFOUND)
		return 0; /* --help */
	command_fail(spec->name, &err);
	return 2;
}

int
command_run(const struct command_spec *spec, void *options, int argc,
    char **argv, command_body *run)
{
	struct command_call call = { .options = options };
	struct err err = ERR_NONE;
	int status = command_options(
	    spec, options, argc, argv, &call.operands, &call.n_operands);

	if (status >= 0)
		return status;
	return run(&call, &err) == RC_OK ? 0 : command_fail(spec->name, &err);
}

enum rc
check_family(int64_t family, struct err *err)
{
	if (family == 0 || family == 4 || family == 6)
		return RC_OK;
	return err_set(err, RC_RANGE, "--family: expected 4 or 6");
}

enum rc
where_database(const struct where *w, char **path, struct err *err)
{
	struct settings settings;
	enum rc rc;

	if (w->database != NULL) {
		*path = mem_strdup(w->database);
		return RC_OK;
	}
	rc = settings_load(
	    &settings, w->config != NULL ? w->config : DEFAULT_CONFIG, err);
	if (rc == RC_NOTFOUND && w->config == NULL)
		return err_set(err, rc,
		    "no configuration at " DEFAULT_CONFIG "; say which with "
		    "--config FILE, or which database with --db FILE");
	if (rc != RC_OK)
		return rc;
	*path = mem_strdup(settings.database);
	settings_fini(&settings);
	return RC_OK;
}

enum rc
where_open(const struct where *w, enum store_mode mode, struct store **out,
    struct err *err)
{
	char *path;
	enum rc rc = where_database(w, &path, err);

	if (rc != RC_OK)
		return rc;
	rc = store_open(out, path, mode, err);
	free(path);
	return rc;
}

void
where_print_json(json_t *json)
{
	json_dumpf(json, stdout,
	    JSON_INDENT(2) | JSON_REAL_PRECISION(15) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(json);
}

void
where_print(const struct where *w, const struct report *r, const char *empty)
{
	if (w->is_json)
		where_print_json(report_json(r));
	else if (w->is_csv)
		report_print_csv(r, stdout);
	else if (w->is_html)
		print_html(r, empty);
	else
		report_print_table(r, empty, stdout);
}

int
command_fail(const char *name, const struct err *err)
{
	fprintf(stderr, PROGRAM " %s: %s\n", name, err->text);
	return 1;
}
