/* test_ingest.c - batches into rows: once, all or nothing. */
#include "tests/unit/serve_rig.h"

#include "collector/correct.h"
#include "collector/store_doubt.h"
#include "collector/store_retention.h"

static int
set_up(void **state)
{
	*state = rig_new();
	return 0;
}

static int
tear_down(void **state)
{
	rig_free(*state);
	return 0;
}

static struct ingest_job
new_job(const char *id, uint64_t first, uint64_t last)
{
	return (
	    struct ingest_job){ .batch = rig_batch(id, first, last, RIG_NOW),
		.received_us = RIG_NOW + 1000 };
}

static enum rc
ingest(struct rig *r, struct ingest_job *jobs, size_t n)
{
	struct ingest_job *list[8];
	struct err err = ERR_NONE;

	for (size_t i = 0; i < n; i++)
		list[i] = &jobs[i];
	return ingest_group(r->ingest, list, n, RIG_NOW + 1000, &err);
}

static void
fini(struct ingest_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		batch_fini(&jobs[i].batch);
}

static int64_t
n_rows(struct rig *r)
{
	return rig_query(r, "SELECT count(*) FROM observation");
}

/* What stands beside observations that are gone goes too: others have come. */
static void
lose_observations(struct rig *r)
{
	struct err err = ERR_NONE;
	int64_t n = 0;

	rig_query(r, "UPDATE observation SET id = id + 1000 RETURNING 1");
	T_CHECK(store_beside_expire(r->side, 1000, &n, &err) == RC_OK, "%s",
	    err.text);
	T_CHECK(n > 0, "nothing went");
}

/* What is stored has each seq of the one probe once, from 1 to n. */
static void
check_once(struct rig *r, int64_t n)
{
	assert_int_equal(n_rows(r), n);
	assert_int_equal(
	    rig_query(r, "SELECT count(DISTINCT seq) FROM observation"), n);
	assert_int_equal(rig_query(r, "SELECT max(seq) FROM observation"), n);
	assert_int_equal(rig_query(r, "SELECT max(acked_seq) FROM probe"), n);
}

static void
a_batch_is_stored_with_what_it_means(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 5);

	assert_int_equal(ingest(r, &job, 1), RC_OK);
	assert_int_equal(job.rc, RC_OK);
	assert_int_equal(job.acked, 5);
	check_once(r, 5);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM measurement WHERE "
			 "site = 'ams' AND probe = 'one' AND family = 4 "
			 "AND target = '" RIG_V4 "' AND rtt_us = 12000"),
	    5);
	assert_int_equal(
	    rig_query(r, "SELECT asn FROM vantage WHERE family = 4"), 64500);
	fini(&job, 1);
}

static void
a_replay_changes_nothing(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 5);

	assert_int_equal(ingest(r, &job, 1), RC_OK);
	job.acked = 0;
	job.batch.header.n_lost = 77;
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	assert_int_equal(job.acked, 5);
	check_once(r, 5);
	assert_int_equal(rig_query(r, "SELECT n_lost FROM probe"), 0);
	assert_int_equal(metrics_get(&r->metrics, METRIC_REPLAYED), 5);
	fini(&job, 1);
}

static void
copies_and_overlaps_in_one_group_are_stored_once(void **state)
{
	struct rig *r = *state;
	struct ingest_job jobs[] = { new_job(r->probe, 1, 5),
		new_job(r->probe, 1, 5), new_job(r->probe, 3, 9),
		new_job(r->probe, 2, 4) };

	assert_int_equal(ingest(r, jobs, T_LEN(jobs)), RC_OK);
	check_once(r, 9);
	assert_int_equal(jobs[1].acked, 5);
	assert_int_equal(jobs[3].acked, 9);
	fini(jobs, T_LEN(jobs));
}

static void
what_nobody_asked_for_is_acked_and_dropped(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 3);

	job.batch.observations[1].target = rig_addr("203.0.113.9");
	job.batch.observations[2].port = 54;
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	assert_int_equal(job.acked, 3);
	assert_int_equal(n_rows(r), 1);
	assert_int_equal(metrics_get(&r->metrics, METRIC_UNKNOWN_TARGET), 2);
	fini(&job, 1);
}

/* A decoy's answer is kept, and no landing comes of it. */
static void
a_decoy_is_stored_and_never_detected(void **state)
{
	struct rig *r = *state;
	struct services *s = &r->settings.services;
	struct ingest_job job = new_job(r->probe, 1, 5);
	struct err err = ERR_NONE;

	s->targets[0].role = ROLE_DECOY;
	T_CHECK(store_sync_services(r->side, s, &err) == RC_OK, "%s", err.text);
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	check_once(r, 5);
	assert_int_equal(ingest_flush(r->ingest, RIG_NOW + 1000, &err), RC_OK);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation "
				      "WHERE site_id IS NOT NULL"),
	    0);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM landing"), 0);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM track"), 0);
	fini(&job, 1);
}

static void
a_revoked_probe_is_told_and_the_others_are_stored(void **state)
{
	struct rig *r = *state;
	struct signing_key key;
	char other[PROBE_ID_LEN + 1];
	struct ingest_job jobs[2];
	struct err err;

	rig_add_probe(r, "two", &key, other);
	assert_int_equal(store_probe_set_state(r->side, other, PROBE_REVOKED,
			     "lies", RIG_NOW, &err),
	    RC_OK);
	jobs[0] = new_job(other, 1, 3);
	jobs[1] = new_job(r->probe, 1, 4);
	assert_int_equal(ingest(r, jobs, 2), RC_OK);
	assert_int_equal(jobs[0].rc, RC_PEER);
	assert_int_equal(jobs[1].rc, RC_OK);
	check_once(r, 4);
	fini(jobs, 2);
}

static void
every_kind_of_observation_has_its_row(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 4);
	struct observation *o = job.batch.observations;

	o[0].proto = PROTO_ICMP;
	o[0].kind = KIND_PING;
	o[0].port = 0;
	o[0].ping = (struct ping_result){ .n_sent = 3,
		.n_received = 2,
		.rtt_min_us = 10,
		.rtt_median_us = 20 };
	o[1].kind = KIND_TRACE;
	memset(&o[1].trace, 0, sizeof o[1].trace);
	o[1].trace.is_reached = true;
	o[1].trace.n_hops = 2;
	o[1].trace.hops[0].ttl = 1;
	o[1].trace.hops[1] = (struct hop){ .ttl = 2,
		.address = rig_addr(RIG_V4),
		.rtt_us = 30,
		.is_target = true };
	o[2] = o[1]; /* the same path again */
	o[2].seq = 3;
	o[3].target = rig_addr(RIG_V6);
	o[3].dns.chaos.is_asked = true;
	o[3].dns.chaos.outcome = OUTCOME_TIMEOUT;
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	check_once(r, 4);
	assert_int_equal(
	    rig_query(r, "SELECT rtt_us FROM observation WHERE kind = 1"), 20);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM path"), 1);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM path WHERE hops = "
			 "'[{\"ttl\":1},{\"ttl\":2,\"address\":\"" RIG_V4
			 "\",\"target\":true}]'"),
	    1);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation "
				      "WHERE hop_rtts = '[null,30]'"),
	    2);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM observation WHERE "
			 "chaos_outcome = 2 AND chaos_rcode IS NULL"),
	    1);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM vantage"), 2);
	fini(&job, 1);
}

static void
details_have_rows_of_their_own_that_go_with_the_observation(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 4);
	struct observation *o = job.batch.observations;

	o[1].proto = PROTO_TLS;
	o[1].dns.tls = (struct tls_result){ .is_present = true,
		.version = 3,
		.fingerprint = { 1, 2, 3 },
		.connect_us = 10,
		.handshake_us = 20,
		.not_after_us = 30,
		.subject = "CN=x",
		.fault = "expired" };
	o[2] = o[1]; /* the same certificate again */
	o[2].seq = 3;
	o[3].stamp = STAMP_RECEIVE;
	o[3].dns.zoneversion = (struct zoneversion){
		.is_present = true, .n_labels = 1, .len = 4, .bytes = { 9 }
	};
	o[3].dns.second = (struct second_answer){
		.is_present = true, .is_different = true, .rtt_us = 40
	};
	identity_set(&o[3].dns.second.nsid, "other", 5);
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	check_once(r, 4);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM certificate WHERE "
			 "subject = x'434e3d78' AND issuer IS NULL "
			 "AND not_after_us = 30"),
	    1);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM tls t JOIN "
			 "observation o ON o.id = t.observation_id "
			 "WHERE o.proto = 3 AND t.fault = "
			 "'expired' AND NOT t.is_verified AND "
			 "t.connect_us = 10"),
	    2);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM second_answer s JOIN identity i "
			 "ON i.id = s.nsid_id JOIN observation o ON "
			 "o.id = s.observation_id WHERE i.bytes = "
			 "CAST('other' AS BLOB) AND s.rtt_us = 40 AND "
			 "o.stamp = 2 AND o.zoneversion = x'010009000000'"),
	    1);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM second_answer"), 1);
	lose_observations(r);
	assert_int_equal(rig_query(r, "SELECT (SELECT count(*) FROM tls) + "
				      "(SELECT count(*) FROM second_answer)"),
	    0);
	fini(&job, 1);
}

/* Somebody else answers: stored once a minute and at the verdict, and known
 * after a restart. */
static void
interception_is_stored_and_outlives_a_restart(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 4);
	struct observation *o = job.batch.observations;
	struct err err;

	for (unsigned i = 0; i < 4; i++) {
		identity_set(&o[i].dns.nsid, "isp-box", 7);
		o[i].dns.second.is_present = true;
		o[i].dns.second.is_different = true;
		o[i].source = rig_addr("10.1.1.1");
	}
	job.source = rig_addr("198.51.100.77");
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	fini(&job, 1);
	assert_int_equal(rig_query(r, "SELECT is_intercepted * score * "
				      "(class = 'unknown') FROM "
				      "vantage_target"),
	    4);
	assert_int_equal(ingest_flush(r->ingest, RIG_NOW + 2000, &err), RC_OK);
	assert_int_equal(
	    rig_query(r, "SELECT sum(n) FROM vantage_signal WHERE "
			 "(signal = 'foreign' AND detail = 'isp-box') OR "
			 "signal = 'second'"),
	    8);
	assert_int_equal(rig_query(r, "SELECT seen = '198.51.100.77' AND "
				      "own = '10.1.1.1' FROM vantage"),
	    1);
	/* No trace yet; and as if there had been some. */
	assert_int_equal(
	    rig_query(r, "UPDATE vantage_target SET answer_ttl = 3, "
			 "answer_hop = '10.9.9.9', place = 'known' "
			 "WHERE place = 'unknown: too few traces yet' "
			 "RETURNING 1"),
	    1);
	ingest_close(r->ingest);
	assert_int_equal(ingest_open(&r->ingest, r->store, &r->settings, NULL,
			     &r->metrics, RIG_NOW, &err),
	    RC_OK);
	job = new_job(r->probe, 5, 5);
	identity_set(&job.batch.observations[0].dns.nsid, "isp-box", 7);
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	assert_int_equal(ingest_flush(r->ingest, RIG_NOW + 3000, &err), RC_OK);
	assert_int_equal(rig_query(r, "SELECT n FROM vantage_signal WHERE "
				      "signal = 'foreign'"),
	    5);
	assert_int_equal(
	    rig_query(r, "SELECT is_intercepted AND answer_ttl = 3 AND "
			 "answer_hop = '10.9.9.9' AND place = 'known' "
			 "FROM vantage_target"),
	    1);
	fini(&job, 1);
}

/* 1 is silent to the first packet; a stranger answers for 2 as well. */
static void
an_extra_reply_is_no_link_of_the_path(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 2);
	struct observation *o = job.batch.observations;
	struct trace_result *t = &o[0].trace;

	o[0].kind = KIND_TRACE;
	memset(t, 0, sizeof *t);
	t->n_hops = 2;
	t->hops[0].ttl = 1;
	t->hops[1] = (struct hop){ .ttl = 2,
		.address = rig_addr(RIG_V4),
		.rtt_us = 30,
		.is_target = true };
	o[1] = o[0];
	o[1].seq = 2;
	t = &o[1].trace;
	t->n_hops = 3;
	t->hops[0].attempt = 2;
	t->hops[2] = t->hops[1];
	t->hops[1] = (struct hop){ .ttl = 2,
		.address = rig_addr(RIG_CONTROL),
		.rtt_us = 5,
		.icmp_type = 11,
		.is_extra = true };
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM path"), 1);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation "
				      "WHERE hop_rtts = '[null,30]'"),
	    2);
	assert_int_equal(
	    rig_query(r,
		"SELECT count(*) FROM hop_note WHERE observation_id = 2 AND "
		"hops = '[{\"ttl\":1,\"attempt\":2},{\"ttl\":2,"
		"\"address\":\"" RIG_CONTROL "\",\"type\":11,\"code\":0,"
		"\"rtt_us\":5,\"extra\":true}]'"),
	    1);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM hop_note"), 1);
	fini(&job, 1);
}

/* A TTL at which packets of one flow met two routers keeps both. */
static void
a_balanced_hop_is_kept_as_such(void **state)
{
	struct rig *r = *state;
	struct ingest_job jobs[] = { new_job(r->probe, 1, 1) };
	struct observation *o = jobs[0].batch.observations;
	struct trace_result *t = &o->trace;

	o->kind = KIND_TRACE;
	memset(t, 0, sizeof *t);
	t->n_hops = 2;
	t->n_queries = 8;
	t->hops[0] = (struct hop){ .ttl = 1,
		.attempt = 1,
		.address = rig_addr(RIG_CONTROL),
		.rtt_us = 5,
		.icmp_type = 11 };
	t->hops[1] = t->hops[0];
	t->hops[1].address = rig_addr(RIG_V4);
	t->hops[1].attempt = 3;
	assert_int_equal(ingest(r, jobs, 1), RC_OK);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM path WHERE hops = "
			 "'[{\"ttl\":1,\"address\":\"" RIG_CONTROL
			 "\",\"type\":11,\"code\":0,\"balanced\":true},"
			 "{\"ttl\":1,\"address\":\"" RIG_V4
			 "\",\"type\":11,\"code\":0,\"balanced\":true}]'"),
	    1);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM observation "
				      "WHERE hop_rtts = '[5,5]'"),
	    1);
	fini(jobs, 1);
}

/* Somebody on the way answers for an address that nobody has. */
static void
a_decoy_lands_nowhere(void **state)
{
	struct rig *r = *state;
	struct ingest_job jobs[] = { new_job(r->probe, 1, 3),
		new_job(r->probe, 4, 9) };

	for (size_t i = 0; i < jobs[1].batch.n; i++) {
		struct observation *o = &jobs[1].batch.observations[i];

		*o = rig_observation(o->seq, o->at_us, "fra");
		o->why = WHY_DECOY;
	}
	assert_int_equal(ingest(r, jobs, 2), RC_OK);
	check_once(r, 9);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM measurement WHERE "
				      "why = 'decoy' AND site = 'fra'"),
	    6);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM landing"), 1);
	assert_int_equal(rig_query(r, "SELECT n FROM landing"), 3);
	fini(jobs, 2);
}

static void
a_plain_trace_measures_the_address_by_any_port(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 2);
	struct observation *o = job.batch.observations;

	o[0].kind = KIND_TRACE;
	o[0].proto = PROTO_PLAIN;
	memset(&o[0].trace, 0, sizeof o[0].trace);
	o[1] = o[0];
	o[1].seq = 2;
	o[1].proto = PROTO_UDP;
	o[0].port = o[1].port = 33434;
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	assert_int_equal(n_rows(r), 1);
	assert_int_equal(rig_query(r, "SELECT seq FROM observation"), 1);
	fini(&job, 1);
}

static void
a_probe_says_which_families_its_host_has(void **state)
{
	struct rig *r = *state;
	struct ingest_job jobs[] = { new_job(r->probe, 1, 3),
		new_job(r->probe, 4, 5) };

	jobs[0].batch.header.v4 = FAMILY_OK;
	jobs[0].batch.header.v6 = FAMILY_NONE;
	assert_int_equal(ingest(r, &jobs[0], 1), RC_OK);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM probe WHERE "
				      "v4 = 'ok' AND v6 = 'none'"),
	    1);
	assert_int_equal(ingest(r, &jobs[1], 1), RC_OK);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM probe WHERE "
				      "v4 IS NULL AND v6 IS NULL"),
	    1);
	fini(jobs, 2);
}

/* The disk fills up in the middle of a transaction, and is emptied again. */
static void
a_full_disk_loses_nothing_and_doubles_nothing(void **state)
{
	struct rig *r = *state;
	struct ingest_job first = new_job(r->probe, 1, 3);
	struct ingest_job next = new_job(r->probe, 4, 900);
	uint64_t rebuilds;

	assert_int_equal(ingest(r, &first, 1), RC_OK);
	rebuilds = metrics_get(&r->metrics, METRIC_REBUILDS);
	rig_limit_pages(r, 1); /* that is: no more than now */
	assert_int_equal(ingest(r, &next, 1), RC_DB);
	assert_int_equal(next.rc, RC_DB);
	check_once(r, 3);
	assert_int_equal(ingest(r, &next, 1), RC_DB);
	rig_limit_pages(r, 1000000);
	assert_int_equal(ingest(r, &next, 1), RC_OK);
	assert_int_equal(next.acked, 900);
	check_once(r, 900);
	assert_int_equal(metrics_get(&r->metrics, METRIC_COMMIT_FAILURES), 2);
	assert_int_equal(
	    metrics_get(&r->metrics, METRIC_REBUILDS), rebuilds + 2);
	/* One open interval, not one per try. */
	assert_int_equal(rig_query(r, "SELECT count(*) FROM landing "
				      "WHERE until_us IS NULL"),
	    rig_query(r, "SELECT count(DISTINCT target_id) FROM landing"));
	fini(&first, 1);
	fini(&next, 1);
}

static void
a_restart_goes_on_where_it_stopped(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 5);
	struct err err;

	assert_int_equal(ingest(r, &job, 1), RC_OK);
	assert_int_equal(ingest_flush(r->ingest, RIG_NOW + 2000, &err), RC_OK);
	ingest_close(r->ingest);
	r->ingest = NULL;
	assert_int_equal(ingest_open(&r->ingest, r->store, &r->settings, NULL,
			     &r->metrics, RIG_NOW + 3000, &err),
	    RC_OK);
	fini(&job, 1);
	job = new_job(r->probe, 1, 9);
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	check_once(r, 9);
	fini(&job, 1);
}

static void
old_observations_go(void **state)
{
	struct rig *r = *state;
	struct ingest_job job = new_job(r->probe, 1, 5);
	bool has_written;
	struct err err;

	r->settings.keep_observations_us = 3600 * US_PER_S;
	assert_int_equal(ingest(r, &job, 1), RC_OK);
	for (int i = 0; i < 20; i++)
		assert_int_equal(
		    ingest_tick(r->ingest, RIG_NOW + 3000 * US_PER_S,
			&has_written, &err),
		    RC_OK);
	assert_int_equal(n_rows(r), 5);
	for (int i = 0; i < 20; i++)
		assert_int_equal(
		    ingest_tick(r->ingest, RIG_NOW + 3700 * US_PER_S,
			&has_written, &err),
		    RC_OK);
	assert_int_equal(n_rows(r), 1); /* so that ids go on */
	fini(&job, 1);
}

static void
probes_times_are_corrected(void **state)
{
	const int64_t now = RIG_NOW, h = 3600 * US_PER_S;
	static const struct {
		const char *name;
		bool has_sent_at;
		int64_t sent, at, want; /* after RIG_NOW */
	} cases[] = {
		{ "a good clock stays", true, -US_PER_S / 2, -5 * US_PER_S,
		    -5 * US_PER_S },
		{ "an hour slow", true, -3600 * US_PER_S, -3605 * US_PER_S,
		    -5 * US_PER_S },
		{ "an hour fast", true, 3600 * US_PER_S, 3595 * US_PER_S,
		    -5 * US_PER_S },
		{ "without sent_at as it is", false, 0, -3605 * US_PER_S,
		    -3605 * US_PER_S },
		{ "never in the future", false, 0, 5 * US_PER_S, 0 },
		{ "nor after its own sending", true, -3600 * US_PER_S, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct batch_header b = { .has_sent_at = cases[i].has_sent_at,
			.sent_at_us = now + cases[i].sent };
		int64_t got = correct_time(
		    now + cases[i].at, correct_shift(&b, now), now);

		T_CHECK(got == now + cases[i].want, "%s: %lld", cases[i].name,
		    (long long)(got - now));
	}
	assert_int_equal(correct_time(INT64_MAX, h, now), now);
	assert_int_equal(correct_time(INT64_MIN, -h, now), 0);
}

/* A vantage in London, and a site in Sydney that answers it in 12 ms. */
static void
an_answer_sooner_than_light_is_doubted(void **state)
{
	struct rig *r = *state;
	struct ingest_job jobs[2] = { new_job(r->probe, 1, 3),
		new_job(r->probe, 4, 4) };
	struct doubted_list list = { 0 };
	struct err err = ERR_NONE;

	r->sites[0].has_position = true;
	r->sites[0].latitude = -33.87;
	r->sites[0].longitude = 151.21;
	sqlite3_exec(store_handle(r->side),
	    "UPDATE probe SET latitude = 51.5, longitude = -0.12", NULL, NULL,
	    NULL);
	/* The last one comes when it can, but CHAOS names another site. */
	jobs[1].batch.observations[0].dns.rtt_us = 300000;
	jobs[1].batch.observations[0].dns.chaos.is_asked = true;
	identity_set(
	    &jobs[1].batch.observations[0].dns.chaos.txt, "ns9.fra", 7);
	assert_int_equal(ingest(r, jobs, 2), RC_OK);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM doubt WHERE doubts = 2"), 3);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM doubt WHERE doubts = 1"), 1);
	T_CHECK(store_doubts(r->side, rig_query(r, "SELECT id FROM vantage"), 0,
		    &list, &err) == RC_OK,
	    "%s", err.text);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.rows[0].doubt, DOUBT_METHOD);
	assert_string_equal(list.rows[0].other, "fra");
	assert_int_equal(list.rows[1].n, 3);
	assert_in_range(list.rows[1].least_rtt_us, 169000, 171000);
	/* They go with their observations. */
	lose_observations(r);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM doubt"), 0);
	free(list.rows);
	fini(jobs, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_batch_is_stored_with_what_it_means, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_replay_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    copies_and_overlaps_in_one_group_are_stored_once, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    what_nobody_asked_for_is_acked_and_dropped, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_decoy_is_stored_and_never_detected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_revoked_probe_is_told_and_the_others_are_stored, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    every_kind_of_observation_has_its_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    details_have_rows_of_their_own_that_go_with_the_observation,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    interception_is_stored_and_outlives_a_restart, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    an_extra_reply_is_no_link_of_the_path, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_balanced_hop_is_kept_as_such, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_decoy_lands_nowhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_plain_trace_measures_the_address_by_any_port, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_probe_says_which_families_its_host_has, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_full_disk_loses_nothing_and_doubles_nothing, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_restart_goes_on_where_it_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    old_observations_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_answer_sooner_than_light_is_doubted, set_up, tear_down),
		cmocka_unit_test(probes_times_are_corrected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
