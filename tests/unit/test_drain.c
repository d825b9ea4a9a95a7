/* test_drain.c - which moves a drain explains, and what became of it. */
#include "collector/drain_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/drain_report.h"
#include "collector/drains.h"
#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define AMS 1
#define FRA 2
#define NRT 3
#define T0 (INT64_C(1800000000) * US_PER_S)
#define MINUTE (60 * US_PER_S)

static void
moves_away_while_it_lasts_and_back_afterwards_are_explained(void **state)
{
	static const struct {
		int64_t from, to, at_us;
		bool is_explained;
	} cases[] = {
		{ AMS, FRA, T0 - MINUTE, false },
		{ AMS, FRA, T0 + MINUTE, true },
		{ AMS, NRT, T0 + 9 * MINUTE, true },
		{ FRA, AMS, T0 + MINUTE, false }, /* into a drained site */
		{ FRA, NRT, T0 + MINUTE, false },
		{ FRA, AMS, T0 + 11 * MINUTE, true },
		{ AMS, FRA, T0 + 11 * MINUTE, false },
		{ FRA, AMS, T0 + 71 * MINUTE, false },
	};
	struct drains d = { 0 };
	struct drain x = { .id = 7, .site_id = AMS, .since_us = T0 };

	(void)state;
	drains_hear(&d, &x);
	assert_true(drain_end_us(&x) == INT64_MAX);
	assert_non_null(drains_at(&d, AMS, T0 + 100 * 86400 * US_PER_S));
	assert_null(drains_at(&d, FRA, T0 + MINUTE));
	x.ended_us = T0 + 10 * MINUTE;
	drains_hear(&d, &x); /* the same one, undone */
	assert_int_equal(d.n, 1);
	assert_null(drains_at(&d, AMS, T0 + 10 * MINUTE));
	for (size_t i = 0; i < T_LEN(cases); i++) {
		const struct drain *found = drains_explain(
		    &d, cases[i].from, cases[i].to, cases[i].at_us);

		T_CHECK(
		    (found != NULL) == cases[i].is_explained, "case %zu", i);
	}
	drains_fini(&d);
}

static void
a_drain_ends_by_itself_or_earlier(void **state)
{
	struct drain x = { .since_us = T0, .until_us = T0 + 10 * MINUTE };

	(void)state;
	assert_int_equal(drain_end_us(&x), T0 + 10 * MINUTE);
	x.ended_us = T0 + 5 * MINUTE;
	assert_int_equal(drain_end_us(&x), T0 + 5 * MINUTE);
	x.ended_us = T0 + 15 * MINUTE;
	assert_int_equal(drain_end_us(&x), T0 + 10 * MINUTE);
}

/* ---- a fleet of six vantages, four of them on ams ---- */

#define N 6

struct fleet {
	struct landed before[N], now[N];
	struct landed_list lists[2];
	struct drain_step last[2], moved[N], back[N];
	struct drain_step_list steps[3];
	struct drain drain;
};

static void
land(struct landed *l, int64_t id, const char *site)
{
	*l = (struct landed){ .vantage_id = id,
		.target_id = 1,
		.family = 4,
		.is_trusted = id != 6,
		.asn = id == 2 ? 101 : 100 + id }; /* 1 and 2 in one AS */
	snprintf(l->probe, sizeof l->probe, "p%d", (int)id);
	snprintf(l->probe_id, sizeof l->probe_id, "%016d", (int)id);
	snprintf(l->state, sizeof l->state, "%s",
	    site[0] == '\0' ? "dark" : "stable");
	snprintf(l->site, sizeof l->site, "%s", site);
}

static void
step(struct drain_step_list *list, struct drain_step *rows, int64_t id,
    int64_t at_us, const char *site)
{
	struct drain_step *s = &rows[list->n++];

	list->rows = rows;
	*s = (struct drain_step){
		.vantage_id = id, .target_id = 1, .at_us = at_us
	};
	snprintf(s->site, sizeof s->site, "%s", site);
}

static void
make_fleet(struct fleet *f, const char *const *now)
{
	static const char *const before[N] = { "ams", "ams", "ams", "ams",
		"fra", "ams" };

	*f = (struct fleet){ .drain = {
				 .id = 7, .site_id = AMS, .since_us = T0 } };
	for (size_t i = 0; i < N; i++) {
		land(&f->before[i], (int64_t)i + 1, before[i]);
		land(&f->now[i], (int64_t)i + 1, now[i]);
	}
	f->lists[0] = (struct landed_list){ N, f->before };
	f->lists[1] = (struct landed_list){ N, f->now };
	step(&f->steps[0], f->last, 1, T0 - MINUTE, "nrt");
	step(&f->steps[0], f->last, 2, T0 - MINUTE, "fra");
}

static struct drain_facts
facts(const struct fleet *f)
{
	return (struct drain_facts){ .site = "ams",
		.drain = &f->drain,
		.before = &f->lists[0],
		.now = &f->lists[1],
		.last = &f->steps[0],
		.moved = &f->steps[1],
		.back = &f->steps[2] };
}

static const struct drain_destination *
destination(const struct drain_view *v, const char *site)
{
	for (size_t i = 0; i < v->n_destinations; i++)
		if (strcmp(v->destinations[i].site, site) == 0)
			return &v->destinations[i];
	T_CHECK(false, "no destination %s", site);
	return NULL;
}

static void
the_journal_and_then_the_spread_say_what_to_expect(void **state)
{
	static const char *const now[N] = { "ams", "ams", "ams", "ams", "fra",
		"ams" };
	struct fleet *fleet = malloc(sizeof *fleet);
	struct drain_facts f;
	struct drain_view v;

	(void)state;
	make_fleet(fleet, now);
	f = facts(fleet);
	f.drain = NULL; /* not begun */
	drain_view_make(&v, &f);
	assert_int_equal(v.n, 4); /* the quarantined one does not count */
	assert_int_equal(v.n_asns, 3);
	assert_int_equal(v.n_by_journal, 2);
	assert_int_equal(v.n_networks, 3);
	assert_int_equal(v.networks[0].asn, 101); /* the largest */
	assert_int_equal(v.networks[0].n_vantages, 2);
	/* One of four went to nrt, one to fra; two go where the others are. */
	assert_true(destination(&v, "nrt")->expected == 0.25);
	assert_true(destination(&v, "fra")->expected == 0.75);
	drain_view_fini(&v);
	free(fleet);
}

static void
who_left_and_who_did_not_is_counted(void **state)
{
	static const char *const now[N] = { "nrt", "fra", "ams", "", "fra",
		"fra" };
	const struct drain_share expected[] = { { "nrt", 1.0 } };
	struct drain_about about = {
		.service = "s", .site = "ams", .now_us = T0 + MINUTE
	};
	struct fleet *fleet = malloc(sizeof *fleet);
	struct drain_facts f;
	struct drain_view v;
	char *text = NULL;
	size_t len;
	FILE *to;

	(void)state;
	make_fleet(fleet, now);
	step(&fleet->steps[1], fleet->moved, 1, T0 + 10 * US_PER_S, "nrt");
	step(&fleet->steps[1], fleet->moved, 2, T0 + 30 * US_PER_S, "fra");
	f = facts(fleet);
	f.n_expected = 1;
	f.expected = expected;
	drain_view_make(&v, &f);
	assert_int_equal(v.n_left, 2);
	assert_int_equal(v.n_staying, 1);
	assert_int_equal(v.networks[0].n_left, 2);
	assert_int_equal(v.networks[1].n_left, 0);
	assert_int_equal(v.last_us, 30 * US_PER_S);
	assert_true(destination(&v, "nrt")->expected == 1.0);
	assert_int_equal(destination(&v, "fra")->n_vantages, 1);
	about.drain = &fleet->drain;
	to = open_memstream(&text, &len);
	drain_print(&about, &v, to);
	fclose(to);
	assert_non_null(strstr(text, "2 of 4 have left"));
	assert_non_null(strstr(text, "still there: p3/4 (AS103)\n"));
	assert_non_null(strstr(text, "dark: p4/4 (AS104)\n"));
	free(text);
	drain_view_fini(&v);
	free(fleet);
}

static void
who_came_back_and_how_alike_it_is_are_told(void **state)
{
	static const char *const now[N] = { "ams", "fra", "ams", "ams", "fra",
		"ams" };
	struct drain_about about = { .service = "s",
		.site = "ams",
		.is_over = true,
		.now_us = T0 + 20 * MINUTE };
	struct fleet *fleet = malloc(sizeof *fleet);
	struct drain_facts f;
	struct drain_view v;
	json_t *json;

	(void)state;
	make_fleet(fleet, now);
	fleet->drain.ended_us = T0 + 10 * MINUTE;
	step(&fleet->steps[1], fleet->moved, 1, T0 - US_PER_S, "nrt");
	step(&fleet->steps[1], fleet->moved, 2, T0 + US_PER_S, "fra");
	step(&fleet->steps[2], fleet->back, 1, T0 + 11 * MINUTE, "ams");
	step(&fleet->steps[2], fleet->back, 3, T0 + 11 * MINUTE, "ams");
	f = facts(fleet);
	drain_view_make(&v, &f);
	assert_int_equal(v.n_left, 2);
	assert_int_equal(v.n_back, 1); /* the third had never left */
	assert_int_equal(v.list[0].left_after_us, 0); /* a clock was off */
	assert_int_equal(v.list[0].back_after_us, MINUTE);
	assert_int_equal(v.n_known, 5);
	assert_true(v.similarity == 0.8);
	about.drain = &fleet->drain;
	json = drain_json(&about, &v);
	assert_string_equal(
	    json_string_value(json_object_get(json, "state")), "over");
	assert_int_equal(
	    json_integer_value(json_object_get(json, "n_returned")), 1);
	assert_string_equal(
	    json_string_value(json_object_get(
		json_array_get(json_object_get(json, "vantages"), 1), "state")),
	    "moved");
	json_decref(json);
	drain_view_fini(&v);
	free(fleet);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    moves_away_while_it_lasts_and_back_afterwards_are_explained),
		cmocka_unit_test(a_drain_ends_by_itself_or_earlier),
		cmocka_unit_test(
		    the_journal_and_then_the_spread_say_what_to_expect),
		cmocka_unit_test(who_left_and_who_did_not_is_counted),
		cmocka_unit_test(who_came_back_and_how_alike_it_is_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
