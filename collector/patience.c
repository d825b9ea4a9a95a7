/* patience.c - see patience.h. */
#include "collector/patience.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

struct watched {
	struct patience *patience;
	struct watched *before, *after;
	int fd;
	int64_t since_us; /* 0: the next step is ours */
};

struct patience {
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	pthread_t thread;
	bool is_stopped;
	int64_t limit_us;
	struct watched all; /* the head of a ring */
};

/* The socket stays open, and its owner sees the end of it. */
static void
end_overdue(struct patience *p, int64_t now_us)
{
	for (struct watched *w = p->all.after; w != &p->all; w = w->after)
		if (w->since_us != 0 && now_us - w->since_us > p->limit_us)
			(void)shutdown(w->fd, SHUT_RDWR);
}

static struct timespec
after(int64_t wait_us)
{
	int64_t at_us = clock_awake_us() + wait_us;

	return (struct timespec){ .tv_sec = at_us / US_PER_S,
		.tv_nsec = at_us % US_PER_S * 1000 };
}

static void *
keep_watch(void *arg)
{
	struct patience *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->is_stopped) {
		struct timespec until = after(p->limit_us / 4);

		(void)pthread_cond_timedwait(&p->stopped, &p->lock, &until);
		end_overdue(p, clock_awake_us());
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

enum rc
patience_start(struct patience **out, int64_t limit_us, struct err *err)
{
	struct patience *p = mem_new(sizeof *p);
	pthread_condattr_t attr;

	p->limit_us = limit_us;
	p->all.before = p->all.after = &p->all;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->stopped, &attr);
	pthread_condattr_destroy(&attr);
	errno = pthread_create(&p->thread, NULL, keep_watch, p);
	if (errno != 0) {
		pthread_cond_destroy(&p->stopped);
		pthread_mutex_destroy(&p->lock);
		free(p);
		return err_sys(err, "no thread to watch connections");
	}
	*out = p;
	return RC_OK;
}

void
patience_stop(struct patience *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->is_stopped = true;
	pthread_cond_signal(&p->stopped);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->stopped);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

struct watched *
patience_watch(struct patience *p, int fd)
{
	struct watched *w = mem_new(sizeof *w);

	w->patience = p;
	w->fd = fd;
	w->since_us = clock_awake_us();
	pthread_mutex_lock(&p->lock);
	w->before = p->all.before;
	w->after = &p->all;
	w->before->after = w->after->before = w;
	pthread_mutex_unlock(&p->lock);
	return w;
}

void
patience_forget(struct watched *w)
{
	pthread_mutex_lock(&w->patience->lock);
	w->before->after = w->after;
	w->after->before = w->before;
	pthread_mutex_unlock(&w->patience->lock);
	free(w);
}

static void
set_since(struct watched *w, int64_t since_us)
{
	pthread_mutex_lock(&w->patience->lock);
	w->since_us = since_us;
	pthread_mutex_unlock(&w->patience->lock);
}

void
patience_expect(struct watched *w)
{
	set_since(w, clock_awake_us());
}

void
patience_pause(struct watched *w)
{
	set_since(w, 0);
}
