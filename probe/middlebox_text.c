/* middlebox_text.c - see middlebox_text.h. */
#include "probe/middlebox_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "probe/dnsmsg.h"
#include "probe/rtt.h"
#include "schema/dnswire.h"
#include "schema/fields.h"

#define LABEL "  %-9s "

static void
add_answer(struct evidence_step *s, int64_t rtt_us)
{
	if (s->n_answered < EVIDENCE_RTTS)
		s->rtts_us[s->n_answered] = rtt_us;
	s->n_answered++;
}

static void
add_dns(struct evidence *e, struct evidence_step *s, const struct dns_result *d)
{
	add_answer(s, d->rtt_us);
	s->identity = d->nsid.is_present ? d->nsid : d->chaos.txt;
	s->rcode = d->rcode;
	s->has_reply_ttl = d->has_reply_ttl;
	s->reply_ttl = d->reply_ttl;
	e->wants_chaos = !d->nsid.is_present;
}

/* Where the target answered, the nearest of all rounds. */
static void
add_trace(struct evidence_step *s, const struct trace_result *t)
{
	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *h = &t->hops[i];

		if (!h->is_target)
			continue;
		add_answer(s, h->rtt_us);
		if (s->target_ttl == 0 || h->ttl < s->target_ttl)
			s->target_ttl = h->ttl;
		break;
	}
	if (t->nsid.is_present)
		s->identity = t->nsid;
}

void
evidence_add(struct evidence *e, unsigned step, const struct observation *o)
{
	struct evidence_step *s = &e->steps[step];
	unsigned before = s->n_answered;

	if (o->source.family != 0)
		e->source = o->source;
	s->kind = o->kind;
	s->proto = o->proto;
	s->outcome = o->outcome;
	s->n_asked++;
	switch (o->kind) {
	case KIND_DNS:
		if (outcome_is_answer(o->outcome))
			add_dns(e, s, &o->dns);
		break;
	case KIND_PING:
		if (o->ping.n_received > 0)
			add_answer(s, o->ping.rtt_median_us);
		if (o->ping.has_reply_ttl) {
			s->has_reply_ttl = true;
			s->reply_ttl = o->ping.reply_ttl;
		}
		break;
	case KIND_TRACE:
		add_trace(s, &o->trace);
		break;
	}
	e->n_answered += s->n_answered > before;
}

void
decoy_add(struct decoy *d, const struct observation *o)
{
	d->n_asked++;
	d->n_answered += outcome_is_answer(o->outcome);
}

/* Of an even number the smaller of the two in the middle. */
static int64_t
median_us(const struct evidence_step *s)
{
	int64_t sorted[EVIDENCE_RTTS];
	unsigned n =
	    s->n_answered < EVIDENCE_RTTS ? s->n_answered : EVIDENCE_RTTS;

	if (n == 0)
		return 0;
	memcpy(sorted, s->rtts_us, n * sizeof sorted[0]);
	qsort(sorted, n, sizeof sorted[0], rtt_compare);
	return sorted[(n - 1) / 2];
}

static void
print_step(const struct evidence_step *s, FILE *to)
{
	char text[IDENTITY_TEXT_LEN], label[32];

	if (s->n_asked == 0)
		return;
	snprintf(label, sizeof label, "%s %s", kind_name(s->kind),
	    proto_name(s->proto));
	fprintf(
	    to, "  %-11s %u of %u answered", label, s->n_answered, s->n_asked);
	if (s->n_answered > 0)
		fprintf(to, ", median %.3f ms", (double)median_us(s) / 1000.0);
	else
		fprintf(to, " (%s)", outcome_name(s->outcome));
	if (s->target_ttl > 0)
		fprintf(to, ", answered at TTL %u", s->target_ttl);
	if (s->kind == KIND_DNS && s->n_answered > 0)
		fprintf(to, ", %s", dnswire_rcode_name(s->rcode));
	if (s->identity.is_present)
		fprintf(to, ", %s", identity_format(&s->identity, text));
	if (s->has_reply_ttl)
		fprintf(to, ", reply TTL %u", s->reply_ttl);
	fputc('\n', to);
}

static void
print_decoy(const struct decoy *d, FILE *to)
{
	char text[ADDR_TEXT_LEN];

	fprintf(to, "  %-11s %s: ", "decoy", addr_format(&d->address, text));
	if (d->is_target)
		fputs(
		    "is itself a target here: give another with --decoy\n", to);
	else if (d->n_answered > 0)
		fprintf(to, "ANSWERED %u of %u, and nobody is there\n",
		    d->n_answered, d->n_asked);
	else
		fprintf(
		    to, "silent, as it must be (%u questions)\n", d->n_asked);
}

/* Does the signal count in the verdict, and with which weight? */
static unsigned
weight_of(const struct signal_verdict *v, enum signal_kind kind)
{
	for (unsigned i = 0; i < v->n; i++)
		if (v->list[i].kind == kind)
			return v->list[i].weight;
	return 0;
}

static const struct signal *
signal_of(const struct middlebox_report *r, enum signal_kind kind)
{
	for (unsigned i = 0; i < r->verdict.n; i++)
		if (r->verdict.list[i].kind == kind)
			return r->verdict.list[i].signal;
	if (r->target != NULL && signals_of(r->target, kind)->n > 0)
		return signals_of(r->target, kind);
	return NULL;
}

static void
print_signals(const struct middlebox_report *r, FILE *to)
{
	const char *before = "";

	for (unsigned k = 0; k < N_SIGNALS; k++) {
		const struct signal *s = signal_of(r, (enum signal_kind)k);
		unsigned weight = weight_of(&r->verdict, (enum signal_kind)k);

		if (s == NULL)
			continue;
		fprintf(to, "  %-11s %-9s ", "signal",
		    signal_name((enum signal_kind)k));
		if (weight > 0)
			fprintf(to, "weight %u", weight);
		else
			fputs("too few signs to count", to);
		fprintf(to, ", %u times: %s\n", s->n, s->detail);
	}
	fprintf(to, "  %-11s ", "no sign of");
	for (unsigned k = 0; k < N_SIGNALS; k++) {
		if (signal_of(r, (enum signal_kind)k) != NULL)
			continue;
		fprintf(to, "%s%s", before, signal_name((enum signal_kind)k));
		before = ", ";
	}
	fputc('\n', to);
}

static void
print_verdict(const struct signal_verdict *v, FILE *to)
{
	char text[ADDR_TEXT_LEN];

	fprintf(to, "  %-11s ", "verdict");
	if (v->is_intercepted)
		fprintf(to, "INTERCEPTED, score %u of 4", v->score);
	else if (v->n > 0)
		fprintf(to, "not shown: score %u, and 4 are needed", v->score);
	else
		fputs("no interception seen", to);
	if (v->place.ttl > 0)
		fprintf(to, "; something answers at TTL %u", v->place.ttl);
	if (v->place.hop.family != 0)
		fprintf(to, ", at %s", addr_format(&v->place.hop, text));
	fputc('\n', to);
	if (v->is_intercepted && v->place.doubt != LOCATE_SURE)
		fprintf(
		    to, "  %-11s %s\n", "place", locate_text(v->place.doubt));
}

void
middlebox_text_print(const struct middlebox_report *r, FILE *to)
{
	for (unsigned i = 0; i < EVIDENCE_STEPS; i++)
		print_step(&r->evidence->steps[i], to);
	print_decoy(r->decoy, to);
	print_signals(r, to);
	print_verdict(&r->verdict, to);
}

static json_t *
step_object(const struct evidence_step *s)
{
	char hex[2 * IDENTITY_MAX + 1];
	json_t *o = json_object();

	fields_put_text(o, "kind", kind_name(s->kind));
	fields_put_text(o, "proto", proto_name(s->proto));
	fields_put_int(o, "asked", s->n_asked);
	fields_put_int(o, "answered", s->n_answered);
	if (s->n_answered > 0)
		fields_put_int(o, "rtt_median_us", median_us(s));
	else
		fields_put_text(o, "outcome", outcome_name(s->outcome));
	if (s->target_ttl > 0)
		fields_put_int(o, "ttl", s->target_ttl);
	if (s->kind == KIND_DNS && s->n_answered > 0)
		fields_put_int(o, "rcode", s->rcode);
	if (s->identity.is_present)
		fields_put_text(o, "identity",
		    sodium_bin2hex(
			hex, sizeof hex, s->identity.bytes, s->identity.len));
	if (s->has_reply_ttl)
		fields_put_int(o, "reply_ttl", s->reply_ttl);
	return o;
}

static json_t *
signal_object(const struct middlebox_report *r, enum signal_kind kind)
{
	const struct signal *s = signal_of(r, kind);
	json_t *o = json_object();

	fields_put_text(o, "signal", signal_name(kind));
	fields_put_int(o, "weight", weight_of(&r->verdict, kind));
	fields_put_int(o, "signs", s->n);
	fields_put_text(o, "detail", s->detail);
	return o;
}

static json_t *
decoy_object(const struct decoy *d)
{
	char text[ADDR_TEXT_LEN];
	json_t *o = json_object();

	fields_put_text(o, "address", addr_format(&d->address, text));
	fields_put_int(o, "asked", d->n_asked);
	fields_put_int(o, "answered", d->n_answered);
	return o;
}

void
middlebox_text_put(const struct middlebox_report *r, json_t *to)
{
	const struct signal_verdict *v = &r->verdict;
	json_t *measured = json_array(), *signals = json_array();
	char text[ADDR_TEXT_LEN];

	fields_put(to, "intercepted", json_boolean(v->is_intercepted));
	fields_put_int(to, "score", v->score);
	if (v->place.ttl > 0)
		fields_put_int(to, "answer_ttl", v->place.ttl);
	if (v->place.hop.family != 0)
		fields_put_text(
		    to, "answer_hop", addr_format(&v->place.hop, text));
	if (v->is_intercepted)
		fields_put_text(to, "place", locate_text(v->place.doubt));
	for (unsigned k = 0; k < N_SIGNALS; k++)
		if (signal_of(r, (enum signal_kind)k) != NULL)
			json_array_append_new(
			    signals, signal_object(r, (enum signal_kind)k));
	fields_put(to, "signals", signals);
	for (unsigned i = 0; i < EVIDENCE_STEPS; i++)
		if (r->evidence->steps[i].n_asked > 0)
			json_array_append_new(
			    measured, step_object(&r->evidence->steps[i]));
	fields_put(to, "measured", measured);
	fields_put(to, "decoy", decoy_object(r->decoy));
}
