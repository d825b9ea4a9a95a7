/*
 * backlog.h - what of the spool waits for the collector.             (edge)
 *
 * Uses     probe/segment, spooldir
 * Used by  probe/upload, doctor
 *
 * Reads the segments while the resident probe may be writing, moving and
 * deleting them: half a line at the end is left for the next time, a segment
 * that is gone from disk was acked, one that is gone from memory may have been
 * moved to disk.
 */
#ifndef PROBE_BACKLOG_H
#define PROBE_BACKLOG_H

#include <stddef.h>
#include <stdint.h>

#include "probe/anchor.h"
#include "schema/base/err.h"

struct backlog { /* the oldest lines, all of one segment */
	struct anchor anchor;
	uint64_t first_seq, last_seq;
	unsigned n_lines;
	char *lines;
	size_t len;
};

/* Reads up to max_lines of the oldest lines with a seq over after, of the
 * spool on disk and then of the folder in memory (NULL: there is none).  Gives
 * *out: release with backlog_fini.  RC_NOTFOUND: nothing waits.  RC_SYS. */
MUST_USE enum rc backlog_read(struct backlog *out, const char *dir,
    const char *ram_dir, uint64_t after, unsigned max_lines, struct err *err);
void backlog_fini(struct backlog *b); /* NULL is fine */

#endif
