/* between.c - see between.h. */
#include "collector/between.h"

#include <stdlib.h>

#include "collector/report.h"
#include "collector/store_doubt.h"
#include "collector/store_suspect.h"
#include "schema/base/clock.h"

static const struct column target_columns[] = {
	{ "service", "service", CELL_TEXT },
	{ "target", "target", CELL_TEXT },
	{ "class", "flows", CELL_TEXT },
	{ "class_since", "since", CELL_TIME },
	{ "intercepted", "intercepted", CELL_TEXT },
	{ "intercepted_since", "since", CELL_TIME },
	{ "score", "score", CELL_COUNT },
	{ "answer_ttl", "answers at TTL", CELL_COUNT },
	{ "answer_hop", "by", CELL_TEXT },
	{ "place", "place", CELL_TEXT },
	{ "counted", "counted", CELL_TEXT },
};

static const struct column signal_columns[] = {
	{ "target", "target", CELL_TEXT },
	{ "signal", "signal", CELL_TEXT },
	{ "weight", "weight", CELL_COUNT },
	{ "counts", "counts", CELL_TEXT },
	{ "n", "n", CELL_COUNT },
	{ "first", "first", CELL_TIME },
	{ "last", "last", CELL_TIME },
	{ "detail", "last time", CELL_TEXT },
};

static const struct column doubt_columns[] = {
	{ "target", "target", CELL_TEXT },
	{ "doubt", "doubted by", CELL_TEXT },
	{ "n", "n", CELL_COUNT },
	{ "last", "last", CELL_TIME },
	{ "least_rtt_us", "light needs", CELL_MS },
	{ "other_site", "also named", CELL_TEXT },
};

/* Doubts are of this long. */
#define DOUBTS_US (24 * 3600 * US_PER_S)

/* The three tables. */
struct told {
	struct report targets, signals, doubts;
};

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char *
yes_no(bool is)
{
	return is ? "yes" : "no";
}

static void
add_target(struct report *r, const struct view_row *row)
{
	const struct suspect_view *v = &row->view;
	char text[ADDR_TEXT_LEN];

	report_text(r, row->service);
	report_text(r, row->target);
	report_text(r, flow_class_name(v->class));
	report_number_if(r, v->class_since_us != 0, v->class_since_us);
	report_text(r, yes_no(v->is_intercepted));
	report_number_if(r, v->is_intercepted, v->intercepted_since_us);
	report_number(r, v->score);
	report_number_if(r, v->place.ttl != 0, v->place.ttl);
	report_text(r,
	    v->place.hop.family != 0 ? addr_format(&v->place.hop, text) : NULL);
	report_text(r, v->is_intercepted ? locate_text(v->place.doubt) : NULL);
	report_text(r, yes_no(suspect_counts(v)));
}

static void
add_signal(struct report *r, const struct signal_row *row, int64_t now_us)
{
	const struct signal *x = &row->found.signal;

	report_text(r, row->target);
	report_text(r, signal_name(row->found.kind));
	report_number(r, signal_weight(row->found.kind));
	report_text(r, yes_no(signal_counts(NULL, row->found.kind, x, now_us)));
	report_number(r, x->n);
	report_number(r, x->first_us);
	report_number(r, x->last_us);
	report_text(r, x->detail);
}

static void
add_doubt(struct report *r, const struct doubted *d)
{
	report_text(r, d->target);
	report_text(r, doubt_name(d->doubt));
	report_number(r, d->n);
	report_number(r, d->last_us);
	report_number_if(
	    r, d->has_least && d->doubt == DOUBT_RTT, d->least_rtt_us);
	report_text(r,
	    d->doubt == DOUBT_METHOD && d->other[0] != '\0' ? d->other : NULL);
}

static void
told_init(struct told *t)
{
	report_init(&t->targets, target_columns, N_OF(target_columns));
	report_init(&t->signals, signal_columns, N_OF(signal_columns));
	report_init(&t->doubts, doubt_columns, N_OF(doubt_columns));
}

static void
told_fini(struct told *t)
{
	report_fini(&t->targets);
	report_fini(&t->signals);
	report_fini(&t->doubts);
}

static enum rc
fill_doubts(struct store *st, int64_t vantage_id, int64_t now_us,
    struct report *r, struct err *err)
{
	struct doubted_list list = { 0 };
	enum rc rc =
	    store_doubts(st, vantage_id, now_us - DOUBTS_US, &list, err);

	for (size_t i = 0; rc == RC_OK && i < list.n; i++)
		add_doubt(r, &list.rows[i]);
	free(list.rows);
	return rc;
}

static enum rc
fill(struct store *st, int64_t vantage_id, int64_t now_us, struct told *t,
    struct err *err)
{
	struct view_list views = { 0 };
	struct signal_list found = { 0 };
	enum rc rc;

	if (vantage_id == 0)
		return RC_OK; /* a probe that has not measured yet */
	rc = store_suspect_views(st, vantage_id, &views, err);
	if (rc == RC_OK)
		rc = store_suspect_signals(st, vantage_id, &found, err);
	for (size_t i = 0; rc == RC_OK && i < views.n; i++)
		add_target(&t->targets, &views.rows[i]);
	for (size_t i = 0; rc == RC_OK && i < found.n; i++)
		if (found.rows[i].found.signal.n > 0)
			add_signal(&t->signals, &found.rows[i], now_us);
	free(views.rows);
	free(found.rows);
	return rc == RC_OK
		   ? fill_doubts(st, vantage_id, now_us, &t->doubts, err)
		   : rc;
}

static void
print_part(const struct report *r, const char *vantage, FILE *to)
{
	if (report_n_rows(r) == 0)
		return;
	fprintf(to, "\n%s\n", vantage);
	report_print_table(r, "", to);
}

enum rc
between_print(struct store *st, int64_t vantage_id, const char *vantage,
    int64_t now_us, FILE *to, struct err *err)
{
	struct told t;
	enum rc rc;

	told_init(&t);
	rc = fill(st, vantage_id, now_us, &t, err);
	if (rc == RC_OK) {
		print_part(&t.targets, vantage, to);
		print_part(&t.signals, vantage, to);
		print_part(&t.doubts, vantage, to);
	}
	told_fini(&t);
	return rc;
}

enum rc
between_add_json(struct store *st, int64_t vantage_id, int64_t now_us,
    json_t *object, struct err *err)
{
	struct told t;
	enum rc rc;

	told_init(&t);
	rc = fill(st, vantage_id, now_us, &t, err);
	if (rc == RC_OK) {
		json_object_set_new(object, "targets", report_json(&t.targets));
		json_object_set_new(object, "signals", report_json(&t.signals));
		json_object_set_new(object, "doubts", report_json(&t.doubts));
	}
	told_fini(&t);
	return rc;
}
