/* ingest_foreign.c - see ingest_foreign.h. */
#include "collector/ingest_foreign.h"

#include "collector/ingest_parts.h"
#include "collector/place.h"

enum rc
ingest_foreign_begin(struct ingest *in, int64_t now_us, struct err *err)
{
	ingest_start_work(in, now_us, err);
	ingest_begin(in);
	return in->rc;
}

enum rc
ingest_foreign_end(struct ingest *in, int64_t now_us)
{
	ingest_hold_nothing_back(in, now_us);
	return ingest_end_work(in);
}

enum rc
ingest_foreign_vantage(struct ingest *in, const struct foreign_vantage *v,
    int64_t at_us, struct vantage_row *row)
{
	struct vantage_row old = { 0 };
	struct probe_row probe;
	struct vantage known;

	in->rc =
	    store_probe_import(in->store, v->source, &v->probe, at_us, in->err);
	if (in->rc == RC_OK)
		in->rc =
		    store_probe_find(in->store, v->probe.id, &probe, in->err);
	if (in->rc != RC_OK)
		return in->rc;
	in->rc = store_vantage_find(
	    in->store, v->probe.id, v->family, &old, in->err);
	if (in->rc == RC_NOTFOUND)
		in->rc = RC_OK;
	*row = place_row(&old, &probe, v->family, &v->seen, &v->own, in->geo);
	if (in->rc == RC_OK && !place_equal(row, &old))
		in->rc = store_vantage_put(
		    in->store, v->probe.id, row, at_us, in->err);
	if (in->rc != RC_OK)
		return in->rc;
	known = place_vantage(v->probe.id, probe.state, row);
	detect_vantage(in->detect, &known);
	return RC_OK;
}

enum rc
ingest_foreign_put(struct ingest *in, const struct foreign_sight *s)
{
	const struct services *services = &in->settings->services;
	const struct observation *o = s->observation;
	struct ingest_found f = { .observation = o,
		.target = services_target_by_id(services, s->target_id),
		.meaning = {
		    .site_id = s->site_id, .has_identity = s->is_known } };

	f.at = (struct position){ s->vantage->at.has_position,
		s->vantage->at.latitude, s->vantage->at.longitude };
	if (!s->is_known)
		f.meaning = ingest_interpret(in, f.target, o);
	f.context = (struct observation_context){ .vantage_id = s->vantage->id,
		.target_id = s->target_id,
		.site_id = f.meaning.site_id,
		.received_us = s->received_us,
		.at_us = o->at_us };
	ingest_skip_pause(in, s->received_us);
	ingest_store(in, &f);
	return in->rc;
}

enum rc
ingest_foreign_tick(struct ingest *in, int64_t now_us)
{
	ingest_go_on(in, now_us);
	detect_tick(in->detect, now_us);
	if (in->rc == RC_OK)
		suspects_tick(in->suspects, now_us);
	return in->rc;
}

enum rc
ingest_foreign_announce(struct ingest *in, const struct announcement *a)
{
	in->rc = store_import_announce(in->store, a, in->err);
	if (in->rc == RC_OK)
		detect_announcement(in->detect, a->site_id, a->family, a->is_up,
		    a->at_us, a->lease_until_us);
	return in->rc;
}

enum rc
ingest_foreign_retime(struct ingest *in, const struct times *t)
{
	if (in->rc == RC_OK)
		detect_retime(in->detect, t);
	return in->rc;
}
