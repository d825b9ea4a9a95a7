/*
 * writer.h - the one thread that writes observations and events.   (wiring)
 *
 * Uses     queue, ingest
 * Used by  serve (starts, stops), selfcheck
 */
#ifndef COLLECTOR_WRITER_H
#define COLLECTOR_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "collector/ingest.h"
#include "collector/queue.h"
#include "schema/base/err.h"

struct writer;

/* Gives *out, whose thread takes ingest_jobs from q, all that wait at a time,
 * and calls their done once they are on disk or have failed.  Release with
 * writer_stop and writer_free.  q and in must outlive it.  RC_SYS. */
MUST_USE enum rc writer_start(
    struct writer **out, struct queue *q, struct ingest *in, struct err *err);

/* Waits until everything is written; q must have been closed.  RC_DB when the
 * last of it could not be.  Others may still look at it. */
MUST_USE enum rc writer_stop(struct writer *w, struct err *err);
void writer_free(struct writer *w); /* once stopped; NULL is fine */

/* Runs call in the writer's thread, between two transactions, and waits for
 * it: within a second, and what it takes itself.  From one thread only. */
void writer_call(struct writer *w, void (*call)(void *ctx), void *ctx);

struct writer_state {             /* times are of the monotonic clock */
	int64_t progress_mono_us; /* the last piece of work was done */
	int64_t ticked_mono_us;   /* the last tick was */
	struct err fault;         /* of the last transaction; rc RC_OK: none */
};

/* From any thread. */
void writer_look(struct writer *w, struct writer_state *out);

#endif
