/*
 * pack.h - lines that repeat each other, turned so that they compress. (pure)
 *
 * Uses     schema/base/bytes.h
 * Used by  probe/batch (pack), collector/api_batch (unpack)
 *
 * The observations of one series differ in a few numbers.  Packing takes the
 * numbers out of each line: what is left is its shape, which is written once.
 * Each number is told by its difference from the same number in the line of
 * the same shape before, and the differences stand column by column, high
 * bytes first.  Unpacking gives back the same bytes.  The format, for others
 * that read it, is in schema/README.md.
 *
 * It is for bodies that are compressed afterwards, and knows nothing of what
 * the lines say.
 */
#ifndef SCHEMA_PACK_H
#define SCHEMA_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define PACK_LINES_MAX 4096 /* in one text */

/* Packs len bytes of text: whole lines, each ended by a line feed.  Gives *out:
 * release with free().  RC_LIMIT: too many lines.  RC_MALFORMED: a last line
 * without its end, or a byte 1, which no JSON text has. */
MUST_USE enum rc
pack_lines(uint8_t **out, size_t *out_len, const char *text, size_t len);

/* Are these bytes packed lines, and not lines? */
bool pack_is_packed(const void *bytes, size_t len);

/* Packed as only later versions of this do? */
bool pack_is_newer(const void *bytes, size_t len);

/* The reverse, to at most max bytes.  Gives *out: release with free().
 * RC_MALFORMED: not what pack_lines writes.  RC_LIMIT: more than max bytes, or
 * too many lines. */
MUST_USE enum rc unpack_lines(
    char **out, size_t *out_len, const void *bytes, size_t len, size_t max);

#endif
