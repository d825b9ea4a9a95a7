/*
 * queue.h - a bounded queue between threads.                         (edge)
 *
 * Uses     pthread
 * Used by  api (push), writer (take)
 *
 * Bounded by number and by bytes, so that overload is said before memory
 * grows.  Items are the callers' pointers.
 */
#ifndef COLLECTOR_QUEUE_H
#define COLLECTOR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

struct queue;

/* Gives a queue: release with queue_free. */
struct queue *queue_new(size_t max_items, size_t max_bytes);
void queue_free(struct queue *q); /* must be empty; NULL is fine */

/* Lets item, which weighs bytes, wait.  RC_LIMIT: full.  RC_PEER: closed. */
MUST_USE enum rc queue_push(struct queue *q, void *item, size_t bytes);

/* Takes out up to cap items in order, waiting up to wait_us for the first;
 * returns how many. */
size_t queue_take(struct queue *q, void **items, size_t cap, int64_t wait_us);

/* From now on nothing goes in; what is in can be taken. */
void queue_close(struct queue *q);
bool queue_is_closed(struct queue *q);

size_t queue_depth(struct queue *q); /* items waiting */

#endif
