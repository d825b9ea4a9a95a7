/* summary.c - see summary.h. */
#include "probe/summary.h"

static void
add_identity(struct summary *s, const struct identity *id)
{
	for (unsigned i = 0; i < s->n_identities; i++) {
		if (!identity_equal(&s->identities[i].identity, id))
			continue;
		s->identities[i].n++;
		return;
	}
	if (s->n_identities < SUMMARY_IDENTITIES_MAX)
		s->identities[s->n_identities++] =
		    (struct seen_identity){ .identity = *id, .n = 1 };
}

static void
tally(struct tally *t, const struct observation *o, bool is_answered,
    int64_t rtt_us)
{
	t->proto = o->proto;
	t->port = o->port;
	t->n_asked++;
	t->n_outcomes[o->outcome]++;
	if (!is_answered)
		return;
	t->rtts_us[t->n_answered++ % SUMMARY_RTTS] = rtt_us;
	t->n_stamps[o->stamp]++;
}

static void
add_second(struct summary *s, const struct dns_result *d)
{
	if (!d->second.is_present)
		return;
	s->second.n++;
	s->second.n_different += d->second.is_different;
	s->second.last = d->second;
	s->second.first_rtt_us = s->dns.n_answered > 0 ? s->last_dns.rtt_us : 0;
}

static void
add_dns(struct summary *s, const struct observation *o)
{
	const struct dns_result *d = &o->dns;
	bool is_answered = outcome_is_answer(o->outcome);

	tally(&s->dns, o, is_answered, d->rtt_us);
	s->n_late += d->n_late;
	s->n_duplicate += d->n_duplicate;
	if (d->chaos.is_asked &&
	    (!s->chaos.txt.is_present || outcome_is_answer(d->chaos.outcome)))
		s->chaos = d->chaos;
	if (d->tls.is_present)
		s->tls = d->tls;
	if (d->source_port != 0)
		s->source_port = d->source_port;
	if (d->nsid.is_present)
		add_identity(s, &d->nsid);
	else if (d->chaos.txt.is_present)
		add_identity(s, &d->chaos.txt);
	if (is_answered)
		s->last_dns = *d;
	add_second(s, d);
	if (!is_answered)
		return;
	s->dns.has_reply_ttl = d->has_reply_ttl;
	s->dns.reply_ttl = d->reply_ttl;
}

static void
add_ping(struct summary *s, const struct observation *o)
{
	const struct ping_result *p = &o->ping;

	tally(&s->ping, o, p->n_received > 0, p->rtt_median_us);
	if (p->n_received == 0)
		return;
	s->ping.has_reply_ttl = p->has_reply_ttl;
	s->ping.reply_ttl = p->reply_ttl;
}

static void
add_trace(struct summary *s, const struct observation *o)
{
	trace_table_add(&s->trace, o);
	if (s->source_port == 0)
		s->source_port = o->trace.source_port;
	if (o->trace.nsid.is_present && s->dns.n_asked == 0)
		add_identity(s, &o->trace.nsid);
}

void
summary_add(struct summary *s, const struct observation *o)
{
	if (o->source.family != 0)
		s->source = o->source;
	if (outcome_is_own_fault(o->outcome)) {
		s->n_unsent++;
		s->unsent = o->outcome;
	}
	switch (o->kind) {
	case KIND_DNS:
		add_dns(s, o);
		break;
	case KIND_PING:
		add_ping(s, o);
		break;
	case KIND_TRACE:
		add_trace(s, o);
		break;
	}
}

bool
summary_is_answered(const struct summary *s)
{
	return s->dns.n_answered > 0 || s->ping.n_answered > 0 ||
	       s->trace.n_reached > 0;
}

bool
summary_is_unsent(const struct summary *s)
{
	return s->n_unsent > 0 && s->n_unsent == s->dns.n_asked +
						     s->ping.n_asked +
						     s->trace.n_rounds;
}
