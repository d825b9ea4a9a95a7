/* explain_trust.c - explain.h: whose word an event takes, and whose not. */
#include <inttypes.h>
#include <string.h>

#include "collector/confidence.h"
#include "collector/explain.h"
#include "collector/report.h"

#define LEFT_OUT_SHOWN 20 /* in the text */

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Doubts. */

static const struct column doubt_columns[] = {
	{ "vantage", "  vantage", CELL_TEXT },
	{ "target", "asks", CELL_TEXT },
	{ "doubt", "doubted by", CELL_TEXT },
	{ "n_before", "before", CELL_COUNT },
	{ "n_after", "after", CELL_COUNT },
	{ "last", "last", CELL_TIME },
	{ "least_rtt_us", "light needs", CELL_MS },
	{ "other_site", "also named", CELL_TEXT },
};
#define N_OF_VOTER 2 /* columns that say whose they are */

static const char *
text_or_none(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
add_doubt(struct report *r, const struct vote_doubt *d)
{
	const struct doubted *k = &d->doubted;

	report_text(r, doubt_name(k->doubt));
	report_number(r, d->n_before);
	report_number(r, d->n_after);
	report_number(r, k->last_us);
	report_number_if(
	    r, k->has_least && k->doubt == DOUBT_RTT, k->least_rtt_us);
	report_text(
	    r, k->doubt == DOUBT_METHOD ? text_or_none(k->other) : NULL);
}

static bool
is_of(const struct vote_doubt *d, const struct vote_row *v)
{
	return d->vantage_id == v->vantage_id && d->target_id == v->target_id;
}

static void
print_doubts(const struct explanation *x, FILE *to)
{
	struct report r;

	fputs("\ndoubts (answers of the voters that something disagrees with, "
	      "before and after)\n",
	    to);
	report_init(&r, doubt_columns, N_OF(doubt_columns));
	for (size_t i = 0; i < x->votes.n; i++) {
		const struct vote_row *v = &x->votes.rows[i];
		char vantage[NAME_MAX_LEN + 10];

		snprintf(
		    vantage, sizeof vantage, "  %s/%u", v->probe, v->family);
		for (size_t k = 0; k < x->doubts.n; k++) {
			if (!is_of(&x->doubts.rows[k], v))
				continue;
			report_text(&r, vantage);
			report_text(&r, v->target);
			add_doubt(&r, &x->doubts.rows[k]);
		}
	}
	report_print_table(
	    &r, "  none: method, light and router agree in all", to);
	report_fini(&r);
}

json_t *
explain_doubts_json(const struct explanation *x, const struct vote_row *vote)
{
	struct report r;
	json_t *doubts;

	report_init(
	    &r, doubt_columns + N_OF_VOTER, N_OF(doubt_columns) - N_OF_VOTER);
	for (size_t i = 0; i < x->doubts.n; i++)
		if (is_of(&x->doubts.rows[i], vote))
			add_doubt(&r, &x->doubts.rows[i]);
	doubts = report_json(&r);
	report_fini(&r);
	return doubts;
}

/* Left out. */

static const struct column left_out_columns[] = {
	{ "vantage", "  vantage", CELL_TEXT },
	{ "asn", "AS", CELL_COUNT },
	{ "target", "asks", CELL_TEXT },
	{ "why", "why", CELL_TEXT },
	{ "since", "since", CELL_TIME },
	{ "from", "moved from", CELL_TEXT },
	{ "to", "to", CELL_TEXT },
	{ "reason", "reason", CELL_TEXT },
};

static void
add_left_out(struct report *r, const struct left_out *x, const char *indent)
{
	char vantage[NAME_MAX_LEN + 10];

	snprintf(
	    vantage, sizeof vantage, "%s%s/%u", indent, x->probe, x->family);
	report_text(r, vantage);
	report_number_if(r, x->asn != 0, x->asn);
	report_text(r, x->target);
	report_text(r, x->why);
	report_number_if(r, x->has_since, x->since_us);
	report_text(r, text_or_none(x->from));
	report_text(r, text_or_none(x->to));
	report_text(r, text_or_none(x->reason));
}

static void
print_left_out(const struct left_out_list *list, FILE *to)
{
	size_t n = list->n < LEFT_OUT_SHOWN ? list->n : LEFT_OUT_SHOWN;
	struct report r;

	fputs("\nleft out of the count (as things stand now)\n", to);
	report_init(&r, left_out_columns, N_OF(left_out_columns));
	for (size_t i = 0; i < n; i++)
		add_left_out(&r, &list->rows[i], "  ");
	report_print_table(&r, "  nobody", to);
	report_fini(&r);
	if (list->n > n)
		fprintf(
		    to, "  and %zu more: --json has them all\n", list->n - n);
}

json_t *
explain_left_out_json(const struct explanation *x)
{
	struct report r;
	json_t *all;

	report_init(&r, left_out_columns, N_OF(left_out_columns));
	for (size_t i = 0; i < x->left_out.n; i++)
		add_left_out(&r, &x->left_out.rows[i], "");
	all = report_json(&r);
	report_fini(&r);
	return all;
}

void
explain_trust(const struct explanation *x, FILE *to)
{
	if (x->votes.n > 0)
		print_doubts(x, to);
	print_left_out(&x->left_out, to);
}
