/* explain_text.c - explain.h: sections for a person to read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/explain.h"
#include "collector/report.h"
#include "collector/summary.h"
#include "collector/votes_report.h"
#include "schema/base/clock.h"

#define LABEL 13 /* width of what stands before a value */
#define EPOCH_MIN INT64_C(946684800000000) /* a _us from 2000 on is a time */

static void
print_when(FILE *to, const char *label, int64_t at_us, const char *remark)
{
	char at[CLOCK_TEXT_LEN];

	fprintf(to, "  %-*s %s%s%s\n", LABEL, label, clock_format(at_us, at),
	    remark[0] != '\0' ? "  " : "", remark);
}

static void
print_delay(FILE *to, const char *label, int64_t at_us, int64_t after_us,
    const char *words)
{
	char ago[REPORT_AGO_LEN], remark[100];

	snprintf(remark, sizeof remark, "%s %s",
	    report_ago(after_us > 0 ? after_us : 0, ago), words);
	print_when(to, label, at_us, remark);
}

static void
print_head(const struct explanation *x, FILE *to)
{
	const struct event_row *e = &x->event;
	char summary[SUMMARY_LEN];

	fprintf(to, "event %" PRId64 ": %s, %s, %s", e->id, e->kind,
	    e->severity, e->is_resolved ? "resolved" : "open");
	if (e->parent_id != 0)
		fprintf(to, " (part of event %" PRId64 ")", e->parent_id);
	fprintf(to, "\n  %s: %s\n", e->service,
	    event_summary(e, &x->moves, summary));
}

static int64_t
last_vote_us(const struct explanation *x)
{
	int64_t last = 0;

	for (size_t i = 0; i < x->votes.n; i++)
		if (x->votes.rows[i].at_us > last)
			last = x->votes.rows[i].at_us;
	return last;
}

static void
print_times(const struct explanation *x, FILE *to)
{
	const struct event_row *e = &x->event;
	char words[80];

	fputs("\nwhen\n", to);
	print_when(to, "first sign", e->since_us, "");
	print_delay(to, "detected", e->detected_us,
	    e->detected_us - e->since_us, "after the first sign");
	if (x->votes.n > 1)
		print_delay(to, "last vote", last_vote_us(x),
		    last_vote_us(x) - e->since_us,
		    "from the first vantage to the last");
	snprintf(words, sizeof words, "after the first sign: %s",
	    e->resolution[0] != '\0' ? e->resolution : "over");
	if (e->is_resolved)
		print_delay(to, "resolved", e->resolved_us,
		    e->resolved_us - e->since_us, words);
	else
		fprintf(to, "  %-*s not yet\n", LABEL, "resolved");
}

/* "asns_at_site" -> "asns at site"; the unit is printed with the value.  Gives
 * how many letters that is. */
static size_t
print_words(const char *key, FILE *to)
{
	size_t n = strlen(key);

	if (n > 3 && strcmp(key + n - 3, "_us") == 0)
		n -= 3;
	for (size_t i = 0; i < n; i++)
		putc(key[i] == '_' ? ' ' : key[i], to);
	return n;
}

static void
print_gate_name(const char *key, FILE *to)
{
	size_t n;

	fputs("  ", to);
	n = print_words(key, to);
	fprintf(to, "%*s", n < 24 ? (int)(24 - n) : 2, "");
}

static void
print_gate_number(const char *key, int64_t v, FILE *to)
{
	size_t n = strlen(key);
	char buf[CLOCK_TEXT_LEN];

	if (n <= 3 || strcmp(key + n - 3, "_us") != 0)
		fprintf(to, "%" PRId64, v);
	else if (v >= EPOCH_MIN)
		fputs(clock_format(v, buf), to);
	else
		fputs(report_ago(v, buf), to);
}

static void
print_gate_scalar(const char *key, const json_t *value, FILE *to)
{
	char *text;

	if (json_is_integer(value)) {
		print_gate_number(key, json_integer_value(value), to);
	} else if (json_is_real(value)) {
		fprintf(to, "%.4g", json_real_value(value));
	} else if (json_is_string(value)) {
		text = report_safe(json_string_value(value));
		fputs(text, to);
		free(text);
	} else {
		text = json_dumps(
		    value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		fputs(text != NULL ? text : "?", to);
		free(text);
	}
}

/* "median 12.3ms, worst 80.0ms, vantages 8" */
static void
print_gate_group(json_t *group, FILE *to)
{
	const char *key, *comma = "";
	json_t *value;

	json_object_foreach(group, key, value)
	{
		size_t n = strlen(key);
		bool is_us = n > 3 && strcmp(key + n - 3, "_us") == 0;
		int64_t v = json_integer_value(value);

		fputs(comma, to);
		(void)print_words(key, to);
		putc(' ', to);
		if (is_us && v < US_PER_S && v > -US_PER_S)
			fprintf(to, "%+.1fms", (double)v / US_PER_MS);
		else
			print_gate_scalar(key, value, to);
		comma = ", ";
	}
}

static void
print_gate_value(const char *key, json_t *value, FILE *to)
{
	if (json_is_object(value))
		print_gate_group(value, to);
	else
		print_gate_scalar(key, value, to);
	putc('\n', to);
}

static void
print_gates(const struct event_row *e, FILE *to)
{
	json_t *gates = json_loads(e->gates, 0, NULL), *value;
	const char *key;

	fputs("\ngates\n", to);
	if (event_rule(e)[0] != '\0')
		fprintf(to, "  %-22s  %s\n", "opens when", event_rule(e));
	if (e->needed > 0)
		fprintf(to,
		    "  %-22s  %" PRId64 " distinct ASes, %" PRId64 " needed\n",
		    "votes", e->n_asns, e->needed);
	json_object_foreach(gates, key, value)
	{
		print_gate_name(key, to);
		print_gate_value(key, value, to);
	}
	json_decref(gates);
}

static const struct column sample_columns[] = {
	{ "when", "    when", CELL_TEXT },
	{ "at", "time", CELL_TIME },
	{ "why", "why", CELL_TEXT },
	{ "outcome", "outcome", CELL_TEXT },
	{ "site", "site", CELL_TEXT },
	{ "rtt_us", "rtt", CELL_MS },
	{ "reply_ttl", "ttl", CELL_COUNT },
	{ "identity", "identity", CELL_TEXT },
};

static void
add_sample(struct report *r, const char *when, const struct sample *s)
{
	char identity[IDENTITY_TEXT_LEN];

	identity_format(&s->identity, identity);
	report_text(r, when);
	report_number(r, s->at_us);
	report_text(r, why_name(s->why));
	report_text(r, outcome_name(s->outcome));
	report_text(r, s->site);
	report_number_if(r, s->has_rtt, s->rtt_us);
	report_number_if(r, s->has_reply_ttl, s->reply_ttl);
	report_text(r, identity);
}

static void
print_testimony(const struct testimony *t, FILE *to)
{
	struct report r;

	fprintf(to, "  %s/%u asks %s\n", t->vote->probe, t->vote->family,
	    t->vote->target);
	report_init(&r, sample_columns,
	    sizeof sample_columns / sizeof sample_columns[0]);
	for (size_t i = 0; i < t->n_before; i++)
		add_sample(&r, "    before", t->before[i]);
	for (size_t i = 0; i < t->n_after; i++)
		add_sample(&r, "    after", t->after[i]);
	report_print_table(
	    &r, "    nothing: the raw observations are no longer kept", to);
	report_fini(&r);
}

static void
print_evidence(const struct explanation *x, FILE *to)
{
	fputs("\nevidence (around each first changed sample)\n", to);
	for (size_t i = 0; i < x->votes.n; i++) {
		struct testimony t;

		explain_vote(x, &x->votes.rows[i], &t);
		print_testimony(&t, to);
	}
}

void
explain_text(const struct explanation *x, FILE *to)
{
	print_head(x, to);
	print_times(x, to);
	print_gates(&x->event, to);
	votes_print(&x->votes, to);
	explain_trust(x, to);
	if (x->votes.n == 0)
		return;
	print_evidence(x, to);
	explain_paths(x, to);
}
