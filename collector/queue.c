/* queue.c - see queue.h. */
#include "collector/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

struct slot {
	void *item;
	size_t bytes;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	bool is_closed;
	size_t max_items, max_bytes;
	size_t first, n, bytes; /* of the ring below */
	struct slot *slots;
};

struct queue *
queue_new(size_t max_items, size_t max_bytes)
{
	struct queue *q = mem_new(sizeof *q);
	pthread_condattr_t attr;

	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->filled, &attr);
	pthread_condattr_destroy(&attr);
	q->max_items = max_items;
	q->max_bytes = max_bytes;
	q->slots = mem_new(max_items * sizeof *q->slots);
	return q;
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q->slots);
	free(q);
}

enum rc
queue_push(struct queue *q, void *item, size_t bytes)
{
	enum rc rc = RC_OK;

	pthread_mutex_lock(&q->lock);
	if (q->is_closed) {
		rc = RC_PEER;
	} else if (q->n == q->max_items || bytes > q->max_bytes - q->bytes) {
		rc = RC_LIMIT;
	} else {
		q->slots[(q->first + q->n++) % q->max_items] =
		    (struct slot){ item, bytes };
		q->bytes += bytes;
		pthread_cond_signal(&q->filled);
	}
	pthread_mutex_unlock(&q->lock);
	return rc;
}

/* Waits with the lock held until something is in, or no more will come. */
static void
wait_filled(struct queue *q, int64_t wait_us)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_us / US_PER_S;
	until.tv_nsec += wait_us % US_PER_S * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (q->n == 0 && !q->is_closed)
		if (pthread_cond_timedwait(&q->filled, &q->lock, &until) != 0)
			return;
}

size_t
queue_take(struct queue *q, void **items, size_t cap, int64_t wait_us)
{
	size_t n = 0;

	pthread_mutex_lock(&q->lock);
	wait_filled(q, wait_us);
	while (n < cap && q->n > 0) {
		struct slot *slot = &q->slots[q->first];

		items[n++] = slot->item;
		q->bytes -= slot->bytes;
		q->first = (q->first + 1) % q->max_items;
		q->n--;
	}
	pthread_mutex_unlock(&q->lock);
	return n;
}

void
queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

bool
queue_is_closed(struct queue *q)
{
	bool is_closed;

	pthread_mutex_lock(&q->lock);
	is_closed = q->is_closed;
	pthread_mutex_unlock(&q->lock);
	return is_closed;
}

size_t
queue_depth(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->n;
	pthread_mutex_unlock(&q->lock);
	return n;
}
