/*
 * bytes.h - bounds-checked reading and writing of wire formats.      (pure)
 *
 * Used by  dnswire, dnsmsg, icmpmsg, signature, record, assignment, track, modes
 *
 * Both cursors are sticky: after the first access outside the buffer they
 * are marked bad, reads give zeros, writes do nothing, and the caller checks
 * once at the end.  All integers are big-endian (network order).
 */
#ifndef SCHEMA_BASE_BYTES_H
#define SCHEMA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rbuf { /* lends somebody else's bytes */
	const uint8_t *bytes;
	size_t len;
	size_t pos;
	bool is_bad;
};

struct wbuf { /* writes into somebody else's array */
	uint8_t *bytes;
	size_t cap;
	size_t len;
	bool is_bad;
};

struct rbuf rbuf_over(const void *bytes, size_t len);
size_t rbuf_left(const struct rbuf *r);
uint8_t rbuf_u8(struct rbuf *r);
uint16_t rbuf_u16(struct rbuf *r);
uint32_t rbuf_u32(struct rbuf *r);
int64_t rbuf_i64(struct rbuf *r); /* two's complement */
void rbuf_skip(struct rbuf *r, size_t n);

/* Lends n bytes of the buffer and moves past them; NULL when there are fewer
 * (and then the cursor is bad). */
const uint8_t *rbuf_take(struct rbuf *r, size_t n);

/* Gives a cursor over the next n bytes and moves past them.  A bad cursor,
 * empty, when there are fewer. */
struct rbuf rbuf_sub(struct rbuf *r, size_t n);

struct wbuf wbuf_over(void *bytes, size_t cap);
void wbuf_u8(struct wbuf *w, uint8_t v);
void wbuf_u16(struct wbuf *w, uint16_t v);
void wbuf_u32(struct wbuf *w, uint32_t v);
void wbuf_i64(struct wbuf *w, int64_t v);
void wbuf_put(struct wbuf *w, const void *bytes, size_t n);

/* The Internet checksum (RFC 1071) of len bytes, starting from the partial
 * sum seed; in host order, ready to be written with wbuf_u16. */
uint16_t inet_checksum(const void *bytes, size_t len, uint32_t seed);

/* FNV-1a, 64 bits: goes on from h (BYTES_HASH_START at first).  It tells
 * things apart; it withstands nobody who wants them equal. */
#define BYTES_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t bytes_hash(uint64_t h, const void *bytes, size_t len);

#endif
