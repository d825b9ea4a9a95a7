/* ingest_foreign.c - see ingest_foreign.h. */
#include "collector/ingest_foreign.h"

#include "collector/ingest_parts.h"
#include "collector/interpret.h"
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
	if (in->rc == RC_OK)
		detect_flush(in->detect, now_us);
	if (in->rc == RC_OK)
		suspects_flush(in->suspects, now_us);
	return ingest_end_work(in);
}

enum rc
ingest_foreign_vantage(struct ingest *in, const struct foreign_vantage *v,
    int64_t at_us, int64_t *vantage_id)
{
	struct vantage_row old = { 0 }, row;
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
	row = place_row(&old, &probe, v->family, &v->seen, &v->own, in->geo);
	if (in->rc == RC_OK && !place_equal(&row, &old))
		in->rc = store_vantage_put(
		    in->store, v->probe.id, &row, at_us, in->err);
	if (in->rc != RC_OK)
		return in->rc;
	known = place_vantage(v->probe.id, probe.state, &row);
	detect_vantage(in->detect, &known);
	*vantage_id = row.id;
	return RC_OK;
}

static void
show(struct ingest *in, const struct foreign_sight *f,
    const struct observation_context *c, int64_t id, bool has_identity)
{
	const struct observation *o = f->observation;
	bool is_dns = o->kind == KIND_DNS;
	struct sighting s = {
		.observation_id = id,
		.vantage_id = c->vantage_id,
		.target_id = c->target_id,
		.at_us = c->at_us,
		.received_us = c->received_us,
		.why = o->why,
		.outcome = o->outcome,
		.rcode = is_dns ? o->dns.rcode : 0,
		.site_id = c->site_id,
		.has_identity = has_identity,
		.has_rtt = outcome_is_answer(o->outcome),
		.rtt_us = is_dns ? o->dns.rtt_us : o->ping.rtt_median_us,
		.is_whole = true,
		.is_first_look = f->is_first_look,
	};

	detect_sighting(in->detect, &s);
}

enum rc
ingest_foreign_put(struct ingest *in, const struct foreign_sight *f)
{
	const struct services *services = &in->settings->services;
	const struct target *t = services_target_by_id(services, f->target_id);
	const struct observation *o = f->observation;
	struct interpretation meaning = { f->site_id, f->is_known };
	struct observation_context c = { .vantage_id = f->vantage_id,
		.target_id = f->target_id,
		.received_us = f->received_us,
		.at_us = o->at_us };
	int64_t id;

	if (t->role == ROLE_CONTROL || t->role == ROLE_DECOY)
		meaning = (struct interpretation){ 0 };
	else if (!f->is_known)
		meaning = interpret_dns(&services->list[t->service], o);
	c.site_id = meaning.site_id;
	in->rc =
	    store_observation_put(in->store, in->cache, o, &c, &id, in->err);
	if (in->rc != RC_OK)
		return in->rc;
	suspects_see(
	    in->suspects, f->vantage_id, t, o, c.at_us, meaning.site_id);
	if ((o->kind == KIND_DNS || f->is_known) && t->role != ROLE_DECOY)
		show(in, f, &c, id, meaning.has_identity);
	return in->rc;
}

enum rc
ingest_foreign_tick(struct ingest *in, int64_t now_us)
{
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

void
ingest_foreign_retime(struct ingest *in)
{
	detect_retime(in->detect);
}
