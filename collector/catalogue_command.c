/* catalogue_command.c - catchwater catalogue: lists the well-known services, or
 * prints one as a configuration includes it. */
#include <stdio.h>
#include <stdlib.h>

#include "collector/catalogue.h"
#include "collector/commands.h"
#include "collector/report_command.h"
#include "schema/base/file.h"

#define FILE_MAX (1 << 20)

struct options {
	struct where where;
	const char *dir;
};

static const struct option_spec options[] = {
	OPTION_JSON,
	OPTION_CSV,
	{ 0, "catalogue", OPTION_TEXT, offsetof(struct options, dir), 0, 0,
	    "DIR", "folder of the catalogue (default: the installed one)" },
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "catalogue", "[NAME]", 0, 1,
	"list the well-known services; print one, ready for include()",
	options };

static const struct column columns[] = {
	{ "name", "name", CELL_TEXT },
	{ "addresses", "addresses", CELL_TEXT },
	{ "zone", "zone", CELL_TEXT },
	{ "n_sites", "sites", CELL_COUNT },
	{ "path", NULL, CELL_TEXT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

/* Its addresses, a blank between. */
static void
addresses_text(const struct services *s, char *out, size_t cap)
{
	char text[ADDR_TEXT_LEN];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->n_targets && n < cap; i++)
		if (s->targets[i].role == ROLE_SERVICE)
			n += (size_t)snprintf(out + n, cap - n, "%s%s",
			    n > 0 ? " " : "",
			    addr_format(&s->targets[i].address, text));
}

static void
add_row(
    struct report *r, const struct catalogue_entry *e, const struct services *s)
{
	char addresses[512];
	size_t n_sites = 0;

	for (size_t i = 0; i < s->n; i++)
		n_sites += s->list[i].n_sites;
	addresses_text(s, addresses, sizeof addresses);
	report_text(r, e->name);
	report_text(r, addresses);
	report_text(r, s->n > 0 ? s->list[0].zone : NULL);
	report_number(r, (int64_t)n_sites);
	report_text(r, e->path);
}

static enum rc
list(const struct catalogue *c, const struct where *w, struct err *err)
{
	struct report r;
	enum rc rc = RC_OK;

	report_init(&r, columns, N_COLUMNS);
	for (size_t i = 0; rc == RC_OK && i < c->n; i++) {
		struct settings s;

		rc = settings_load_services(&s, c->list[i].path, err);
		if (rc != RC_OK)
			break;
		add_row(&r, &c->list[i], &s.services);
		settings_fini(&s);
	}
	if (rc == RC_OK)
		where_print(w, &r, "the catalogue is empty");
	report_fini(&r);
	return rc;
}

static enum rc
print_one(const struct catalogue *c, const char *name, struct err *err)
{
	const struct catalogue_entry *e = catalogue_find(c, name, err);
	size_t len;
	char *text;
	enum rc rc;

	if (e == NULL)
		return err->rc;
	rc = file_read(e->path, FILE_MAX, &text, &len, err);
	if (rc != RC_OK)
		return rc;
	fwrite(text, 1, len, stdout);
	free(text);
	return RC_OK;
}

int
command_catalogue(int argc, char **argv)
{
	struct options o = { 0 };
	struct catalogue c = { 0 };
	struct err err = ERR_NONE;
	char **operands;
	enum rc rc;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	rc = catalogue_open(&c, o.dir, &err);
	if (rc == RC_OK)
		rc = n > 0 ? print_one(&c, operands[0], &err)
			   : list(&c, &o.where, &err);
	catalogue_fini(&c);
	return rc == RC_OK ? 0 : command_fail(spec.name, &err);
}
