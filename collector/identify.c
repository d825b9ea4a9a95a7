/* identify.c - catchwater identify: which service, site and city an identity
 * is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/catalogue.h"
#include "collector/commands.h"
#include "collector/interpret.h"
#include "collector/report_command.h"
#include "schema/base/mem.h"

struct options {
	struct where where;
	const char *dir, *service, *method, *config;
};

static const struct option_spec options[] = {
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "this service alone" },
	{ 'm', "method", OPTION_TEXT, offsetof(struct options, method), 0, 0,
	    "WORD", "how it was asked: nsid, chaos or txt (default: any)" },
	{ 'c', "config", OPTION_TEXT, offsetof(struct options, config), 0, 0,
	    "FILE", "the services of this configuration, not the catalogue's" },
	{ 0, "catalogue", OPTION_TEXT, offsetof(struct options, dir), 0, 0,
	    "DIR", "folder of the catalogue (default: the installed one)" },
	OPTION_JSON,
	OPTION_CSV,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "identify", "STRING...", 1,
	-1,
	"which service, site and city an identity is; bytes as \\xHH, - reads "
	"lines",
	options };

static const struct column columns[] = {
	{ "identity", "identity", CELL_TEXT },
	{ "service", "service", CELL_TEXT },
	{ "site", "site", CELL_TEXT },
	{ "city", "city", CELL_TEXT },
	{ "position", "position", CELL_TEXT },
	{ "instance", "instance", CELL_TEXT },
	{ "also", "also", CELL_TEXT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

/* All services that are asked; each file's in a settings of its own. */
struct services_asked {
	size_t n;
	struct settings *list;
};

static enum rc
load(struct services_asked *to, const char *path, struct err *err)
{
	enum rc rc;

	to->list = mem_grow(to->list, to->n + 1, sizeof *to->list);
	rc = settings_load_services(&to->list[to->n], path, err);
	if (rc == RC_OK)
		to->n++;
	return rc;
}

static enum rc
load_all(struct services_asked *to, const struct options *o, struct err *err)
{
	const struct catalogue_entry *e;
	struct catalogue c;
	enum rc rc;

	if (o->config != NULL)
		return load(to, o->config, err);
	rc = catalogue_open(&c, o->dir, err);
	if (rc != RC_OK)
		return rc;
	if (o->service != NULL) {
		e = catalogue_find(&c, o->service, err);
		rc = e != NULL ? load(to, e->path, err) : err->rc;
	}
	for (size_t i = 0; o->service == NULL && rc == RC_OK && i < c.n; i++)
		rc = load(to, c.list[i].path, err);
	catalogue_fini(&c);
	return rc;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Takes \xHH for the byte, as reports write it. */
static void
read_identity(struct identity *id, const char *text)
{
	size_t n = strlen(text), len = 0;
	uint8_t *bytes = mem_new(n + 1);

	for (size_t i = 0; i < n; len++) {
		int high = -1, low = -1;

		if (text[i] == '\\' && text[i + 1] == 'x') {
			high = hex_digit(text[i + 2]);
			low = high >= 0 ? hex_digit(text[i + 3]) : -1;
		}
		bytes[len] =
		    low >= 0 ? (uint8_t)(high * 16 + low) : (uint8_t)text[i];
		i += low >= 0 ? 4 : 1;
	}
	identity_set(id, bytes, len);
	free(bytes);
}

struct answer {
	const struct service *service; /* NULL: nobody's */
	const struct site *site;       /* NULL: opaque */
	struct identity_match match;
	char also[256]; /* further services that it may be of */
};

/* Notes what the identity is to one service. */
static void
ask_service(struct answer *out, const struct service *s,
    const struct identity *id, enum identity_method method)
{
	struct identity_match match;
	const struct site *site = interpret_site(s, id, method, &match);
	size_t n = strlen(out->also);

	if (site == NULL && !match.is_opaque)
		return;
	if (out->service != NULL) {
		snprintf(out->also + n, sizeof out->also - n, "%s%s",
		    n > 0 ? " " : "", s->name);
		return;
	}
	out->service = s;
	out->site = site;
	out->match = match;
}

/* Asks every service by one method. */
static void
ask_by(struct answer *out, const struct services_asked *all,
    const struct options *o, const struct identity *id,
    enum identity_method method)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct services *list = &all->list[i].services;

		for (size_t k = 0; k < list->n; k++)
			if (o->service == NULL ||
			    strcmp(list->list[k].name, o->service) == 0)
				ask_service(out, &list->list[k], id, method);
	}
}

/* By the method given; else as NSID, and by others when nobody has that. */
static void
ask(struct answer *out, const struct services_asked *all,
    const struct options *o, int method, const struct identity *id)
{
	*out = (struct answer){ 0 };
	for (int m = 0; m < N_METHODS && out->service == NULL; m++)
		if (method < 0 || m == method)
			ask_by(out, all, o, id, (enum identity_method)m);
}

static void
add_row(struct report *r, const struct identity *id, const struct answer *a)
{
	const struct site *site = a->site;
	char text[IDENTITY_TEXT_LEN], position[64];

	report_text(r, identity_format(id, text));
	report_text(r, a->service != NULL ? a->service->name : NULL);
	report_text(r, site != NULL ? site->name : NULL);
	report_text(
	    r, site != NULL && site->city[0] != '\0' ? site->city : NULL);
	if (site != NULL && site->has_position) {
		snprintf(position, sizeof position, "%.6g,%.6g", site->latitude,
		    site->longitude);
		report_text(r, position);
	} else {
		report_none(r);
	}
	report_text(r, a->match.instance[0] != '\0' ? a->match.instance : NULL);
	report_text(r, a->also[0] != '\0' ? a->also : NULL);
}

struct asking {
	struct report report;
	const struct options *options;
	struct services_asked all;
	int method; /* -1: any */
};

static void
answer_text(struct asking *q, const char *text)
{
	struct identity id = { 0 };
	struct answer a;

	read_identity(&id, text);
	ask(&a, &q->all, q->options, q->method, &id);
	add_row(&q->report, &id, &a);
}

static void
answer_lines(struct asking *q, FILE *from)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, from)) >= 0) {
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		answer_text(q, line);
	}
	free(line);
}

static enum rc
read_method(const char *word, int *method, struct err *err)
{
	enum identity_method m;

	*method = -1;
	if (word == NULL)
		return RC_OK;
	if (identity_method_from_name(&m, word) != RC_OK)
		return err_set(err, RC_RANGE,
		    "--method: '%.40s', expected nsid, chaos or txt", word);
	*method = (int)m;
	return RC_OK;
}

static void
answer_all(struct asking *q, char **operands, int n)
{
	report_init(&q->report, columns, N_COLUMNS);
	for (int i = 0; i < n; i++) {
		if (strcmp(operands[i], "-") == 0)
			answer_lines(q, stdin);
		else
			answer_text(q, operands[i]);
	}
	where_print(&q->options->where, &q->report, "nothing was asked");
	report_fini(&q->report);
}

int
command_identify(int argc, char **argv)
{
	struct options o = { 0 };
	struct asking q = { .options = &o };
	struct err err = ERR_NONE;
	char **operands;
	enum rc rc;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	rc = read_method(o.method, &q.method, &err);
	if (rc == RC_OK)
		rc = load_all(&q.all, &o, &err);
	if (rc == RC_OK)
		answer_all(&q, operands, n);
	for (size_t i = 0; i < q.all.n; i++)
		settings_fini(&q.all.list[i]);
	free(q.all.list);
	return rc == RC_OK ? 0 : command_fail(spec.name, &err);
}
