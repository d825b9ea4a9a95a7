#include "collector/witness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define AGREE 3      /* answers that make something known: landing.h */
#define NOWHERE (-1) /* a place like any: a name that no site has */
#define FLAP_BEGIN 0.20
#define FLAP_END 0.05
#define FLAP_RETURNS 3
#define POINTS_PER_CHANGE 1000
#define POINTS_BEGIN 3000 /* where Juniper's routers suppress */
#define POINTS_END 750
#define POINTS_MAX 3000 /* two half-lives above the end */
#define HALF_LIFE_PERIODS 15

/* Flaps. */

double
flaps_share(const struct flaps *f)
{
	const int n = FLAP_ANSWERS - 1;
	double sum = 0;

	for (int i = 0; i < n; i++) {
		if (f->changes >> i & 1)
			sum += 1.25 - 0.5 * i / (n - 1);
	}
	return sum / n;
}

uint32_t
flaps_points(const struct flaps *f, int64_t now_us, int64_t period_us)
{
	double halves = (double)(now_us - f->points_us) /
			(double)(HALF_LIFE_PERIODS * period_us);

	if (f->points == 0 || halves <= 0)
		return f->points;
	return (uint32_t)(f->points * exp2(-halves));
}

static unsigned
count_bits(uint32_t x)
{
	unsigned n = 0;

	for (; x != 0; x &= x - 1)
		n++;
	return n;
}

static void
add_points(struct flaps *f, int64_t at_us, int64_t period_us)
{
	uint32_t points = flaps_points(f, at_us, period_us);

	points += POINTS_PER_CHANGE;
	f->points = points > POINTS_MAX ? POINTS_MAX : points;
	f->points_us = at_us;
}

static void
judge_flaps(struct flaps *f, int64_t at_us, int64_t period_us)
{
	uint32_t points = flaps_points(f, at_us, period_us);
	double share = flaps_share(f);

	if (f->since_us != 0) {
		if (share <= FLAP_END && points < POINTS_END &&
		    f->n >= FLAP_ANSWERS)
			*f = (struct flaps){ .place = f->place, .n = f->n };
		return;
	}
	if (count_bits(f->returns) < FLAP_RETURNS ||
	    (share < FLAP_BEGIN && points < POINTS_BEGIN))
		return;
	f->since_us = at_us;
	f->low = f->place < f->left ? f->place : f->left;
	f->high = f->place < f->left ? f->left : f->place;
}

/* True: it is not all quiet, and so worth remembering at once. */
static bool
see_place(struct flaps *f, int64_t place, int64_t at_us, int64_t period_us)
{
	bool is_change = f->n > 0 && place != f->place;
	bool was_quiet = f->changes == 0 && f->since_us == 0 && f->n > 0;

	f->changes = f->changes << 1 & ((1U << (FLAP_ANSWERS - 1)) - 1);
	f->returns = f->returns << 1 & ((1U << (FLAP_ANSWERS - 1)) - 1);
	if (is_change) {
		f->changes |= 1;
		f->returns |= place == f->left;
		f->left = f->place;
		add_points(f, at_us, period_us);
	}
	f->place = place;
	if (f->n < FLAP_ANSWERS)
		f->n++;
	judge_flaps(f, at_us, period_us);
	return !was_quiet || f->changes != 0;
}

/* What few have. */

void
witness_fini(struct witness *w)
{
	free(w->odd);
	free(w->way);
	w->odd = NULL;
	w->way = NULL;
}

struct witness
witness_copy(const struct witness *w)
{
	struct witness out = *w;

	if (w->odd != NULL) {
		out.odd = mem_new(sizeof *out.odd);
		*out.odd = *w->odd;
	}
	if (w->way != NULL) {
		out.way = mem_new(sizeof *out.way);
		*out.way = *w->way;
	}
	return out;
}

const struct oddity *
witness_odd(const struct witness *w)
{
	static const struct oddity none;

	return w->odd == NULL ? &none : w->odd;
}

static struct oddity *
need_odd(struct witness *w)
{
	if (w->odd == NULL)
		w->odd = mem_new(sizeof *w->odd);
	return w->odd;
}

const struct way_seen *
witness_way_seen(const struct witness *w)
{
	static const struct way_seen none;

	return w->way == NULL ? &none : w->way;
}

/* Names. */

static const char *
skip_number(const char *s)
{
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

bool
witness_is_same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		a = skip_number(a);
		b = skip_number(b);
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
	}
}

static bool
see_stranger(struct witness *w, const struct sighting *s, int64_t at_us)
{
	bool was_any = witness_odd(w)->stranger.n > 0;
	struct stranger *x;

	if (s->site_id != 0) {
		if (w->odd != NULL)
			w->odd->stranger = (struct stranger){ 0 };
		return was_any;
	}
	x = &need_odd(w)->stranger;
	if (!was_any || x->is_foreign != s->is_foreign ||
	    !witness_is_same_name(x->identity, s->identity)) {
		*x = (struct stranger){ .is_foreign = s->is_foreign,
			.since_us = at_us };
		memcpy(x->identity, s->identity, sizeof x->identity);
	}
	if (x->n < UINT8_MAX)
		x->n++;
	return x->n <= AGREE;
}

/* The rest. */

static bool
see_fast(struct witness *w, const struct sighting *s, int64_t at_us)
{
	bool was_fast = witness_odd(w)->n_fast > 0;
	struct oddity *x;

	if (!s->is_too_fast) {
		if (w->odd != NULL)
			w->odd->n_fast = 0;
		return was_fast;
	}
	x = need_odd(w);
	if (!was_fast)
		x->fast_since_us = at_us;
	if (x->n_fast < UINT8_MAX)
		x->n_fast++;
	return x->n_fast <= AGREE;
}

bool
serial_is_newer(uint32_t a, uint32_t b)
{
	return a != b && a - b < UINT32_C(1) << 31;
}

static bool
see_serial(struct witness *w, const struct sighting *s, int64_t at_us)
{
	bool is_new =
	    s->has_serial && (w->serial_us == 0 || w->serial != s->serial);

	if (s->has_serial) {
		w->serial_us = at_us;
		w->serial = s->serial;
	}
	return is_new;
}

bool
witness_see(struct witness *w, const struct sighting *s, int64_t at_us,
    int64_t period_us)
{
	int64_t place = s->site_id == 0 ? NOWHERE : s->site_id;
	bool is_new = see_serial(w, s, at_us);

	if (!s->has_identity)
		return is_new;
	if (w->first_us == 0) {
		w->first_us = at_us;
		is_new = true;
	}
	is_new |= see_place(&w->flaps, place, at_us, period_us);
	is_new |= see_stranger(w, s, at_us);
	is_new |= see_fast(w, s, at_us);
	return is_new;
}

bool
witness_way(struct witness *w, const struct way *way)
{
	struct way_seen *seen;

	if (!way->is_reached || way->at_us < witness_way_seen(w)->at_us)
		return false;
	if (w->way == NULL)
		w->way = mem_new(sizeof *w->way);
	seen = w->way;
	if (!addr_equal(&seen->router, &way->penultimate))
		seen->taught_id = 0;
	seen->at_us = way->at_us;
	seen->router = way->penultimate;
	seen->asn = way->penultimate_asn;
	return true;
}

/* Bytes. */

static void
encode_flaps(const struct flaps *f, struct wbuf *to)
{
	wbuf_i64(to, f->place);
	wbuf_i64(to, f->left);
	wbuf_u32(to, f->changes);
	wbuf_u32(to, f->returns);
	wbuf_u8(to, f->n);
	wbuf_u32(to, f->points);
	wbuf_i64(to, f->points_us);
	wbuf_i64(to, f->since_us);
	wbuf_i64(to, f->low);
	wbuf_i64(to, f->high);
}

static void
decode_flaps(struct flaps *f, struct rbuf *from)
{
	f->place = rbuf_i64(from);
	f->left = rbuf_i64(from);
	f->changes = rbuf_u32(from);
	f->returns = rbuf_u32(from);
	f->n = rbuf_u8(from);
	f->points = rbuf_u32(from);
	f->points_us = rbuf_i64(from);
	f->since_us = rbuf_i64(from);
	f->low = rbuf_i64(from);
	f->high = rbuf_i64(from);
}

static void
encode_stranger(const struct stranger *x, struct wbuf *to)
{
	size_t len = x->n == 0 ? 0 : strlen(x->identity);

	wbuf_u8(to, x->n);
	wbuf_u8(to, x->is_foreign);
	wbuf_i64(to, x->since_us);
	wbuf_u8(to, (uint8_t)len);
	wbuf_put(to, x->identity, len);
}

static void
decode_stranger(struct stranger *x, struct rbuf *from)
{
	const uint8_t *text;
	uint8_t len;

	*x = (struct stranger){ .n = rbuf_u8(from) };
	x->is_foreign = rbuf_u8(from) != 0;
	x->since_us = rbuf_i64(from);
	len = rbuf_u8(from);
	text = rbuf_take(from, len);
	if (len > SIGHTING_IDENTITY_MAX)
		from->is_bad = true;
	else if (text != NULL)
		memcpy(x->identity, text, len);
}

void
addr_encode(const struct addr *a, struct wbuf *to)
{
	wbuf_u8(to, a->family);
	wbuf_put(to, a->bytes, sizeof a->bytes);
}

struct addr
addr_decode(struct rbuf *from)
{
	struct addr a = { .family = rbuf_u8(from) };
	const uint8_t *bytes = rbuf_take(from, sizeof a.bytes);

	if (bytes != NULL)
		memcpy(a.bytes, bytes, sizeof a.bytes);
	return a;
}

void
witness_encode(const struct witness *w, struct wbuf *to)
{
	const struct oddity *odd = witness_odd(w);
	const struct way_seen *way = witness_way_seen(w);

	wbuf_i64(to, w->first_us);
	encode_flaps(&w->flaps, to);
	encode_stranger(&odd->stranger, to);
	wbuf_u8(to, odd->n_fast);
	wbuf_i64(to, odd->fast_since_us);
	wbuf_i64(to, w->serial_us);
	wbuf_u32(to, w->serial);
	wbuf_i64(to, way->at_us);
	addr_encode(&way->router, to);
	wbuf_u32(to, way->asn);
	wbuf_i64(to, way->taught_id);
}

/* Reads what has its own place: it is given one if it says anything. */
static void
decode_odd(struct witness *w, struct rbuf *from)
{
	struct oddity odd;

	decode_stranger(&odd.stranger, from);
	odd.n_fast = rbuf_u8(from);
	odd.fast_since_us = rbuf_i64(from);
	if (w->odd != NULL || odd.stranger.n > 0 || odd.fast_since_us != 0)
		*need_odd(w) = odd;
}

static void
decode_way(struct witness *w, struct rbuf *from)
{
	struct way_seen way = { .at_us = rbuf_i64(from) };

	way.router = addr_decode(from);
	way.asn = rbuf_u32(from);
	way.taught_id = rbuf_i64(from);
	if (w->way == NULL && way.at_us != 0)
		w->way = mem_new(sizeof *w->way);
	if (w->way != NULL)
		*w->way = way;
}

void
witness_decode(struct witness *w, struct rbuf *from)
{
	w->first_us = rbuf_i64(from);
	decode_flaps(&w->flaps, from);
	decode_odd(w, from);
	w->serial_us = rbuf_i64(from);
	w->serial = rbuf_u32(from);
	decode_way(w, from);
}
