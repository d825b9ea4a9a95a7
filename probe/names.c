/* names.c - see names.h. */
#include "probe/names.h"

#include <ares.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define SOCKETS_MAX 16 /* that c-ares has open at once */
#define TRY_MS 2000
#define TRIES 3

struct watch { /* one of c-ares' sockets */
	struct names *names;
	bool is_used;
	ares_socket_t fd;
	uv_poll_t poll;
};

struct names {
	uv_loop_t *loop;
	ares_channel channel;
	uv_timer_t timer;
	unsigned n_handles;
	bool is_closing;
	struct watch watches[SOCKETS_MAX];
};

struct lookup {
	names_done *done;
	void *ctx;
};

static void
release(struct names *n)
{
	if (--n->n_handles > 0 || !n->is_closing)
		return;
	free(n);
	ares_library_cleanup();
}

static void
on_watch_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;

	w->is_used = false;
	release(w->names);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void on_timer(uv_timer_t *timer);

/* c-ares wants to be called when its next try is due. */
static void
arm(struct names *n)
{
	struct timeval left;
	struct timeval *due;

	if (n->is_closing)
		return;
	due = ares_timeout(n->channel, NULL, &left);
	if (due == NULL)
		uv_timer_stop(&n->timer);
	else
		uv_timer_start(&n->timer, on_timer,
		    (uint64_t)due->tv_sec * 1000 +
			(uint64_t)due->tv_usec / 1000 + 1,
		    0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct names *n = timer->data;

	ares_process_fd(n->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(n);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct names *n = w->names;
	bool is_broken = status < 0;

	ares_process_fd(n->channel,
	    is_broken || (events & UV_READABLE) ? w->fd : ARES_SOCKET_BAD,
	    is_broken || (events & UV_WRITABLE) ? w->fd : ARES_SOCKET_BAD);
	arm(n);
}

static struct watch *
find_watch(struct names *n, ares_socket_t fd)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++) {
		struct watch *w = &n->watches[i];

		if (w->is_used && w->fd == fd &&
		    !uv_is_closing((uv_handle_t *)&w->poll))
			return w;
	}
	return NULL;
}

static struct watch *
new_watch(struct names *n, ares_socket_t fd)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++) {
		struct watch *w = &n->watches[i];

		if (w->is_used)
			continue;
		if (uv_poll_init(n->loop, &w->poll, fd) != 0)
			return NULL;
		w->names = n;
		w->is_used = true;
		w->fd = fd;
		w->poll.data = w;
		n->n_handles++;
		return w;
	}
	return NULL; /* c-ares' own timeout ends the lookup */
}

/* c-ares opened or closed a socket, or waits for something else on it. */
static void
on_socket(void *data, ares_socket_t fd, int readable, int writable)
{
	struct names *n = data;
	struct watch *w = find_watch(n, fd);

	if (!readable && !writable) {
		if (w != NULL) {
			uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, on_watch_closed);
		}
		return;
	}
	if (w == NULL)
		w = new_watch(n, fd);
	if (w != NULL)
		uv_poll_start(&w->poll,
		    (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
		    on_poll);
}

enum rc
names_new(struct names **out, uv_loop_t *loop, struct err *err)
{
	struct names *n;
	struct ares_options options = {
		.timeout = TRY_MS, .tries = TRIES, .sock_state_cb = on_socket
	};
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status != ARES_SUCCESS)
		return err_set(
		    err, RC_SYS, "c-ares: %s", ares_strerror(status));
	n = mem_new(sizeof *n);
	n->loop = loop;
	options.sock_state_cb_data = n;
	status = ares_init_options(&n->channel, &options,
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS) {
		free(n);
		return err_set(err, RC_SYS, "resolver configuration: %s",
		    ares_strerror(status));
	}
	uv_timer_init(loop, &n->timer); /* cannot fail */
	n->timer.data = n;
	n->n_handles = 1;
	*out = n;
	return RC_OK;
}

static void
collect(struct names_answer *answer, const struct ares_addrinfo *info)
{
	const struct ares_addrinfo_node *node = info->nodes;

	for (; node != NULL; node = node->ai_next) {
		struct addr a = addr_from_sockaddr(node->ai_addr, NULL);

		if (a.family == 4 && answer->n_v4 < NAMES_PER_FAMILY)
			answer->v4[answer->n_v4++] = a;
		if (a.family == 6 && answer->n_v6 < NAMES_PER_FAMILY)
			answer->v6[answer->n_v6++] = a;
	}
}

static void
on_answer(void *data, int status, int timeouts, struct ares_addrinfo *info)
{
	struct lookup lookup = *(struct lookup *)data;
	struct names_answer answer = { 0 };

	(void)timeouts;
	free(data);
	if (status == ARES_SUCCESS)
		collect(&answer, info);
	if (answer.n_v4 + answer.n_v6 == 0)
		answer.failure = status == ARES_SUCCESS ? "no address"
							: ares_strerror(status);
	ares_freeaddrinfo(info);
	lookup.done(lookup.ctx, &answer);
}

void
names_resolve(struct names *n, const char *name, names_done *done, void *ctx)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
		.ai_flags = ARES_AI_NOSORT };
	struct names_answer literal = { 0 };
	struct lookup *lookup;
	struct addr a;

	if (addr_parse(&a, name) == RC_OK) {
		literal.n_v4 = a.family == 4;
		literal.n_v6 = a.family == 6;
		*(a.family == 4 ? literal.v4 : literal.v6) = a;
		done(ctx, &literal);
		return;
	}
	lookup = mem_new(sizeof *lookup);
	*lookup = (struct lookup){ .done = done, .ctx = ctx };
	ares_getaddrinfo(n->channel, name, NULL, &hints, on_answer, lookup);
	arm(n);
}

void
names_free(struct names *n)
{
	if (n == NULL)
		return;
	ares_destroy(n->channel);
	n->is_closing = true;
	uv_timer_stop(&n->timer);
	uv_close((uv_handle_t *)&n->timer, on_timer_closed);
}
