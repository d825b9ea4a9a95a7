/* writer.c - see writer.h. */
#include "collector/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"

/* Batches of one transaction: what waits is taken together, so that an fsync
 * is paid once, but not so many that the first waits long. */
#define GROUP_MAX 128
#define TICK_US US_PER_S

struct writer {
	pthread_t thread;
	struct queue *queue;
	struct ingest *ingest;
	pthread_mutex_t lock; /* of what is below */
	pthread_cond_t called;
	void (*call)(void *ctx); /* NULL: nobody wants one */
	void *call_ctx;
	struct writer_state state;
	struct err batch_fault, tick_fault; /* of the last of each */
};

/* Notes how the last transaction went, and logs when that changes: a full
 * disk is one line, not one per batch.  On a full disk there may still be room
 * for the little that a tick writes, and a tick reads what no batch does: what
 * either could not do, the same must do.  A damaged file does not heal. */
static void
note(struct writer *w, enum rc rc, const struct err *err, bool is_tick)
{
	struct err *fault = is_tick ? &w->tick_fault : &w->batch_fault;
	enum rc before, after;

	pthread_mutex_lock(&w->lock);
	before = w->state.fault.rc;
	w->state.progress_mono_us = clock_mono_us();
	if (!store_is_damage(fault)) {
		*fault = *err;
		fault->rc = rc;
	}
	w->state.fault =
	    w->batch_fault.rc != RC_OK ? w->batch_fault : w->tick_fault;
	after = w->state.fault.rc;
	pthread_mutex_unlock(&w->lock);
	if (rc != RC_OK && before == RC_OK)
		log_error("writer: %s: %s",
		    is_tick ? "not kept in order"
			    : "not stored, probes are told to send again",
		    err->text);
	if (after == RC_OK && before != RC_OK)
		log_info("writer: storing again");
}

static void
note_tick(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->state.progress_mono_us = w->state.ticked_mono_us = clock_mono_us();
	pthread_mutex_unlock(&w->lock);
}

static void
write_group(struct writer *w, struct ingest_job **jobs, size_t n)
{
	struct err err = ERR_NONE;
	enum rc rc = ingest_group(w->ingest, jobs, n, clock_steady_us(), &err);

	note(w, rc, &err, false);
	for (size_t i = 0; i < n; i++)
		jobs[i]->done(jobs[i]);
}

/* A tick that had nothing to write says nothing about the disk. */
static void
tick(struct writer *w)
{
	struct err err = ERR_NONE;
	bool has_written = false;
	enum rc rc =
	    ingest_tick(w->ingest, clock_steady_us(), &has_written, &err);

	if (rc != RC_OK || has_written)
		note(w, rc, &err, true);
	note_tick(w);
}

static void
answer_call(struct writer *w)
{
	void (*call)(void *ctx);

	pthread_mutex_lock(&w->lock);
	call = w->call;
	pthread_mutex_unlock(&w->lock);
	if (call == NULL)
		return;
	call(w->call_ctx);
	pthread_mutex_lock(&w->lock);
	w->call = NULL;
	pthread_cond_signal(&w->called);
	pthread_mutex_unlock(&w->lock);
}

void
writer_call(struct writer *w, void (*call)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&w->lock);
	w->call_ctx = ctx;
	w->call = call;
	while (w->call != NULL)
		pthread_cond_wait(&w->called, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void *
run(void *arg)
{
	struct writer *w = arg;
	int64_t next_tick_us = clock_mono_us();

	for (;;) {
		void *items[GROUP_MAX];
		struct ingest_job *jobs[GROUP_MAX];
		int64_t wait_us = next_tick_us - clock_mono_us();
		size_t n = queue_take(
		    w->queue, items, GROUP_MAX, wait_us > 0 ? wait_us : 0);

		for (size_t i = 0; i < n; i++)
			jobs[i] = items[i];
		if (n > 0)
			write_group(w, jobs, n);
		else if (queue_is_closed(w->queue))
			return NULL;
		answer_call(w);
		if (clock_mono_us() >= next_tick_us) {
			tick(w);
			next_tick_us = clock_mono_us() + TICK_US;
		}
	}
}

enum rc
writer_start(
    struct writer **out, struct queue *q, struct ingest *in, struct err *err)
{
	struct writer *w = mem_new(sizeof *w);

	w->queue = q;
	w->ingest = in;
	w->state.progress_mono_us = w->state.ticked_mono_us = clock_mono_us();
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->called, NULL);
	errno = pthread_create(&w->thread, NULL, run, w);
	if (errno != 0) {
		pthread_cond_destroy(&w->called);
		pthread_mutex_destroy(&w->lock);
		free(w);
		return err_sys(err, "writer thread");
	}
	*out = w;
	return RC_OK;
}

enum rc
writer_stop(struct writer *w, struct err *err)
{
	pthread_join(w->thread, NULL);
	return ingest_flush(w->ingest, clock_steady_us(), err);
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	pthread_cond_destroy(&w->called);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void
writer_look(struct writer *w, struct writer_state *out)
{
	pthread_mutex_lock(&w->lock);
	*out = w->state;
	pthread_mutex_unlock(&w->lock);
}
