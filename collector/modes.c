/* modes.c - see modes.h. */
#include "collector/modes.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/mem.h"

#define MODE_VERSION 1
#define HEAD_BYTES (1 + 4 + 4 + 3 * 8 + 4)
#define PLACE_BYTES 12

void
modes_fini(struct modes *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->list[i].catchment.places);
	*m = (struct modes){ 0 };
}

/* Catchments. */

static int
compare_keys(const struct place *a, const struct place *b)
{
	if (a->vantage_id != b->vantage_id)
		return a->vantage_id < b->vantage_id ? -1 : 1;
	return (a->target_id > b->target_id) - (a->target_id < b->target_id);
}

static int
compare_places(const void *a, const void *b)
{
	return compare_keys(a, b);
}

void
catchment_sort(struct catchment *c)
{
	if (c->n > 0)
		qsort(c->places, c->n, sizeof *c->places, compare_places);
}

/* How many places each network has, by its number. */
static uint32_t *
count_networks(const struct catchment *c)
{
	uint32_t largest = 0, *counts;

	for (size_t i = 0; i < c->n; i++) {
		if (c->places[i].network > largest)
			largest = c->places[i].network;
	}
	counts = mem_new(((size_t)largest + 1) * sizeof *counts);
	for (size_t i = 0; i < c->n; i++)
		counts[c->places[i].network]++;
	return counts;
}

double
modes_similarity(const struct catchment *old, const struct catchment *now)
{
	uint32_t *counts = count_networks(now);
	double all = 0, known = 0, same = 0;
	size_t k = 0;

	for (size_t i = 0; i < now->n; i++) {
		const struct place *p = &now->places[i];
		double weight = 1.0 / counts[p->network];

		all += weight;
		while (k < old->n && compare_keys(&old->places[k], p) < 0)
			k++;
		if (k == old->n || compare_keys(&old->places[k], p) != 0)
			continue;
		known += weight;
		if (old->places[k].site_id == p->site_id)
			same += weight;
	}
	free(counts);
	return known > 0 && known >= MODES_KNOWN * all ? same / known : -1;
}

/* Modes. */

struct mode *
modes_by_id(struct modes *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->list[i].id == id)
			return &m->list[i];
	}
	return NULL;
}

struct mode *
modes_nearest(struct modes *m, const struct catchment *now, double *similarity)
{
	struct mode *best = NULL;

	*similarity = -1;
	for (size_t i = 0; i < m->n; i++) {
		struct mode *mode = &m->list[i];
		double s;

		s = modes_similarity(&mode->catchment, now);
		if (s < 0 || s < *similarity ||
		    (best != NULL && s == *similarity &&
			mode->last_us <= best->last_us))
			continue;
		*similarity = s;
		best = mode;
	}
	return best;
}

/* Room for one more: the shortest stay makes it, never the current one's. */
static struct mode *
make_room(struct modes *m)
{
	struct mode *least = NULL;

	if (m->n < MODES_MAX)
		return &m->list[m->n++];
	for (size_t i = 0; i < m->n; i++) {
		if (m->list[i].id != m->current_id &&
		    (least == NULL || m->list[i].stayed_us < least->stayed_us))
			least = &m->list[i];
	}
	free(least->catchment.places);
	return least;
}

static struct mode *
add_mode(struct modes *m, int64_t at_us)
{
	struct mode *mode = make_room(m);

	*mode = (struct mode){
		.id = ++m->last_id, .first_us = at_us, .last_us = at_us
	};
	return mode;
}

static void
take(struct mode *mode, struct catchment *c)
{
	free(mode->catchment.places);
	mode->catchment = *c;
	*c = (struct catchment){ 0 };
}

static struct mode *
find_or_add(struct modes *m, const struct catchment *c, int64_t at_us)
{
	double similarity;
	struct mode *mode = modes_nearest(m, c, &similarity);

	return similarity >= MODES_SAME ? mode : add_mode(m, at_us);
}

struct mode *
modes_leave(struct modes *m, struct catchment *last, int64_t at_us)
{
	struct mode *mode = modes_by_id(m, m->current_id);

	if (mode == NULL ||
	    modes_similarity(&mode->catchment, last) < MODES_SAME)
		mode = find_or_add(m, last, at_us);
	if (mode->id == m->current_id && at_us > m->since_us)
		mode->stayed_us += at_us - m->since_us;
	if (mode->n_times == 0)
		mode->n_times = 1;
	mode->last_us = at_us;
	take(mode, last);
	m->current_id = 0;
	return mode;
}

struct mode *
modes_enter(struct modes *m, struct catchment *now, int64_t at_us)
{
	struct mode *mode = find_or_add(m, now, at_us);

	mode->n_times++;
	take(mode, now);
	m->current_id = mode->id;
	m->since_us = at_us;
	return mode;
}

/* Bytes. */

uint8_t *
mode_encode(const struct mode *m, size_t *len)
{
	size_t cap = HEAD_BYTES + m->catchment.n * PLACE_BYTES;
	uint8_t *bytes = mem_new(cap);
	struct wbuf w = wbuf_over(bytes, cap);

	wbuf_u8(&w, MODE_VERSION);
	wbuf_u32(&w, m->id);
	wbuf_u32(&w, m->n_times);
	wbuf_i64(&w, m->first_us);
	wbuf_i64(&w, m->last_us);
	wbuf_i64(&w, m->stayed_us);
	wbuf_u32(&w, (uint32_t)m->catchment.n);
	for (size_t i = 0; i < m->catchment.n; i++) {
		const struct place *p = &m->catchment.places[i];

		wbuf_u32(&w, p->vantage_id);
		wbuf_u32(&w, p->target_id);
		wbuf_u32(&w, p->site_id);
	}
	*len = w.len;
	return bytes;
}

static void
read_places(struct rbuf *r, struct catchment *c, size_t n)
{
	c->places = mem_new((n + 1) * sizeof *c->places);
	c->n = n;
	for (size_t i = 0; i < n; i++) {
		struct place *p = &c->places[i];

		p->vantage_id = rbuf_u32(r);
		p->target_id = rbuf_u32(r);
		p->site_id = rbuf_u32(r);
	}
}

enum rc
modes_restore(struct modes *m, size_t index, const uint8_t *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct mode mode = { 0 };
	uint8_t version = rbuf_u8(&r);
	size_t n;

	mode.id = rbuf_u32(&r);
	mode.n_times = rbuf_u32(&r);
	mode.first_us = rbuf_i64(&r);
	mode.last_us = rbuf_i64(&r);
	mode.stayed_us = rbuf_i64(&r);
	n = rbuf_u32(&r);
	if (version != MODE_VERSION || r.is_bad || mode.id == 0 ||
	    index >= MODES_MAX || rbuf_left(&r) != n * PLACE_BYTES)
		return RC_MALFORMED;
	read_places(&r, &mode.catchment, n);
	free(m->list[index].catchment.places);
	m->list[index] = mode;
	if (index >= m->n)
		m->n = index + 1;
	if (mode.id > m->last_id)
		m->last_id = mode.id;
	return RC_OK;
}
