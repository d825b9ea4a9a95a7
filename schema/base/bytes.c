/* bytes.c - see bytes.h. */
#include "schema/base/bytes.h"

#include <string.h>

struct rbuf
rbuf_over(const void *bytes, size_t len)
{
	return (struct rbuf){ .bytes = bytes, .len = len };
}

size_t
rbuf_left(const struct rbuf *r)
{
	return r->is_bad ? 0 : r->len - r->pos;
}

const uint8_t *
rbuf_take(struct rbuf *r, size_t n)
{
	const uint8_t *at;

	if (r->is_bad || n > r->len - r->pos) {
		r->is_bad = true;
		return NULL;
	}
	at = r->bytes + r->pos;
	r->pos += n;
	return at;
}

uint8_t
rbuf_u8(struct rbuf *r)
{
	const uint8_t *p = rbuf_take(r, 1);

	return p == NULL ? 0 : p[0];
}

uint16_t
rbuf_u16(struct rbuf *r)
{
	const uint8_t *p = rbuf_take(r, 2);

	if (p == NULL)
		return 0;
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t
rbuf_u32(struct rbuf *r)
{
	uint32_t high = rbuf_u16(r);
	uint32_t low = rbuf_u16(r);

	return r->is_bad ? 0 : high << 16 | low;
}

int64_t
rbuf_i64(struct rbuf *r)
{
	uint64_t high = rbuf_u32(r);

	return (int64_t)(high << 32 | rbuf_u32(r));
}

void
rbuf_skip(struct rbuf *r, size_t n)
{
	(void)rbuf_take(r, n);
}

struct rbuf
rbuf_sub(struct rbuf *r, size_t n)
{
	const uint8_t *p = rbuf_take(r, n);

	if (p == NULL)
		return (struct rbuf){ .is_bad = true };
	return rbuf_over(p, n);
}

struct wbuf
wbuf_over(void *bytes, size_t cap)
{
	return (struct wbuf){ .bytes = bytes, .cap = cap };
}

void
wbuf_i64(struct wbuf *w, int64_t v)
{
	wbuf_u32(w, (uint32_t)((uint64_t)v >> 32));
	wbuf_u32(w, (uint32_t)((uint64_t)v & UINT32_MAX));
}

void
wbuf_put(struct wbuf *w, const void *bytes, size_t n)
{
	if (w->is_bad || n > w->cap - w->len) {
		w->is_bad = true;
		return;
	}
	if (n > 0)
		memcpy(w->bytes + w->len, bytes, n);
	w->len += n;
}

void
wbuf_u8(struct wbuf *w, uint8_t v)
{
	wbuf_put(w, &v, 1);
}

void
wbuf_u16(struct wbuf *w, uint16_t v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	wbuf_put(w, b, sizeof b);
}

void
wbuf_u32(struct wbuf *w, uint32_t v)
{
	const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
		(uint8_t)(v >> 8), (uint8_t)v };

	wbuf_put(w, b, sizeof b);
}

uint16_t
inet_checksum(const void *bytes, size_t len, uint32_t seed)
{
	const uint8_t *p = bytes;
	uint64_t sum = seed;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint64_t)p[i] << 8 | p[i + 1];
	if (len % 2 != 0)
		sum += (uint64_t)p[len - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint64_t
bytes_hash(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}
