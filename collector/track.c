#include "collector/track.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define TRACK_VERSION 3

/* One of each vantage and target: what few need goes to track_rare. */
_Static_assert(sizeof(struct track) <= 528, "a track has grown");

#define US_PER_DAY (86400 * US_PER_S)

const struct track_rare *
track_rare(const struct track *t)
{
	static const struct track_rare none;

	return t->rare == NULL ? &none : t->rare;
}

struct track_rare *
track_own_rare(struct track *t)
{
	if (t->rare == NULL)
		t->rare = mem_new(sizeof *t->rare);
	return t->rare;
}

const struct last_router *
track_router(const struct track *t)
{
	static const struct last_router none;

	return t->router == NULL ? &none : t->router;
}

struct last_router *
track_own_router(struct track *t)
{
	if (t->router == NULL)
		t->router = mem_new(sizeof *t->router);
	return t->router;
}

void
track_fini(struct track *t)
{
	free(t->rare);
	free(t->router);
	witness_fini(&t->witness);
	t->rare = NULL;
	t->router = NULL;
}

struct landing
track_landing(const struct track *t)
{
	const struct interval *i = &t->open;

	return (struct landing){ .id = i->id,
		.vantage_id = t->vantage_id,
		.target_id = t->target->id,
		.state = (enum landing_state)i->state,
		.site_id = i->site_id,
		.since_us = i->since_us,
		.until_us = i->until_us,
		.last_us = i->last_us,
		.n = i->n,
		.rtt_min_us = i->rtt_min_us,
		.rtt_sum_us = i->rtt_sum_us,
		.rtt_n = i->rtt_n };
}

static uint32_t
at_most_u32(int64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

void
track_set_landing(struct track *t, const struct landing *l)
{
	t->open = (struct interval){ .id = l->id,
		.state = (uint8_t)l->state,
		.site_id = l->site_id,
		.since_us = l->since_us,
		.until_us = l->until_us,
		.last_us = l->last_us,
		.n = at_most_u32(l->n),
		.rtt_min_us = l->rtt_min_us,
		.rtt_sum_us = l->rtt_sum_us,
		.rtt_n = at_most_u32(l->rtt_n) };
}

static void
put_candidate(struct wbuf *w, const struct candidate *c)
{
	wbuf_i64(w, c->place);
	wbuf_i64(w, c->since_us);
	wbuf_i64(w, c->last_us);
	wbuf_i64(w, c->rtt.min_us);
	wbuf_i64(w, c->rtt.sum_us);
	wbuf_u8(w, c->n);
	wbuf_u8(w, (uint8_t)c->rtt.n); /* never more than c->n */
}

static void
get_candidate(struct rbuf *r, struct candidate *c)
{
	c->place = rbuf_i64(r);
	c->since_us = rbuf_i64(r);
	c->last_us = rbuf_i64(r);
	c->rtt.min_us = rbuf_i64(r);
	c->rtt.sum_us = rbuf_i64(r);
	c->n = rbuf_u8(r);
	c->rtt.n = rbuf_u8(r);
}

static void
put_streaks(struct wbuf *w, const struct track *t)
{
	const struct recent_move *recent = &track_rare(t)->recent;

	wbuf_i64(w, t->failures.since_us);
	wbuf_i64(w, t->failures.last_us);
	wbuf_u8(w, t->failures.n);
	wbuf_u8(w, t->failures.n_retry);
	wbuf_i64(w, recent->from_site_id);
	wbuf_i64(w, recent->at_us);
	wbuf_i64(w, recent->confirmed_us);
	wbuf_u8(w, recent->n);
	wbuf_u32(w, t->noise.day);
	wbuf_put(w, t->noise.n, sizeof t->noise.n);
}

static void
get_streaks(struct rbuf *r, struct track *t, struct recent_move *recent)
{
	const uint8_t *days;

	t->failures.since_us = rbuf_i64(r);
	t->failures.last_us = rbuf_i64(r);
	t->failures.n = rbuf_u8(r);
	t->failures.n_retry = rbuf_u8(r);
	recent->from_site_id = rbuf_i64(r);
	recent->at_us = rbuf_i64(r);
	recent->confirmed_us = rbuf_i64(r);
	recent->n = rbuf_u8(r);
	t->noise.day = rbuf_u32(r);
	days = rbuf_take(r, sizeof t->noise.n);
	if (days != NULL)
		memcpy(t->noise.n, days, sizeof t->noise.n);
}

static void
put_router(struct wbuf *w, const struct last_router *r)
{
	wbuf_u8(w, r->address.family);
	wbuf_put(w, r->address.bytes, sizeof r->address.bytes);
	wbuf_u32(w, r->asn);
	wbuf_i64(w, r->at_us);
}

static void
get_router(struct rbuf *b, struct last_router *r)
{
	const uint8_t *bytes;

	r->address = (struct addr){ .family = rbuf_u8(b) };
	bytes = rbuf_take(b, sizeof r->address.bytes);
	if (bytes != NULL)
		memcpy(r->address.bytes, bytes, sizeof r->address.bytes);
	r->asn = rbuf_u32(b);
	r->at_us = rbuf_i64(b);
}

void
track_encode(const struct track *t, struct track_bytes *out)
{
	const struct track_rare *rare = track_rare(t);
	struct wbuf w = wbuf_over(out->bytes, sizeof out->bytes);

	wbuf_u8(&w, TRACK_VERSION);
	wbuf_u8(&w, (uint8_t)(t->is_dark | t->is_late << 1 |
			      t->has_answered << 2 | t->is_round_lost << 3));
	wbuf_i64(&w, t->place);
	wbuf_i64(&w, t->home);
	wbuf_i64(&w, t->home_since_us);
	wbuf_i64(&w, rare->before);
	wbuf_i64(&w, rare->before_left_us);
	wbuf_i64(&w, t->seen_us);
	wbuf_i64(&w, t->ok_us);
	put_candidate(&w, &t->candidate);
	put_streaks(&w, t);
	wbuf_i64(&w, rare->recent.from_rtt_us);
	wbuf_i64(&w, rare->recent.to_rtt_us);
	put_router(&w, track_router(t));
	put_router(&w, &rare->dark_router);
	wbuf_i64(&w, t->round_us);
	wbuf_i64(&w, rare->came_from);
	wbuf_i64(&w, t->heard_us);
	witness_encode(&t->witness, &w);
	pace_encode(&t->pace, &w);
	out->len = (uint16_t)w.len;
}

/* A track that is being read, with what may have no place in it yet. */
struct reading {
	struct track track;
	struct track_rare rare;
	struct last_router router;
};

static void
read_first(struct rbuf *r, struct reading *to)
{
	struct track *t = &to->track;
	uint8_t flags = rbuf_u8(r);

	t->is_dark = flags & 1;
	t->is_late = flags >> 1 & 1;
	t->has_answered = flags >> 2 & 1;
	t->is_round_lost = flags >> 3 & 1;
	t->place = rbuf_i64(r);
	t->home = rbuf_i64(r);
	t->home_since_us = rbuf_i64(r);
	to->rare.before = rbuf_i64(r);
	to->rare.before_left_us = rbuf_i64(r);
	t->seen_us = rbuf_i64(r);
	t->ok_us = rbuf_i64(r);
	get_candidate(r, &t->candidate);
	get_streaks(r, t, &to->rare.recent);
}

/* What version 2 added. */
static void
read_second(struct rbuf *r, struct reading *to)
{
	to->rare.recent.from_rtt_us = rbuf_i64(r);
	to->rare.recent.to_rtt_us = rbuf_i64(r);
	get_router(r, &to->router);
	get_router(r, &to->rare.dark_router);
}

/* What version 3 added. */
static void
read_third(struct rbuf *r, struct reading *to)
{
	to->track.round_us = rbuf_i64(r);
	to->rare.came_from = rbuf_i64(r);
	to->track.heard_us = rbuf_i64(r);
	witness_decode(&to->track.witness, r);
	pace_decode(&to->track.pace, r);
}

static bool
is_nothing(const struct track_rare *x)
{
	return x->recent.from_site_id == 0 && x->before == 0 &&
	       x->before_left_us == 0 && x->came_from == 0 &&
	       x->shift_id == 0 && x->dark_router.at_us == 0;
}

/* Into the place of *t, whose own it takes over or frees. */
static void
put_in_place(struct track *t, struct reading *got)
{
	witness_fini(&t->witness);
	*t = got->track;
	if (t->rare != NULL || !is_nothing(&got->rare))
		*track_own_rare(t) = got->rare;
	if (t->router != NULL || got->router.at_us != 0)
		*track_own_router(t) = got->router;
}

enum rc
track_decode(struct track *t, const struct track_bytes *b)
{
	struct rbuf r = rbuf_over(b->bytes, b->len);
	struct reading got = { *t, *track_rare(t), *track_router(t) };
	uint8_t version = rbuf_u8(&r);

	got.track.witness = witness_copy(&t->witness);
	read_first(&r, &got);
	if (version >= 2)
		read_second(&r, &got);
	if (version >= 3)
		read_third(&r, &got);
	else
		got.track.heard_us = got.track.seen_us;
	if (version == 0 || version > TRACK_VERSION || r.is_bad ||
	    rbuf_left(&r) != 0) {
		witness_fini(&got.track.witness);
		return RC_MALFORMED;
	}
	put_in_place(t, &got);
	return RC_OK;
}

void
rtt_sum_add(struct rtt_sum *r, int64_t rtt_us)
{
	if (r->n == 0 || rtt_us < r->min_us)
		r->min_us = rtt_us;
	r->sum_us += rtt_us;
	r->n++;
}

/* Moves the days so that n[0] is the given day. */
static struct noise
noise_at(const struct noise *x, uint32_t day)
{
	struct noise out = { .day = day };

	for (uint32_t i = 0; i < NOISE_DAYS; i++) {
		uint32_t of = x->day - i;

		if (of <= day && day - of < NOISE_DAYS)
			out.n[day - of] = x->n[i];
	}
	return out;
}

void
noise_add(struct noise *x, int64_t at_us, uint8_t n)
{
	uint32_t day = (uint32_t)(at_us / US_PER_DAY);
	uint8_t *slot;

	if (day > x->day)
		*x = noise_at(x, day);
	if (x->day - day >= NOISE_DAYS)
		return;
	slot = &x->n[x->day - day];
	*slot = (uint8_t)(n > UINT8_MAX - *slot ? UINT8_MAX : *slot + n);
}

unsigned
noise_count(const struct noise *x, int64_t now_us)
{
	struct noise current = noise_at(x, (uint32_t)(now_us / US_PER_DAY));
	unsigned sum = 0;

	for (size_t i = 0; i < NOISE_DAYS; i++)
		sum += current.n[i];
	return sum;
}
