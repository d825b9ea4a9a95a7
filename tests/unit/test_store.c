/* test_store.c - what the live side writes and reads back. */
#include "tests/unit/serve_rig.h"

#include "collector/store_detect.h"

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

static void
services_keep_their_ids(void **state)
{
	struct rig *r = *state;
	struct services *s = &r->settings.services;
	int64_t site = r->sites[1].id, target = s->targets[1].id;
	struct err err;

	assert_true(site > 0 && target > 0 && r->service.id > 0);
	r->sites[1].id = s->targets[1].id = r->service.id = 0;
	r->sites[1].is_local = true;
	r->sites[1].capacity = 7;
	s->targets[2].role = ROLE_UNICAST; /* a control that got a site */
	s->targets[2].site = 1;
	assert_int_equal(store_sync_services(r->side, s, &err), RC_OK);
	assert_int_equal(r->sites[1].id, site);
	assert_int_equal(s->targets[1].id, target);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM site"), 2);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM target"), 3);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM site WHERE "
				      "scope = 'local' AND capacity = 7"),
	    1);
	assert_int_equal(
	    rig_query(r, "SELECT site_id FROM target WHERE role = 'unicast'"),
	    site);
}

static void
a_control_may_become_a_decoy(void **state)
{
	struct rig *r = *state;
	struct services *s = &r->settings.services;
	int64_t id = s->targets[2].id;
	struct err err = ERR_NONE;

	s->targets[2].role = ROLE_DECOY;
	T_CHECK(store_sync_services(r->side, s, &err) == RC_OK, "%s", err.text);
	assert_int_equal(
	    rig_query(r, "SELECT id FROM target WHERE role = 'decoy' "
			 "AND service_id IS NULL"),
	    id);
	/* The other rules of the table are what they were. */
	assert_int_equal(sqlite3_exec(store_handle(r->side),
			     "UPDATE target SET role = 'decoy' "
			     "WHERE role = 'service'",
			     NULL, NULL, NULL),
	    SQLITE_CONSTRAINT);
	assert_int_equal(
	    sqlite3_exec(store_handle(r->side),
		"UPDATE target SET role = 'other'", NULL, NULL, NULL),
	    SQLITE_CONSTRAINT);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM pragma_integrity_check "
			 "WHERE integrity_check = 'ok'"),
	    1);
}

static void
what_is_no_longer_configured_stays(void **state)
{
	struct rig *r = *state;
	struct services *s = &r->settings.services;
	struct err err;

	s->n_targets = 1;
	r->service.n_sites = 1;
	assert_int_equal(store_sync_services(r->side, s, &err), RC_OK);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM site"), 2);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM target"), 3);
}

static void
tokens_let_in_only_when_they_are_good(void **state)
{
	static const struct {
		const char *name, *token, *spoil;
		enum rc rc;
	} cases[] = {
		{ "unknown", "else", "SELECT 1", RC_PEER },
		{ "good", "token", "SELECT 1", RC_OK },
		{ "used up", "token",
		    "UPDATE token SET uses_left = 0 RETURNING 1", RC_PEER },
		{ "expired", "token",
		    "UPDATE token SET uses_left = 9, expires_us = 1 "
		    "RETURNING 1",
		    RC_PEER },
		{ "revoked", "token",
		    "UPDATE token SET expires_us = 9e15, revoked_us = 1 "
		    "RETURNING 1",
		    RC_PEER },
	};
	struct rig *r = *state;

	rig_add_token(r, "token", 9);
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct enrolment e = { 0 };
		struct signing_key key;
		struct err err;
		enum rc rc;

		rig_query(r, cases[i].spoil);
		signature_new_key(&key);
		memcpy(e.probe.public_key, key.public, sizeof key.public);
		signature_probe_id(key.public, e.probe.id);
		snprintf(e.probe.name, sizeof e.probe.name, "p%zu", i);
		token_hash(cases[i].token, e.token_hash);
		rc = store_token_check(r->side, e.token_hash, RIG_NOW, &err);
		T_CHECK(rc == cases[i].rc, "check: %s", cases[i].name);
		rc = store_probe_enrol(
		    r->side, &e.probe, e.token_hash, RIG_NOW, &err);
		T_CHECK(rc == cases[i].rc, "enrol: %s", cases[i].name);
	}
	assert_int_equal(rig_query(r, "SELECT count(*) FROM probe"), 2);
}

static void
a_probes_state_changes_with_an_audit_row(void **state)
{
	struct rig *r = *state;
	struct probe_row row;
	struct err err;

	assert_int_equal(store_probe_set_state(r->side, r->probe,
			     PROBE_QUARANTINED, "odd", RIG_NOW, &err),
	    RC_OK);
	assert_int_equal(
	    store_probe_find(r->side, r->probe, &row, &err), RC_OK);
	assert_int_equal(row.state, PROBE_QUARANTINED);
	assert_string_equal(row.name, "one");
	assert_int_equal(row.declared.asn, 64500);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM audit WHERE "
			 "action = 'quarantined' AND detail = 'odd'"),
	    1);
	assert_int_equal(store_probe_set_state(r->side, "0000000000000000",
			     PROBE_ACTIVE, NULL, RIG_NOW, &err),
	    RC_NOTFOUND);
}

static void
ranks_count_those_that_measure(void **state)
{
	struct rig *r = *state;
	struct signing_key key;
	char id[2][PROBE_ID_LEN + 1];
	size_t rank[2], n;
	struct err err;

	rig_add_probe(r, "two", &key, id[0]);
	rig_add_probe(r, "three", &key, id[1]);
	assert_int_equal(store_probe_set_state(r->side, r->probe, PROBE_LEFT,
			     NULL, RIG_NOW, &err),
	    RC_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    store_probe_rank(r->side, id[i], &rank[i], &n, &err),
		    RC_OK);
		assert_int_equal(n, 2);
	}
	assert_int_equal(rank[0] + rank[1], 1);
	assert_int_equal(rank[0] < rank[1], strcmp(id[0], id[1]) < 0);
}

static void
a_vantage_reads_back_as_it_was_put(void **state)
{
	struct rig *r = *state;
	struct vantage_row v = { .family = 6,
		.source = rig_addr("2001:db8::1"),
		.at = { .country = "NL",
		    .asn = 4200000000,
		    .has_position = true,
		    .latitude = 52.25,
		    .longitude = -4.5 } };
	struct vantage_row back;
	struct err err;

	assert_int_equal(
	    store_vantage_find(r->side, r->probe, 6, &back, &err), RC_NOTFOUND);
	for (int i = 0; i < 2; i++) { /* inserted, then updated */
		v.at.asn -= 1;
		assert_int_equal(
		    store_vantage_put(r->side, r->probe, &v, RIG_NOW, &err),
		    RC_OK);
		assert_int_equal(
		    store_vantage_find(r->side, r->probe, 6, &back, &err),
		    RC_OK);
		assert_int_equal(back.id, v.id);
		assert_true(addr_equal(&back.source, &v.source));
		assert_int_equal(back.at.asn, v.at.asn);
		assert_string_equal(back.at.country, "NL");
		assert_true(back.at.has_position);
	}
	assert_int_equal(rig_query(r, "SELECT count(*) FROM vantage"), 1);
}

/* Fills in what the effects below refer to. */
static int64_t
put_vantage(struct rig *r)
{
	struct vantage_row v = { .family = 4 };
	struct err err;

	assert_int_equal(
	    store_vantage_put(r->side, r->probe, &v, RIG_NOW, &err), RC_OK);
	return v.id;
}

static void
apply(struct rig *r, const struct effect *e)
{
	struct err err = ERR_NONE;

	T_CHECK(store_effect_apply(r->side, e, &err) == RC_OK, "%d: %s",
	    (int)e->kind, err.text);
}

static void
effects_become_rows(void **state)
{
	struct rig *r = *state;
	int64_t vantage = put_vantage(r), target = r->targets[0].id;
	int64_t event_id, landing_id;
	struct effect e = { .kind = EFFECT_LANDING,
		.landing = { .id = 41,
		    .vantage_id = vantage,
		    .target_id = target,
		    .state = LANDING_STABLE,
		    .site_id = r->sites[0].id,
		    .since_us = 1,
		    .last_us = 2,
		    .n = 1 } };
	struct err err;

	apply(r, &e);
	e.landing.until_us = 9;
	e.landing.rtt_n = 1;
	e.landing.rtt_min_us = 5;
	apply(r, &e);
	e = (struct effect){ .kind = EFFECT_EVENT,
		.event = { .id = 7,
		    .kind = EVENT_SHIFT,
		    .severity = SEVERITY_WARNING,
		    .service_id = r->service.id,
		    .since_us = 1,
		    .gates = "{}" } };
	apply(r, &e);
	e.event.resolved_us = 5;
	snprintf(e.event.resolution, sizeof e.event.resolution, "settled");
	apply(r, &e);
	e = (struct effect){ .kind = EFFECT_VOTE,
		.vote = { .event_id = 7,
		    .vantage_id = vantage,
		    .target_id = target,
		    .from_site_id = r->sites[0].id,
		    .to_site_id = r->sites[1].id } };
	apply(r, &e);
	apply(r, &e);
	for (int i = 1; i <= 2; i++) {
		e = (struct effect){ .kind = EFFECT_SITE_STATE,
			.site_state = { .site_id = r->sites[0].id,
			    .family = 4,
			    .verdict = "ok",
			    .since_us = 100 * i } };
		apply(r, &e);
	}
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM landing WHERE id = 41 AND "
			 "until_us = 9 AND rtt_min_us = 5"),
	    1);
	assert_int_equal(
	    rig_query(r, "SELECT count(*) FROM event WHERE "
			 "resolution = 'settled' AND family IS NULL"),
	    1);
	assert_int_equal(rig_query(r, "SELECT count(*) FROM vote"), 1);
	assert_int_equal(rig_query(r, "SELECT until_us FROM site_state "
				      "WHERE since_us = 100"),
	    200);
	assert_int_equal(
	    store_detect_next_ids(r->side, &event_id, &landing_id, &err),
	    RC_OK);
	assert_int_equal(event_id, 8);
	assert_int_equal(landing_id, 42);
}

static void
a_notice_goes_out_once_per_alert(void **state)
{
	struct rig *r = *state;
	struct effect e = { .kind = EFFECT_EVENT,
		.event = {
		    .id = 7, .service_id = r->service.id, .gates = "{}" } };
	struct err err;

	apply(r, &e);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    store_delivery_put(r->side, 7, false, "ops", RIG_NOW, &err),
		    RC_OK);
		assert_int_equal(
		    store_delivery_put(r->side, 7, true, "ops", RIG_NOW, &err),
		    RC_OK);
		assert_int_equal(store_delivery_put(
				     r->side, 7, false, "boss", RIG_NOW, &err),
		    RC_OK);
	}
	assert_int_equal(rig_query(r, "SELECT count(*) FROM delivery"), 3);
	assert_int_equal(
	    rig_query(
		r, "SELECT count(*) FROM delivery WHERE key = '7-resolve-ops'"),
	    1);
}

#define RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG(services_keep_their_ids),
		RIG(a_control_may_become_a_decoy),
		RIG(what_is_no_longer_configured_stays),
		RIG(tokens_let_in_only_when_they_are_good),
		RIG(a_probes_state_changes_with_an_audit_row),
		RIG(ranks_count_those_that_measure),
		RIG(a_vantage_reads_back_as_it_was_put),
		RIG(effects_become_rows),
		RIG(a_notice_goes_out_once_per_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
