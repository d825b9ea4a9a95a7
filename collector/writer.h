/*
 * writer.h - the one thread that writes observations and events.   (wiring)
 *
 * Uses     queue, ingest
 * Used by  serve (starts, stops), api (health)
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
 * writer_stop.  q and in must outlive it.  RC_SYS. */
MUST_USE enum rc writer_start(
    struct writer **out, struct queue *q, struct ingest *in, struct err *err);

/* Waits until everything is written; q must have been closed.  RC_DB when the
 * last of it could not be. */
MUST_USE enum rc writer_stop(struct writer *w, struct err *err);

/* Runs call in the writer's thread, between two transactions, and waits for
 * it: within a second, and what it takes itself.  From one thread only. */
void writer_call(struct writer *w, void (*call)(void *ctx), void *ctx);

/* Is the thread alive and the disk taking?  Otherwise why says what is wrong.
 * From any thread. */
bool writer_is_healthy(struct writer *w, char *why, size_t cap);

#endif
