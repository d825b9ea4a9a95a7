/* hoststate.c - see hoststate.h. */
#include "probe/hoststate.h"

static struct family_record *
record_of(struct hoststate *h, uint8_t family)
{
	return &h->families[family == 6];
}

static void
note_outage(struct family_record *f, int64_t from_us, int64_t until_us)
{
	f->outages[f->n_outages++ % HOSTSTATE_OUTAGES] =
	    (struct outage){ from_us, until_us };
}

static void
end_outage(struct family_record *f, int64_t now_us)
{
	struct outage *last;

	if (f->n_outages == 0)
		return;
	last = &f->outages[(f->n_outages - 1) % HOSTSTATE_OUTAGES];
	if (last->until_us == INT64_MAX)
		last->until_us = now_us;
}

static bool
is_usable(const struct family_look *look)
{
	return look->source.family != 0 && look->is_up;
}

static enum host_change
see_gone(struct family_record *f, int64_t since_us)
{
	if (f->state == FAMILY_NONE)
		return HOST_SAME;
	f->state = FAMILY_NONE;
	note_outage(f, since_us, INT64_MAX);
	return HOST_LOST;
}

static enum host_change
see_usable(struct family_record *f, const struct addr *source, int64_t since_us,
    bool was_lost, int64_t now_us)
{
	enum family_state before = f->state;
	bool is_moved = before == FAMILY_OK && !addr_equal(&f->source, source);

	f->state = FAMILY_OK;
	f->source = *source;
	if (before != FAMILY_OK) {
		end_outage(f, now_us);
		return before == FAMILY_NONE ? HOST_BACK : HOST_FOUND;
	}
	if (is_moved || was_lost)
		note_outage(f, since_us, now_us);
	return is_moved ? HOST_MOVED : HOST_SAME;
}

enum host_change
hoststate_look(struct hoststate *h, uint8_t family,
    const struct family_look *look, int64_t since_us, bool was_lost,
    int64_t now_us)
{
	struct family_record *f = record_of(h, family);

	if (!look->has_targets) {
		end_outage(f, now_us);
		f->state = FAMILY_UNKNOWN;
		return HOST_SAME;
	}
	if (!is_usable(look))
		return see_gone(f, since_us);
	return see_usable(f, &look->source, since_us, was_lost, now_us);
}

enum family_state
hoststate_of(const struct hoststate *h, uint8_t family)
{
	return h->families[family == 6].state;
}

bool
hoststate_slept(struct hoststate *h, int64_t mono_us, int64_t awake_us)
{
	int64_t since_us = h->mono_us;
	int64_t slept_us = (mono_us - h->mono_us) - (awake_us - h->awake_us);
	bool is_first = h->mono_us == 0 && h->awake_us == 0;

	h->mono_us = mono_us;
	h->awake_us = awake_us;
	if (is_first || slept_us < HOSTSTATE_SLEEP_US)
		return false;
	for (int i = 0; i < 2; i++)
		if (h->families[i].state != FAMILY_NONE)
			note_outage(&h->families[i], since_us, mono_us);
	return true;
}

/* Was the family out at any time between? */
static bool
was_out(const struct family_record *f, int64_t from_us, int64_t until_us)
{
	unsigned n =
	    f->n_outages < HOSTSTATE_OUTAGES ? f->n_outages : HOSTSTATE_OUTAGES;

	for (unsigned i = 0; i < n; i++) {
		const struct outage *o = &f->outages[i];
		bool is_over = o->until_us != INT64_MAX;

		if (o->from_us - HOSTSTATE_BEFORE_US <= until_us &&
		    (!is_over || o->until_us + HOSTSTATE_AFTER_US >= from_us))
			return true;
	}
	return false;
}

/* Nothing came, or only word from nearby that nothing can. */
static bool
is_silence(enum outcome o)
{
	return o == OUTCOME_TIMEOUT || o == OUTCOME_UNREACHABLE ||
	       o == OUTCOME_RESET;
}

void
hoststate_settle(
    const struct hoststate *h, struct observation *o, int64_t now_us)
{
	const struct family_record *f = &h->families[o->target.family == 6];
	enum outcome own =
	    f->state == FAMILY_NONE ? OUTCOME_NO_FAMILY : OUTCOME_SEND_FAILED;
	bool has_chaos = o->kind == KIND_DNS && o->dns.chaos.is_asked;

	if (!was_out(f, o->at_us, now_us))
		return;
	if (has_chaos && is_silence(o->dns.chaos.outcome))
		o->dns.chaos.outcome = own;
	if (!is_silence(o->outcome))
		return;
	o->outcome = own;
	if (o->kind == KIND_TRACE)
		o->trace.n_hops = 0; /* half a path is none */
}
