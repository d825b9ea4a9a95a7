/* chunk_stream.c - see chunk_stream.h. */
#include "collector/chunk_stream.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "schema/base/mem.h"

#define LEVEL 6
#define NUMBER_MAX 10

enum { RUN_SAME, RUN_PLAIN, RUN_ZSTD };
enum { OVER_LEAST, FROM_BEFORE };

/* Makes room for n more. */
static uint8_t *
room(struct chunk_out *to, size_t n)
{
	if (to->cap - to->len < n) {
		to->cap = to->cap + n > 2 * to->cap ? to->cap + n : 2 * to->cap;
		to->bytes = mem_grow(to->bytes, to->cap, 1);
	}
	return to->bytes + to->len;
}

void
chunk_put(struct chunk_out *to, const void *bytes, size_t n)
{
	if (n > 0)
		memcpy(room(to, n), bytes, n);
	to->len += n;
}

void
chunk_put_byte(struct chunk_out *to, uint8_t v)
{
	chunk_put(to, &v, 1);
}

void
chunk_put_number(struct chunk_out *to, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		chunk_put_byte(to, (uint8_t)(v | 0x80));
	chunk_put_byte(to, (uint8_t)v);
}

uint64_t
chunk_take_number(struct rbuf *r)
{
	uint64_t v = 0;

	for (int i = 0; i < NUMBER_MAX; i++) {
		uint8_t digit = rbuf_u8(r);

		v |= (uint64_t)(digit & 0x7f) << 7 * i;
		if ((digit & 0x80) == 0)
			return v;
	}
	r->is_bad = true;
	return 0;
}

/* ---- bytes ---- */

static bool
is_same(const uint8_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return n > 0;
}

void
chunk_put_bytes(struct chunk_out *to, const uint8_t *v, size_t n)
{
	size_t cap = ZSTD_compressBound(n), len;
	uint8_t *packed;

	if (n == 0)
		return;
	if (is_same(v, n)) {
		chunk_put_byte(to, RUN_SAME);
		chunk_put_byte(to, v[0]);
		return;
	}
	packed = mem_new(cap);
	len = ZSTD_compress(packed, cap, v, n, LEVEL);
	if (ZSTD_isError(len) || len >= n) {
		chunk_put_byte(to, RUN_PLAIN);
		chunk_put(to, v, n);
	} else {
		chunk_put_byte(to, RUN_ZSTD);
		chunk_put_number(to, len);
		chunk_put(to, packed, len);
	}
	free(packed);
}

bool
chunk_take_bytes(struct rbuf *r, uint8_t *v, size_t n)
{
	const uint8_t *from;
	uint64_t len;

	if (n == 0)
		return true;
	switch (rbuf_u8(r)) {
	case RUN_SAME:
		memset(v, rbuf_u8(r), n);
		return !r->is_bad;
	case RUN_PLAIN:
		from = rbuf_take(r, n);
		if (from == NULL)
			return false;
		memcpy(v, from, n);
		return true;
	case RUN_ZSTD:
		len = chunk_take_number(r);
		from = len <= rbuf_left(r) ? rbuf_take(r, len) : NULL;
		return from != NULL && ZSTD_decompress(v, n, from, len) == n;
	default:
		return false;
	}
}

/* ---- numbers ---- */

/* The sign in the lowest bit. */
static uint64_t
fold(uint64_t v)
{
	return v << 1 ^ (v >> 63 != 0 ? UINT64_MAX : 0);
}

static uint64_t
unfold(uint64_t v)
{
	return v >> 1 ^ ((v & 1) != 0 ? UINT64_MAX : 0);
}

static unsigned
bytes_of(uint64_t v)
{
	unsigned n = 0;

	for (; v != 0; v >>= 8)
		n++;
	return n;
}

/* What is written of each number; returns the number to count from. */
static int64_t
tell(int how, const int64_t *v, size_t n, uint64_t *told)
{
	int64_t from = v[0];

	if (how == OVER_LEAST)
		for (size_t i = 1; i < n; i++)
			from = v[i] < from ? v[i] : from;
	for (size_t i = 0; i < n; i++)
		told[i] = how == OVER_LEAST
			      ? (uint64_t)v[i] - (uint64_t)from
			      : fold((uint64_t)v[i] -
				     (uint64_t)(i == 0 ? from : v[i - 1]));
	return from;
}

static void
put_told(struct chunk_out *to, int how, const int64_t *v, size_t n)
{
	uint64_t *told = mem_new(n * sizeof *told), all = 0;
	uint8_t *plane = mem_new(n);
	int64_t from = tell(how, v, n, told);
	unsigned width;

	for (size_t i = 0; i < n; i++)
		all |= told[i];
	width = bytes_of(all);
	chunk_put_byte(to, (uint8_t)how);
	chunk_put_number(to, fold((uint64_t)from));
	chunk_put_byte(to, (uint8_t)width);
	for (unsigned p = width; p-- > 0;) {
		for (size_t i = 0; i < n; i++)
			plane[i] = (uint8_t)(told[i] >> 8 * p);
		chunk_put_bytes(to, plane, n);
	}
	free(plane);
	free(told);
}

void
chunk_put_numbers(struct chunk_out *to, const int64_t *v, size_t n)
{
	struct chunk_out over = { 0 }, before = { 0 };
	const struct chunk_out *less = &over;

	if (n == 0)
		return;
	put_told(&over, OVER_LEAST, v, n);
	put_told(&before, FROM_BEFORE, v, n);
	if (before.len < over.len)
		less = &before;
	chunk_put(to, less->bytes, less->len);
	free(over.bytes);
	free(before.bytes);
}

static bool
take_planes(struct rbuf *r, unsigned width, int64_t *v, size_t n)
{
	uint8_t *plane = mem_new(n);
	bool is_good = true;

	memset(v, 0, n * sizeof *v);
	for (unsigned p = 0; is_good && p < width; p++) {
		is_good = chunk_take_bytes(r, plane, n);
		for (size_t i = 0; is_good && i < n; i++)
			v[i] = (int64_t)((uint64_t)v[i] << 8 | plane[i]);
	}
	free(plane);
	return is_good;
}

bool
chunk_take_numbers(struct rbuf *r, int64_t *v, size_t n)
{
	uint8_t how, width;
	uint64_t from;

	if (n == 0)
		return true;
	how = rbuf_u8(r);
	from = unfold(chunk_take_number(r));
	width = rbuf_u8(r);
	if (r->is_bad || how > FROM_BEFORE || width > sizeof *v ||
	    !take_planes(r, width, v, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t told = (uint64_t)v[i];

		v[i] =
		    (int64_t)(from + (how == OVER_LEAST ? told : unfold(told)));
		if (how == FROM_BEFORE)
			from = (uint64_t)v[i];
	}
	return true;
}
