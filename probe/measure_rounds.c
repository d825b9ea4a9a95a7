/*
 * measure_rounds.c - rounds of dns, ping and trace of one address. (wiring)
 *
 * A round of a DNS question and an echo at the set interval.  One trace, or,
 * when the operator gives --count, as many, one after the other.
 */
#include "probe/measure_jobs.h"
#include "probe/measure_text.h"
#include "schema/base/clock.h"

/* BIND answers 3 CHAOS questions a second and then none at all. */
#define CHAOS_EVERY_US US_PER_S
#define BUSY_RETRY_MS 20

struct rounds {
	struct job job;
	struct summary summary;
	uv_timer_t timer;
	int64_t round;                  /* begun */
	int64_t n_asked[MEASURE_KINDS]; /* by kind */
	unsigned n_open, n_open_traces;
	int64_t next_chaos_mono_us;
};

/* How many questions of that kind in all; 0: until interrupted. */
static int64_t
n_wanted(const struct measure_options *o, enum kind kind)
{
	return kind == KIND_TRACE && !o->is_every_round_traced ? 1 : o->count;
}

static bool
is_wanted(const struct measure_options *o, enum kind kind)
{
	return kind == KIND_DNS    ? o->dns
	       : kind == KIND_PING ? o->ping
				   : o->trace;
}

static bool
is_all_asked(const struct rounds *r, enum kind kind)
{
	const struct measure_options *o = &r->job.measure->options;
	int64_t wanted = n_wanted(o, kind);

	return !is_wanted(o, kind) ||
	       (wanted > 0 && r->n_asked[kind] >= wanted);
}

static bool
is_asked(const struct rounds *r)
{
	for (unsigned k = 0; k < MEASURE_KINDS; k++)
		if (!is_all_asked(r, (enum kind)k))
			return false;
	return true;
}

static bool
is_due(const struct rounds *r, enum kind kind)
{
	return !is_all_asked(r, kind) && r->n_asked[kind] <= r->round &&
	       (kind != KIND_TRACE || r->n_open_traces == 0);
}

static void
on_done(void *ctx, const struct observation *o)
{
	struct rounds *r = ctx;

	summary_add(&r->summary, o);
	if (r->job.measure->options.json)
		measure_json(r->job.measure, o);
	r->n_open--;
	r->n_open_traces -= o->kind == KIND_TRACE;
	if (r->n_open == 0 && is_asked(r))
		job_over(&r->job);
}

/* CHAOS goes with the first question, and, where there is no NSID or the
 * operator gave a name to ask for, with more of them, but never faster than
 * BIND answers it. */
static bool
wants_chaos(struct rounds *r)
{
	int64_t now = clock_mono_us();
	bool has_name = r->job.measure->options.name != NULL;

	if (now < r->next_chaos_mono_us ||
	    (r->round > 0 && !has_name && r->summary.last_dns.nsid.is_present))
		return false;
	r->next_chaos_mono_us = now + CHAOS_EVERY_US;
	return true;
}

static enum rc
ask(struct rounds *r, enum kind kind)
{
	struct measure *m = r->job.measure;
	struct question q =
	    measure_question(m, kind, &r->job.address, r->job.source_port);
	enum rc rc;

	/* The later rounds are looks themselves, and routers are not asked more
	 * than they answer. */
	if (r->n_asked[kind] > 0 && !m->options.is_every_round_looked)
		q.n_queries = 1;
	q.with_chaos = kind == KIND_DNS && wants_chaos(r);
	rc = measure_ask(m, &q, on_done, r);
	if (rc != RC_OK)
		return rc;
	r->n_open++;
	r->n_open_traces += kind == KIND_TRACE;
	r->n_asked[kind]++;
	return RC_OK;
}

/* One round, or the rest of one that found the engine's table full. */
static void
on_round(uv_timer_t *timer)
{
	struct rounds *r = timer->data;
	const struct measure_options *o = &r->job.measure->options;

	for (unsigned k = 0; k < MEASURE_KINDS; k++) {
		if (is_due(r, (enum kind)k) && ask(r, (enum kind)k) != RC_OK) {
			uv_timer_start(timer, on_round, BUSY_RETRY_MS, 0);
			return;
		}
	}
	r->round++;
	if (!is_asked(r))
		uv_timer_start(
		    timer, on_round, (uint64_t)(o->interval_us / US_PER_MS), 0);
}

static void
begin(struct job *j)
{
	struct rounds *r = (struct rounds *)j;
	const struct measure *m = j->measure;
	struct summary *s = &r->summary;

	s->name = job_name(j);
	s->zone = m->options.zone;
	s->identity_name = m->options.identity_name;
	s->target = j->address;
	s->port = m->options.ports[m->options.dns ? KIND_DNS : KIND_TRACE];
	s->timeout_us = m->options.timeout_us;
	s->own_template = measure_template(m);
	s->asn = m->asn;
	uv_timer_init(&j->measure->loop, &r->timer); /* cannot fail */
	r->timer.data = r;
	uv_timer_start(&r->timer, on_round, 0, 0);
}

static void
print(const struct job *j, FILE *to)
{
	summary_print(&((const struct rounds *)j)->summary, to);
}

static bool
is_answered(const struct job *j)
{
	return summary_is_answered(&((const struct rounds *)j)->summary);
}

const struct job_kind measure_rounds_kind = { .size = sizeof(struct rounds),
	.begin = begin,
	.print = print,
	.is_answered = is_answered };
