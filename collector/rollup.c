/* rollup.c - see rollup.h. */
#include "collector/rollup.h"

#include "schema/base/bytes.h"
#include "schema/base/mem.h"

#define VERSION 1
#define NUMBER_BYTES 10 /* of 64 bits in base 128 */

void
rollup_slot_fini(struct rollup_slot *s)
{
	sketch_fini(&s->rtt);
	*s = (struct rollup_slot){ 0 };
}

void
rollup_fini(struct rollup *r)
{
	for (size_t i = 0; i < ROLLUP_SLOTS; i++)
		rollup_slot_fini(&r->slots[i]);
}

void
rollup_slot_merge(struct rollup_slot *to, const struct rollup_slot *from)
{
	to->n += from->n;
	to->n_lost += from->n_lost;
	sketch_merge(&to->rtt, &from->rtt);
}

static void
put_number(struct wbuf *w, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		wbuf_u8(w, (uint8_t)(v | 0x80));
	wbuf_u8(w, (uint8_t)v);
}

static uint64_t
get_number(struct rbuf *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = rbuf_u8(r);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return v;
	}
	r->is_bad = true;
	return 0;
}

static void
put_sketch(struct wbuf *w, const struct sketch *s)
{
	unsigned before = 0;

	put_number(w, s->n_buckets);
	if (s->n_buckets == 0)
		return;
	put_number(w, (uint64_t)s->min_us);
	put_number(w, s->buckets[0].index);
	for (size_t i = 0; i < s->n_buckets; i++) {
		const struct sketch_bucket *b = &s->buckets[i];
		uint64_t more = b->n > 3 ? 3 : b->n - 1;
		unsigned far = i == 0 ? 0 : b->index - before - 1;

		put_number(w, (uint64_t)far << 2 | more);
		if (more == 3)
			put_number(w, b->n - 4);
		before = b->index;
	}
}

static void
get_sketch(struct rbuf *r, struct sketch *s)
{
	uint64_t n = get_number(r), index = 0;
	struct sketch got = { 0 };

	if (n == 0)
		return;
	got.min_us = (int64_t)(get_number(r) & SKETCH_MAX_US);
	index = get_number(r);
	for (uint64_t i = 0; i < n && !r->is_bad; i++) {
		uint64_t word = get_number(r), count = (word & 3) + 1;

		if (i > 0)
			index += (word >> 2) + 1;
		if (count == 4)
			count += get_number(r);
		if (index >= SKETCH_BUCKETS || count == 0)
			r->is_bad = true;
		else
			sketch_add_bucket(&got, (uint16_t)index, count);
	}
	if (!r->is_bad)
		sketch_merge(s, &got);
	sketch_fini(&got);
}

static size_t
room_for(const struct rollup *r)
{
	size_t n = 1;

	for (size_t i = 0; i < ROLLUP_SLOTS; i++)
		n += 1 + 5 * NUMBER_BYTES +
		     2 * NUMBER_BYTES * r->slots[i].rtt.n_buckets;
	return n;
}

uint8_t *
rollup_encode(const struct rollup *r, size_t *len)
{
	size_t cap = room_for(r);
	uint8_t *bytes = mem_new(cap);
	struct wbuf w = wbuf_over(bytes, cap);

	wbuf_u8(&w, VERSION);
	for (size_t i = 0; i < ROLLUP_SLOTS; i++) {
		const struct rollup_slot *s = &r->slots[i];

		if (s->n == 0)
			continue;
		wbuf_u8(&w, (uint8_t)i);
		put_number(&w, s->n);
		put_number(&w, s->n_lost);
		put_sketch(&w, &s->rtt);
	}
	*len = w.len;
	return bytes;
}

enum rc
rollup_decode(struct rollup *r, const void *bytes, size_t len)
{
	struct rbuf b = rbuf_over(bytes, len);

	if (rbuf_u8(&b) != VERSION)
		return RC_MALFORMED;
	while (!b.is_bad && rbuf_left(&b) > 0) {
		uint8_t slot = rbuf_u8(&b);

		if (slot >= ROLLUP_SLOTS)
			return RC_MALFORMED;
		r->slots[slot].n += get_number(&b);
		r->slots[slot].n_lost += get_number(&b);
		get_sketch(&b, &r->slots[slot].rtt);
	}
	return b.is_bad ? RC_MALFORMED : RC_OK;
}
