/* vantages.c - catchwater vantages: who measures, and whom we believe. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/between.h"
#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/place.h"
#include "collector/quarantine_text.h"
#include "collector/report_command.h"
#include "collector/store_probe.h"
#include "collector/store_quarantine.h"
#include "collector/views.h"
#include "schema/base/clock.h"
#include "schema/base/text.h"

struct options {
	struct where where;
	const char *reason;
};

static const struct option_spec options[] = {
	{ 'r', "reason", OPTION_TEXT, offsetof(struct options, reason), 0, 0,
	    "TEXT", "quarantine, revoke: why, for those who ask later" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "vantages",
	"[list | show V | quarantine V | release V | revoke V]", 0, 2,
	"list the vantages; stop believing one, or let it no longer in",
	options };

static const struct column columns[] = {
	{ "vantage", "vantage", CELL_TEXT },
	{ "probe_id", NULL, CELL_TEXT },
	{ "family", NULL, CELL_COUNT },
	{ "asn", "AS", CELL_COUNT },
	{ "country", "country", CELL_TEXT },
	{ "source", NULL, CELL_TEXT },
	{ "seen", NULL, CELL_TEXT },
	{ "own", NULL, CELL_TEXT },
	{ "nat", "NAT", CELL_TEXT },
	{ "between", "between", CELL_TEXT },
	{ "state", "state", CELL_TEXT },
	{ "reason", NULL, CELL_TEXT },
	{ "quarantine", NULL, CELL_TEXT },
	{ "quarantined", NULL, CELL_TIME },
	{ "v4", "v4", CELL_TEXT },
	{ "v6", "v6", CELL_TEXT },
	{ "received", "received", CELL_TIME },
	{ "clock", NULL, CELL_TEXT },
	{ "clock_offset_us", "clock off", CELL_MS },
	{ "n_lost", "lost", CELL_COUNT },
	{ "version", "version", CELL_TEXT },
	{ "enrolled", NULL, CELL_TIME },
	{ "latitude", NULL, CELL_DEGREES },
	{ "longitude", NULL, CELL_DEGREES },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void
text_or_none(struct report *r, const char *text)
{
	report_text(r, text[0] != '\0' ? text : NULL);
}

static void
address_or_none(struct report *r, const struct addr *a)
{
	char text[ADDR_TEXT_LEN];

	report_text(r, a->family != 0 ? addr_format(a, text) : NULL);
}

static void
name_vantage(const struct vantage_info *v, char *text, size_t cap)
{
	if (v->family != 0)
		snprintf(text, cap, "%s/%u", v->probe, v->family);
	else
		snprintf(text, cap, "%s", v->probe);
}

/* Why it is in the state that it is in: somebody's words, or the detector's. */
static const char *
reason_of(
    const struct vantage_info *v, char buf[static QUARANTINE_SENTENCE_LEN])
{
	return v->numbers[0] == '\0'
		   ? v->reason
		   : quarantine_sentence(v->quarantine, v->numbers, buf);
}

static void
add_row(struct report *r, const struct vantage_info *v)
{
	char vantage[NAME_MAX_LEN + 8], sentence[QUARANTINE_SENTENCE_LEN];

	name_vantage(v, vantage, sizeof vantage);
	report_text(r, vantage);
	report_text(r, v->probe_id);
	report_number_if(r, v->family != 0, v->family);
	report_number_if(r, v->asn != 0, v->asn);
	text_or_none(r, v->country);
	text_or_none(r, v->source);
	address_or_none(r, &v->seen);
	address_or_none(r, &v->own);
	report_text(r, place_nat(&v->seen, &v->own));
	text_or_none(r, v->between);
	report_text(r, v->state);
	text_or_none(r, reason_of(v, sentence));
	text_or_none(r, v->quarantine);
	report_number_if(r, v->has_quarantined, v->quarantined_us);
	text_or_none(r, v->v4);
	text_or_none(r, v->v6);
	report_number_if(r, v->has_received, v->received_us);
	text_or_none(r, v->clock);
	report_number_if(r, v->has_offset, v->clock_offset_us);
	report_number(r, v->n_lost);
	text_or_none(r, v->version);
	report_number(r, v->enrolled_us);
	report_number_if(r, v->has_position, v->latitude);
	report_number_if(r, v->has_position, v->longitude);
}

static void
fill_report(struct report *r, const struct vantage_list *list)
{
	report_init(r, columns, N_COLUMNS);
	for (size_t i = 0; i < list->n; i++)
		add_row(r, &list->rows[i]);
}

/* A line for each that is in quarantine. */
static void
print_quarantined(const struct vantage_list *list, FILE *to)
{
	char name[NAME_MAX_LEN + 8], safe[TEXT_SAFE_LEN(sizeof name)];
	char sentence[QUARANTINE_SENTENCE_LEN], since[CLOCK_TEXT_LEN];

	for (size_t i = 0; i < list->n; i++) {
		const struct vantage_info *v = &list->rows[i];
		char *why;

		if (v->quarantine[0] == '\0')
			continue;
		name_vantage(v, name, sizeof name);
		why = report_safe(reason_of(v, sentence));
		fprintf(to, "%s: quarantined by %s",
		    text_safe(safe, sizeof safe, name),
		    v->numbers[0] == '\0' ? "hand" : "the detector");
		if (v->has_quarantined)
			fprintf(to, " since %s",
			    clock_format(v->quarantined_us, since));
		fprintf(to, "%s%s\n", why[0] != '\0' ? ": " : "", why);
		free(why);
	}
}

/* The rows with the numbers of the detector's quarantine.  Gives. */
static json_t *
rows_json(const struct vantage_list *list, const struct report *r)
{
	json_t *array = report_json(r);

	for (size_t i = 0; i < list->n; i++) {
		json_t *numbers = json_loads(list->rows[i].numbers, 0, NULL);

		if (numbers != NULL)
			json_object_set_new(json_array_get(array, i),
			    "quarantine_numbers", numbers);
	}
	return array;
}

enum rc
view_vantages(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	struct vantage_list list = { 0 };
	struct report r;
	enum rc rc = store_vantages(st, &list, err);

	(void)q;
	if (rc != RC_OK)
		return rc;
	fill_report(&r, &list);
	*out = rows_json(&list, &r);
	report_fini(&r);
	free(list.rows);
	return RC_OK;
}

static enum rc
list_vantages(struct store *st, const struct where *w, struct err *err)
{
	struct vantage_list list = { 0 };
	struct report r;
	enum rc rc = store_vantages(st, &list, err);

	if (rc != RC_OK)
		return rc;
	fill_report(&r, &list);
	if (w->is_json)
		where_print_json(rows_json(&list, &r));
	else
		where_print(w, &r,
		    "no vantages; 'catchwater token new' makes a token to "
		    "enrol a probe with");
	if (!w->is_json && !w->is_csv)
		print_quarantined(&list, stdout);
	report_fini(&r);
	free(list.rows);
	return RC_OK;
}

/* Leaves only those of one probe. */
static void
keep_only(struct vantage_list *list, const struct probe_ref *probe)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct vantage_info *v = &list->rows[i];

		if (strcmp(v->probe_id, probe->id) == 0 &&
		    (probe->family == 0 || probe->family == v->family))
			list->rows[n++] = *v;
	}
	list->n = n;
}

/* The rows as in the list, each with what stands between. */
static enum rc
show_json(struct store *st, const struct vantage_list *list,
    const struct report *r, struct err *err)
{
	json_t *array = rows_json(list, r);
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < list->n; i++)
		rc = between_add_json(st, list->rows[i].id, clock_wall_us(),
		    json_array_get(array, i), err);
	if (rc == RC_OK)
		where_print_json(array);
	else
		json_decref(array);
	return rc;
}

static enum rc
show_text(struct store *st, const struct vantage_list *list,
    const struct report *r, struct err *err)
{
	char vantage[NAME_MAX_LEN + 8];
	enum rc rc = RC_OK;

	report_print_list(r, stdout);
	for (size_t i = 0; rc == RC_OK && i < list->n; i++) {
		name_vantage(&list->rows[i], vantage, sizeof vantage);
		rc = between_print(st, list->rows[i].id, vantage,
		    clock_wall_us(), stdout, err);
	}
	return rc;
}

static enum rc
show_vantage(
    struct store *st, const struct where *w, const char *text, struct err *err)
{
	struct vantage_list list = { 0 };
	struct probe_ref probe;
	struct report r;
	enum rc rc = lookup_probe(st, text, &probe, err);

	if (rc == RC_OK)
		rc = store_vantages(st, &list, err);
	if (rc != RC_OK)
		return rc;
	keep_only(&list, &probe);
	fill_report(&r, &list);
	if (w->is_json)
		rc = show_json(st, &list, &r, err);
	else if (w->is_csv)
		where_print(w, &r, "");
	else
		rc = show_text(st, &list, &r, err);
	report_fini(&r);
	free(list.rows);
	return rc;
}

static const struct action {
	const char *verb;
	enum probe_state state;
	const char *done;
} actions[] = {
	{ "quarantine", PROBE_QUARANTINED,
	    "is quarantined: measured on, counted nowhere" },
	{ "release", PROBE_ACTIVE, "counts again" },
	{ "revoke", PROBE_REVOKED,
	    "is revoked: its next request will be refused" },
};

/* What else ends when somebody says that it counts again. */
static enum rc
release(struct store *st, const struct action *a, const struct probe_ref *probe,
    int64_t now_us, int64_t *n, struct err *err)
{
	*n = 0;
	return a->state != PROBE_ACTIVE
		   ? RC_OK
		   : store_quarantine_release(
			 st, probe->id, probe->family, now_us, n, err);
}

static enum rc
find_state(struct store *st, const struct probe_ref *probe,
    enum probe_state *state, struct err *err)
{
	struct probe_row row;
	enum rc rc = store_probe_find(st, probe->id, &row, err);

	if (rc == RC_OK)
		*state = row.state;
	return rc;
}

/* What may follow what: a probe that was revoked or has left must enrol
 * again. */
static enum rc
check_change(const struct action *a, const struct probe_ref *probe,
    enum probe_state now, struct err *err)
{
	if (now == a->state)
		return err_set(err, RC_RANGE, "%s is %s already", probe->name,
		    probe_state_name(now));
	if (now == PROBE_LEFT || now == PROBE_REVOKED)
		return err_set(err, RC_RANGE,
		    "%s %s; it would have to enrol again", probe->name,
		    now == PROBE_LEFT ? "has left" : "is revoked");
	return RC_OK;
}

static enum rc
set_state(struct store *st, const struct action *a,
    const struct probe_ref *probe, const char *reason, struct err *err)
{
	int64_t now_us = clock_wall_us(), n_released;
	enum probe_state now;
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	rc = find_state(st, probe, &now, err);
	if (rc == RC_OK)
		rc = release(st, a, probe, now_us, &n_released, err);
	if (rc == RC_OK && (n_released == 0 || now != PROBE_ACTIVE)) {
		rc = check_change(a, probe, now, err);
		if (rc == RC_OK)
			rc = store_probe_set_state(
			    st, probe->id, a->state, reason, now_us, err);
	}
	return store_end(st, rc, err);
}

/* The state is the probe's: both of its vantages have it. */
static enum rc
change(struct store *st, const struct action *a, const char *text,
    const char *reason, struct err *err)
{
	struct probe_ref probe;
	enum rc rc = lookup_probe(st, text, &probe, err);

	if (rc == RC_OK)
		rc = set_state(st, a, &probe, reason, err);
	if (rc == RC_OK)
		printf("%s %s\n", probe.name, a->done);
	return rc;
}

static const struct action *
find_action(const char *verb)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(actions[i].verb, verb) == 0)
			return &actions[i];
	return NULL;
}

static enum rc
check_verb(const char *verb, int n, struct err *err)
{
	static const char *const verbs[] = { "list", "show", "quarantine",
		"release", "revoke" };

	if (strcmp(verb, "list") != 0 && strcmp(verb, "show") != 0 &&
	    find_action(verb) == NULL)
		return unknown_word(err, "action", verb, verbs, 5);
	if (n != (strcmp(verb, "list") == 0 ? 1 : 2))
		return err_set(err, RC_MALFORMED,
		    "usage: catchwater vantages [OPTION...] %s", spec.operands);
	return RC_OK;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	char **operands = call->operands;
	int n = call->n_operands;
	const char *verb = n > 0 ? operands[0] : "list";
	const struct action *a = find_action(verb);
	struct store *st = NULL;
	enum rc rc = check_verb(verb, n > 0 ? n : 1, err);

	if (rc == RC_OK)
		rc = where_open(
		    &o->where, a != NULL ? STORE_EDIT : STORE_READ, &st, err);
	if (rc == RC_OK && a != NULL)
		rc = change(st, a, operands[1], o->reason, err);
	else if (rc == RC_OK && strcmp(verb, "show") == 0)
		rc = show_vantage(st, &o->where, operands[1], err);
	else if (rc == RC_OK)
		rc = list_vantages(st, &o->where, err);
	store_close(st);
	return rc;
}

int
command_vantages(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
