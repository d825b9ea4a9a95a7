/*
 * wire.h - observations and batches as JSON Lines.                   (pure)
 *
 * Uses     schema/record.h; to decode: schema/doc.h
 * Used by  probe/spool.c and measure (encode), collector/ingest.c (decode)
 *
 * One observation is one line; the line written to the spool is the line
 * that is posted.  A batch is one header line and then its observations.
 * Unknown keys are ignored (a newer probe may add some); missing keys and
 * values out of range are errors.  Bytes from the network travel as lower
 * case hexadecimal.  Every number is an integer.  schema/README.md names
 * every field, batch.schema.json checks them.
 */
#ifndef SCHEMA_WIRE_H
#define SCHEMA_WIRE_H

#include <stddef.h>

#include "schema/base/err.h"
#include "schema/record.h"

#define WIRE_LINE_MAX 32768     /* bytes of one line, newline included */
#define WIRE_BATCH_MAX 1000     /* observations in one batch */
#define WIRE_BODY_MAX (4 << 20) /* bytes of a batch after decompression */
#define WIRE_POST_MAX (1 << 20) /* bytes of a request body as sent */

/* Writes one line, with its newline, to buf; returns its length.  Every valid
 * observation fits: keys come in a fixed order, so encoding what was decoded
 * gives the same bytes. */
size_t wire_encode_observation(
    const struct observation *o, char buf[static WIRE_LINE_MAX]);
size_t wire_encode_header(
    const struct batch_header *h, char buf[static WIRE_LINE_MAX]);

/* Reads one line (with or without its newline).  RC_MALFORMED: not JSON, a
 * key is missing or of another type, text names the JSON path.  RC_RANGE:
 * out of range.  RC_LIMIT: longer than WIRE_LINE_MAX, or a list in it has too
 * many elements.  err may be NULL. */
MUST_USE enum rc wire_decode_observation(
    struct observation *out, const char *line, size_t len, struct err *err);
MUST_USE enum rc wire_decode_header(
    struct batch_header *out, const char *line, size_t len, struct err *err);

struct batch {
	struct batch_header header;
	size_t n;
	struct observation *observations;
};

/* Reads a whole body.  Gives *out: release with batch_fini.  Beside the
 * errors above (with the line's number in *err): RC_MALFORMED when seqs do
 * not rise from first_seq to last_seq, RC_LIMIT over WIRE_BATCH_MAX. */
MUST_USE enum rc wire_decode_batch(
    struct batch *out, const char *body, size_t len, struct err *err);
void batch_fini(struct batch *b); /* NULL is fine */

#endif
