/*
 * shelf.h - a folder of segments that is written to.                 (edge)
 *
 * Uses     probe/segment, spooldir
 * Used by  probe/spool: one on disk, one in memory
 */
#ifndef PROBE_SHELF_H
#define PROBE_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/anchor.h"
#include "probe/spooldir.h"
#include "schema/base/err.h"

struct shelf_segment {
	uint64_t first_seq; /* of its first line, had or to come: its name */
	size_t n_bytes;
};

struct shelf {
	char dir[SPOOL_PATH_MAX];
	bool is_synced; /* what is written waits for the disk */
	size_t n, cap;
	struct shelf_segment *segments; /* oldest first */
	int fd;                         /* the newest one's, or -1 */
};

/* Copies dir.  Reads nothing yet.  Release with shelf_fini. */
void shelf_init(struct shelf *s, const char *dir, bool is_synced);
void shelf_fini(struct shelf *s); /* removes nothing */

/* Notes what the folder has.  RC_SYS. */
MUST_USE enum rc shelf_list(struct shelf *s, struct err *err);

/* The newest segment, or NULL; good until the next call. */
struct shelf_segment *shelf_newest(const struct shelf *s);

/* Bytes of all segments. */
uint64_t shelf_bytes(const struct shelf *s);

/* Makes the segment that is written to from now on; one of that name, which
 * can be the newest only, is replaced.  RC_SYS: nothing is written to. */
MUST_USE enum rc shelf_begin(struct shelf *s, const struct anchor *anchor,
    uint64_t first_seq, struct err *err);

/* Appends to the segment that is written to (there must be one), whole or not
 * at all.  RC_SYS. */
MUST_USE enum rc
shelf_append(struct shelf *s, const char *bytes, size_t len, struct err *err);

/* No segment is written to until shelf_begin. */
void shelf_end(struct shelf *s);

/* Deletes segment i. */
void shelf_remove(struct shelf *s, size_t i);

#endif
