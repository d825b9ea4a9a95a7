#include "collector/track.h"

#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/clock.h"

#define TRACK_VERSION 3
#define US_PER_DAY (86400 * US_PER_S)

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
	wbuf_i64(w, t->failures.since_us);
	wbuf_i64(w, t->failures.last_us);
	wbuf_u8(w, t->failures.n);
	wbuf_u8(w, t->failures.n_retry);
	wbuf_i64(w, t->recent.from_site_id);
	wbuf_i64(w, t->recent.at_us);
	wbuf_i64(w, t->recent.confirmed_us);
	wbuf_u8(w, t->recent.n);
	wbuf_u32(w, t->noise.day);
	wbuf_put(w, t->noise.n, sizeof t->noise.n);
}

static void
get_streaks(struct rbuf *r, struct track *t)
{
	const uint8_t *days;

	t->failures.since_us = rbuf_i64(r);
	t->failures.last_us = rbuf_i64(r);
	t->failures.n = rbuf_u8(r);
	t->failures.n_retry = rbuf_u8(r);
	t->recent.from_site_id = rbuf_i64(r);
	t->recent.at_us = rbuf_i64(r);
	t->recent.confirmed_us = rbuf_i64(r);
	t->recent.n = rbuf_u8(r);
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

/* What version 2 added. */
static void
get_second(struct rbuf *r, struct track *t)
{
	t->recent.from_rtt_us = rbuf_i64(r);
	t->recent.to_rtt_us = rbuf_i64(r);
	get_router(r, &t->router);
	get_router(r, &t->dark_router);
}

/* What version 3 added. */
static void
get_third(struct rbuf *r, struct track *t)
{
	t->came_from = rbuf_i64(r);
	t->heard_us = rbuf_i64(r);
	witness_decode(&t->witness, r);
	pace_decode(&t->pace, r);
}

void
track_encode(const struct track *t, struct track_bytes *out)
{
	struct wbuf w = wbuf_over(out->bytes, sizeof out->bytes);

	wbuf_u8(&w, TRACK_VERSION);
	wbuf_u8(&w, (uint8_t)(t->is_dark | t->is_late << 1 |
			      t->has_answered << 2 | t->is_round_lost << 3));
	wbuf_i64(&w, t->place);
	wbuf_i64(&w, t->home);
	wbuf_i64(&w, t->home_since_us);
	wbuf_i64(&w, t->before);
	wbuf_i64(&w, t->before_left_us);
	wbuf_i64(&w, t->seen_us);
	wbuf_i64(&w, t->ok_us);
	put_candidate(&w, &t->candidate);
	put_streaks(&w, t);
	wbuf_i64(&w, t->recent.from_rtt_us);
	wbuf_i64(&w, t->recent.to_rtt_us);
	put_router(&w, &t->router);
	put_router(&w, &t->dark_router);
	wbuf_i64(&w, t->round_us);
	wbuf_i64(&w, t->came_from);
	wbuf_i64(&w, t->heard_us);
	witness_encode(&t->witness, &w);
	pace_encode(&t->pace, &w);
	out->len = (uint16_t)w.len;
}

enum rc
track_decode(struct track *t, const struct track_bytes *b)
{
	struct rbuf r = rbuf_over(b->bytes, b->len);
	struct track got = *t;
	uint8_t version = rbuf_u8(&r), flags = rbuf_u8(&r);

	got.is_dark = flags & 1;
	got.is_late = flags >> 1 & 1;
	got.has_answered = flags >> 2 & 1;
	got.is_round_lost = flags >> 3 & 1;
	got.place = rbuf_i64(&r);
	got.home = rbuf_i64(&r);
	got.home_since_us = rbuf_i64(&r);
	got.before = rbuf_i64(&r);
	got.before_left_us = rbuf_i64(&r);
	got.seen_us = rbuf_i64(&r);
	got.ok_us = rbuf_i64(&r);
	get_candidate(&r, &got.candidate);
	get_streaks(&r, &got);
	if (version >= 2)
		get_second(&r, &got);
	if (version >= 3) {
		got.round_us = rbuf_i64(&r);
		get_third(&r, &got);
	} else {
		got.heard_us = got.seen_us;
	}
	if (version == 0 || version > TRACK_VERSION || r.is_bad ||
	    rbuf_left(&r) != 0)
		return RC_MALFORMED;
	*t = got;
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
