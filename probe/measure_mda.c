/*
 * measure_mda.c - every path to a target, by flow.                 (wiring)
 *
 * probe/mda.h says which packet is next; here each is a question of one TTL
 * to the engine, whose source port is the flow.
 */
#include "probe/icmpmsg.h"
#include "probe/mda.h"
#include "probe/mda_text.h"
#include "probe/measure_jobs.h"
#include "schema/base/clock.h"

#define ACTIVE_MAX 64 /* over params.max_active */
#define BUSY_RETRY_MS 20

struct paths;

struct packet { /* of one TTL and flow */
	struct paths *paths;
	bool is_used, is_asked; /* is_asked false: the engine had no room */
	struct mda_probe probe;
};

struct paths {
	struct job job;
	uv_timer_t timer;
	struct addr source;
	enum outcome failure; /* the probe's own fault; else ok */
	struct packet packets[ACTIVE_MAX];
	struct mda mda;
};

static void go_on(struct paths *p);

static void
on_timer(uv_timer_t *timer)
{
	go_on(timer->data);
}

/* The first answer to the one packet of a question; NULL: none. */
static const struct hop *
first_answer(const struct trace_result *t)
{
	for (unsigned i = 0; i < t->n_hops; i++)
		if (t->hops[i].address.family != 0 && !t->hops[i].is_extra)
			return &t->hops[i];
	return NULL;
}

static void
on_done(void *ctx, const struct observation *o)
{
	struct packet *k = ctx;
	struct paths *p = k->paths;
	const struct hop *h = first_answer(&o->trace);
	bool is_end;

	k->is_used = false;
	if (o->source.family != 0)
		p->source = o->source;
	if (outcome_is_own_fault(o->outcome)) {
		p->failure = o->outcome;
	} else if (h == NULL) {
		mda_silent(&p->mda, k->probe.ttl, k->probe.flow);
	} else {
		is_end = h->is_target ||
			 icmpmsg_meaning(h->address.family, h->icmp_type,
			     h->icmp_code) != ICMPMSG_TTL_EXCEEDED;
		mda_reply(&p->mda, k->probe.ttl, k->probe.flow, &h->address,
		    h->rtt_us, is_end, h->is_target);
	}
	go_on(p);
}

static bool
ask(struct packet *k)
{
	struct paths *p = k->paths;
	struct measure *m = p->job.measure;
	struct question q = measure_question(m, KIND_TRACE, &p->job.address,
	    (uint16_t)(p->job.source_port + k->probe.flow));

	q.first_ttl = q.last_ttl = k->probe.ttl;
	k->is_asked = measure_ask(m, &q, on_done, k) == RC_OK;
	return k->is_asked;
}

static struct packet *
free_packet(struct paths *p)
{
	for (unsigned i = 0; i < ACTIVE_MAX; i++)
		if (!p->packets[i].is_used)
			return &p->packets[i];
	return NULL;
}

/* Asks again what the engine had no room for; false: it has none. */
static bool
ask_what_waits(struct paths *p)
{
	for (unsigned i = 0; i < ACTIVE_MAX; i++) {
		struct packet *k = &p->packets[i];

		if (k->is_used && !k->is_asked && !ask(k))
			return false;
	}
	return true;
}

/* Sends what there is to send; false: call again when the timer says. */
static bool
send_next(struct paths *p, int64_t now)
{
	struct packet *k = free_packet(p);
	int64_t until_us;
	struct mda_probe probe;

	if (k == NULL)
		return false;
	switch (mda_next(&p->mda, now, &probe, &until_us)) {
	case MDA_SEND:
		*k = (struct packet){
			.paths = p, .is_used = true, .probe = probe
		};
		if (ask(k))
			return true;
		uv_timer_start(&p->timer, on_timer, BUSY_RETRY_MS, 0);
		return false;
	case MDA_WAIT:
		if (until_us != INT64_MAX)
			uv_timer_start(&p->timer, on_timer,
			    (uint64_t)((until_us - now + 999) / US_PER_MS), 0);
		return false;
	case MDA_DONE:
		job_over(&p->job);
		break;
	}
	return false;
}

static void
go_on(struct paths *p)
{
	int64_t now = clock_mono_us();

	if (p->job.is_over)
		return;
	if (p->failure != OUTCOME_OK) {
		job_over(&p->job);
		return;
	}
	if (!ask_what_waits(p)) {
		uv_timer_start(&p->timer, on_timer, BUSY_RETRY_MS, 0);
		return;
	}
	while (send_next(p, now))
		;
}

static void
begin(struct job *j)
{
	struct paths *p = (struct paths *)j;

	mda_init(&p->mda, NULL);
	p->failure = OUTCOME_OK;
	uv_timer_init(&j->measure->loop, &p->timer); /* cannot fail */
	p->timer.data = p;
	uv_timer_start(&p->timer, on_timer, 0, 0);
}

static uint16_t
port_of(const struct job *j)
{
	return j->measure->options.ports[KIND_TRACE];
}

static void
print(const struct job *j, FILE *to)
{
	const struct paths *p = (const struct paths *)j;

	job_print_head(j, port_of(j), &p->source, to);
	if (p->failure != OUTCOME_OK)
		fprintf(to, "  nothing sent: %s\n", outcome_name(p->failure));
	else
		mda_text_print(&p->mda, j->measure->options.protos[KIND_TRACE],
		    j->source_port, j->measure->asn, to);
}

static void
print_json(const struct job *j)
{
	const struct paths *p = (const struct paths *)j;
	json_t *object = json_object();

	job_put_head(j, object, "multipath", port_of(j), &p->source);
	if (p->failure != OUTCOME_OK)
		json_object_set_new(
		    object, "outcome", json_string(outcome_name(p->failure)));
	mda_text_put(&p->mda, j->measure->options.protos[KIND_TRACE],
	    j->source_port, object);
	measure_json_object(j->measure, object);
}

static bool
is_answered(const struct job *j)
{
	return mda_text_is_reached(&((const struct paths *)j)->mda);
}

const struct job_kind measure_mda_kind = { .size = sizeof(struct paths),
	.begin = begin,
	.print = print,
	.print_json = print_json,
	.is_answered = is_answered };
