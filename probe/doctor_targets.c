/* doctor_targets.c - see doctor_targets.h. */
#include "probe/doctor_targets.h"

#include <stdio.h>
#include <uv.h>

#include "probe/engine.h"

struct asking {
	struct doctor_answers answers;
	uv_loop_t *loop;
	struct engine *engine;
	unsigned n_open;
};

static void
on_answer(void *ctx, const struct observation *o)
{
	struct asking *asking = ctx;

	if (outcome_is_answer(o->outcome))
		asking->answers.n_answered++;
	else if (asking->answers.first_silent[0] == '\0')
		addr_format(&o->target, asking->answers.first_silent);
	if (--asking->n_open == 0)
		uv_stop(asking->loop);
}

static void
ask_target(struct asking *asking, const struct assignment *a,
    const struct assigned_target *t)
{
	struct question q = {
		.kind = KIND_DNS,
		.why = WHY_MANUAL,
		.proto = PROTO_UDP,
		.target = t->address,
		.port = t->port,
		.timeout_us = a->timeout_us,
	};

	snprintf(q.zone, sizeof q.zone, "%s", t->zone);
	if (engine_ask(asking->engine, &q, on_answer, asking) != RC_OK)
		return;
	asking->answers.n_asked++;
	asking->n_open++;
}

static void
ask_all(struct asking *asking, const struct assignment *a,
    const struct lists *lists)
{
	for (size_t i = 0; i < a->n_targets; i++) {
		const struct assigned_target *t = &a->targets[i];

		if (t->is_decoy)
			continue; /* its silence says nothing */
		if (!lists_permit(lists, &t->address))
			asking->answers.n_forbidden++;
		else if (asking->answers.n_asked < DOCTOR_TARGETS_MAX &&
			 t->dns_every_us > 0)
			ask_target(asking, a, t);
	}
}

enum rc
doctor_ask(struct doctor_answers *out, const struct assignment *a,
    struct socks *socks, const struct lists *lists, struct err *err)
{
	static const struct engine_limits limits = { .packets_per_s = 20,
		.burst_packets = 40 };
	uv_loop_t loop;
	struct asking asking = { .loop = &loop };
	enum rc rc;

	uv_loop_init(&loop);
	rc = engine_new(&asking.engine, &loop, socks, &limits, err);
	if (rc == RC_OK) {
		ask_all(&asking, a, lists);
		if (asking.n_open > 0)
			uv_run(&loop, UV_RUN_DEFAULT);
		engine_free(asking.engine);
		uv_run(&loop, UV_RUN_DEFAULT); /* closes its handles */
		*out = asking.answers;
	}
	uv_loop_close(&loop);
	return rc;
}
