/*
 * doc.h - a JSON document as one row of values.                      (pure)
 *
 * Uses     jansson
 * Used by  fields, wire_decode, wire_batch, assignment, site_report
 *
 * Each object or array is followed by what is in it.  What probes write is
 * plain: short strings of ASCII without escapes, integers, few levels.  That
 * is scanned in place (doc_scan.c), without allocating once the room is there;
 * everything else, and all that is wrong, is jansson's to read, which costs
 * ten times as much and says the same.
 */
#ifndef SCHEMA_DOC_H
#define SCHEMA_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define DOC_DEPTH_MAX 8 /* what is deeper is DOC_OTHER */

enum doc_type {
	DOC_OTHER, /* null, or a number that is no integer */
	DOC_OBJECT,
	DOC_ARRAY,
	DOC_TEXT,
	DOC_INTEGER,
	DOC_TRUE,
	DOC_FALSE
};

struct doc_value {
	const char *key; /* NULL: an element, or the document itself */
	union {
		int64_t integer;
		const char *text;
		uint64_t key_marks; /* of an object: doc_mark of its keys */
	};
	uint64_t key_head; /* doc_head of key */
	uint32_t n;        /* members or elements */
	uint32_t end; /* the place behind it, and behind all that is in it */
	enum doc_type type;
};

struct doc { /* {0} has no room yet */
	struct doc_value *values;
	size_t n, cap;
	char *text; /* the document's own, in which strings are ended */
	size_t text_cap;
	json_t *root; /* NULL: it was scanned */
};

/* Reads an object into d, in place of what was there: all that was lent of it
 * is gone.  Release with doc_fini, once, however many were read.  Duplicate
 * keys, NUL characters and anything behind the object are faults.
 * RC_MALFORMED: d is {0} again. */
MUST_USE enum rc
doc_load(struct doc *d, const char *text, size_t len, struct err *err);
void doc_fini(struct doc *d);

/* The first eight characters of a key, in one number. */
static inline uint64_t
doc_head(const char *key)
{
	uint64_t head = 0;

	for (unsigned i = 0; i < sizeof head && key[i] != '\0'; i++)
		head |= (uint64_t)(unsigned char)key[i] << 8 * i;
	return head;
}

/* A bit that a key sets among its object's.  The factor is one of those by
 * which, in the usual lines, no key that is absent has the bit of one that is
 * there. */
static inline uint64_t
doc_mark(uint64_t head)
{
	return UINT64_C(1) << (head * UINT64_C(0xf08b56528ac32bbd) >> 58);
}

/* Lends the member of an object, or NULL; at is where it is looked for first:
 * a place within the object, or 0. */
const struct doc_value *doc_member(const struct doc *d,
    const struct doc_value *object, const char *key, uint32_t at);

/* The place of a value. */
uint32_t doc_place(const struct doc *d, const struct doc_value *v);

/* Adds a value behind all others; its place.  head: of key, 0 without.  (for
 * doc_scan.c) */
uint32_t
doc_add(struct doc *d, const char *key, uint64_t head, enum doc_type type);

/* Adds to an object a member with this key, which must differ from those that
 * it has: else false.  (for doc_scan.c) */
bool doc_is_new_key(
    const struct doc *d, uint32_t object, const char *key, uint64_t head);

/* Scans len bytes into d, which is empty; false when they are not plain, and
 * then d is as it comes.  (doc_scan.c) */
bool doc_scan(struct doc *d, const char *text, size_t len);

/* What jansson makes of them, and says of them, plain or not; d is empty.
 * RC_MALFORMED. */
MUST_USE enum rc
doc_parse(struct doc *d, const char *text, size_t len, struct err *err);

#endif
