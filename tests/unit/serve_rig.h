/*
 * serve_rig.h - a collector in a directory of its own, for tests.
 *
 * Used by  tests/unit/test_store, test_ingest, test_api
 *
 * One service, "web", with the sites "ams" and "fra", one address of each
 * family and a control; one probe that has enrolled.
 */
#ifndef TESTS_UNIT_SERVE_RIG_H
#define TESTS_UNIT_SERVE_RIG_H

#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/enrolment.h"
#include "collector/ingest.h"
#include "collector/settings.h"
#include "collector/store_services.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/wire.h"

#define RIG_NOW (INT64_C(1800000000) * US_PER_S)
#define RIG_V4 "192.0.2.53"
#define RIG_V6 "2001:db8::53"
#define RIG_CONTROL "198.51.100.1"
#define RIG_TOKEN "let-me-in"

struct rig {
	struct scratch scratch;
	char database[256];
	struct settings settings;
	struct service service;
	struct site sites[2];
	const char *site_names[2];
	struct identity_template template;
	struct target targets[3];
	struct store *store; /* of the writer's thread, where there is one */
	struct store *side;  /* of the test */
	struct metrics metrics;
	struct ingest *ingest;
	struct signing_key key;
	char probe[PROBE_ID_LEN + 1];
};

static inline struct addr
rig_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), RC_OK);
	return a;
}

/* Runs SQL that gives one number. */
static inline int64_t
rig_query(struct rig *r, const char *sql)
{
	sqlite3_stmt *s;
	int64_t v;

	assert_int_equal(
	    sqlite3_prepare_v2(store_handle(r->side), sql, -1, &s, NULL),
	    SQLITE_OK);
	T_CHECK(sqlite3_step(s) == SQLITE_ROW, "%s", sql);
	v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

/* Lets the writer's database have no more than n pages. */
static inline void
rig_limit_pages(struct rig *r, int n)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d", n);
	assert_int_equal(
	    sqlite3_exec(store_handle(r->store), sql, NULL, NULL, NULL),
	    SQLITE_OK);
}

static inline void
rig_services(struct rig *r)
{
	static const char *const names[] = { "ams", "fra" };
	struct err err;

	for (size_t i = 0; i < 2; i++) {
		snprintf(
		    r->sites[i].name, sizeof r->sites[i].name, "%s", names[i]);
		r->site_names[i] = r->sites[i].name;
	}
	assert_int_equal(
	    identity_template_parse(&r->template, "ns*.{site}", &err), RC_OK);
	snprintf(r->service.name, sizeof r->service.name, "web");
	snprintf(r->service.zone, sizeof r->service.zone, "example.");
	r->service.templates = &r->template;
	r->service.n_templates = 1;
	r->service.sites = r->sites;
	r->service.site_names = r->site_names;
	r->service.n_sites = 2;
	r->service.dns_every_us = 60 * US_PER_S;
	r->service.ping_every_us = 60 * US_PER_S;
	r->service.trace_every_us = 900 * US_PER_S;
	r->service.timeout_us = 4 * US_PER_S;
	r->service.sick_after_us = 30 * US_PER_S;
	r->service.settle_us = 60 * US_PER_S;
	r->service.shift_settles_us = 3600 * US_PER_S;
	r->targets[0] = (struct target){
		.role = ROLE_SERVICE, .address = rig_addr(RIG_V4), .port = 53
	};
	r->targets[1] = (struct target){
		.role = ROLE_SERVICE, .address = rig_addr(RIG_V6), .port = 53
	};
	r->targets[2] = (struct target){ .role = ROLE_CONTROL,
		.address = rig_addr(RIG_CONTROL),
		.port = 53 };
	r->settings.services = (struct services){ .n = 1,
		.n_targets = 3,
		.list = &r->service,
		.targets = r->targets };
	r->settings.upload_every_us = 30 * US_PER_S;
	r->settings.database = r->database;
}

static inline void
rig_add_token(struct rig *r, const char *token, int uses)
{
	uint8_t hash[TOKEN_HASH_BYTES];
	sqlite3_stmt *s;

	token_hash(token, hash);
	sqlite3_prepare_v2(store_handle(r->side),
	    "INSERT INTO token (hash, uses_left, created_us, expires_us) "
	    "VALUES (?1, ?2, 0, 9000000000000000)",
	    -1, &s, NULL);
	sqlite3_bind_blob(s, 1, hash, sizeof hash, SQLITE_TRANSIENT);
	sqlite3_bind_int(s, 2, uses);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
}

static inline void
rig_add_probe(struct rig *r, const char *name, struct signing_key *key,
    char id[static PROBE_ID_LEN + 1])
{
	struct enrolment e = { 0 };
	struct err err;

	signature_new_key(key);
	signature_probe_id(key->public, id);
	memcpy(e.probe.public_key, key->public, sizeof key->public);
	memcpy(e.probe.id, id, PROBE_ID_LEN + 1);
	snprintf(e.probe.name, sizeof e.probe.name, "%s", name);
	e.probe.declared.asn = 64500;
	token_hash(RIG_TOKEN, e.token_hash);
	T_CHECK(store_probe_enrol(
		    r->side, &e.probe, e.token_hash, RIG_NOW, &err) == RC_OK,
	    "%s", err.text);
}

static inline struct rig *
rig_new(void)
{
	struct rig *r = mem_new(sizeof *r);
	struct err err;

	scratch_make(&r->scratch);
	snprintf(r->database, sizeof r->database, "%s",
	    scratch_path(&r->scratch, "c.db"));
	rig_services(r);
	T_CHECK(store_open(&r->store, r->database, STORE_SERVE, &err) == RC_OK,
	    "%s", err.text);
	T_CHECK(ingest_open(&r->ingest, r->store, &r->settings, NULL,
		    &r->metrics, RIG_NOW, &err) == RC_OK,
	    "%s", err.text);
	T_CHECK(store_open(&r->side, r->database, STORE_EDIT, &err) == RC_OK,
	    "%s", err.text);
	rig_add_token(r, RIG_TOKEN, 100);
	rig_add_probe(r, "one", &r->key, r->probe);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	ingest_close(r->ingest);
	store_close(r->side);
	store_close(r->store);
	scratch_remove(&r->scratch);
	free(r);
}

/* A DNS observation of the service's IPv4 address, answered by site. */
static inline struct observation
rig_observation(uint64_t seq, int64_t at_us, const char *site)
{
	struct observation o = { .seq = seq,
		.at_us = at_us,
		.kind = KIND_DNS,
		.why = WHY_ROUND,
		.proto = PROTO_UDP,
		.stamp = STAMP_KERNEL,
		.outcome = OUTCOME_OK,
		.target = rig_addr(RIG_V4),
		.port = 53,
		.dns = { .source_port = 40000,
		    .rtt_us = 12000,
		    .size_bytes = 100 } };
	char identity[64];

	snprintf(identity, sizeof identity, "ns1.%s", site);
	identity_set(&o.dns.nsid, identity, strlen(identity));
	return o;
}

/* Gives a batch of probe id with seqs first to last: batch_fini. */
static inline struct batch
rig_batch(const char *id, uint64_t first, uint64_t last, int64_t sent_at_us)
{
	struct batch b = { .header = { .version = "0.1.0",
			       .first_seq = first,
			       .last_seq = last,
			       .has_sent_at = true,
			       .sent_at_us = sent_at_us,
			       .anchor_at_us = sent_at_us,
			       .clock = CLOCK_SYNCHRONISED } };

	snprintf(b.header.probe, sizeof b.header.probe, "%s", id);
	b.n = last - first + 1;
	b.observations = mem_new(b.n * sizeof *b.observations);
	for (size_t i = 0; i < b.n; i++)
		b.observations[i] = rig_observation(
		    first + i, sent_at_us - (int64_t)(b.n - i) * 1000, "ams");
	return b;
}

#endif
