/* engine_finish.c - see engine_finish.h. */
#include "probe/engine_finish.h"

#include <string.h>

#include "probe/engine_port.h"
#include "schema/base/clock.h"

static void
put_part(struct observation *o, enum kind kind, const void *part)
{
	switch (kind) {
	case KIND_DNS:
		if (part == NULL)
			memset(&o->dns, 0, sizeof o->dns);
		else
			o->dns = *(const struct dns_result *)part;
		return;
	case KIND_PING:
		o->ping = *(const struct ping_result *)part;
		return;
	case KIND_TRACE:
		return; /* written in place */
	}
}

static void
describe(struct ask *a, enum outcome outcome, const void *part)
{
	struct observation *o = &a->engine->observation;

	o->seq = 0;
	o->at_us = a->at_us != 0 ? a->at_us : clock_steady_us();
	o->kind = a->question.kind;
	o->why = a->question.why;
	o->proto = a->proto;
	o->stamp = a->has_stamp ? a->stamp : STAMP_KERNEL;
	o->outcome = outcome;
	o->target = a->question.target;
	o->port = a->port;
	o->source = a->source.family != 0
			? a->source
			: engine_source(a->engine, &a->question.target);
	put_part(o, a->question.kind, part);
}

void
ask_finish(struct ask *a, enum outcome outcome, const void *part)
{
	struct engine *e = a->engine;

	describe(a, outcome, part);
	if (a->ops->fini != NULL)
		a->ops->fini(a);
	if (a->dns_result != NULL) {
		memcpy(a->dns_result, &e->free_dns_results, sizeof(void *));
		e->free_dns_results = a->dns_result;
		a->dns_result = NULL;
	}
	flights_release(e, a);
	port_leave(a);
	ask_leave_line(a);
	if (a->due_mono_us != NEVER)
		ask_sleep(a);
	e->n_active--;
	e->n_active_of[a->question.target.family == 6]--;
	a->is_active = false;
	a->done(a->ctx, &e->observation);
	a->next = e->free_asks; /* only now: done may ask again */
	e->free_asks = a;
}
