/* test_detect_trust.c - whom the detector puts into quarantine, and whom not:
 * a fleet that measures every ten minutes, of which only every tenth minute is
 * lived through. */
#include <stdlib.h>
#include <string.h>

#include "collector/detect.h"
#include "collector/trust.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "tests/unit/check.h"

#define START_US (INT64_C(1800000000) * US_PER_S)
#define STEP_US (600 * US_PER_S)
#define STEPS(hours) ((hours)*6)
#define SERVICES 3
#define SITES 3
#define VANTAGES 18
#define MEMOS 64

enum { AMS, FRA, NRT };
#define SILENT (-1)

static const struct position amsterdam = { true, 52.37, 4.90 };
static const struct position utrecht = { true, 52.09, 5.12 };
static const struct position tokyo = { true, 35.68, 139.69 };
static const struct position oakland = { true, 37.80, -122.27 };
static const struct position nowhere = { 0 };

struct one {
	struct vantage vantage;
	int at[SERVICES]; /* where it lands, or SILENT */
	bool is_fast[SERVICES];
	int own[SITES]; /* whom the sites' own addresses name */
	int varied;     /* where other ports land, or SILENT */
};

struct kept {
	char key[MEMO_KEY_MAX + 1];
	uint8_t bytes[TRUST_BYTES_MAX];
	size_t len;
};

struct rig {
	struct services services;
	struct service list[SERVICES];
	struct site sites[SERVICES][SITES];
	struct target targets[SERVICES + SITES];
	struct detect *detect;
	int64_t now_us;
	size_t n_services, n, n_told, n_memos, n_events;
	struct one fleet[VANTAGES];
	struct quarantine told[256]; /* in order */
	struct track_bytes tracks[256];
	struct landing landings[256];
	struct kept memos[MEMOS];
	size_t n_tracks, n_landings;
};

/* What the store keeps. */

static void
keep_memo(struct rig *r, const struct memo *m)
{
	size_t i = 0;

	if (strncmp(m->key, "trust/", 6) != 0)
		return;
	while (i < r->n_memos && strcmp(r->memos[i].key, m->key) != 0)
		i++;
	assert_true(i < MEMOS && m->len <= TRUST_BYTES_MAX);
	r->n_memos += i == r->n_memos;
	snprintf(r->memos[i].key, sizeof r->memos[i].key, "%s", m->key);
	if (m->len > 0)
		memcpy(r->memos[i].bytes, m->bytes, m->len);
	r->memos[i].len = m->len;
}

static void
keep_track(struct rig *r, const struct track_bytes *t)
{
	size_t i = 0;

	while (i < r->n_tracks && (r->tracks[i].vantage_id != t->vantage_id ||
				      r->tracks[i].target_id != t->target_id))
		i++;
	assert_true(i < T_LEN(r->tracks));
	r->n_tracks += i == r->n_tracks;
	r->tracks[i] = *t;
}

static void
keep_landing(struct rig *r, const struct landing *l)
{
	size_t i = 0;

	while (i < r->n_landings && r->landings[i].id != l->id)
		i++;
	assert_true(i < T_LEN(r->landings));
	r->n_landings += i == r->n_landings;
	r->landings[i] = *l;
}

static void
on_effect(void *ctx, const struct effect *e)
{
	struct rig *r = ctx;

	if (e->kind == EFFECT_MEMO)
		keep_memo(r, &e->memo);
	else if (e->kind == EFFECT_TRACK)
		keep_track(r, &e->track);
	else if (e->kind == EFFECT_LANDING)
		keep_landing(r, &e->landing);
	else if (e->kind == EFFECT_QUARANTINE) {
		assert_true(r->n_told < T_LEN(r->told));
		r->told[r->n_told++] = e->quarantine;
	} else if (e->kind == EFFECT_NOTICE)
		r->n_events += !e->notice.is_resolve;
}

/* The fleet. */

static void
make_service(struct rig *r, size_t i)
{
	struct service *s = &r->list[i];

	*s = (struct service){ .id = (int64_t)i + 1,
		.sites = r->sites[i],
		.n_sites = SITES,
		.dns_every_us = STEP_US,
		.stale_after_us = 3900 * US_PER_S,
		.settle_us = 300 * US_PER_S,
		.shift_settles_us = 90 * 3600 * US_PER_S };
	snprintf(s->name, sizeof s->name, "s%zu", i);
	for (size_t k = 0; k < SITES; k++) {
		const struct position *at = k == NRT ? &tokyo : &amsterdam;

		s->sites[k].id = (int64_t)(i * SITES + k) + 1;
		s->sites[k].has_position = true;
		s->sites[k].latitude = at->latitude;
		s->sites[k].longitude = at->longitude;
	}
	r->targets[i] = (struct target){ .id = (int64_t)i + 1,
		.role = ROLE_SERVICE,
		.port = 53,
		.service = i };
}

static void
make_targets(struct rig *r)
{
	r->services.n_targets = r->n_services + SITES;
	for (size_t i = 0; i < r->services.n_targets; i++) {
		struct target *t = &r->targets[i];

		if (i >= r->n_services)
			*t = (struct target){ .id = 100 + (int64_t)i,
				.role = ROLE_UNICAST,
				.port = 53,
				.site = i - r->n_services };
		t->address.family = 4;
		t->address.bytes[3] = (uint8_t)(i + 1);
	}
}

static struct rig *
rig(size_t n_services)
{
	struct rig *r = mem_new(sizeof *r);

	r->n_services = n_services;
	r->now_us = START_US;
	for (size_t i = 0; i < n_services; i++)
		make_service(r, i);
	make_targets(r);
	r->services.list = r->list;
	r->services.n = n_services;
	r->services.targets = r->targets;
	r->detect = detect_new(&r->services, on_effect, r, 1, 1);
	return r;
}

static void
done(struct rig *r)
{
	detect_free(r->detect);
	free(r);
}

/* It lands at the site everywhere, and is answered rightly elsewhere. */
static struct one *
add(struct rig *r, uint32_t asn, struct position at, int site)
{
	struct one *v = &r->fleet[r->n++];

	assert_true(r->n <= VANTAGES);
	v->vantage = (struct vantage){ .id = (int64_t)r->n,
		.family = 4,
		.asn = asn,
		.probe = r->n,
		.prefix = r->n,
		.at = at,
		.is_trusted = true };
	v->varied = SILENT;
	for (size_t i = 0; i < SERVICES; i++)
		v->at[i] = site;
	for (int i = 0; i < SITES; i++)
		v->own[i] = i;
	detect_vantage(r->detect, &v->vantage);
	return v;
}

static void
add_peers(struct rig *r, size_t n, uint32_t asn, struct position at, int site)
{
	for (size_t i = 0; i < n; i++)
		(void)add(r, asn, at, site);
}

static void
ask(struct rig *r, const struct one *v, const struct target *t, int site,
    bool is_fast, enum why why)
{
	struct sighting s = { .vantage_id = v->vantage.id,
		.target_id = t->id,
		.at_us = r->now_us - US_PER_S,
		.received_us = r->now_us - US_PER_S,
		.why = why,
		.outcome = OUTCOME_OK,
		.has_identity = true,
		.has_rtt = true,
		.rtt_us = 10 * US_PER_MS,
		.is_too_fast = is_fast };

	if (site == SILENT)
		return;
	s.site_id = r->list[t->service].sites[site].id;
	detect_sighting(r->detect, &s);
}

static void
step(struct rig *r)
{
	r->now_us += STEP_US;
	detect_begin(r->detect, r->now_us - US_PER_S);
	for (size_t i = 0; i < r->n; i++) {
		const struct one *v = &r->fleet[i];

		for (size_t k = 0; k < r->n_services; k++) {
			ask(r, v, &r->targets[k], v->at[k], v->is_fast[k],
			    WHY_ROUND);
			ask(r, v, &r->targets[k], v->varied, false, WHY_VARIED);
		}
		for (size_t k = 0; k < SITES && v->at[0] != SILENT; k++)
			ask(r, v, &r->targets[r->n_services + k], v->own[k],
			    false, WHY_ROUND);
	}
	detect_tick(r->detect, r->now_us);
}

static void
pass(struct rig *r, size_t steps)
{
	while (steps-- > 0)
		step(r);
}

/* The last word about it, or NULL. */
static const struct quarantine *
last_of(const struct rig *r, const struct one *v)
{
	for (size_t i = r->n_told; i-- > 0;)
		if (r->told[i].vantage_id == v->vantage.id)
			return &r->told[i];
	return NULL;
}

static bool
is_in(const struct rig *r, const struct one *v)
{
	const struct quarantine *q = last_of(r, v);

	return q != NULL && q->until_us == 0;
}

static void
check_reason(const struct rig *r, const struct one *v, enum distrust reason)
{
	T_CHECK(is_in(r, v), "it is trusted");
	T_CHECK(last_of(r, v)->reason == reason, "%s",
	    distrust_name(last_of(r, v)->reason));
}

/* What quarantines. */

static void
a_liar_among_peers_is_in_after_a_day_and_out_after_another(void **state)
{
	struct rig *r = rig(1);
	struct one *liar;

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	liar = add(r, 64501, utrecht, NRT);
	pass(r, STEPS(24));
	assert_int_equal(r->n_told, 0);
	pass(r, STEPS(4));
	check_reason(r, liar, DISTRUST_PEERS);
	assert_int_equal(r->told[0].since_us, r->told[0].updated_us);
	assert_non_null(strstr(last_of(r, liar)->numbers,
	    "\"targets\":1,\"contradicted\":1,\"witnesses\":6"));
	liar->at[0] = AMS;
	pass(r, STEPS(24));
	assert_true(is_in(r, liar));
	pass(r, STEPS(12));
	assert_false(is_in(r, liar));
	assert_string_equal(last_of(r, liar)->ending, "believable");
	assert_true(
	    last_of(r, liar)->until_us > r->now_us - STEPS(12) * STEP_US);
	done(r);
}

static void
three_peers_do_where_three_addresses_are_compared(void **state)
{
	(void)state;
	for (size_t n = 1; n <= SERVICES; n += SERVICES - 1) {
		struct rig *r = rig(n);
		struct one *liar;

		add_peers(r, 3, 64501, amsterdam, AMS);
		liar = add(r, 64501, amsterdam, NRT);
		pass(r, STEPS(40));
		T_CHECK(is_in(r, liar) == (n == SERVICES), "%zu", n);
		done(r);
	}
}

static void
half_of_what_it_says_must_be_wrong(void **state)
{
	struct rig *r = rig(SERVICES);
	struct one *liar;

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	liar = add(r, 64501, amsterdam, NRT);
	liar->at[0] = liar->at[1] = AMS;
	pass(r, STEPS(40));
	assert_false(is_in(r, liar)); /* a third is under 0.4 */
	liar->at[1] = NRT;
	pass(r, STEPS(40));
	check_reason(r, liar, DISTRUST_PEERS);
	done(r);
}

static void
own_addresses_have_one_name(void **state)
{
	struct rig *r = rig(1);
	struct one *broken;

	(void)state;
	add_peers(r, 1, 64501, nowhere, AMS);
	add_peers(r, 1, 64502, nowhere, FRA);
	add_peers(r, 1, 64503, nowhere, NRT);
	broken = add(r, 64504, nowhere, AMS);
	broken->own[FRA] = broken->own[NRT] = AMS;
	pass(r, STEPS(28));
	check_reason(r, broken, DISTRUST_OWN_ADDRESS);
	done(r);
}

static void
light_has_its_speed(void **state)
{
	struct rig *r = rig(1);
	struct one *fast;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		add_peers(r, 1, 64501 + i, tokyo, NRT);
	fast = add(r, 64510, amsterdam, NRT);
	fast->is_fast[0] = true;
	pass(r, STEPS(28));
	check_reason(r, fast, DISTRUST_LIGHT);
	fast->is_fast[0] = false;
	pass(r, STEPS(48));
	assert_false(is_in(r, fast));
	done(r);
}

/* Three in as many ASes that say they land at nrt, and after so many hours that
 * they do no longer: is it a shift? */
static size_t
count_events_of_liars(size_t hours)
{
	struct rig *r = rig(1);
	size_t n;

	for (uint32_t as = 0; as < 3; as++) {
		add_peers(r, 5, 64501 + as, amsterdam, AMS);
		(void)add(r, 64501 + as, utrecht, NRT);
	}
	pass(r, STEPS(hours));
	for (size_t i = 5; i < r->n; i += 6)
		r->fleet[i].at[0] = FRA;
	pass(r, STEPS(2));
	n = r->n_events;
	done(r);
	return n;
}

static void
liars_of_a_day_open_nothing(void **state)
{
	(void)state;
	assert_int_equal(count_events_of_liars(12), 1);
	assert_int_equal(count_events_of_liars(30), 0);
}

/* What does not. */

static void
nobody_is_told(struct rig *r, const char *what)
{
	pass(r, STEPS(40));
	T_CHECK(r->n_told == 0, "%s: %s %s", what,
	    distrust_name(r->told[0].reason), r->told[0].numbers);
	done(r);
}

static void
without_peers_nothing_is_said(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		uint32_t asn;
		struct position at;
	} peers[] = { { "alone", 0, 64501, { 0 } },
		{ "neighbours of another AS", 6, 64502, { true, 52, 5 } },
		{ "too few", 4, 64501, { true, 52, 5 } },
		{ "far away", 6, 64501, { true, 37, -122 } },
		{ "of unknown position", 6, 64501, { 0 } },
		{ "no AS known", 6, 0, { true, 52, 5 } } };

	(void)state;
	for (size_t i = 0; i < T_LEN(peers); i++) {
		struct rig *r = rig(1);

		add_peers(r, peers[i].n, peers[i].asn, peers[i].at, AMS);
		(void)add(r, peers[i].asn == 0 ? 0 : 64501, utrecht, NRT);
		nobody_is_told(r, peers[i].name);
	}
}

static void
one_host_with_many_probes_is_no_peer(void **state)
{
	struct rig *r = rig(1);

	(void)state;
	add_peers(r, 8, 64501, amsterdam, AMS);
	for (size_t i = 0; i < 8; i++) {
		r->fleet[i].vantage.prefix = 1 + i % 4;
		detect_vantage(r->detect, &r->fleet[i].vantage);
	}
	(void)add(r, 64501, utrecht, NRT);
	nobody_is_told(r, "four prefixes");
}

static void
somebody_of_the_same_network_may_land_there_too(void **state)
{
	struct rig *r = rig(1);

	(void)state;
	add_peers(r, 8, 64501, amsterdam, AMS);
	(void)add(r, 64501, utrecht, NRT);
	(void)add(r, 64501, oakland, NRT);
	nobody_is_told(r, "two");
}

static void
peers_that_disagree_contradict_nobody(void **state)
{
	struct rig *r = rig(1);

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	add_peers(r, 2, 64501, amsterdam, FRA);
	(void)add(r, 64501, utrecht, NRT);
	nobody_is_told(r, "six of eight");
}

static void
other_ports_may_land_elsewhere(void **state)
{
	struct rig *r = rig(1);

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	add(r, 64501, utrecht, NRT)->varied = AMS;
	nobody_is_told(r, "its own");
	r = rig(1);
	add_peers(r, 6, 64501, amsterdam, AMS);
	(void)add(r, 64501, utrecht, NRT);
	r->fleet[2].varied = NRT;
	nobody_is_told(r, "a peer's");
}

static void
excuses_are_of_another_class(void **state)
{
	(void)state;
	for (int i = EXCUSE_INTERCEPTED; i <= EXCUSE_PER_PACKET; i++) {
		struct rig *r = rig(1);
		struct one *v;

		add_peers(r, 6, 64501, amsterdam, AMS);
		add_peers(r, 1, 64502, amsterdam, AMS);
		add_peers(r, 1, 64503, amsterdam, AMS);
		v = add(r, 64501, utrecht, NRT);
		if (i == EXCUSE_INTERCEPTED)
			v->own[FRA] = v->own[NRT] = AMS;
		detect_excuse(r->detect, v->vantage.id, 1, (enum excuse)i);
		nobody_is_told(
		    r, i == EXCUSE_INTERCEPTED ? "intercepted" : "per packet");
	}
}

static void
who_is_too_fast_with_others_may_be_hijacked(void **state)
{
	(void)state;
	for (uint32_t n_fast = 2; n_fast < 5; n_fast += 2) {
		struct rig *r = rig(1);

		for (uint32_t i = 0; i < 3; i++)
			add_peers(r, 1, 64501 + i, tokyo, NRT);
		for (uint32_t i = 0; i < n_fast; i++)
			add(r, 64510 + i, amsterdam, NRT)->is_fast[0] = true;
		nobody_is_told(r, "three to some");
	}
}

/* While routes change at large, landing apart says nothing. */
static void
an_event_suspends_judgement(void **state)
{
	struct rig *r = rig(1);

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	(void)add(r, 64501, utrecht, AMS);
	for (uint32_t i = 0; i < 5; i++)
		(void)add(r, 64510 + i, amsterdam, AMS);
	pass(r, STEPS(4));
	for (size_t i = 6; i < 12; i++)
		r->fleet[i].at[0] = FRA;
	pass(r, STEPS(40));
	assert_true(r->n_events > 0);
	assert_int_equal(r->n_told, 0);
	done(r);
}

/* Once it is in: another that lands there vouches for it. */
static void
who_is_joined_by_another_is_out(void **state)
{
	struct rig *r = rig(1);
	struct one *liar;

	(void)state;
	add_peers(r, 7, 64501, amsterdam, AMS);
	liar = add(r, 64501, utrecht, NRT);
	pass(r, STEPS(30));
	assert_true(is_in(r, liar));
	r->fleet[0].at[0] = NRT;
	pass(r, STEPS(40));
	assert_string_equal(last_of(r, liar)->ending, "believable");
	assert_false(is_in(r, &r->fleet[0]));
	done(r);
}

/* By hand. */

static void
what_is_released_by_hand_stays_out(void **state)
{
	struct rig *r = rig(1);
	struct one *liar;

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	liar = add(r, 64501, utrecht, NRT);
	pass(r, STEPS(30));
	assert_true(is_in(r, liar));
	detect_release(r->detect, liar->vantage.id, r->told[0].since_us - 1);
	assert_true(is_in(r, liar)); /* that was another one */
	detect_release(r->detect, liar->vantage.id, r->now_us);
	assert_false(is_in(r, liar));
	assert_string_equal(last_of(r, liar)->ending, "released");
	pass(r, STEPS(29 * 24));
	assert_false(is_in(r, liar));
	pass(r, STEPS(2 * 24));
	assert_true(is_in(r, liar));
	done(r);
}

static void
what_is_quarantined_by_hand_is_left_to_the_hand(void **state)
{
	struct rig *r = rig(1);
	struct one *liar;

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	liar = add(r, 64501, utrecht, NRT);
	liar->vantage.is_trusted = false;
	detect_vantage(r->detect, &liar->vantage);
	pass(r, STEPS(40));
	assert_int_equal(r->n_told, 0);
	liar->vantage.is_trusted = true;
	detect_vantage(r->detect, &liar->vantage);
	pass(r, STEPS(1));
	assert_true(is_in(r, liar));
	done(r);
}

static void
without_anybody_to_contradict_it_is_out_after_a_week(void **state)
{
	struct rig *r = rig(1);
	struct one *liar;

	(void)state;
	add_peers(r, 6, 64501, amsterdam, AMS);
	liar = add(r, 64501, utrecht, NRT);
	pass(r, STEPS(28));
	assert_true(is_in(r, liar));
	for (size_t i = 0; i < 6; i++)
		r->fleet[i].at[0] = SILENT;
	pass(r, STEPS(6 * 24));
	assert_true(is_in(r, liar));
	liar->at[0] = SILENT; /* nothing is held for it either */
	pass(r, STEPS(48));
	assert_true(is_in(r, liar));
	liar->at[0] = NRT;
	pass(r, STEPS(30));
	assert_string_equal(last_of(r, liar)->ending, "unjudged");
	done(r);
}

/* Memory. */

static void
restart(struct rig *r)
{
	detect_flush(r->detect, r->now_us);
	detect_free(r->detect);
	r->detect = detect_new(&r->services, on_effect, r, 1000, 100000);
	for (size_t i = 0; i < r->n; i++)
		detect_vantage(r->detect, &r->fleet[i].vantage);
	for (size_t i = 0; i < r->n_tracks; i++) {
		const struct landing *open = NULL;

		for (size_t k = 0; k < r->n_landings; k++)
			if (r->landings[k].vantage_id ==
				r->tracks[i].vantage_id &&
			    r->landings[k].target_id ==
				r->tracks[i].target_id &&
			    r->landings[k].until_us == 0)
				open = &r->landings[k];
		assert_int_equal(
		    detect_restore_track(r->detect, &r->tracks[i], open),
		    RC_OK);
	}
	for (size_t i = 0; i < r->n_memos; i++) {
		struct memo m = { .bytes = r->memos[i].bytes,
			.len = r->memos[i].len };

		snprintf(m.key, sizeof m.key, "%s", r->memos[i].key);
		if (m.len > 0)
			detect_restore_memo(r->detect, &m);
	}
}

static struct rig *
live(bool has_restarts)
{
	struct rig *r = rig(1);
	struct one *liar;

	add_peers(r, 6, 64501, amsterdam, AMS);
	liar = add(r, 64501, utrecht, NRT);
	add(r, 64502, utrecht, NRT)->varied = AMS;
	for (size_t h = 0; h < 80; h++) {
		if (h == 40)
			liar->at[0] = AMS;
		if (has_restarts && h % 7 == 3)
			restart(r);
		pass(r, STEPS(1));
	}
	return r;
}

static void
restarts_change_nothing(void **state)
{
	struct rig *whole = live(false), *cut = live(true);

	(void)state;
	assert_int_equal(whole->n_told, cut->n_told);
	assert_true(whole->n_told > 2);
	assert_true(whole->told[whole->n_told - 1].until_us != 0);
	for (size_t i = 0; i < whole->n_told; i++) {
		const struct quarantine *a = &whole->told[i];
		const struct quarantine *b = &cut->told[i];

		assert_int_equal(a->since_us, b->since_us);
		assert_int_equal(a->until_us, b->until_us);
		assert_string_equal(a->numbers, b->numbers);
	}
	done(whole);
	done(cut);
}

static void
bytes_of_somebody_else_are_refused(void **state)
{
	struct trust in = { .since_us = 5, .reason = DISTRUST_LIGHT };
	struct trust out = { 0 };
	uint8_t bytes[TRUST_BYTES_MAX];
	size_t len;

	(void)state;
	in.standing[DISTRUST_LIGHT].share_ppm = 777777;
	for (int64_t i = 0; i < TRUST_PORTS_MAX + 3; i++)
		assert_true(trust_note_port(&in, i + 1, 1000 + i));
	assert_false(trust_is_balanced(&in, 3, 2000)); /* the oldest went */
	assert_true(trust_is_balanced(&in, 4, 2000));
	len = trust_encode(&in, bytes);
	assert_int_equal(trust_decode(&out, bytes, len), RC_OK);
	assert_memory_equal(&in, &out, sizeof in);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(trust_decode(&out, bytes, cut), RC_MALFORMED);
	bytes[0]++;
	assert_int_equal(trust_decode(&out, bytes, len), RC_MALFORMED);
	assert_int_equal(out.since_us, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_liar_among_peers_is_in_after_a_day_and_out_after_another),
		cmocka_unit_test(
		    three_peers_do_where_three_addresses_are_compared),
		cmocka_unit_test(half_of_what_it_says_must_be_wrong),
		cmocka_unit_test(own_addresses_have_one_name),
		cmocka_unit_test(light_has_its_speed),
		cmocka_unit_test(liars_of_a_day_open_nothing),
		cmocka_unit_test(without_peers_nothing_is_said),
		cmocka_unit_test(one_host_with_many_probes_is_no_peer),
		cmocka_unit_test(
		    somebody_of_the_same_network_may_land_there_too),
		cmocka_unit_test(peers_that_disagree_contradict_nobody),
		cmocka_unit_test(other_ports_may_land_elsewhere),
		cmocka_unit_test(excuses_are_of_another_class),
		cmocka_unit_test(who_is_too_fast_with_others_may_be_hijacked),
		cmocka_unit_test(an_event_suspends_judgement),
		cmocka_unit_test(who_is_joined_by_another_is_out),
		cmocka_unit_test(what_is_released_by_hand_stays_out),
		cmocka_unit_test(
		    what_is_quarantined_by_hand_is_left_to_the_hand),
		cmocka_unit_test(
		    without_anybody_to_contradict_it_is_out_after_a_week),
		cmocka_unit_test(restarts_change_nothing),
		cmocka_unit_test(bytes_of_somebody_else_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
