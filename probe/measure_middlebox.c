/*
 * measure_middlebox.c - does something else answer, and where?     (wiring)
 *
 * Asks each target by DNS, ping and trace, each by two protocols, and an
 * address where nobody is; schema/signals.h holds the answers against each
 * other, and against those of the other targets.  Where they say that it is
 * so, more rounds look at the hop that answers and the one before it: by
 * questions of the same flow, and by datagrams of other flows that are none.
 */
#include <stdlib.h>
#include <string.h>

#include "probe/measure_jobs.h"
#include "probe/middlebox_text.h"
#include "probe/site_forms.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/flows.h"

#define BUSY_RETRY_MS 20
#define DECOY_ROUNDS 3

/* Enough rounds for the signals that want five in a row or three signs. */
static const struct {
	enum kind kind;
	enum proto proto;
	unsigned n_rounds;
} steps[EVIDENCE_STEPS] = {
	{ KIND_PING, PROTO_ICMP, 5 },
	{ KIND_TRACE, PROTO_ICMP, 3 },
	{ KIND_DNS, PROTO_UDP, 5 },
	{ KIND_DNS, PROTO_TCP, 5 },
	{ KIND_PING, PROTO_TCP, 5 },
	{ KIND_TRACE, PROTO_UDP, 3 },
};
#define N_ROUNDS 5

/* Six flows miss one of two next hops with a chance of 3 %; as many as 24 are
 * asked where they pass the router before the answer by chance only. */
#define PLACE_FLOWS 2  /* in a round */
#define PLACE_ROUNDS 3 /* at least; also by DNS */
#define PLACE_ROUNDS_MAX 12
#define PLACE_PORT 33434 /* of traceroute: nobody's, and no question there */
#define STEP_TRACE_DNS 5

struct box { /* one target */
	struct job job;
	uv_timer_t timer;
	unsigned round, step; /* to be asked next; step over the last: decoy */
	unsigned n_open;
	bool asks_decoy;
	struct evidence evidence;
};

struct boxes {                     /* over all targets */
	struct signals signals[2]; /* a vantage is a family: IPv4, IPv6 */
	struct decoy decoys[2];
	struct signal_target targets[]; /* room of the first, then the second */
};

static void
free_boxes(void *shared)
{
	struct boxes *all = shared;

	for (unsigned i = 0; i < 2; i++)
		signals_fini(&all->signals[i]);
	free(all);
}

static struct boxes *
boxes_of(struct measure *m)
{
	struct boxes *all = m->shared;

	if (all != NULL)
		return all;
	all = mem_new(sizeof *all + 2 * m->n_words * sizeof all->targets[0]);
	for (unsigned i = 0; i < 2; i++) {
		signals_init(&all->signals[i], NULL,
		    all->targets + i * m->n_words, m->n_words);
		all->decoys[i].address = m->options.decoys[i];
	}
	m->shared = all;
	m->free_shared = free_boxes;
	return all;
}

static unsigned
family_index(const struct job *j)
{
	return j->address.family == 6;
}

static const struct identity *
identity_of(const struct observation *o)
{
	if (o->kind == KIND_TRACE)
		return &o->trace.nsid;
	return o->dns.nsid.is_present ? &o->dns.nsid : &o->dns.chaos.txt;
}

static int64_t
number_of(const struct job *j)
{
	return (int64_t)job_index(j) + 1;
}

static struct signal_view
view_of(const struct job *j, const struct observation *o)
{
	const struct measure *m = j->measure;
	const struct identity *id =
	    o->kind == KIND_PING ? NULL : identity_of(o);
	struct identity_match match;
	struct signal_view v = { .at_us = o->at_us,
		.target = number_of(j),
		.group = number_of(j),
		.is_authoritative = m->options.is_zone_given,
		.is_rcode_usual = !m->options.is_zone_given };

	if (id == NULL || !id->is_present)
		return v;
	v.standing = STANDING_UNJUDGED;
	v.key = flow_key(id->bytes, id->len);
	if (site_forms_match(measure_template(m), id, &match) != NULL) {
		v.key = flow_key(match.site, strlen(match.site));
		if (m->options.identity != NULL)
			v.standing = STANDING_KNOWN;
	} else if (m->options.identity != NULL) {
		v.standing = STANDING_FOREIGN;
	}
	return v;
}

/* Of all that is known by now. */
static struct signal_verdict
judge(const struct job *j)
{
	struct boxes *all = j->measure->shared;
	struct signal_verdict v;

	signals_judge(&all->signals[family_index(j)], number_of(j),
	    clock_steady_us(), &v);
	return v;
}

/* Where DNS questions were answered, the nearest; 0: nowhere. */
static uint8_t
answer_ttl(const struct box *b)
{
	return b->evidence.steps[STEP_TRACE_DNS].target_ttl;
}

static bool
is_last_round(const struct box *b)
{
	struct signal_verdict v;

	if (b->round < N_ROUNDS)
		return false;
	v = judge(&b->job);
	if (answer_ttl(b) == 0 || !v.is_intercepted)
		return true;
	return b->round >= N_ROUNDS + PLACE_ROUNDS &&
	       (v.place.doubt != LOCATE_UNSEEN ||
		   b->round == N_ROUNDS + PLACE_ROUNDS_MAX);
}

static void on_timer(uv_timer_t *timer);

/* After the last answer of a round: the next round, or the end. */
static void
end_round(struct box *b)
{
	if (b->n_open > 0 || b->step <= EVIDENCE_STEPS)
		return;
	b->step = 0;
	b->round++;
	if (is_last_round(b))
		job_over(&b->job);
	else
		uv_timer_start(&b->timer, on_timer,
		    (uint64_t)(b->job.measure->options.interval_us / US_PER_MS),
		    0);
}

static unsigned
step_of(const struct observation *o)
{
	unsigned i = 0;

	while (i < EVIDENCE_STEPS - 1 &&
	       (steps[i].kind != o->kind || steps[i].proto != o->proto))
		i++;
	return i;
}

static void
on_done(void *ctx, const struct observation *o)
{
	struct box *b = ctx;
	struct boxes *all = b->job.measure->shared;
	unsigned f = family_index(&b->job);
	struct signal_view v = view_of(&b->job, o);

	if (o->why == WHY_DECOY)
		decoy_add(&all->decoys[f], o);
	else if (b->round < N_ROUNDS)
		evidence_add(&b->evidence, step_of(o), o);
	(void)signals_add(&all->signals[f], o, &v);
	b->n_open--;
	end_round(b);
}

/* One question for all targets of a family. */
static enum rc
ask_decoy(struct box *b)
{
	struct measure *m = b->job.measure;
	struct boxes *all = m->shared;
	const struct decoy *d = &all->decoys[family_index(&b->job)];
	struct question q =
	    measure_question(m, KIND_DNS, &d->address, b->job.source_port);

	if (!b->asks_decoy || b->round >= DECOY_ROUNDS || d->is_target)
		return RC_OK;
	q.why = WHY_DECOY;
	q.proto = PROTO_UDP;
	b->n_open++;
	if (measure_ask(m, &q, on_done, b) == RC_OK)
		return RC_OK;
	b->n_open--;
	return RC_LIMIT;
}

/* Once it is intercepted: step 0 by DNS, the next by other flows. */
static enum rc
ask_place(struct box *b, unsigned step)
{
	struct measure *m = b->job.measure;
	struct question q = measure_question(
	    m, KIND_TRACE, &b->job.address, b->job.source_port);

	if (step > PLACE_FLOWS ||
	    (step == 0 && b->round >= N_ROUNDS + PLACE_ROUNDS))
		return RC_OK;
	q.proto = step == 0 ? PROTO_UDP : PROTO_PLAIN;
	q.port = step == 0 ? m->options.ports[KIND_DNS] : PLACE_PORT;
	if (step > 0)
		q.source_port = measure_source_port();
	q.last_ttl = answer_ttl(b);
	q.first_ttl = q.last_ttl > 1 ? q.last_ttl - 1 : 1;
	b->n_open++;
	if (measure_ask(m, &q, on_done, b) == RC_OK)
		return RC_OK;
	b->n_open--;
	return RC_LIMIT;
}

static enum rc
ask(struct box *b, unsigned step)
{
	struct measure *m = b->job.measure;
	struct question q;

	if (b->round >= N_ROUNDS)
		return ask_place(b, step);
	if (step == EVIDENCE_STEPS)
		return ask_decoy(b);
	if (b->round >= steps[step].n_rounds)
		return RC_OK;
	q = measure_question(
	    m, steps[step].kind, &b->job.address, b->job.source_port);
	q.proto = steps[step].proto;
	q.port = q.proto == PROTO_ICMP ? 0 : m->options.ports[KIND_DNS];
	if (q.proto == PROTO_TCP)
		q.source_port = 0;
	q.with_chaos = q.kind == KIND_DNS && q.proto == PROTO_UDP &&
		       (b->round == 0 || b->evidence.wants_chaos);
	b->n_open++;
	if (measure_ask(m, &q, on_done, b) == RC_OK)
		return RC_OK;
	b->n_open--;
	return RC_LIMIT;
}

static void
on_timer(uv_timer_t *timer)
{
	struct box *b = timer->data;

	for (; b->step <= EVIDENCE_STEPS; b->step++) {
		if (ask(b, b->step) == RC_OK)
			continue;
		uv_timer_start(timer, on_timer, BUSY_RETRY_MS, 0);
		return;
	}
	end_round(b);
}

static void
begin(struct job *j)
{
	struct box *b = (struct box *)j;
	struct boxes *all = boxes_of(j->measure);
	struct decoy *d = &all->decoys[family_index(j)];

	b->asks_decoy = !d->is_taken;
	d->is_taken = true;
	if (addr_equal(&d->address, &j->address))
		d->is_target = true;
	uv_timer_init(&j->measure->loop, &b->timer); /* cannot fail */
	b->timer.data = b;
	uv_timer_start(&b->timer, on_timer, 0, 0);
}

static struct middlebox_report
report_of(const struct job *j)
{
	struct boxes *all = j->measure->shared;
	unsigned f = family_index(j);

	return (struct middlebox_report){
		.evidence = &((const struct box *)j)->evidence,
		.decoy = &all->decoys[f],
		.target = signals_find(&all->signals[f], number_of(j)),
		.verdict = judge(j)
	};
}

static void
print(const struct job *j, FILE *to)
{
	struct middlebox_report r = report_of(j);

	job_print_head(
	    j, j->measure->options.ports[KIND_DNS], &r.evidence->source, to);
	middlebox_text_print(&r, to);
}

static void
print_json(const struct job *j)
{
	struct middlebox_report r = report_of(j);
	json_t *object = json_object();

	job_put_head(j, object, "middlebox",
	    j->measure->options.ports[KIND_DNS], &r.evidence->source);
	middlebox_text_put(&r, object);
	measure_json_object(j->measure, object);
}

static bool
is_answered(const struct job *j)
{
	return ((const struct box *)j)->evidence.n_answered > 0;
}

const struct job_kind measure_middlebox_kind = { .size = sizeof(struct box),
	.begin = begin,
	.print = print,
	.print_json = print_json,
	.is_answered = is_answered,
	.is_together = true };
