/*
 * spooldir.h - the files of a spool: segments and counters.          (edge)
 *
 * Uses     schema/base/file.h
 * Used by  probe/spool, shelf, seqmark, ramdir, backlog, upload, doctor, privacy,
 *          state
 *
 * A segment is named by the seq of its first line, 20 digits, so that names
 * sort as seqs do.  A counter is a file of one decimal number.
 */
#ifndef PROBE_SPOOLDIR_H
#define PROBE_SPOOLDIR_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define SPOOL_PATH_MAX 1024
#define SEGMENT_BYTES_MAX (4 << 20) /* more than a segment ever has */

#define SPOOL_SEQ_MAX (UINT64_C(1) << 53) /* no probe lives that long */

#define SPOOL_ACKED "acked"       /* the collector has all up to this seq */
#define SPOOL_LOST "lost"         /* dropped by the resident probe */
#define SPOOL_REJECTED "rejected" /* refused by the collector, and skipped */
#define SPOOL_RESERVED "reserved" /* two numbers: probe/seqmark.h */

struct spooldir {
	size_t n;
	uint64_t *first_seqs; /* rising */
};

/* Lists the segments.  Gives *out: release with spooldir_fini.  RC_SYS. */
MUST_USE enum rc
spooldir_list(struct spooldir *out, const char *dir, struct err *err);
void spooldir_fini(struct spooldir *d); /* NULL is fine */

/* Writes the path of a segment. */
void spooldir_path(
    char out[static SPOOL_PATH_MAX], const char *dir, uint64_t first_seq);

/* Reads a counter; 0 when the file is missing or cannot be read: the
 * collector's next answer then puts it right. */
uint64_t spooldir_read_count(const char *dir, const char *name);

/* Replaces a counter's file atomically.  RC_SYS. */
MUST_USE enum rc spooldir_write_count(
    const char *dir, const char *name, uint64_t count, struct err *err);

/* Removes everything a spool has made in dir, and dir.  RC_SYS. */
MUST_USE enum rc spooldir_erase(const char *dir, struct err *err);

#endif
