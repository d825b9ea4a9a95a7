/* roll_row.c - see roll_row.h. */
#include "collector/roll_row.h"

#include "schema/base/clock.h"

#define DAY_US (86400 * US_PER_S)
#define WINDOWS 3 /* that a move is new */

/* A moment and the span after it.  Is it now?  When it is over, is noted. */
static bool
is_within(int64_t from_us, int64_t span_us, int64_t now_us, int64_t *until_us)
{
	int64_t over_us = from_us + span_us + 1;

	if (now_us >= over_us)
		return false;
	if (over_us < *until_us)
		*until_us = over_us;
	return true;
}

static bool
is_first(const struct track *t)
{
	const struct track *o = t->member->tracks;

	while (o != t && o->target->role != ROLE_SERVICE)
		o = o->next;
	return o == t;
}

static bool
is_odd(const struct track *t)
{
	const struct way_seen *way = witness_way_seen(&t->witness);

	return t->place > 0 && t->place == t->home &&
	       (witness_odd(&t->witness)->n_fast >= LANDING_AGREE ||
		   (way->router.family != 0 && way->taught_id != t->home));
}

/* Those that depend on the track alone. */
static unsigned
lasting_marks(const struct track *t)
{
	const struct witness *w = &t->witness;
	unsigned m = 0;

	if (t->is_dark)
		m |= ROLL_DARK;
	if (t->place == PLACE_UNKNOWN && witness_odd(w)->stranger.n > 0)
		m |= ROLL_STRANGER;
	if (is_odd(t))
		m |= ROLL_ODD;
	if (t->excuse == EXCUSE_INTERCEPTED)
		m |= ROLL_INTERCEPTED;
	if (w->flaps.since_us != 0)
		m |= ROLL_FLAPS;
	if (t->pace.slow_us != 0)
		m |= ROLL_SLOW;
	if (track_rare(t)->recent.from_site_id != 0)
		m |= ROLL_MOVED;
	if (track_counts(t))
		m |= ROLL_COUNTS;
	if (is_first(t))
		m |= ROLL_FIRST;
	return m;
}

/* Those that go by what is heard. */
static unsigned
news_marks(const struct track *t, int64_t now_us, int64_t *until_us)
{
	const struct interval *l = &t->open;
	const struct witness *w = &t->witness;
	int64_t fresh_us = t->rules->fresh_us;
	unsigned m = 0;

	if (l->id != 0 && l->until_us == 0) {
		if (!is_within(l->last_us, fresh_us, now_us, until_us))
			m |= ROLL_EXPIRED;
		else if (track_counts(t) && t->seen_us >= t->rules->round_us)
			m |= ROLL_FRESH;
	}
	if (!is_within(t->heard_us, fresh_us, now_us, until_us))
		m |= ROLL_QUIET;
	if (is_within(t->seen_us, fresh_us, now_us, until_us) &&
	    track_counts(t)) {
		if (t->failures.n >= 2)
			m |= ROLL_FAILING;
		else if (t->ok_us != 0)
			m |= ROLL_ANSWERED;
	}
	if (w->serial_us != 0 && member_is_trusted(t->member) &&
	    t->excuse != EXCUSE_INTERCEPTED &&
	    is_within(w->serial_us, fresh_us, now_us, until_us))
		m |= ROLL_SERIAL;
	if (track_rare(t)->came_from != 0 &&
	    is_within(t->home_since_us,
		WINDOWS * (2 * t->rules->dns_every_us + 60 * US_PER_S), now_us,
		until_us))
		m |= ROLL_CAME;
	return m;
}

static uint16_t
place_of(const struct map *sites, int64_t site_id)
{
	size_t i =
	    site_id > 0 ? map_get(sites, (uint64_t)site_id, 0) : MAP_NONE;

	return i == MAP_NONE ? 0 : (uint16_t)(i + 1);
}

static uint16_t
noise_of(const struct track *t, int64_t now_us, int64_t *until_us)
{
	unsigned n = noise_count(&t->noise, now_us);

	if (n > 0) /* until midnight */
		(void)is_within(
		    now_us - now_us % DAY_US, DAY_US - 1, now_us, until_us);
	return (uint16_t)n;
}

struct roll_row
roll_row_of(
    struct track *t, const struct map *sites, int64_t now_us, int64_t *until_us)
{
	struct roll_row row = { .vantage_id = t->vantage_id,
		.track = t,
		.member = (uint32_t)t->member->index,
		.serial = t->witness.serial };

	*until_us = ROLL_NEVER;
	row.marks =
	    (uint16_t)(lasting_marks(t) | news_marks(t, now_us, until_us));
	row.noise = noise_of(t, now_us, until_us);
	if ((row.marks & ROLL_FRESH) == 0)
		return row;
	if (t->open.state != LANDING_UNKNOWN)
		row.here = place_of(sites, t->home);
	if (is_within(
		track_rare(t)->before_left_us, ROLL_USUAL_US, now_us, until_us))
		row.before = place_of(sites, track_rare(t)->before);
	return row;
}
