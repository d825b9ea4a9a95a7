/*
 * fuzz_trace.c - a trace whose hops answer whatever they like.
 *
 * Each turn takes four bytes: to which TTL and attempt a reply comes, from
 * where, how, and after how long.  Holds: the trace ends, sends no more than
 * its limits allow, and tells hops in order and no more than fit.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/trace.h"

#define TURN 4
#define TURNS_MAX 20000 /* any trace is over by then */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
reply(struct trace *t, const uint8_t turn[TURN])
{
	struct hop hop = { .ttl = (uint8_t)(turn[0] % TRACE_TTL_MAX + 1),
		.attempt = (uint8_t)(turn[1] % 8 + 1),
		.address = { .family = turn[2] & 1 ? 6 : 4,
		    .bytes = { 10, 0, (uint8_t)(turn[2] >> 4), turn[0] } },
		.rtt_us = (turn[3] + 1) * 1000,
		.is_target = (turn[2] & 2) != 0 };
	/* Replies are taken only to packets that were sent. */
	const struct trace_ttl *ttl = &t->ttls[hop.ttl];

	if (hop.attempt <= ttl->n_sent)
		trace_reply(t, &hop, hop.is_target || (turn[2] & 4) != 0,
		    (turn[2] & 8) == 0);
}

static void
check(const struct trace *t)
{
	struct trace_result *r = calloc(1, sizeof *r);

	assert(r != NULL);
	trace_finish(t, r);
	assert(r->n_hops <= HOP_MAX);
	for (size_t i = 1; i < r->n_hops; i++)
		assert(r->hops[i].ttl >= r->hops[i - 1].ttl);
	free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_limits limits = { .max_wait_us = 1000000 };
	int64_t now = 0, until = 0;
	unsigned n_sent = 0;
	struct trace *t;
	uint8_t ttl;

	if (size < TURN)
		return 0;
	limits.window = data[0] % TRACE_WINDOW + 1;
	limits.first_ttl = data[1] % 4;
	limits.last_ttl = data[2] % (TRACE_TTL_MAX + 1);
	limits.n_queries = data[3] % (TRACE_QUERIES_MAX + 1);
	limits.seed = size;
	if (limits.last_ttl != 0 && limits.last_ttl < limits.first_ttl)
		return 0;
	t = calloc(1, sizeof *t);
	assert(t != NULL);
	trace_init(t, &limits);
	for (unsigned turn = 1; turn < TURNS_MAX; turn++) {
		const uint8_t *at =
		    size >= TURN * (turn + 1) ? data + TURN * turn : NULL;
		enum trace_state state = trace_next(t, now, &ttl, &until);

		if (state == TRACE_DONE)
			break;
		assert(turn + 1 < TURNS_MAX);
		if (state == TRACE_SEND || state == TRACE_LOOK) {
			assert(ttl >= 1 && ttl <= TRACE_TTL_MAX);
			assert(trace_sent(t, ttl, now) >= 1);
			n_sent++;
		} else {
			now = at != NULL && at[3] % 4 != 0 ? now + 1 : until;
		}
		if (at != NULL)
			reply(t, at);
	}
	assert(n_sent <=
	       TRACE_TTL_MAX *
		   (TRACE_TRIES + TRACE_QUERIES_MAX * TRACE_QUERIES_NEXT));
	check(t);
	free(t);
	return 0;
}
