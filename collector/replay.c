/* replay.c - see replay.h. */
#include "collector/replay.h"

#include "collector/confidence.h"
#include "collector/detect.h"
#include "collector/heard.h"
#include "collector/sight.h"
#include "collector/store_detect.h"
#include "collector/store_heard.h"
#include "collector/store_services.h"
#include "schema/base/progress.h"

struct replay {
	struct store *source, *scratch;
	const struct services *services;
	const struct geo *geo;
	struct detect *detect;
	struct replayed *out;
	/* what comes next; id 0: nothing does */
	struct heard heard;
	struct observation_heard seen;
	int64_t first_id; /* of the observations */
	enum rc rc;
	struct err *err;
};

static void
on_effect(void *ctx, const struct effect *e)
{
	struct replay *r = ctx;

	if (r->rc == RC_OK)
		r->rc = store_effect_apply(r->scratch, e, r->err);
}

static void
next_heard(struct replay *r)
{
	enum rc rc =
	    store_heard_next(r->source, r->heard.id, &r->heard, r->err);

	if (rc == RC_NOTFOUND)
		r->heard.id = 0;
	else
		r->rc = rc;
}

static void
next_seen(struct replay *r)
{
	enum rc rc =
	    store_observation_next(r->source, r->seen.id, &r->seen, r->err);

	if (rc == RC_NOTFOUND)
		r->seen.id = 0;
	else
		r->rc = rc;
}

static void
start(struct replay *r)
{
	int64_t event_id = 0, landing_id = 0;

	detect_free(r->detect);
	r->detect = NULL;
	r->rc =
	    store_detect_next_ids(r->scratch, &event_id, &landing_id, r->err);
	if (r->rc != RC_OK)
		return;
	r->detect = detect_new(r->services, on_effect, r, event_id, landing_id);
	r->rc = store_heard_vantages(r->source, r->heard.id, r->detect, r->err);
}

/* Of what stood before the first observation that is left, only the vantages
 * are to be known. */
static bool
is_too_old(const struct replay *r, const struct heard *h)
{
	return !r->out->is_whole && h->after_id + 1 < r->first_id &&
	       h->kind != HEARD_VANTAGE;
}

static void
hear(struct replay *r, const struct heard *h)
{
	unsigned n_afresh;

	r->out->is_reread |= h->kind == HEARD_REREAD;
	if (is_too_old(r, h) || h->kind == HEARD_REREAD)
		return;
	if (h->kind == HEARD_START && r->detect != NULL && h->until_us != 0)
		detect_tick(r->detect, h->until_us);
	if (h->kind == HEARD_START || r->detect == NULL)
		start(r);
	if (h->kind == HEARD_RESTORED && r->rc == RC_OK)
		r->rc = store_detect_restore(
		    r->scratch, r->detect, &n_afresh, r->err);
	if (r->rc != RC_OK)
		return;
	if (h->passed_us != 0 && h->after_id + 1 >= r->first_id)
		detect_tick(r->detect, h->passed_us);
	heard_apply(r->detect, h);
}

static void
see(struct replay *r, const struct observation_heard *o)
{
	struct sight_context c = { .observation_id = o->id,
		.vantage_id = o->vantage_id,
		.target = services_target_by_id(r->services, o->target_id),
		.site_id = o->site_id,
		.is_named = o->site_id != 0,
		.is_too_fast = (o->doubts & DOUBT_RTT) != 0,
		.at_us = o->at_us,
		.received_us = o->received_us };

	progress_show("observations heard again", ++r->out->n_observations, 0);
	if (r->detect == NULL)
		start(r);
	if (c.target != NULL && r->rc == RC_OK)
		sight_tell(r->detect, r->services, r->geo, &o->observation, &c);
}

static void
begin(struct replay *r)
{
	next_heard(r);
	if (r->rc == RC_OK)
		next_seen(r);
	r->first_id = r->seen.id;
	r->out->first_us = r->seen.id != 0 ? r->seen.received_us : 0;
	r->out->is_whole = r->heard.id != 0 && r->heard.kind == HEARD_START &&
			   r->heard.after_id == 0 && r->first_id <= 1;
}

static void
run(struct replay *r)
{
	int64_t passed_us = 0;

	while (r->rc == RC_OK && (r->heard.id != 0 || r->seen.id != 0)) {
		if (r->heard.id != 0 &&
		    (r->seen.id == 0 || r->heard.after_id < r->seen.id)) {
			hear(r, &r->heard);
			if (r->rc == RC_OK)
				next_heard(r);
		} else {
			see(r, &r->seen);
			if (r->rc == RC_OK)
				next_seen(r);
		}
	}
	if (r->rc == RC_OK)
		r->rc = store_heard_until(r->source, &passed_us, r->err);
	if (r->rc == RC_OK && r->detect != NULL && passed_us != 0)
		detect_tick(r->detect, passed_us);
}

enum rc
replay(struct store *source, struct store *scratch, struct services *services,
    const struct geo *geo, struct replayed *out, struct err *err)
{
	struct replay r = { .source = source,
		.scratch = scratch,
		.services = services,
		.geo = geo,
		.out = out,
		.err = err };

	*out = (struct replayed){ 0 };
	r.rc = store_begin(scratch, err);
	if (r.rc != RC_OK)
		return r.rc;
	r.rc = store_sync_services(scratch, services, err);
	if (r.rc == RC_OK)
		begin(&r);
	if (r.rc == RC_OK)
		run(&r);
	progress_end();
	detect_free(r.detect);
	if (r.rc == RC_OK)
		return store_commit(scratch, err);
	store_rollback(scratch);
	return r.rc;
}
