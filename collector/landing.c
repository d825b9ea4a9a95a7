#include "collector/landing.h"

#include "schema/base/clock.h"

#define STAY_PERIODS 10

#define RCODE_SERVFAIL 2 /* RFC 1035 4.1.1 */
#define RCODE_REFUSED 5

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

struct landing_rules
landing_rules_of(const struct service *s)
{
	struct landing_rules r = { .dns_every_us = s->dns_every_us,
		.round_us = s->round_us,
		.round_before_us = s->round_before_us,
		.n_retry = s->n_retry,
		.n_agree = s->n_agree != 0 ? s->n_agree : LANDING_AGREE };

	if (s->n_retry > 0)
		r.retry_span_us = s->retry_after_us[s->n_retry - 1];
	r.late_us = larger(3 * s->dns_every_us, 120 * US_PER_S);
	/* An upload may take its interval; see the probe's assignment. */
	r.fresh_us = larger(3 * s->dns_every_us + 60 * US_PER_S, r.late_us);
	r.stay_us = s->round_us != 0 ? 1 : STAY_PERIODS * s->dns_every_us;
	return r;
}

void
landing_out_init(struct landing_out *out, int64_t next_id)
{
	out->n = 0;
	out->next_id = next_id;
	out->is_hard = out->has_move = out->is_other = false;
}

enum health
landing_health(const struct track *t, const struct sighting *s)
{
	switch (s->outcome) {
	case OUTCOME_OK:
		return HEALTH_GOOD;
	case OUTCOME_RCODE:
		return t->has_answered && (s->rcode == RCODE_SERVFAIL ||
					      s->rcode == RCODE_REFUSED)
			   ? HEALTH_BAD
			   : HEALTH_GOOD;
	case OUTCOME_TIMEOUT:
	case OUTCOME_UNREACHABLE:
	case OUTCOME_REFUSED:
	case OUTCOME_RESET:
	case OUTCOME_MALFORMED:
		return HEALTH_BAD;
	case OUTCOME_MISMATCH:
	case OUTCOME_NO_FAMILY:
	case OUTCOME_SEND_FAILED:
		break;
	}
	return HEALTH_NONE;
}

static int64_t
place_of(const struct sighting *s)
{
	if (!outcome_is_answer(s->outcome) || !s->has_identity)
		return PLACE_NONE;
	return s->site_id == 0 ? PLACE_UNKNOWN : s->site_id;
}

/* The journal. */

static bool
is_open(const struct track *t)
{
	return t->open.id != 0 && t->open.until_us == 0;
}

static void
write_interval(const struct track *t, struct landing_out *out)
{
	if (out->n < LANDING_INTERVALS_MAX)
		out->intervals[out->n++] = track_landing(t);
	out->is_hard = true;
}

/* Ends the interval; one that nobody reports has its end already. */
static void
close_interval(struct track *t, int64_t until_us, struct landing_out *out)
{
	if (is_open(t)) {
		t->open.until_us = larger(until_us, t->open.since_us);
		write_interval(t, out);
	}
	t->open = (struct interval){ 0 };
}

static void
open_interval(struct track *t, enum landing_state state, int64_t since_us,
    int64_t last_us, uint32_t n, struct landing_out *out)
{
	t->open = (struct interval){ .id = out->next_id++,
		.state = (uint8_t)state,
		.site_id = state == LANDING_UNKNOWN ? 0 : t->home,
		.since_us = since_us,
		.last_us = last_us,
		.n = n };
	write_interval(t, out);
}

static enum landing_state
state_of(const struct track *t)
{
	if (t->is_dark)
		return LANDING_DARK;
	return t->place == PLACE_UNKNOWN ? LANDING_UNKNOWN : LANDING_STABLE;
}

/* True: there is a new shortest one. */
static bool
add_rtt(struct interval *l, const struct rtt_sum *r)
{
	bool is_shorter =
	    r->n > 0 && (l->rtt_n == 0 || r->min_us < l->rtt_min_us);

	if (is_shorter)
		l->rtt_min_us = r->min_us;
	l->rtt_sum_us += r->sum_us;
	l->rtt_n += (uint32_t)r->n;
	return is_shorter;
}

/* Back after a silence that was only late news: the interval goes on. */
static bool
resume_interval(struct track *t, int64_t at_us, struct landing_out *out)
{
	if (t->open.id == 0 || t->open.state != (uint8_t)state_of(t) ||
	    at_us - t->open.last_us > t->rules->fresh_us)
		return false;
	t->open.until_us = 0;
	write_interval(t, out);
	return true;
}

static void
agree(struct track *t, const struct sighting *s, struct landing_out *out)
{
	struct rtt_sum rtt = { 0 };

	if (s->has_rtt)
		rtt_sum_add(&rtt, s->rtt_us);
	if (!is_open(t) && !resume_interval(t, t->seen_us, out))
		open_interval(t, state_of(t), t->seen_us, t->seen_us, 0, out);
	t->open.last_us = t->seen_us;
	t->open.n++;
	t->is_soft = true;
	/* Events speak of the shortest: a restart must not forget it. */
	if (add_rtt(&t->open, &rtt))
		write_interval(t, out);
}

/* Candidates. */

/* Remembers where it stayed long, so that a site's usual share of the fleet
 * is known after everybody left it. */
static void
leave_home(struct track *t, int64_t at_us)
{
	if (t->home == 0 || at_us - t->home_since_us < t->rules->stay_us)
		return;
	track_own_rare(t)->before = t->home;
	track_own_rare(t)->before_left_us = at_us;
}

static void
settle_home(struct track *t, const struct candidate *c,
    const struct sighting *s, int64_t from_rtt_us, struct landing_out *out)
{
	if (c->place == PLACE_UNKNOWN || c->place == t->home)
		return;
	if (t->home != 0 && !t->was_away) {
		out->has_move = true;
		out->move = (struct move){ t->vantage_id, t->target->id,
			t->home, c->place, c->since_us, s->received_us,
			from_rtt_us, c->rtt.n > 0 ? c->rtt.min_us : 0 };
	}
	leave_home(t, c->since_us);
	t->home = c->place;
	t->home_since_us = c->since_us;
}

static void
confirm(struct track *t, const struct sighting *s, struct landing_out *out)
{
	struct candidate c = t->candidate;
	int64_t from_rtt_us = t->open.rtt_n > 0 ? t->open.rtt_min_us : 0;

	t->candidate = (struct candidate){ 0 };
	close_interval(t, c.since_us, out);
	settle_home(t, &c, s, from_rtt_us, out);
	t->place = c.place;
	open_interval(t, state_of(t), c.since_us, c.last_us, c.n, out);
	(void)add_rtt(&t->open, &c.rtt);
	out->intervals[out->n - 1] = track_landing(t);
}

static void
doubt(struct track *t, int64_t place, const struct sighting *s,
    struct landing_out *out)
{
	struct candidate *c = &t->candidate;
	int64_t at = t->seen_us;

	if (c->n == 0 || c->place != place ||
	    at - c->last_us > 2 * t->rules->dns_every_us)
		*c = (struct candidate){ .place = place, .since_us = at };
	c->last_us = at;
	c->n++;
	if (s->has_rtt)
		rtt_sum_add(&c->rtt, s->rtt_us);
	out->is_hard = true;
	if (c->n >= t->rules->n_agree)
		confirm(t, s, out);
}

static void
see_place(struct track *t, int64_t place, const struct sighting *s,
    struct landing_out *out)
{
	if (place != t->place) {
		doubt(t, place, s, out);
		return;
	}
	if (t->candidate.n > 0) {
		t->candidate = (struct candidate){ 0 };
		out->is_hard = true;
	}
	if (!t->is_dark)
		agree(t, s, out);
}

/* Silence. */

static uint8_t
one_more(uint8_t n)
{
	return (uint8_t)(n == UINT8_MAX ? n : n + 1);
}

static void
count_failure(
    struct track *t, const struct sighting *s, struct landing_out *out)
{
	struct failures *f = &t->failures;

	if (f->n == 0)
		*f = (struct failures){ .since_us = t->seen_us };
	f->last_us = t->seen_us;
	f->n = one_more(f->n);
	if (s->why == WHY_RETRY)
		f->n_retry = one_more(f->n_retry);
	t->is_soft = true;
	if (f->n <= 8) /* enough to tell silence: the rest is not news */
		out->is_hard = true;
}

void
landing_forgive(struct track *t, struct landing_out *out)
{
	if (t->failures.n == 0)
		return;
	t->failures = (struct failures){ 0 };
	out->is_hard = true;
}

static void
count_answer(struct track *t, const struct sighting *s, struct landing_out *out)
{
	landing_forgive(t, out);
	if (t->ok_us == 0) /* the first: a restart must not forget it */
		out->is_hard = true;
	t->ok_us = t->seen_us;
	t->is_soft = true;
	if (s->outcome == OUTCOME_OK)
		t->has_answered = true;
}

static void
note_round(struct track *t, const struct sighting *s, enum health health)
{
	if (s->why != WHY_ROUND)
		return;
	t->round_us = t->seen_us;
	t->is_round_lost = health == HEALTH_BAD;
}

/* Of rounds: was it not seen in the one before this? */
static bool
was_away(const struct track *t)
{
	const struct landing_rules *r = t->rules;

	return r->round_us != 0 &&
	       (r->round_before_us == 0 || t->seen_us < r->round_before_us);
}

/* False: an observation from before the newest one. */
static bool
advance(struct track *t, const struct sighting *s)
{
	int64_t at = s->at_us < s->received_us ? s->at_us : s->received_us;

	if (at < t->seen_us)
		return false;
	t->was_away = was_away(t);
	t->seen_us = at;
	t->is_late = s->received_us - at > t->rules->late_us;
	return true;
}

enum health
landing_see_reach(
    struct track *t, const struct sighting *s, struct landing_out *out)
{
	enum health health = landing_health(t, s);

	if (health == HEALTH_NONE || !advance(t, s))
		return HEALTH_NONE;
	note_round(t, s, health);
	if (health == HEALTH_GOOD)
		count_answer(t, s, out);
	else
		count_failure(t, s, out);
	return health;
}

enum health
landing_see(struct track *t, const struct sighting *s, struct landing_out *out)
{
	int64_t place = place_of(s);
	enum health health;

	if (s->why == WHY_VARIED || s->why == WHY_CONTROL)
		return HEALTH_NONE;
	health = landing_see_reach(t, s, out);
	if (health == HEALTH_NONE)
		return health;
	if (health == HEALTH_GOOD && t->is_dark) {
		t->is_dark = false;
		out->is_other = true;
		/* A failure may have said already where it comes from now. */
		close_interval(t,
		    t->candidate.n > 0 ? t->candidate.since_us : t->seen_us,
		    out);
		if (place == PLACE_NONE)
			place = t->place;
	}
	if (place != PLACE_NONE)
		see_place(t, place, s, out);
	return health;
}

bool
landing_is_silent(const struct track *t)
{
	const struct landing_rules *r = t->rules;
	const struct failures *f = &t->failures;

	if (t->is_dark || t->home == 0)
		return false;
	if (r->n_retry > 0 && f->n_retry >= r->n_retry && f->n > r->n_retry)
		return true;
	return f->n >= 3 && f->last_us - f->since_us >= r->retry_span_us;
}

void
landing_darken(struct track *t, struct landing_out *out)
{
	const struct failures *f = &t->failures;
	/* Failures may have named the place that it landed at meanwhile. */
	int64_t since_us = larger(f->since_us, t->open.since_us);

	close_interval(t, since_us, out);
	t->is_dark = true;
	/* Answers from before and after it are not in a row. */
	t->candidate = (struct candidate){ 0 };
	open_interval(t, LANDING_DARK, since_us, f->last_us, f->n, out);
	out->is_other = true;
}

void
landing_still_dark(struct track *t)
{
	t->open.last_us = t->seen_us;
	t->open.n++;
	t->is_soft = true;
}

void
landing_expire(struct track *t, int64_t now_us, struct landing_out *out)
{
	if (!is_open(t) || now_us - t->open.last_us <= t->rules->fresh_us)
		return;
	t->open.until_us = t->open.last_us;
	write_interval(t, out);
	if (!t->is_dark)
		return;
	t->is_dark = false;
	t->failures = (struct failures){ 0 };
	out->is_other = true;
}

bool
landing_is_fresh(const struct track *t, int64_t now_us)
{
	return is_open(t) && now_us - t->open.last_us <= t->rules->fresh_us;
}
