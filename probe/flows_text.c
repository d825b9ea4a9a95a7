/* flows_text.c - see flows_text.h. */
#include "probe/flows_text.h"

#include <sodium.h>
#include <string.h>

#include "probe/dnsmsg.h"
#include "schema/dnswire.h"
#include "schema/fields.h"

#define LABEL "  %-9s "

/* The site where a template tells it, else the identity's bytes. */
static uint64_t
key_of(const struct flow_row *r)
{
	return r->site[0] != '\0'
		   ? flow_key(r->site, strlen(r->site))
		   : flow_key(r->identity.bytes, r->identity.len);
}

void
flow_table_judge(struct flow_table *t)
{
	struct flows flows;

	flows_init(&flows, NULL, 2 * FLOW_ROWS_MAX);
	for (unsigned i = 0; i < t->n_rows; i++) {
		const struct flow_row *r = &t->rows[i];
		const struct flow_answer a = { .at_us = r->at_us,
			.source_port = r->source_port,
			.is_fixed_flow = r->is_fixed,
			.outcome = r->outcome,
			.key = key_of(r) };

		if (r->at_us != 0)
			(void)flows_add(&flows, &a);
	}
	flows_judge(&flows, &t->verdict);
	flows_fini(&flows);
}

static bool
is_same(const struct flow_row *a, const struct flow_row *b)
{
	return a->outcome == b->outcome && a->rcode == b->rcode &&
	       identity_equal(&a->identity, &b->identity);
}

static void
print_who(const struct flow_row *r, FILE *to)
{
	char text[IDENTITY_TEXT_LEN];

	if (!outcome_is_answer(r->outcome)) {
		fputs(outcome_name(r->outcome), to);
		return;
	}
	if (r->site[0] != '\0')
		fprintf(to, "%s  ", r->site);
	if (r->identity.is_present)
		fputs(identity_format(&r->identity, text), to);
	else
		fputs("no identity", to);
	if (r->outcome == OUTCOME_RCODE)
		fprintf(to, "  %s", dnswire_rcode_name(r->rcode));
}

/* The fixed flow: each answer that differs, and how often it came. */
static void
print_fixed(const struct flow_table *t, FILE *to)
{
	for (unsigned i = 0; i < t->n_rows; i += 2) {
		const struct flow_row *r = &t->rows[i];
		unsigned n = 0, first = i;

		for (unsigned k = 0; k < t->n_rows; k += 2) {
			if (t->rows[k].at_us == 0 || !is_same(&t->rows[k], r))
				continue;
			n++;
			first = k < first ? k : first;
		}
		if (r->at_us == 0 || first < i)
			continue;
		fprintf(to, "    %5u  %3u x  ", r->source_port, n);
		print_who(r, to);
		fputc('\n', to);
	}
}

static void
print_varied(const struct flow_table *t, FILE *to)
{
	for (unsigned i = 1; i < t->n_rows; i += 2) {
		const struct flow_row *r = &t->rows[i];

		if (r->at_us == 0)
			continue;
		fprintf(to, "    %5u         ", r->source_port);
		print_who(r, to);
		fputc('\n', to);
	}
}

static const char *meaning(enum flow_class class)
{
	switch (class) {
	case FLOWS_SINGLE:
		return "every flow lands at one place";
	case FLOWS_PER_FLOW:
		return "balanced per flow: the port decides, and each port "
		       "keeps to its place";
	case FLOWS_PER_PACKET:
		return "balanced per packet: one port lands here and there, "
		       "so no landing of this vantage means anything";
	case FLOWS_MOVING:
		return "one flow changed its place for good: routes changed";
	case FLOWS_UNKNOWN:
		break;
	}
	return "too few answers with an identity";
}

void
flow_table_print(const struct flow_table *t, FILE *to)
{
	const struct flow_verdict *v = &t->verdict;

	fprintf(to, LABEL "%s: %s\n", "flows", flow_class_name(v->class),
	    meaning(v->class));
	fprintf(to,
	    LABEL "%u answers on %u flows met %u place%s; one more, with over "
		  "%.0f %% of the flows, would have shown (95 %%)\n",
	    "", v->n_answers, v->n_flows, v->n_keys, v->n_keys == 1 ? "" : "s",
	    100 * flows_missed_share(NULL, v));
	fputs("     port\n", to);
	print_fixed(t, to);
	print_varied(t, to);
}

static json_t *
row_object(const struct flow_row *r)
{
	char hex[2 * IDENTITY_MAX + 1];
	json_t *o = json_object();

	fields_put_int(o, "at_us", r->at_us);
	fields_put_int(o, "source_port", r->source_port);
	if (r->is_fixed)
		fields_put(o, "fixed", json_true());
	fields_put_text(o, "outcome", outcome_name(r->outcome));
	if (outcome_is_answer(r->outcome)) {
		fields_put_int(o, "rcode", r->rcode);
		fields_put_int(o, "rtt_us", r->rtt_us);
	}
	if (r->identity.is_present)
		fields_put_text(o, "identity",
		    sodium_bin2hex(
			hex, sizeof hex, r->identity.bytes, r->identity.len));
	if (r->site[0] != '\0')
		fields_put_text(o, "site", r->site);
	return o;
}

void
flow_table_put(const struct flow_table *t, json_t *to)
{
	const struct flow_verdict *v = &t->verdict;
	json_t *rows = json_array();

	fields_put_text(to, "class", flow_class_name(v->class));
	fields_put_int(to, "answers", v->n_answers);
	fields_put_int(to, "flows", v->n_flows);
	fields_put_int(to, "places", v->n_keys);
	fields_put_int(to, "repeats", v->n_repeats);
	fields_put_int(to, "changes", v->n_changes);
	fields_put_int(to, "missed_share_ppm",
	    (int64_t)(flows_missed_share(NULL, v) * 1e6));
	for (unsigned i = 0; i < t->n_rows; i++)
		if (t->rows[i].at_us != 0)
			json_array_append_new(rows, row_object(&t->rows[i]));
	fields_put(to, "rows", rows);
}
