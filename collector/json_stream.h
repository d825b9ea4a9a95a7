/*
 * json_stream.h - the values of a large JSON file, one at a time.    (edge)
 *
 * Uses     zlib
 * Used by  collector/import_atlas.c
 *
 * The file is one array, or values one after the other (JSON Lines), packed
 * with gzip or not.  Only the value at hand is in memory, whatever the size of
 * the file; finding its end needs no parsing.
 */
#ifndef COLLECTOR_JSON_STREAM_H
#define COLLECTOR_JSON_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define JSON_STREAM_VALUE_MAX (8 << 20) /* bytes of one value */

struct json_stream;

/* Gives *out: release with json_stream_close.  RC_SYS. */
MUST_USE enum rc
json_stream_open(struct json_stream **out, const char *path, struct err *err);
void json_stream_close(struct json_stream *s); /* NULL is fine */

/* Lends the text of the next value, until the next call.  RC_NOTFOUND: that
 * was all.  RC_LIMIT: a value that is too long was skipped; more may follow.
 * RC_MALFORMED: what stands here is no value, or the file ends within one:
 * nothing more follows.  RC_SYS: the file cannot be read, or unpacked. */
MUST_USE enum rc json_stream_next(
    struct json_stream *s, const char **text, size_t *len, struct err *err);

/* How far the file has been read, in bytes as it lies; for showing progress. */
int64_t json_stream_position(const struct json_stream *s);

#endif
