/*
 * seqmark.h - which seqs a power cut may have taken with it.         (edge)
 *
 * Uses     probe/spooldir, schema/base/file.h
 * Used by  probe/spool
 *
 * What waits in memory is gone with the power, and the collector may have
 * some of it: no seq may be used again, and what was lost must be told.  So a
 * file says, ahead and seldom, up to which seq may be used and how many at
 * most wait in memory.  Seqs cost nothing; they are reserved in large blocks.
 */
#ifndef PROBE_SEQMARK_H
#define PROBE_SEQMARK_H

#include <stdint.h>

#include "schema/base/err.h"

#define SEQMARK_BLOCK 65536 /* days of a busy probe */
#define SEQMARK_WAITING_MIN 16

struct seqmark {
	uint64_t reserved; /* no seq after this is in use */
	uint64_t waiting;  /* not on disk at any time: at most so many */
};

/* Reads the mark; zeros where there is none that can be read. */
struct seqmark seqmark_read(const char *dir);

/* Writes it, through to the disk.  RC_SYS. */
MUST_USE enum rc
seqmark_write(const struct seqmark *m, const char *dir, struct err *err);

/* Before seq is used, n_waiting with it: writes the mark if it does not cover
 * that.  RC_SYS: *m is as it was. */
MUST_USE enum rc seqmark_cover(struct seqmark *m, uint64_t seq,
    uint64_t n_waiting, const char *dir, struct err *err);

/* After a start that finds nothing in memory, with next_seq after all that is
 * on disk: the first seq that was certainly not used, and in *n_lost how many
 * observations were lost, at most. */
uint64_t
seqmark_resume(const struct seqmark *m, uint64_t next_seq, uint64_t *n_lost);

#endif
