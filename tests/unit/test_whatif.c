/* test_whatif.c - where a site's vantages would go, by where they went. */
#include "collector/whatif.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/check.h"

enum { AMS = 1, NYC, SIN, GONE };

static const char *const sites[] = { "", "ams", "nyc", "sin", "gone" };

static struct landed
stay(int64_t vantage, int site, const char *state, int64_t asn,
    const char *country)
{
	struct landed l = { .vantage_id = vantage,
		.target_id = 1,
		.site_id = site,
		.family = 4,
		.is_trusted = true,
		.asn = asn };

	strcpy(l.service, "root");
	strcpy(l.site, sites[site]);
	strcpy(l.state, state);
	strcpy(l.country, country);
	return l;
}

static bool
may_take(void *ctx, int64_t site_id)
{
	(void)ctx;
	return site_id != GONE;
}

static struct whatif
ask(struct landed *now, size_t n_now, struct landed *journal, size_t n)
{
	struct landed_list a = { n_now, now }, b = { n, journal };
	struct whatif w;

	whatif_ask(&w, AMS, &a, &b, may_take, NULL);
	return w;
}

static void
check_answer(
    const struct whatif *w, size_t i, int64_t to, enum whatif_basis basis)
{
	T_CHECK(w->list[i].to_site_id == to && w->list[i].basis == basis,
	    "answer %zu: %s by %s", i,
	    w->list[i].to != NULL ? w->list[i].to : "nowhere",
	    whatif_basis_name(w->list[i].basis));
}

static void
the_nearest_experience_decides(void **state)
{
	struct landed journal[] = {
		/* 1 went to nyc, over a dark time, and later to sin */
		stay(1, AMS, "stable", 10, "DE"),
		stay(1, AMS, "dark", 10, "DE"),
		stay(1, NYC, "stable", 10, "DE"),
		stay(1, AMS, "stable", 10, "DE"),
		stay(1, SIN, "stable", 10, "DE"),
		stay(1, AMS, "stable", 10, "DE"),
		/* 2 and 3 went to nyc */
		stay(2, AMS, "stable", 20, "DE"),
		stay(2, NYC, "stable", 20, "DE"),
		stay(3, AMS, "stable", 30, "FR"),
		stay(3, NYC, "stable", 30, "FR"),
	};
	struct landed now[] = {
		stay(1, AMS, "stable", 10, "DE"), /* itself, the last time */
		stay(5, AMS, "stable", 20, "US"), /* as AS 20 did */
		stay(6, AMS, "stable", 99, "FR"), /* as its country did */
		stay(7, AMS, "stable", 0, ""),    /* as most did */
		stay(8, NYC, "stable", 20, "US"), /* not there */
		stay(9, AMS, "dark", 20, "US"),
	};
	struct whatif w = ask(now, T_LEN(now), journal, T_LEN(journal));

	(void)state;
	assert_int_equal(w.n_moves, 3);
	assert_int_equal(w.n, 4);
	check_answer(&w, 0, SIN, WHATIF_ITSELF);
	check_answer(&w, 1, NYC, WHATIF_AS);
	check_answer(&w, 2, NYC, WHATIF_COUNTRY);
	check_answer(&w, 3, NYC, WHATIF_ANYBODY);
	whatif_fini(&w);
}

static void
nothing_is_guessed(void **state)
{
	struct landed v6 = stay(4, NYC, "stable", 10, "DE"),
		      v6_before = stay(4, AMS, "stable", 10, "DE");
	struct landed liar = stay(3, NYC, "stable", 10, "DE");
	struct landed journal[] = {
		stay(1, AMS, "stable", 10, "DE"),
		stay(1, GONE, "stable", 10, "DE"), /* withdrawn by now */
		stay(2, AMS, "stable", 10, "DE"),
		stay(2, AMS, "unknown", 10, "DE"),
		stay(3, AMS, "stable", 10, "DE"),
		liar,
		v6_before,
		v6,
	};
	struct landed now[] = { stay(1, AMS, "stable", 10, "DE") };
	struct whatif w;

	(void)state;
	journal[5].is_trusted = false;
	journal[6].family = journal[7].family = 6;
	w = ask(now, T_LEN(now), journal, T_LEN(journal));
	assert_int_equal(w.n, 1);
	check_answer(&w, 0, 0, WHATIF_UNKNOWN);
	whatif_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_experience_decides),
		cmocka_unit_test(nothing_is_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
