/*
 * segment.h - the text of one spool segment.                         (pure)
 *
 * Uses     schema/wire.h, probe/anchor.h, jansson
 * Used by  probe/spool (recovery), probe/backlog (reading)
 *
 * The first line is a header that holds the run's anchor; every further line
 * is an observation as it is posted, with rising seqs.  A power cut may
 * leave half a line, or zeros, at the end; a worn-out card may spoil any line.
 * Neither costs the lines that can still be read.
 */
#ifndef PROBE_SEGMENT_H
#define PROBE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/anchor.h"

#define SEGMENT_HEADER_MAX 256

struct segment_cursor { /* lends the segment's bytes */
	const char *bytes;
	size_t len;
	size_t pos;           /* after the last line read */
	struct anchor anchor; /* boot "": the header cannot be read */
	uint64_t last_seq;    /* of the last good line; 0 before the first */
	unsigned n_bad;       /* lines that were skipped, or torn */
};

struct segment_line { /* lends */
	const char *text;
	size_t len; /* newline included */
	uint64_t seq;
};

/* What recovery needs to know of a whole segment. */
struct segment_sum {
	size_t good_len; /* up to the end of the last good line; 0: none */
	uint64_t first_seq, last_seq; /* 0: no good line */
	unsigned n_bad;
};

/* Writes the header line with its newline; returns its length. */
size_t segment_encode_header(
    const struct anchor *a, char buf[static SEGMENT_HEADER_MAX]);

/* Starts reading a segment: reads the header. */
struct segment_cursor segment_over(const char *bytes, size_t len);

/* The next good line; false at the end. */
bool segment_next(struct segment_cursor *c, struct segment_line *out);

/* Passes over lines with seqs up to after without looking at more of them. */
void segment_skip(struct segment_cursor *c, uint64_t after);

/* Reads a segment to its end. */
struct segment_sum segment_summarise(const char *bytes, size_t len);

#endif
