#include "collector/suspect.h"

#include <string.h>

#include "collector/interpret.h"
#include "tests/unit/check.h"

#define S INT64_C(1000000)
#define MIN (60 * S)
#define HOUR (60 * MIN)

enum { ROOT4, ROOT6, TLD4, DECOY, N_TARGETS };

static struct site sites[] = { { .id = 11, .name = "ams" },
	{ .id = 12, .name = "fra" } };
static const char *site_names[] = { "ams", "fra" };
static struct identity_template templates[] = {
	{ .text = "ns{instance}.{site}.example" },
};
static struct service list[] = {
	{ .n_templates = 1,
	    .templates = templates,
	    .n_sites = 2,
	    .sites = sites,
	    .site_names = site_names },
	{ .n_templates = 1,
	    .templates = templates,
	    .n_sites = 2,
	    .sites = sites,
	    .site_names = site_names },
};
static struct target targets[] = {
	[ROOT4] = { .id = 1,
	    .role = ROLE_SERVICE,
	    .address = { .family = 4, .bytes = { 192, 0, 2, 1 } } },
	[ROOT6] = { .id = 2,
	    .role = ROLE_SERVICE,
	    .address = { .family = 6, .bytes = { 32 } } },
	[TLD4] = { .id = 3,
	    .role = ROLE_SERVICE,
	    .address = { .family = 4, .bytes = { 192, 0, 2, 3 } },
	    .service = 1 },
	[DECOY] = { .id = 4,
	    .role = ROLE_DECOY,
	    .address = { .family = 4, .bytes = { 203, 0, 113, 9 } } },
};
static const struct services services = {
	.n = 2, .n_targets = N_TARGETS, .list = list, .targets = targets
};

/* What the sink got, newest of each. */
struct fleet {
	struct suspects *s;
	int64_t at_us;
	struct suspect_view views[32];
	size_t n_views; /* calls */
	struct suspect_signal signals[64];
	size_t n_signals;
};

static void
on_view(void *ctx, const struct suspect_view *v)
{
	struct fleet *f = ctx;

	assert_true(f->n_views < T_LEN(f->views));
	f->views[f->n_views++] = *v;
}

static void
on_signal(void *ctx, const struct suspect_signal *s)
{
	struct fleet *f = ctx;

	assert_true(f->n_signals < T_LEN(f->signals));
	f->signals[f->n_signals++] = *s;
}

static void
begin(struct fleet *f)
{
	const struct suspect_sink sink = { on_view, on_signal, f };

	memset(f, 0, sizeof *f);
	f->s = suspects_new(&services, &sink);
	f->at_us = 1000 * S;
}

/* An answer with a name, or without (NULL): authoritative. */
static struct observation
answer(const char *name)
{
	struct observation o = { .kind = KIND_DNS,
		.proto = PROTO_UDP,
		.outcome = OUTCOME_OK,
		.dns = {
		    .source_port = 40000, .rtt_us = 9000, .is_aa = true } };

	if (name != NULL)
		identity_set(&o.dns.nsid, name, strlen(name));
	return o;
}

static void
see(struct fleet *f, int64_t vantage, unsigned target,
    const struct observation *o)
{
	const struct target *t = &targets[target];
	int64_t site = t->role == ROLE_SERVICE
			   ? interpret_dns(&list[t->service], o).site_id
			   : 0;

	suspects_see(f->s, vantage, t, o, f->at_us, site);
}

/* A round of the others, vantages 1 to 9, whom nothing ails. */
static void
others(struct fleet *f)
{
	struct observation o = answer("ns1.ams.example");

	for (int64_t v = 1; v < 10; v++)
		see(f, v, ROOT4, &o);
}

static struct suspect_view
last_view(const struct fleet *f)
{
	assert_true(f->n_views > 0);
	return f->views[f->n_views - 1];
}

static struct observation
from_a_resolver(void)
{
	struct observation o = answer("cache.isp.example");

	o.dns.is_aa = false;
	o.dns.is_ra = true;
	return o;
}

static void
test_a_resolver_in_the_way(void **state)
{
	struct observation o = from_a_resolver();
	struct suspect_view v;
	struct fleet f;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 3; i++, f.at_us += MIN) {
		assert_int_equal(f.n_views, 0);
		others(&f);
		see(&f, 50, ROOT4, &o);
	}
	assert_int_equal(f.n_views, 1);
	v = last_view(&f);
	assert_int_equal(v.vantage_id, 50);
	assert_int_equal(v.target_id, targets[ROOT4].id);
	assert_true(v.is_intercepted);
	assert_int_equal(v.intercepted_since_us, f.at_us - MIN);
	assert_int_equal(v.score, 4);
	assert_false(suspect_counts(&v));
	assert_int_equal(f.n_signals, 2);
	/* It goes on: only told once a minute, as numbers. */
	for (unsigned i = 0; i < 10; i++, f.at_us += S)
		see(&f, 50, ROOT4, &o);
	assert_int_equal(f.n_signals, 2);
	suspects_tick(f.s, f.at_us);
	assert_int_equal(f.n_signals, 4);
	assert_int_equal(f.signals[3].signal.n, 13);
	assert_int_equal(f.n_views, 1);
	/* It ends a day after the last sign. */
	f.at_us += 23 * HOUR;
	suspects_tick(f.s, f.at_us);
	assert_int_equal(f.n_views, 1);
	f.at_us += HOUR;
	suspects_tick(f.s, f.at_us);
	v = last_view(&f);
	assert_int_equal(f.n_views, 2);
	assert_false(v.is_intercepted);
	assert_true(suspect_counts(&v));
	suspects_free(f.s);
}

/* Where everybody gets RA, the target is a resolver. */
static void
test_what_all_get_is_no_sign(void **state)
{
	struct observation o = answer("ns1.ams.example");
	struct fleet f;

	(void)state;
	begin(&f);
	o.dns.is_aa = false;
	o.dns.is_ra = true;
	for (unsigned i = 0; i < 20; i++, f.at_us += MIN) {
		for (int64_t v = 1; v < 10; v++)
			see(&f, v, ROOT4, &o);
	}
	suspects_flush(f.s, f.at_us);
	assert_int_equal(f.n_signals, 0);
	suspects_free(f.s);
}

/* A site that is ill answers SERVFAIL to many: usual.  One vantage alone that
 * gets REFUSED has a sign, worth two. */
static void
test_codes(void **state)
{
	struct observation ill = answer(NULL), refused = answer(NULL);
	struct fleet f;

	(void)state;
	begin(&f);
	ill.outcome = refused.outcome = OUTCOME_RCODE;
	ill.dns.is_aa = refused.dns.is_aa = false;
	ill.dns.rcode = 2;
	refused.dns.rcode = 5;
	for (unsigned i = 0; i < 6; i++, f.at_us += MIN) {
		others(&f);
		see(&f, 20, ROOT4, &ill);
		see(&f, 21, ROOT4, &ill);
		see(&f, 23, ROOT4, &ill);
		see(&f, 22, ROOT4, &refused);
	}
	suspects_flush(f.s, f.at_us);
	for (size_t i = 0; i < f.n_signals; i++) {
		/* The first two could not know that they are not alone. */
		T_CHECK(
		    f.signals[i].vantage_id == 22 || f.signals[i].signal.n <= 2,
		    "vantage %d", (int)f.signals[i].vantage_id);
	}
	assert_int_equal(last_view(&f).vantage_id, 22);
	assert_int_equal(last_view(&f).score, 2);
	assert_true(suspect_counts(&f.views[f.n_views - 1]));
	suspects_free(f.s);
}

static void
test_one_name_at_two_services(void **state)
{
	struct observation o = answer("box");
	struct fleet f;

	(void)state;
	begin(&f);
	see(&f, 50, ROOT4, &o);
	assert_int_equal(f.n_views, 0);
	see(&f, 50, TLD4, &o);
	assert_int_equal(f.n_views, 2);
	assert_true(f.views[0].is_intercepted && f.views[1].is_intercepted);
	assert_int_equal(f.views[0].target_id + f.views[1].target_id, 1 + 3);
	suspects_free(f.s);
}

static void
test_a_decoy(void **state)
{
	struct observation o = answer("ns1.ams.example");
	struct fleet f;

	(void)state;
	begin(&f);
	see(&f, 50, ROOT4, &o);
	o.why = WHY_DECOY;
	o.outcome = OUTCOME_TIMEOUT;
	see(&f, 50, DECOY, &o);
	assert_int_equal(f.n_signals, 0);
	o.outcome = OUTCOME_OK;
	see(&f, 50, DECOY, &o);
	assert_int_equal(f.n_signals, 1);
	assert_int_equal(f.signals[0].kind, SIGNAL_DECOY);
	assert_int_equal(f.signals[0].target_id, targets[DECOY].id);
	assert_int_equal(f.n_views, 1);
	assert_int_equal(f.views[0].target_id, targets[ROOT4].id);
	assert_true(f.views[0].is_intercepted);
	suspects_free(f.s);
}

/* Instances of a site are one place; sites by turns on one flow are not. */
static void
test_flows(void **state)
{
	struct observation one = answer("ns1.ams.example"),
			   two = answer("ns2.ams.example"),
			   fra = answer("ns1.fra.example");
	struct fleet f;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 20; i++, f.at_us += 10 * S)
		see(&f, 50, ROOT4, i % 2 ? &two : &one);
	assert_int_equal(f.n_views, 0);
	for (unsigned i = 0; i < 4; i++, f.at_us += 10 * S)
		see(&f, 50, ROOT4, i % 2 ? &one : &fra);
	assert_int_equal(last_view(&f).class, FLOWS_PER_PACKET);
	assert_false(suspect_counts(&f.views[f.n_views - 1]));
	/* By TCP and by other source ports it may be elsewhere. */
	fra.why = WHY_VARIED;
	for (unsigned i = 0; i < 6; i++, f.at_us += S) {
		see(&f, 51, ROOT4, &one);
		fra.dns.source_port = (uint16_t)(50000 + i);
		see(&f, 51, ROOT4, &fra);
	}
	assert_int_equal(last_view(&f).vantage_id, 51);
	assert_int_equal(last_view(&f).class, FLOWS_PER_FLOW);
	assert_true(suspect_counts(&f.views[f.n_views - 1]));
	suspects_free(f.s);
}

/* A way of routers with the target at its end, from TTL first on. */
static struct observation
traced(enum proto proto, uint8_t first, uint8_t end, bool is_answered)
{
	struct observation o = { .kind = KIND_TRACE,
		.why = proto == PROTO_UDP ? WHY_CONFIRM : WHY_VARIED,
		.proto = proto,
		.target = targets[ROOT4].address };

	for (uint8_t ttl = first; ttl <= end; ttl++) {
		struct hop *h = &o.trace.hops[o.trace.n_hops++];

		h->ttl = ttl;
		h->address = (struct addr){ 4, { 10, 0, 0, ttl } };
		h->is_target = is_answered && ttl == end;
		if (h->is_target)
			h->address = o.target;
	}
	if (proto == PROTO_UDP)
		identity_set(&o.trace.nsid, "cache.isp.example", 17);
	return o;
}

/* As soon as the traces are there. */
static void
test_the_place_is_told_at_once(void **state)
{
	struct observation o = from_a_resolver();
	struct observation dns = traced(PROTO_UDP, 1, 3, true);
	struct observation icmp = traced(PROTO_ICMP, 1, 4, true);
	struct observation narrow = traced(PROTO_PLAIN, 2, 3, false);
	struct observation other_flow = traced(PROTO_UDP, 1, 4, true);
	struct fleet f;

	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 3; i++, f.at_us += S) {
		others(&f);
		see(&f, 50, ROOT4, &o);
	}
	assert_int_equal(last_view(&f).place.doubt, LOCATE_FEW);
	see(&f, 50, ROOT4, &icmp);
	other_flow.why = WHY_VARIED;
	see(&f, 50, ROOT4, &other_flow);
	for (unsigned i = 0; i < 3; i++, f.at_us += S)
		see(&f, 50, ROOT4, &dns);
	assert_int_equal(last_view(&f).place.ttl, 3);
	assert_int_equal(last_view(&f).place.hop.family, 0);
	for (unsigned i = 0; i < 3; i++, f.at_us += S)
		see(&f, 50, ROOT4, &narrow);
	assert_int_equal(last_view(&f).place.hop.bytes[3], 3);
	assert_int_equal(last_view(&f).place.doubt, LOCATE_SURE);
	/* Once the target has answered again, it may be another's. */
	o = answer("ns1.ams.example");
	see(&f, 50, ROOT4, &o);
	suspects_flush(f.s, f.at_us);
	assert_true(last_view(&f).is_intercepted);
	assert_int_equal(last_view(&f).place.ttl, 0);
	suspects_free(f.s);
}

/* A collector that has just begun does not know yet that the target is
 * authoritative: such an answer is no change of who answers. */
static void
test_the_place_outlives_a_restart(void **state)
{
	const struct suspect_view old = { .vantage_id = 50,
		.target_id = 1,
		.is_intercepted = true,
		.score = 4,
		.place = { 3, { 4, { 10, 0, 0, 3 } }, LOCATE_SURE } };
	const struct suspect_signal sign = { .vantage_id = 50,
		.target_id = 1,
		.kind = SIGNAL_FLAGS,
		.signal = { .n = 9, .first_us = 900 * S, .last_us = 999 * S } };
	struct observation o = from_a_resolver();
	struct fleet f;

	(void)state;
	o.dns.nsid.is_present = false;
	begin(&f);
	suspects_restore_signal(f.s, &sign);
	suspects_restore_view(f.s, &old);
	for (unsigned i = 0; i < 3; i++, f.at_us += S) {
		see(&f, 50, ROOT4, &o);
		others(&f);
	}
	suspects_flush(f.s, f.at_us);
	if (f.n_views > 0) {
		assert_int_equal(last_view(&f).place.ttl, 3);
		assert_int_equal(last_view(&f).place.doubt, LOCATE_SURE);
	}
	assert_true(f.n_signals > 0);
	suspects_free(f.s);
}

static void
test_a_restart_goes_on(void **state)
{
	struct observation o = from_a_resolver();
	struct fleet a, b;

	(void)state;
	begin(&a);
	for (unsigned i = 0; i < 4; i++, a.at_us += MIN) {
		others(&a);
		see(&a, 50, ROOT4, &o);
	}
	suspects_flush(a.s, a.at_us);
	begin(&b);
	for (size_t i = 0; i < a.n_signals; i++)
		suspects_restore_signal(b.s, &a.signals[i]);
	a.views[0].class = FLOWS_PER_PACKET;
	suspects_restore_view(b.s, &a.views[0]);
	suspects_flush(b.s, a.at_us);
	assert_int_equal(b.n_views + b.n_signals, 0);
	/* The next sign adds to the numbers, and the class stays. */
	b.at_us = a.at_us;
	others(&b);
	see(&b, 50, ROOT4, &o);
	suspects_flush(b.s, b.at_us);
	assert_true(b.n_signals > 0);
	assert_int_equal(b.signals[0].signal.n, 5);
	suspects_tick(b.s, b.at_us + 25 * HOUR);
	assert_false(last_view(&b).is_intercepted);
	assert_int_equal(last_view(&b).class, FLOWS_PER_PACKET);
	suspects_free(a.s);
	suspects_free(b.s);
}

/* Rows of targets that are gone, and signals this program does not know. */
static void
test_foreign_rows_are_left_out(void **state)
{
	struct suspect_view v = {
		.vantage_id = 1, .target_id = 99, .is_intercepted = true
	};
	struct suspect_signal s = { .vantage_id = 1,
		.target_id = 1,
		.kind = SIGNAL_DECOY,
		.signal = { .n = 9 } };
	struct fleet f;

	(void)state;
	begin(&f);
	suspects_restore_view(f.s, &v);
	suspects_restore_signal(f.s, &s);
	s.target_id = 99;
	suspects_restore_signal(f.s, &s);
	s = (struct suspect_signal){ .vantage_id = 1, .target_id = 1 };
	suspects_restore_signal(f.s, &s);
	suspects_flush(f.s, 1000 * S);
	assert_int_equal(f.n_views + f.n_signals, 0);
	suspects_free(f.s);
	suspects_free(NULL);
}

static void
test_standing(void **state)
{
	static const struct {
		const char *nsid, *txt;
		enum standing want;
	} cases[] = {
		{ NULL, NULL, STANDING_NONE },
		{ "", NULL, STANDING_NONE },
		{ "ns1.ams.example", NULL, STANDING_KNOWN },
		{ "ns1.zrh.example", NULL, STANDING_KNOWN },
		{ "box", NULL, STANDING_FOREIGN },
		{ "543m151", "ns1.ams.example", STANDING_KNOWN },
		{ NULL, "ns1.ams.example", STANDING_KNOWN },
		{ "box", "box", STANDING_FOREIGN },
		{ NULL, "box", STANDING_FOREIGN },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct observation o = answer(cases[i].nsid);

		if (cases[i].txt != NULL) {
			o.dns.chaos.is_asked = true;
			identity_set(&o.dns.chaos.txt, cases[i].txt,
			    strlen(cases[i].txt));
		}
		T_CHECK(interpret_standing(&list[0], &o) == cases[i].want,
		    "case %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_resolver_in_the_way),
		cmocka_unit_test(test_what_all_get_is_no_sign),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_one_name_at_two_services),
		cmocka_unit_test(test_a_decoy),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_the_place_is_told_at_once),
		cmocka_unit_test(test_the_place_outlives_a_restart),
		cmocka_unit_test(test_a_restart_goes_on),
		cmocka_unit_test(test_foreign_rows_are_left_out),
		cmocka_unit_test(test_standing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
