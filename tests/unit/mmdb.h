/*
 * mmdb.h - a small MaxMind DB, for tests of what reads one.
 *
 * Used by  tests/unit
 *
 * One network, 192.0.2.0/24, with fields of both the ASN and the City edition.
 */
#ifndef TESTS_UNIT_MMDB_H
#define TESTS_UNIT_MMDB_H

#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/file.h"
#include "tests/unit/check.h"

/* Types of the MaxMind DB format, version 2.0 ("Data Section"). */
enum {
	MMDB_T_UTF8 = 2,
	MMDB_T_DOUBLE = 3,
	MMDB_T_U16 = 5,
	MMDB_T_U32 = 6,
	MMDB_T_MAP = 7
};
#define MMDB_N_NODES 24u /* one per bit of 192.0.2.0/24 */

static inline void
mmdb_put_control(struct wbuf *w, unsigned type, size_t size)
{
	wbuf_u8(w, (uint8_t)(type << 5 | (size < 29 ? size : 29)));
	if (size >= 29)
		wbuf_u8(w, (uint8_t)(size - 29));
}

static inline void
mmdb_put_text(struct wbuf *w, const char *text)
{
	mmdb_put_control(w, MMDB_T_UTF8, strlen(text));
	wbuf_put(w, text, strlen(text));
}

static inline void
mmdb_put_u16(struct wbuf *w, const char *key, uint16_t v)
{
	mmdb_put_text(w, key);
	mmdb_put_control(w, MMDB_T_U16, 2);
	wbuf_u16(w, v);
}

static inline void
mmdb_put_u32(struct wbuf *w, const char *key, uint32_t v)
{
	mmdb_put_text(w, key);
	mmdb_put_control(w, MMDB_T_U32, 4);
	wbuf_u32(w, v);
}

static inline void
mmdb_put_map(struct wbuf *w, const char *key, size_t n)
{
	if (key != NULL)
		mmdb_put_text(w, key);
	mmdb_put_control(w, MMDB_T_MAP, n);
}

static inline void
mmdb_put_double(struct wbuf *w, const char *key, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	mmdb_put_text(w, key);
	mmdb_put_control(w, MMDB_T_DOUBLE, 8);
	wbuf_u32(w, (uint32_t)(bits >> 32));
	wbuf_u32(w, (uint32_t)bits);
}

static inline void
mmdb_put_u24(struct wbuf *w, uint32_t v)
{
	wbuf_u8(w, (uint8_t)(v >> 16));
	wbuf_u16(w, (uint16_t)v);
}

/* The path of 192.0.2.0/24; everything beside it is not found. */
static inline void
mmdb_put_tree(struct wbuf *w)
{
	const uint32_t network = 0xc0000200;

	for (uint32_t i = 0; i < MMDB_N_NODES; i++) {
		uint32_t next =
		    i + 1 < MMDB_N_NODES ? i + 1 : MMDB_N_NODES + 16;
		bool bit = network >> (31 - i) & 1;

		mmdb_put_u24(w, bit ? MMDB_N_NODES : next);
		mmdb_put_u24(w, bit ? next : MMDB_N_NODES);
	}
	for (int i = 0; i < 16; i++)
		wbuf_u8(w, 0);
}

static inline void
mmdb_put_data(struct wbuf *w, double latitude, const char *organization)
{
	mmdb_put_map(w, NULL, 4);
	mmdb_put_u32(w, "autonomous_system_number", 64511);
	mmdb_put_text(w, "autonomous_system_organization");
	mmdb_put_text(w, organization);
	mmdb_put_map(w, "country", 1);
	mmdb_put_text(w, "iso_code");
	mmdb_put_text(w, "NL");
	mmdb_put_map(w, "location", 2);
	mmdb_put_double(w, "latitude", latitude);
	mmdb_put_double(w, "longitude", 4.5);
}

static inline void
mmdb_put_metadata(struct wbuf *w)
{
	wbuf_put(w, "\xab\xcd\xefMaxMind.com", 14);
	mmdb_put_map(w, NULL, 9);
	mmdb_put_u32(w, "node_count", MMDB_N_NODES);
	mmdb_put_u16(w, "record_size", 24);
	mmdb_put_u16(w, "ip_version", 4);
	mmdb_put_u16(w, "binary_format_major_version", 2);
	mmdb_put_u16(w, "binary_format_minor_version", 0);
	mmdb_put_text(w, "database_type");
	mmdb_put_text(w, "Test");
	mmdb_put_map(w, "description", 0);
	mmdb_put_text(w, "languages");
	wbuf_u8(w, 0); /* an extended type with nothing in it ... */
	wbuf_u8(w, 4); /* ... 7 + 4: an array */
	mmdb_put_text(w, "build_epoch");
	wbuf_u8(w, 1); /* an extended type of one byte ... */
	wbuf_u8(w, 2); /* ... 7 + 2: an unsigned 64-bit number */
	wbuf_u8(w, 1);
}

/* Writes the database, of which only the first len bytes when len > 0. */
static inline void
mmdb_write(
    const char *path, double latitude, const char *organization, size_t len)
{
	uint8_t bytes[2048];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);
	struct err err;

	mmdb_put_tree(&w);
	mmdb_put_data(&w, latitude, organization);
	mmdb_put_metadata(&w);
	assert_false(w.is_bad);
	assert_int_equal(
	    file_replace(path, 0600, bytes, len > 0 ? len : w.len, &err),
	    RC_OK);
}

#endif
