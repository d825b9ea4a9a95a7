/*
 * measure_flows.c - the audit of flows: does the source port decide? (wiring)
 *
 * N source ports once each, and in between one of them N times, so that
 * balancing by flow and by packet can be told apart (schema/flows.h).  Where
 * a service gives no NSID, CHAOS is asked, slowly: BIND answers 3 a second.
 */
#include <string.h>

#include "probe/dnsmsg.h"
#include "probe/flows_text.h"
#include "probe/measure_jobs.h"
#include "probe/site_forms.h"
#include "schema/base/clock.h"
#include "schema/fields.h"

#define BUSY_RETRY_MS 20
#define CHAOS_INTERVAL_MS 700

struct audit;

struct asked {
	struct audit *audit;
	struct flow_row *row;
};

struct audit {
	struct job job;
	uv_timer_t timer;
	bool wants_chaos;
	unsigned n_asked, n_over;
	struct flow_table table;
	struct asked asked[FLOW_ROWS_MAX];
};

/* Even questions go by the fixed flow, odd ones each by a flow of its own. */
static uint16_t
port_of(const struct audit *a, unsigned i)
{
	return (uint16_t)(a->job.source_port + (i % 2 == 0 ? 0 : 1 + i / 2));
}

static void
fill_row(
    struct flow_row *row, const struct audit *a, const struct observation *o)
{
	const struct dns_result *d = &o->dns;
	struct identity_match match;

	row->at_us = o->at_us;
	row->outcome = o->outcome;
	row->rtt_us = d->rtt_us;
	row->rcode = d->rcode;
	row->identity = d->nsid.is_present ? d->nsid : d->chaos.txt;
	if (d->source_port != 0)
		row->source_port = d->source_port;
	if (row->identity.is_present &&
	    site_forms_match(measure_template(a->job.measure), &row->identity,
		&match) != NULL)
		memcpy(row->site, match.site, sizeof row->site);
}

static void on_tick(uv_timer_t *timer);

static void
on_done(void *ctx, const struct observation *o)
{
	struct asked *asked = ctx;
	struct audit *a = asked->audit;

	fill_row(asked->row, a, o);
	if (o->source.family != 0)
		a->table.source = o->source;
	flow_table_judge(&a->table);
	if (++a->n_over == a->table.n_rows) {
		job_over(&a->job);
	} else if (a->n_over == 1) {
		/* The first answer tells how the rest is to be asked. */
		a->wants_chaos = !o->dns.nsid.is_present;
		uv_timer_start(&a->timer, on_tick, 0, 0);
	}
}

static enum rc
ask(struct audit *a)
{
	struct measure *m = a->job.measure;
	unsigned i = a->n_asked;
	struct question q =
	    measure_question(m, KIND_DNS, &a->job.address, port_of(a, i));

	q.why = i % 2 == 0 ? WHY_MANUAL : WHY_VARIED;
	q.with_chaos = i == 0 || a->wants_chaos;
	a->table.rows[i].source_port = q.source_port;
	a->table.rows[i].is_fixed = i % 2 == 0;
	a->asked[i] = (struct asked){ .audit = a, .row = &a->table.rows[i] };
	return measure_ask(m, &q, on_done, &a->asked[i]);
}

static void
on_tick(uv_timer_t *timer)
{
	struct audit *a = timer->data;
	uint64_t wait_ms =
	    (uint64_t)(a->job.measure->options.interval_us / US_PER_MS);

	if (ask(a) != RC_OK) {
		uv_timer_start(timer, on_tick, BUSY_RETRY_MS, 0);
		return;
	}
	a->n_asked++;
	if (a->wants_chaos && wait_ms < CHAOS_INTERVAL_MS)
		wait_ms = CHAOS_INTERVAL_MS;
	if (a->n_asked > 1 && a->n_asked < a->table.n_rows)
		uv_timer_start(timer, on_tick, wait_ms, 0);
}

static void
begin(struct job *j)
{
	struct audit *a = (struct audit *)j;
	const struct measure_options *o = &j->measure->options;

	a->table.n_rows = 2 * (unsigned)o->n_flows;
	uv_timer_init(&j->measure->loop, &a->timer); /* cannot fail */
	a->timer.data = a;
	uv_timer_start(&a->timer, on_tick, 0, 0);
}

static void
print(const struct job *j, FILE *to)
{
	const struct audit *a = (const struct audit *)j;

	job_print_head(
	    j, j->measure->options.ports[KIND_DNS], &a->table.source, to);
	flow_table_print(&a->table, to);
}

static void
print_json(const struct job *j)
{
	const struct audit *a = (const struct audit *)j;
	json_t *object = json_object();

	job_put_head(j, object, "flows", j->measure->options.ports[KIND_DNS],
	    &a->table.source);
	flow_table_put(&a->table, object);
	measure_json_object(j->measure, object);
}

static bool
is_answered(const struct job *j)
{
	const struct audit *a = (const struct audit *)j;

	for (unsigned i = 0; i < a->n_asked; i++)
		if (outcome_is_answer(a->table.rows[i].outcome) &&
		    a->table.rows[i].at_us != 0)
			return true;
	return false;
}

const struct job_kind measure_flows_kind = { .size = sizeof(struct audit),
	.begin = begin,
	.print = print,
	.print_json = print_json,
	.is_answered = is_answered };
