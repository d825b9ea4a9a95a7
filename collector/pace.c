#include "collector/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"

#define QUANTILE 0.2F
#define ENOUGH 50
#define WEEK_US (7 * 86400 * US_PER_S)
#define SLACK 0.5F /* k */
#define LIMIT 8.0F /* h */
#define STEP_MAX 4.0F
#define SPREAD_MIN 0.02F /* 2 %: clocks and schedulers */
#define GAIN (1.0F / 64)
#define SLOW_MS 20.0F
#define SLOW_SHARE 0.5F

/* The quantile: five marks, which are the least, half the quantile, the
 * quantile, halfway from it to the largest, and the largest. */

static int
by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

static float
parabola(const struct pace *p, int i, float d)
{
	const float *q = p->marks_ms;
	float below = (float)(p->ranks[i] - p->ranks[i - 1]);
	float above = (float)(p->ranks[i + 1] - p->ranks[i]);

	return q[i] + d / (below + above) *
			  ((below + d) * (q[i + 1] - q[i]) / above +
			      (above - d) * (q[i] - q[i - 1]) / below);
}

static void
adjust_mark(struct pace *p, int i)
{
	static const float share[PACE_MARKS] = { 0, QUANTILE / 2, QUANTILE,
		(1 + QUANTILE) / 2, 1 };
	float wanted = 1 + share[i] * (float)(p->n - 1);
	float off = wanted - (float)p->ranks[i], moved;
	int d = off > 0 ? 1 : -1;
	uint32_t room = d > 0 ? p->ranks[i + 1] - p->ranks[i]
			      : p->ranks[i] - p->ranks[i - 1];

	if (fabsf(off) < 1 || room < 2)
		return;
	moved = parabola(p, i, (float)d);
	if (moved <= p->marks_ms[i - 1] || moved >= p->marks_ms[i + 1])
		moved = p->marks_ms[i] +
			(p->marks_ms[i + d] - p->marks_ms[i]) / (float)room;
	p->marks_ms[i] = moved;
	p->ranks[i] = (uint32_t)((int)p->ranks[i] + d);
}

static void
learn_mark(struct pace *p, float ms)
{
	int above = 1;

	if (p->n < PACE_MARKS) {
		p->marks_ms[p->n++] = ms;
		p->ranks[p->n - 1] = p->n;
		qsort(p->marks_ms, p->n, sizeof *p->marks_ms, by_value);
		return;
	}
	if (ms < p->marks_ms[0])
		p->marks_ms[0] = ms;
	if (ms > p->marks_ms[4])
		p->marks_ms[4] = ms;
	while (above < PACE_MARKS - 1 && ms >= p->marks_ms[above])
		above++;
	for (int i = above; i < PACE_MARKS; i++)
		p->ranks[i]++;
	p->n++;
	for (int i = 1; i < PACE_MARKS - 1; i++)
		adjust_mark(p, i);
}

/* Half as many, with the marks where they were: so the oldest fade. */
static void
forget_half(struct pace *p)
{
	for (uint32_t i = 0; i < PACE_MARKS; i++) {
		p->ranks[i] = (p->ranks[i] + 1) / 2;
		if (i > 0 && p->ranks[i] <= p->ranks[i - 1])
			p->ranks[i] = p->ranks[i - 1] + 1;
	}
	p->n = p->ranks[PACE_MARKS - 1];
}

static float
habit_ms(const struct pace *p)
{
	return p->n < PACE_MARKS ? 0 : p->marks_ms[2];
}

static void
learn(struct pace *p, float ms, float off, int64_t period_us)
{
	float far = 3 * p->spread / 0.8F; /* what is farther says no more */
	float gain;

	learn_mark(p, ms);
	if (p->n > WEEK_US / period_us && p->n > 4 * ENOUGH)
		forget_half(p);
	if (p->n <= PACE_MARKS)
		return;
	if (p->n > ENOUGH)
		off = fminf(fmaxf(off, p->above - far), p->above + far);
	gain = fmaxf(GAIN, 1 / (float)(p->n - PACE_MARKS));
	p->spread += gain * (fabsf(off - p->above) - p->spread);
	p->above += gain * (off - p->above);
}

/* The last round trips. */

static void
keep_last(struct pace *p, float ms)
{
	p->last_ms[p->n_last % PACE_LAST] = ms;
	p->n_last++;
	if (p->n_last == 2 * PACE_LAST)
		p->n_last = PACE_LAST;
}

static float
median_ms(const struct pace *p)
{
	size_t n = p->n_last < PACE_LAST ? p->n_last : PACE_LAST;
	float sorted[PACE_LAST] = { 0 };

	if (n == 0)
		return 0;
	memcpy(sorted, p->last_ms, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_value);
	return sorted[n / 2];
}

static void
judge(struct pace *p, float off, int64_t at_us)
{
	float sigma = fmaxf(p->spread * 1.25F, SPREAD_MIN);
	float habit = habit_ms(p), over = median_ms(p) - habit;
	float enough = fmaxf(SLOW_MS, SLOW_SHARE * habit);
	float step = fminf((off - p->above) / sigma, STEP_MAX) - SLACK;

	if (p->slow_us != 0) {
		if (over >= enough / 2)
			return;
		p->slow_us = 0;
		p->sum = 0;
		return;
	}
	if (p->sum < LIMIT / 4)
		p->rising_us = at_us;
	p->sum = fminf(fmaxf(p->sum + step, 0), 2 * LIMIT);
	if (p->sum >= LIMIT && over >= enough)
		p->slow_us = p->rising_us;
}

bool
pace_see(struct pace *p, int64_t site_id, int64_t rtt_us, int64_t at_us,
    int64_t period_us)
{
	float ms = fmaxf((float)rtt_us / (float)US_PER_MS, 0.001F), off = 0;
	bool was_slow = p->slow_us != 0;

	if (p->site_id != site_id)
		*p = (struct pace){ .site_id = site_id };
	keep_last(p, ms);
	if (p->n >= PACE_MARKS)
		off = logf(ms / habit_ms(p));
	if (p->n >= ENOUGH)
		judge(p, off, at_us);
	if (p->slow_us == 0)
		learn(p, ms, off, period_us);
	return p->sum > LIMIT / 4 || was_slow != (p->slow_us != 0);
}

bool
pace_is_known(const struct pace *p)
{
	return p->n >= ENOUGH;
}

int64_t
pace_habit_us(const struct pace *p)
{
	return (int64_t)(habit_ms(p) * (float)US_PER_MS);
}

int64_t
pace_median_us(const struct pace *p)
{
	return (int64_t)(median_ms(p) * (float)US_PER_MS);
}

/* Bytes. */

static void
put_float(struct wbuf *to, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof bits);
	wbuf_u32(to, bits);
}

/* What is not a number would never become one again. */
static float
get_float(struct rbuf *from)
{
	uint32_t bits = rbuf_u32(from);
	float v;

	memcpy(&v, &bits, sizeof v);
	if (!isfinite(v))
		from->is_bad = true;
	return v;
}

void
pace_encode(const struct pace *p, struct wbuf *to)
{
	wbuf_i64(to, p->site_id);
	wbuf_u32(to, p->n);
	for (int i = 0; i < PACE_MARKS; i++) {
		put_float(to, p->marks_ms[i]);
		wbuf_u32(to, p->ranks[i]);
	}
	put_float(to, p->above);
	put_float(to, p->spread);
	put_float(to, p->sum);
	wbuf_i64(to, p->rising_us);
	wbuf_i64(to, p->slow_us);
	for (int i = 0; i < PACE_LAST; i++)
		put_float(to, p->last_ms[i]);
	wbuf_u8(to, p->n_last);
}

void
pace_decode(struct pace *p, struct rbuf *from)
{
	p->site_id = rbuf_i64(from);
	p->n = rbuf_u32(from);
	for (int i = 0; i < PACE_MARKS; i++) {
		p->marks_ms[i] = get_float(from);
		p->ranks[i] = rbuf_u32(from);
	}
	p->above = get_float(from);
	p->spread = get_float(from);
	p->sum = get_float(from);
	p->rising_us = rbuf_i64(from);
	p->slow_us = rbuf_i64(from);
	for (int i = 0; i < PACE_LAST; i++)
		p->last_ms[i] = get_float(from);
	p->n_last = rbuf_u8(from);
}
