/*
 * spool.h - observations kept until the collector has them.          (edge)
 *
 * Uses     schema/wire.h, probe/anchor, segment, seqmark, shelf, spooldir
 * Used by  probe/resident
 *
 * First in, first out, in append-only segments of JSON Lines, on two shelves:
 * a folder in memory, which has each observation at once, and the spool on
 * disk, which gets what is in memory by spool_flush.  Flash wears out, so the
 * caller flushes only what cannot be delivered soon; mostly it is acked
 * before.  The end of the program, however it comes, loses nothing.  The end
 * of the power loses what was in memory: at the next start that is counted as
 * lost, and its seqs are not used again (probe/seqmark.h).
 *
 * Where there is no folder in memory, observations are gathered in a buffer,
 * which the program's sudden end takes with it, and only what is flushed can
 * be uploaded.
 *
 * One process (this one) writes and deletes segments; the uploader reads them
 * (probe/backlog.h) and says how far the collector has them.  An observation
 * leaves only when it is acked, or when the spool is over its limit: then the
 * oldest segment goes, and its loss is counted.
 */
#ifndef PROBE_SPOOL_H
#define PROBE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/anchor.h"
#include "schema/base/err.h"
#include "schema/record.h"

struct spool; /* opaque: it owns files and a buffer */

struct spool_limits {
	uint64_t max_bytes;   /* of all segments; the oldest is dropped */
	size_t segment_bytes; /* a segment this long is closed */
	size_t buffer_bytes; /* gathered in memory; half of it forces a flush */
};

#define SPOOL_LIMITS_DEFAULT \
	(struct spool_limits) \
	{ \
		.max_bytes = 64u << 20, .segment_bytes = 256u << 10, \
		.buffer_bytes = 128u << 10 \
	}

struct spool_facts {
	uint64_t next_seq;
	uint64_t acked;
	uint64_t n_lost;  /* observations dropped so far, in all runs */
	uint64_t n_bytes; /* in segments on disk */
	size_t n_segments;
	size_t n_buffered_bytes; /* not yet on disk, nor acked */
	unsigned n_cut;          /* torn lines cut when the spool was opened */
	uint64_t n_vanished; /* of n_lost: at most so many were in memory when
			       * the run before ended */
};

/* Opens the spool in dir, which must exist and be locked by the caller.
 * ram_dir: a folder in memory (probe/ramdir.h), which goes with an orderly
 * end; NULL: none.  Copies all but what *out is.  What the run before left in
 * memory is moved to disk.  Gives *out: release with spool_close.  A torn last
 * line is cut off and counted.  RC_SYS. */
MUST_USE enum rc spool_open(struct spool **out, const char *dir,
    const char *ram_dir, const struct anchor *anchor,
    const struct spool_limits *limits, struct err *err);

/* Flushes as well as it can, then frees.  NULL is fine. */
void spool_close(struct spool *s);

/* Copies *o as the next line, with the next seq.  Writes to disk when the
 * buffer is half full.  RC_SYS: that failed; *o is in the buffer all the same,
 * and when that is full the oldest were dropped and counted. */
MUST_USE enum rc
spool_append(struct spool *s, const struct observation *o, struct err *err);

/* Writes what is buffered and waits until it is on the disk.  RC_SYS: it
 * stays buffered; try again later. */
MUST_USE enum rc spool_flush(struct spool *s, struct err *err);

/* The collector has everything up to and with acked: deletes what is no
 * longer needed, but for a segment that is written to: that is done when it
 * is full, or at the end.  An acked beyond the last seq (this state was
 * restored from an old copy) moves the next seq behind it.  RC_SYS: the disk
 * refused to remember it; the last segment stays until a later call. */
MUST_USE enum rc spool_ack(struct spool *s, uint64_t acked, struct err *err);

/* Can the uploader see what is not on disk?  Looks: a folder in memory may be
 * taken from us (logind removes those of users who have left). */
bool spool_is_in_memory(struct spool *s);

struct spool_facts spool_facts(const struct spool *s);

#endif
