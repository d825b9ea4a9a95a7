/*
 * drain_view.h - what a drain is expected to do, and what it did.     (pure)
 *
 * Uses     collector/store_report.h, store_drain.h (rows)
 * Used by  the subcommand drain
 *
 * Those who were on the site when the drain began (before it: who are on it),
 * one by one and in sum.  Quarantined vantages are left out.
 */
#ifndef COLLECTOR_DRAIN_VIEW_H
#define COLLECTOR_DRAIN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store_drain.h"
#include "collector/store_report.h"

/* A site's share of those who leave: 0 to 1. */
struct drain_share {
	char site[NAME_MAX_LEN + 1];
	double share;
};

/* Steps are the first time that a vantage was seen elsewhere since the drain began
 * (moved), or at home since it ended (back), or where it went the last time
 * that it left the site. */
struct drain_facts {
	const char *site;
	const struct drain *drain;              /* NULL: not begun */
	const struct landed_list *before, *now; /* of the service */
	const struct drain_step_list *last, *moved, *back;
	size_t n_expected; /* 0: the operator did not say */
	const struct drain_share *expected;
};

struct drained {
	const struct landed *before, *now; /* lent; now: NULL when unknown */
	const char
	    *expected; /* where the journal has it go; NULL: it has not */
	bool has_left, is_back; /* at least once */
	int64_t left_after_us, back_after_us;
};

struct drain_destination {
	const char *site;
	double expected;           /* share of those who leave; 0 to 1 */
	size_t n_vantages, n_asns; /* there now, of those who were drained */
};

struct drain_network { /* an origin AS with vantages on the site */
	int64_t asn;   /* 0: those of which none is known, together */
	size_t n_vantages, n_left;
};

struct drain_view {
	size_t n;
	struct drained *list;
	size_t n_networks; /* the largest first */
	struct drain_network *networks;
	size_t n_destinations;
	struct drain_destination *destinations;
	size_t n_asns, n_left, n_staying, n_back, n_known;
	size_t n_by_journal;        /* whose way the journal knows */
	int64_t median_us, last_us; /* of leaving, since the beginning */
	bool has_similarity;
	double similarity; /* of all landings then and now; 0 to 1 */
};

/* Gives *out, which lends what f names: release with drain_view_fini. */
void drain_view_make(struct drain_view *out, const struct drain_facts *f);
void drain_view_fini(struct drain_view *v);

/* Is it a landing at that site? */
bool landed_is_at(const struct landed *l, const char *site);

#endif
