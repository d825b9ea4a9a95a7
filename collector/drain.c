/*
 * drain.c - catchwater drain: empties a site on purpose, and verifies it.
 *
 * It withdraws nothing: that is the operator's, or his automation's.  It says
 * that it is meant, what is expected, who has moved, how long it took and who
 * has not; and after --undo who came back.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/commands.h"
#include "collector/drain_report.h"
#include "collector/drain_view.h"
#include "collector/drains.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_drain.h"
#include "collector/store_report.h"
#include "schema/base/clock.h"
#include "schema/base/terminal.h"

#define WATCH_EVERY_S 2
#define EXPECT_MAX 64

struct options {
	struct where where;
	int64_t for_us;
	const char *expect;
	bool is_undo, is_show, is_watch;
};

static const struct option_spec options[] = {
	{ 0, "for", OPTION_DURATION, offsetof(struct options, for_us), 0, 0,
	    "TIME", "it ends by itself after this time (default: by --undo)" },
	{ 0, "expect", OPTION_TEXT, offsetof(struct options, expect), 0, 0,
	    "LIST",
	    "SITE=PERCENT,...: where those who leave will go (default: where "
	    "they went before)" },
	{ 'u', "undo", OPTION_FLAG, offsetof(struct options, is_undo), 0, 0,
	    NULL, "it is over: follow who comes back" },
	{ 0, "show", OPTION_FLAG, offsetof(struct options, is_show), 0, 0, NULL,
	    "change nothing: what would happen, or how it goes" },
	{ 'w', "watch", OPTION_FLAG, offsetof(struct options, is_watch), 0, 0,
	    NULL, "go on until everybody has left, or come back" },
	OPTION_JSON,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "drain", "SERVICE SITE", 2,
	2, "empty a site on purpose, and verify it", options };

struct drain_command {
	const struct options *options;
	const char *service, *site;
	int64_t site_id;
	struct store *store;
	size_t n_expected;
	struct drain_share expected[EXPECT_MAX];
	struct drain_row row; /* the site's last; drain.id 0: none */
};

/* ---- what is expected ---- */

static enum rc
parse_share(struct drain_share *out, const char *word, struct err *err)
{
	const char *equals = strchr(word, '=');
	char *end = NULL;

	if (equals != NULL && equals != word &&
	    (size_t)(equals - word) <= NAME_MAX_LEN) {
		out->share = strtod(equals + 1, &end) / 100;
		if (*end == '%')
			end++;
	}
	if (end == NULL || *end != '\0' || end == equals + 1 ||
	    !(out->share >= 0 && out->share <= 1))
		return err_set(err, RC_MALFORMED,
		    "--expect: '%.40s' is not like nyc=60", word);
	snprintf(
	    out->site, sizeof out->site, "%.*s", (int)(equals - word), word);
	return RC_OK;
}

static enum rc
parse_expect(struct drain_command *c, struct err *err)
{
	char copy[1024], *save = NULL;
	double sum = 0;
	enum rc rc = RC_OK;

	if (c->options->expect == NULL)
		return RC_OK;
	snprintf(copy, sizeof copy, "%s", c->options->expect);
	for (char *w = strtok_r(copy, ", ", &save); rc == RC_OK && w != NULL;
	     w = strtok_r(NULL, ", ", &save)) {
		int64_t unused;

		if (c->n_expected == EXPECT_MAX)
			return err_set(err, RC_LIMIT, "--expect: too many");
		rc = parse_share(&c->expected[c->n_expected], w, err);
		if (rc == RC_OK)
			rc = lookup_site(c->store, c->service,
			    c->expected[c->n_expected].site, &unused, err);
		if (rc == RC_OK)
			sum += c->expected[c->n_expected++].share;
	}
	if (rc == RC_OK && (sum < 0.99 || sum > 1.01))
		return err_set(err, RC_RANGE,
		    "--expect: the shares make %.0f %%, not 100", sum * 100);
	return rc;
}

/* What was stored with the drain, unless something else is expected now. */
static void
recall_expected(struct drain_command *c)
{
	json_t *root, *share;
	const char *site;

	if (c->n_expected > 0 || c->row.expected == NULL)
		return;
	root = json_loads(c->row.expected, 0, NULL);
	json_object_foreach(root, site, share)
	{
		struct drain_share *e = &c->expected[c->n_expected];

		if (c->n_expected == EXPECT_MAX)
			break;
		snprintf(e->site, sizeof e->site, "%s", site);
		e->share = json_number_value(share);
		c->n_expected++;
	}
	json_decref(root);
}

/* Gives the text, NULL when nothing is expected. */
static char *
expected_text(const struct drain_view *v)
{
	json_t *root = json_object();
	char *text;

	for (size_t i = 0; i < v->n_destinations; i++)
		if (v->destinations[i].expected > 0)
			json_object_set_new(root, v->destinations[i].site,
			    json_real(v->destinations[i].expected));
	text = json_object_size(root) == 0
		   ? NULL
		   : json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(4));
	json_decref(root);
	return text;
}

/* ---- looking ---- */

/* Everything that one look at the database finds. */
struct look {
	struct landed_list before, now;
	struct drain_step_list last, moved, back;
	struct drain_view view;
};

static void
look_fini(struct look *l)
{
	drain_view_fini(&l->view);
	free(l->before.rows);
	free(l->now.rows);
	free(l->last.rows);
	free(l->moved.rows);
	free(l->back.rows);
	*l = (struct look){ 0 };
}

static bool
has_begun(const struct drain_command *c)
{
	return c->row.drain.id != 0;
}

static bool
is_over(const struct drain_command *c)
{
	return has_begun(c) && clock_wall_us() >= drain_end_us(&c->row.drain);
}

static enum rc
read_steps(
    struct drain_command *c, struct look *l, int64_t since_us, struct err *err)
{
	const struct drain *d = &c->row.drain;
	enum rc rc = store_drain_last_steps(
	    c->store, c->site_id, since_us, &l->last, err);

	if (rc == RC_OK && has_begun(c))
		rc = store_drain_steps(
		    c->store, c->site_id, d->since_us, false, &l->moved, err);
	if (rc == RC_OK && is_over(c))
		rc = store_drain_steps(
		    c->store, c->site_id, drain_end_us(d), true, &l->back, err);
	return rc;
}

static enum rc
look(struct drain_command *c, struct look *l, struct err *err)
{
	const struct landed_filter filter = { .service = c->service };
	int64_t now_us = clock_wall_us();
	int64_t since_us = has_begun(c) ? c->row.drain.since_us : now_us;
	struct drain_facts f = { .site = c->site,
		.drain = has_begun(c) ? &c->row.drain : NULL };
	enum rc rc =
	    store_landed_at(c->store, since_us, &filter, &l->before, err);

	if (rc == RC_OK)
		rc = store_landed_at(c->store, now_us, &filter, &l->now, err);
	if (rc == RC_OK)
		rc = read_steps(c, l, since_us, err);
	if (rc != RC_OK)
		return rc;
	recall_expected(c);
	f.before = &l->before;
	f.now = &l->now;
	f.last = &l->last;
	f.moved = &l->moved;
	f.back = &l->back;
	f.n_expected = c->n_expected;
	f.expected = c->expected;
	drain_view_make(&l->view, &f);
	return RC_OK;
}

/* ---- changing ---- */

static enum rc
read_last(struct drain_command *c, struct err *err)
{
	enum rc rc;

	free(c->row.expected);
	c->row = (struct drain_row){ 0 };
	rc = store_drain_last(c->store, c->site_id, &c->row, err);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Looked at before it begins, so that what was expected is kept with it. */
static enum rc
begin(struct drain_command *c, struct err *err)
{
	struct drain_row row = { .drain.site_id = c->site_id };
	struct look l = { 0 };
	int64_t id;
	enum rc rc;

	free(c->row.expected);
	c->row = (struct drain_row){ 0 };
	rc = look(c, &l, err);
	if (rc == RC_OK) {
		row.drain.since_us = clock_wall_us();
		if (c->options->for_us > 0)
			row.drain.until_us =
			    row.drain.since_us + c->options->for_us;
		row.expected = expected_text(&l.view);
		rc = store_drain_start(c->store, &row, &id, err);
	}
	free(row.expected);
	look_fini(&l);
	return rc == RC_OK ? read_last(c, err) : rc;
}

static enum rc
undo(struct drain_command *c, struct err *err)
{
	enum rc rc =
	    store_drain_undo(c->store, c->site_id, clock_wall_us(), err);

	if (rc == RC_NOTFOUND)
		return err_at(err, rc, "%s", c->site);
	return rc == RC_OK ? read_last(c, err) : rc;
}

/* With --show nothing is changed; a drain that is in force is looked at; else
 * one begins.  What is over is of interest only to --show. */
static enum rc
change(struct drain_command *c, struct err *err)
{
	enum rc rc = read_last(c, err);

	if (rc != RC_OK || c->options->is_show)
		return rc;
	if (c->options->is_undo)
		return undo(c, err);
	if (has_begun(c) && !is_over(c))
		return c->options->for_us == 0 && c->options->expect == NULL
			   ? RC_OK
			   : err_set(err, RC_LIMIT,
				 "%s is in drain already; --undo ends it",
				 c->site);
	return begin(c, err);
}

/* ---- the command ---- */

static bool
is_done(const struct drain_command *c, const struct drain_view *v)
{
	return is_over(c) ? v->n_back == v->n_left : v->n_staying == 0;
}

static void
print(const struct drain_command *c, const struct drain_view *v)
{
	const struct drain_about about = { .service = c->service,
		.site = c->site,
		.drain = has_begun(c) ? &c->row.drain : NULL,
		.is_over = is_over(c),
		.now_us = clock_wall_us() };

	if (c->options->where.is_json)
		where_print_json(drain_json(&about, v));
	else
		drain_print(&about, v, stdout);
}

static enum rc
follow(struct drain_command *c, struct err *err)
{
	bool is_terminal = terminal_is(stdout);

	for (;;) {
		struct look l = { 0 };
		bool is_last = !c->options->is_watch;
		enum rc rc = look(c, &l, err);

		if (rc != RC_OK) {
			look_fini(&l);
			return rc;
		}
		is_last = is_last || is_done(c, &l.view);
		if (!is_last && is_terminal && !c->options->where.is_json)
			fputs("\033[H\033[2J", stdout);
		if (is_last || !c->options->where.is_json)
			print(c, &l.view);
		fflush(stdout);
		look_fini(&l);
		if (is_last)
			return RC_OK;
		sleep(WATCH_EVERY_S);
	}
}

static enum rc
run(struct drain_command *c, struct err *err)
{
	const struct options *o = c->options;
	enum rc rc;

	if (o->is_undo && (o->is_show || o->for_us > 0 || o->expect != NULL))
		return err_set(err, RC_MALFORMED,
		    "--undo goes with --watch and --json only");
	rc = where_open(
	    &o->where, o->is_show ? STORE_READ : STORE_EDIT, &c->store, err);
	if (rc == RC_OK)
		rc = lookup_site(
		    c->store, c->service, c->site, &c->site_id, err);
	if (rc == RC_OK)
		rc = parse_expect(c, err);
	if (rc == RC_OK)
		rc = change(c, err);
	return rc == RC_OK ? follow(c, err) : rc;
}

int
command_drain(int argc, char **argv)
{
	struct options o = { 0 };
	struct drain_command c = { .options = &o };
	struct err err = ERR_NONE;
	char **operands;
	int n, status;
	enum rc rc;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	c.service = operands[0];
	c.site = operands[1];
	rc = run(&c, &err);
	free(c.row.expected);
	store_close(c.store);
	return rc == RC_OK ? 0 : command_fail(spec.name, &err);
}
