/* ingest.c - see ingest.h. */
#include "collector/ingest.h"

#include <stdlib.h>

#include "collector/audit_log.h"
#include "collector/confidence.h"
#include "collector/correct.h"
#include "collector/heard.h"
#include "collector/ingest_parts.h"
#include "collector/interpret.h"
#include "collector/place.h"
#include "collector/sight.h"
#include "collector/store_audit.h"
#include "collector/store_detect.h"
#include "collector/store_doubt.h"
#include "collector/store_drain.h"
#include "collector/store_heard.h"
#include "collector/store_observation.h"
#include "collector/store_probe.h"
#include "collector/store_quarantine.h"
#include "collector/store_services.h"
#include "collector/store_site.h"
#include "collector/store_suspect.h"
#include "collector/upstream.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define PROVE_EVERY_US (10 * US_PER_S)
#define PAUSE_US (60 * US_PER_S)

void
ingest_begin(struct ingest *in)
{
	if (in->is_begun || in->rc != RC_OK)
		return;
	in->rc = store_begin(in->store, in->err);
	in->is_begun = in->rc == RC_OK;
}

static void
put_notice(struct ingest *in, const struct notice *n)
{
	for (size_t i = 0; in->rc == RC_OK && i < in->settings->n_alerts; i++) {
		const struct alert_settings *a = &in->settings->alerts[i];

		if ((a->kinds & 1u << n->event.kind) != 0 &&
		    n->event.severity >= a->at_least)
			in->rc = store_delivery_put(in->store, n->event.id,
			    n->is_resolve, a->name, in->now_us, in->err);
	}
}

static void
on_effect(void *ctx, const struct effect *e)
{
	struct ingest *in = ctx;

	ingest_begin(in);
	if (in->rc != RC_OK)
		return;
	if (e->kind == EFFECT_NOTICE)
		put_notice(in, &e->notice);
	else
		in->rc = store_effect_apply(in->store, e, in->err);
}

/* Writes down what the detector hears beside observations. */
static void
on_heard(void *ctx, struct heard *h)
{
	struct ingest *in = ctx;

	h->after_id = in->last_heard_id;
	ingest_begin(in);
	if (in->rc == RC_OK)
		in->rc = store_heard_put(in->store, h, in->err);
}

static void
hear_moment(struct ingest *in, enum heard_kind kind, int64_t until_us)
{
	struct heard h = { .kind = kind,
		.passed_us = detect_passed_us(in->detect),
		.until_us = until_us };

	on_heard(in, &h);
	heard_apply(in->detect, &h);
}

static void
hear_vantage(struct ingest *in, const char *probe_id, enum probe_state state,
    const struct vantage_row *row)
{
	struct vantage v = place_vantage(probe_id, state, row);

	detect_vantage(in->detect, &v);
}

static enum excuse
excuse_of(const struct suspect_view *v)
{
	if (v->is_intercepted)
		return EXCUSE_INTERCEPTED;
	return suspect_counts(v) ? EXCUSE_NONE : EXCUSE_PER_PACKET;
}

static void
on_view(void *ctx, const struct suspect_view *v)
{
	struct ingest *in = ctx;

	detect_excuse(in->detect, v->vantage_id, v->target_id, excuse_of(v));
	ingest_begin(in);
	if (in->rc == RC_OK)
		in->rc = store_suspect_view(in->store, v, in->err);
}

static void
on_signal(void *ctx, const struct suspect_signal *s)
{
	struct ingest *in = ctx;

	ingest_begin(in);
	if (in->rc == RC_OK)
		in->rc = store_suspect_signal(in->store, s, in->err);
}

static void
forget_detector(struct ingest *in)
{
	detect_free(in->detect);
	in->detect = NULL;
	suspects_free(in->suspects);
	in->suspects = NULL;
	in->last_announcement = in->last_word_us = 0;
	in->last_drain_us = in->last_release_us = 0;
	observation_cache_forget(in->cache);
}

static void
restore_vantage(void *ctx, const char *probe_id, enum probe_state state,
    const struct vantage_row *row)
{
	hear_vantage(ctx, probe_id, state, row);
}

static void
restore_suspects(struct ingest *in)
{
	const struct suspect_sink sink = { on_view, on_signal, in };
	struct signal_list signals = { 0 };
	struct view_list views = { 0 };

	in->suspects = suspects_new(&in->settings->services, &sink);
	in->rc = store_suspect_signals(in->store, 0, &signals, in->err);
	if (in->rc == RC_OK)
		in->rc = store_suspect_views(in->store, 0, &views, in->err);
	for (size_t i = 0; in->rc == RC_OK && i < signals.n; i++)
		suspects_restore_signal(in->suspects, &signals.rows[i].found);
	for (size_t i = 0; in->rc == RC_OK && i < views.n; i++) {
		const struct suspect_view *v = &views.rows[i].view;

		suspects_restore_view(in->suspects, v);
		detect_excuse(
		    in->detect, v->vantage_id, v->target_id, excuse_of(v));
	}
	free(signals.rows);
	free(views.rows);
}

/* Tells the detector what others have written: operators, and sites. */
static void
hear_words(struct ingest *in)
{
	if (in->rc == RC_OK)
		in->rc = store_announcements(in->store, in->detect, in->now_us,
		    &in->last_announcement, in->err);
	if (in->rc == RC_OK)
		in->rc = store_site_words(in->store, in->detect, in->now_us,
		    &in->last_word_us, in->err);
	if (in->rc == RC_OK)
		in->rc = store_drains(
		    in->store, in->detect, &in->last_drain_us, in->err);
	if (in->rc == RC_OK)
		in->rc = store_quarantine_releases(
		    in->store, in->detect, &in->last_release_us, in->err);
}

/* A detector that knows its vantages; what the last one had come to is written
 * down first. */
static void
make_detector(struct ingest *in)
{
	int64_t next_event_id = 0, next_landing_id = 0, passed_us = 0;

	in->rc = store_detect_next_ids(
	    in->store, &next_event_id, &next_landing_id, in->err);
	if (in->rc == RC_OK)
		in->rc = store_observation_last(
		    in->store, &in->last_heard_id, in->err);
	if (in->rc == RC_OK)
		in->rc = store_heard_until(in->store, &passed_us, in->err);
	if (in->rc == RC_OK)
		in->rc = store_heard_expire_vantages(in->store, in->err);
	if (in->rc != RC_OK)
		return;
	in->detect = detect_new(&in->settings->services, on_effect, in,
	    next_event_id, next_landing_id);
	hear_moment(in, HEARD_START, passed_us);
	if (in->rc == RC_OK)
		in->rc = store_heard_vantages(
		    in->store, INT64_MAX, in->detect, in->err);
	detect_listen(in->detect, on_heard, in);
	if (in->rc == RC_OK)
		in->rc =
		    store_vantage_each(in->store, restore_vantage, in, in->err);
}

/* Makes the detector from the store, when there is none. */
static void
need_detector(struct ingest *in)
{
	unsigned n_afresh;

	if (in->detect != NULL || in->rc != RC_OK)
		return;
	ingest_begin(in);
	if (in->rc == RC_OK)
		make_detector(in);
	if (in->rc == RC_OK)
		in->rc = store_detect_restore(
		    in->store, in->detect, &n_afresh, in->err);
	if (in->rc == RC_OK)
		hear_moment(in, HEARD_RESTORED, in->now_us);
	if (in->rc == RC_OK)
		restore_suspects(in);
	hear_words(in);
	metrics_add(in->metrics, METRIC_REBUILDS, 1);
}

/* After the collector itself stood still, or in history, what passed without a
 * word is not made up for: time goes on at the end of it. */
void
ingest_skip_pause(struct ingest *in, int64_t now_us)
{
	if (in->rc == RC_OK && detect_passed_us(in->detect) != 0 &&
	    now_us - detect_passed_us(in->detect) > PAUSE_US)
		hear_moment(in, HEARD_SKIP, now_us);
}

void
ingest_go_on(struct ingest *in, int64_t now_us)
{
	if (in->rc == RC_OK && now_us >= detect_passed_us(in->detect))
		hear_moment(in, HEARD_SKIP, now_us);
}

void
ingest_start_work(struct ingest *in, int64_t now_us, struct err *err)
{
	in->now_us = now_us;
	in->err = err;
	in->rc = RC_OK;
	need_detector(in);
	ingest_skip_pause(in, now_us);
}

enum rc
ingest_end_work(struct ingest *in)
{
	if (in->is_begun && in->rc == RC_OK)
		in->rc = store_heard_mark(
		    in->store, detect_passed_us(in->detect), in->err);
	if (in->is_begun && in->rc == RC_OK) {
		in->rc = store_commit(in->store, in->err);
		if (in->rc == RC_OK) {
			metrics_add(in->metrics, METRIC_COMMITS, 1);
			in->committed_us = in->now_us;
		}
	}
	if (in->rc != RC_OK) {
		store_rollback(in->store);
		forget_detector(in);
		metrics_add(in->metrics, METRIC_COMMIT_FAILURES, 1);
	}
	in->is_begun = false;
	in->err = NULL;
	return in->rc;
}

static enum rc
sync_services(struct store *st, struct services *services, struct err *err)
{
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	return store_end(st, store_sync_services(st, services, err), err);
}

enum rc
ingest_open(struct ingest **out, struct store *store, struct settings *settings,
    const struct geo *geo, struct metrics *metrics, int64_t now_us,
    struct err *err)
{
	struct ingest *in;
	enum rc rc = sync_services(store, &settings->services, err);

	if (rc != RC_OK)
		return rc;
	in = mem_new(sizeof *in);
	in->store = store;
	in->settings = settings;
	in->geo = geo;
	in->metrics = metrics;
	in->cache = observation_cache_new();
	in->upstreams = upstreams_new();
	in->retention = retention_new();
	in->rollups = rollups_new();
	in->packing = packing_new();
	ingest_start_work(in, now_us, err);
	rc = ingest_end_work(in);
	if (rc == RC_OK)
		rc = store_audit_last(store, &in->last_audit_id, err);
	if (rc != RC_OK) {
		ingest_close(in);
		return rc;
	}
	*out = in;
	return RC_OK;
}

/* The next work makes the detector from what is stored. */
enum rc
ingest_reload(struct ingest *in, struct settings *settings,
    const struct geo *geo, int64_t now_us, struct err *err)
{
	enum rc rc = sync_services(in->store, &settings->services, err);

	if (rc == RC_OK)
		rc = ingest_flush(in, now_us, err);
	if (rc != RC_OK)
		return rc;
	forget_detector(in);
	in->settings = settings;
	in->geo = geo;
	return RC_OK;
}

void
ingest_close(struct ingest *in)
{
	if (in == NULL)
		return;
	detect_free(in->detect);
	suspects_free(in->suspects);
	observation_cache_free(in->cache);
	upstreams_free(in->upstreams);
	retention_free(in->retention);
	rollups_free(in->rollups);
	packing_free(in->packing);
	free(in);
}

/* One batch while it is taken in: its probe, and its vantages as needed. */
struct intake {
	const struct ingest_job *job;
	struct probe_row probe;
	int64_t offset_us;              /* to add to the probe's times */
	struct vantage_row vantages[2]; /* IPv4, IPv6; id 0: not needed yet */
	uint64_t n_stored, n_replayed, n_unknown;
};

/* The vantage of an observation's family; made or brought up to date when the
 * batch first needs it. */
static const struct vantage_row *
need_vantage(struct ingest *in, struct intake *t, const struct observation *o)
{
	uint8_t family = o->target.family;
	struct vantage_row *row = &t->vantages[family == 6];
	struct vantage_row old = { 0 };

	if (row->id != 0)
		return row;
	in->rc =
	    store_vantage_find(in->store, t->probe.id, family, &old, in->err);
	if (in->rc == RC_NOTFOUND)
		in->rc = RC_OK;
	*row = place_row(
	    &old, &t->probe, family, &t->job->source, &o->source, in->geo);
	if (in->rc == RC_OK && !place_equal(row, &old))
		in->rc = store_vantage_put(
		    in->store, t->probe.id, row, in->now_us, in->err);
	if (in->rc != RC_OK)
		return NULL;
	hear_vantage(in, t->probe.id, t->probe.state, row);
	return row;
}

/* ICMP knows no ports, and datagrams that are no questions go to any: they
 * measured the address. */
static const struct target *
find_target(const struct services *s, const struct observation *o)
{
	if (o->proto != PROTO_ICMP && o->proto != PROTO_PLAIN)
		return services_find_target(s, &o->target, o->port);
	for (size_t i = 0; i < s->n_targets; i++)
		if (addr_equal(&s->targets[i].address, &o->target))
			return &s->targets[i];
	return NULL;
}

/* What disagrees with the site that a trace's last answer names. */
static struct belief
believe_trace(struct ingest *in, const struct service *s,
    const struct observation *o, int64_t vantage_id)
{
	const struct hop *hop = trace_penultimate(&o->trace, &o->target);
	const struct site *site =
	    interpret_site(s, &o->trace.nsid, METHOD_NSID, NULL);
	struct belief b = { 0 };

	if (site == NULL || hop == NULL || !o->trace.is_reached ||
	    !upstreams_see(in->upstreams, &hop->address, site->id, vantage_id))
		return b;
	b.confidence = CONFIDENCE_SUSPECT;
	b.doubts = DOUBT_PATH;
	return b;
}

/* How far the identity of an answer of the service is to be believed. */
static struct belief
believe(struct ingest *in, const struct target *t, const struct observation *o,
    const struct interpretation *meaning, int64_t vantage_id,
    const struct position *at)
{
	const struct service *s = &in->settings->services.list[t->service];
	struct belief none = { 0 };

	if (t->role != ROLE_SERVICE)
		return none;
	if (o->kind == KIND_TRACE)
		return believe_trace(in, s, o, vantage_id);
	return o->kind == KIND_DNS ? confidence_of_answer(s, o, meaning, at)
				   : none;
}

void
ingest_store(struct ingest *in, const struct ingest_found *f)
{
	const struct services *services = &in->settings->services;
	const struct observation *o = f->observation;
	const struct observation_context *c = &f->context;
	const struct target *t = f->target;
	struct belief belief;
	int64_t id;

	in->rc =
	    store_observation_put(in->store, in->cache, o, c, &id, in->err);
	if (in->rc != RC_OK)
		return;
	belief = believe(in, t, o, &f->meaning, c->vantage_id, &f->at);
	if (belief.doubts != 0)
		in->rc = store_doubt_put(in->store, id, c, &belief, in->err);
	suspects_see(in->suspects, c->vantage_id, t, o, c->at_us, c->site_id);
	if (t->role == ROLE_SERVICE && o->kind == KIND_DNS &&
	    outcome_is_answer(o->outcome))
		rtts_add(in->metrics->rtts, services->list[t->service].id,
		    c->site_id, o->target.family, o->dns.rtt_us);
	sight_tell(in->detect, services, in->geo, o,
	    &(struct sight_context){ .observation_id = id,
		.vantage_id = c->vantage_id,
		.target = t,
		.site_id = c->site_id,
		.is_named = f->meaning.has_identity,
		.is_too_fast = (belief.doubts & DOUBT_RTT) != 0,
		.at_us = c->at_us,
		.received_us = c->received_us });
	in->last_heard_id = id;
}

struct interpretation
ingest_interpret(const struct ingest *in, const struct target *t,
    const struct observation *o)
{
	if (o->kind != KIND_DNS || t->role == ROLE_CONTROL ||
	    t->role == ROLE_DECOY)
		return (struct interpretation){ 0 };
	return interpret_dns(&in->settings->services.list[t->service], o);
}

/* The detector's time may have passed since the batch came in: it hears of it
 * no sooner. */
static int64_t
received_us(const struct ingest *in, const struct intake *t)
{
	int64_t passed_us = detect_passed_us(in->detect);

	return t->job->received_us > passed_us ? t->job->received_us
					       : passed_us;
}

static void
take_observation(
    struct ingest *in, struct intake *t, const struct observation *o)
{
	const struct target *target = find_target(&in->settings->services, o);
	struct ingest_found f = { .observation = o, .target = target };
	const struct vantage_row *v;

	if (target == NULL) {
		t->n_unknown++;
		return;
	}
	v = need_vantage(in, t, o);
	if (v == NULL)
		return;
	f.at = (struct position){ v->at.has_position, v->at.latitude,
		v->at.longitude };
	f.meaning = ingest_interpret(in, target, o);
	f.context = (struct observation_context){
		.vantage_id = v->id,
		.target_id = target->id,
		.site_id = f.meaning.site_id,
		.received_us = received_us(in, t),
		.at_us =
		    correct_time(o->at_us, t->offset_us, t->job->received_us),
	};
	ingest_store(in, &f);
	t->n_stored += in->rc == RC_OK;
}

static void
take_observations(struct ingest *in, struct intake *t)
{
	const struct batch *b = &t->job->batch;

	for (size_t i = 0; in->rc == RC_OK && i < b->n; i++) {
		if (b->observations[i].seq <= t->probe.acked_seq)
			t->n_replayed++;
		else
			take_observation(in, t, &b->observations[i]);
	}
}

/* The high-water mark and the probe's clock, in the same transaction. */
static void
put_news(struct ingest *in, struct intake *t)
{
	const struct batch_header *h = &t->job->batch.header;
	struct probe_news news = {
		.acked_seq = t->probe.acked_seq,
		.received_us = t->job->received_us,
		.has_offset = h->has_sent_at,
		.header = h,
	};

	if (h->last_seq <= t->probe.acked_seq)
		return; /* a replay says nothing new */
	t->probe.acked_seq = news.acked_seq = h->last_seq;
	if (h->has_sent_at)
		news.clock_offset_us = correct_offset(h, news.received_us);
	in->rc = store_probe_news(in->store, t->probe.id, &news, in->err);
}

static void
count(struct ingest *in, const struct intake *t)
{
	metrics_add(in->metrics, METRIC_BATCHES, 1);
	metrics_note_heard(in->metrics);
	metrics_note_ingest(
	    in->metrics, clock_steady_us() - t->job->received_us);
	metrics_add(in->metrics, METRIC_OBSERVATIONS, t->n_stored);
	metrics_add(in->metrics, METRIC_REPLAYED, t->n_replayed);
	metrics_add(in->metrics, METRIC_UNKNOWN_TARGET, t->n_unknown);
}

/* The row is read inside the transaction: the second copy of a batch in one
 * group finds the mark that the first has set. */
static void
take_batch(struct ingest *in, struct ingest_job *job, struct intake *t)
{
	enum rc rc = store_probe_find(
	    in->store, job->batch.header.probe, &t->probe, in->err);

	t->job = job;
	if (rc == RC_NOTFOUND ||
	    (rc == RC_OK && (t->probe.state == PROBE_REVOKED ||
				t->probe.state == PROBE_LEFT))) {
		job->rc = RC_PEER;
		return;
	}
	in->rc = rc;
	t->offset_us = correct_shift(&job->batch.header, job->received_us);
	if (in->rc == RC_OK)
		take_observations(in, t);
	if (in->rc == RC_OK)
		put_news(in, t);
	job->acked = t->probe.acked_seq;
}

enum rc
ingest_group(struct ingest *in, struct ingest_job **jobs, size_t n,
    int64_t now_us, struct err *err)
{
	struct intake *intakes = mem_new(n * sizeof *intakes);
	enum rc rc;

	ingest_start_work(in, now_us, err);
	ingest_begin(in);
	for (size_t i = 0; i < n; i++) {
		jobs[i]->rc = RC_OK;
		if (in->rc == RC_OK)
			take_batch(in, jobs[i], &intakes[i]);
	}
	rc = ingest_end_work(in);
	for (size_t i = 0; i < n; i++) {
		if (rc != RC_OK)
			jobs[i]->rc = rc;
		else if (jobs[i]->rc == RC_OK)
			count(in, &intakes[i]);
	}
	free(intakes);
	return rc;
}

/* What came in is added up and packed, and what is too old goes: even when the
 * former cannot be written, for the latter makes room.  Then the log is told. */
static enum rc
keep_up(struct ingest *in, int64_t now_us, struct err *err)
{
	bool has_forgotten = false;
	enum rc rc = rollups_tick(
	    in->rollups, in->store, in->settings->keep_details_us, now_us, err);
	enum rc then;

	if (rc == RC_OK)
		rc = packing_tick(in->packing, in->store,
		    rollups_done_id(in->rollups), now_us, err);
	then = retention_tick(in->retention, in->store,
	    in->settings->keep_observations_us, rollups_done_id(in->rollups),
	    now_us, &has_forgotten, rc == RC_OK ? err : NULL);

	if (has_forgotten)
		observation_cache_forget(in->cache);
	if (rc == RC_OK)
		rc = then;
	return rc == RC_OK ? audit_log_tell(in->store, &in->last_audit_id, err)
			   : rc;
}

enum rc
ingest_tick(
    struct ingest *in, int64_t now_us, bool *has_written, struct err *err)
{
	enum rc rc;

	ingest_start_work(in, now_us, err);
	if (in->rc == RC_OK)
		detect_tick(in->detect, now_us);
	hear_words(in);
	if (in->rc == RC_OK)
		suspects_tick(in->suspects, now_us);
	if (now_us - in->committed_us >= PROVE_EVERY_US)
		ingest_begin(in); /* with nothing to say: can it be written? */
	*has_written = in->is_begun;
	rc = ingest_end_work(in);
	return rc == RC_OK ? keep_up(in, now_us, err) : rc;
}

void
ingest_hold_nothing_back(struct ingest *in, int64_t now_us)
{
	if (in->rc == RC_OK)
		hear_moment(in, HEARD_FLUSH, now_us);
	if (in->rc == RC_OK)
		suspects_flush(in->suspects, now_us);
}

enum rc
ingest_flush(struct ingest *in, int64_t now_us, struct err *err)
{
	ingest_start_work(in, now_us, err);
	ingest_hold_nothing_back(in, now_us);
	return ingest_end_work(in);
}
