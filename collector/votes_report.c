/* votes_report.c - see votes_report.h. */
#include "collector/votes_report.h"

#include "collector/confidence.h"
#include "collector/report.h"

const char *
vote_confidence(const struct vote_row *v)
{
	return v->landing[0] == '\0' ? NULL
				     : confidence_name(confidence_of_landing(
					   v->landing, v->n, v->n_doubted));
}

static const struct column vote_columns[] = {
	{ "vantage", "  vantage", CELL_TEXT },
	{ "asn", "AS", CELL_COUNT },
	{ "from", "from", CELL_TEXT },
	{ "to", "to", CELL_TEXT },
	{ "at", "first changed sample", CELL_TIME },
	{ "confirmed_us", "confirmed", CELL_AGO },
	{ "ended", "ended", CELL_TIME },
	{ "confidence", "landing", CELL_TEXT },
};

void
votes_print(const struct vote_list *votes, FILE *to)
{
	struct report r;

	fputs("\nvotes (confirmed: how long after the first changed sample)\n",
	    to);
	report_init(
	    &r, vote_columns, sizeof vote_columns / sizeof vote_columns[0]);
	for (size_t i = 0; i < votes->n; i++) {
		const struct vote_row *v = &votes->rows[i];
		char vantage[NAME_MAX_LEN + 10];

		snprintf(
		    vantage, sizeof vantage, "  %s/%u", v->probe, v->family);
		report_text(&r, vantage);
		report_number_if(&r, v->asn != 0, v->asn);
		report_text(&r, v->from);
		report_text(&r, v->to);
		report_number(&r, v->at_us);
		report_number_if(
		    &r, v->confirmed_us != 0, v->confirmed_us - v->at_us);
		report_number_if(&r, v->has_ended, v->ended_us);
		report_text(&r, vote_confidence(v));
	}
	report_print_table(&r, "  none: no vantage votes in such an event", to);
	report_fini(&r);
}
