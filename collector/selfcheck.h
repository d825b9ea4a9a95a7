/*
 * selfcheck.h - is the collector itself well?                      (wiring)
 *
 * Uses     writer, queue, metrics, store_probe, statvfs
 * Used by  api_status (/healthz, /metrics), serve (alerts about itself)
 *
 * Looks only at what is there already, so that it may be asked every second:
 * that the store can be written is known from its last transaction, of which
 * the writer makes one every ten seconds though there be nothing to write.
 */
#ifndef COLLECTOR_SELFCHECK_H
#define COLLECTOR_SELFCHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/metrics.h"
#include "collector/queue.h"
#include "collector/settings.h"
#include "collector/writer.h"

enum self_part {
	SELF_STORE,    /* its last transaction is on disk */
	SELF_DETECTOR, /* it ticks */
	SELF_QUEUE,    /* what waits is taken */
	SELF_HEARD,    /* where probes are enrolled, some were heard lately */
	SELF_DISK, /* room is left: a warning, while the store still works */
	SELF_PARTS
};

#define SELF_WHY_LEN 300

/* What is to be judged; times are of the monotonic clock. */
struct self_sample {
	int64_t now_us;
	struct writer_state writer;
	size_t queue_depth;
	bool is_counted;                   /* n_probes is known */
	size_t n_probes;                   /* enrolled, and not revoked */
	int64_t heard_us, silent_after_us; /* heard: or the silence began */
	int64_t last_heard_us;             /* 0: not since the start */
	bool is_measured;                  /* the disk is */
	uint64_t free_bytes, disk_bytes;
	unsigned disk_low_percent;
};

struct self_report {
	bool is_well[SELF_PARTS];
	char why[SELF_PARTS][SELF_WHY_LEN]; /* "" when it is */
	struct self_sample sample;
};

const char *self_part_name(enum self_part p);

/* Pure. */
void self_judge(struct self_report *out, const struct self_sample *s);

/* Does the collector do its work?  A disk that fills up does not count. */
bool self_is_healthy(const struct self_report *r);

struct selfcheck;

struct selfcheck_parts { /* all lent */
	const struct settings *settings;
	struct writer *writer;
	struct queue *queue;
	struct metrics *metrics;
};

/* Gives *out: release with selfcheck_close.  The database must be there.
 * RC_DB. */
MUST_USE enum rc selfcheck_open(struct selfcheck **out,
    const struct selfcheck_parts *parts, struct err *err);
void selfcheck_close(struct selfcheck *c); /* NULL is fine */

/* From now on by these settings, of which it copies what it needs. */
void selfcheck_set_settings(struct selfcheck *c, const struct settings *s);

/* From any thread. */
void selfcheck_look(struct selfcheck *c, struct self_report *out);

#endif
