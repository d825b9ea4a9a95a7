/*
 * story.h - an Internet to which things happen, and what must be told. (pure)
 *
 * Uses     internet.h, theory.h, collector/detect.h (kinds)
 * Used by  scenario (tells them), play, score
 *
 * A label is a true cause: an event of its kind and site must come between its
 * two times, or (is_must false) may come; no other may, of the kinds that are
 * scored.
 */
#ifndef SIMULATE_STORY_H
#define SIMULATE_STORY_H

#include "collector/detect.h"
#include "internet.h"
#include "theory.h"

#define STORY_LABELS 32
#define STORY_SERVICE_ID 1

struct label {
	enum event_kind kind;
	int64_t site_id;         /* 0: whichever */
	int64_t or_site_id;      /* ... or this one; 0: no other */
	const char *verdict;     /* NULL: whichever */
	int64_t at_us, until_us; /* the cause; the last moment to detect it */
	bool is_must;
	double minimum_s, formula_s; /* theory.h; of those that must */
};

struct story {
	struct internet net;
	const char *name;
	uint64_t seed;
	struct internet_plan plan;
	uint64_t random; /* what happens, apart from what is answered */
	struct label labels[STORY_LABELS];
	size_t n_labels;
};

/* Seconds that the routes of one network take on average, and how long the
 * slowest. */
#define STORY_CONVERGE_S 6.0
#define STORY_CONVERGE_MAX_S 60.0

/* Some vantages, as networks. */
struct crowd {
	size_t n_vantages, n_asns;
	unsigned of_asn[THEORY_NETWORKS]; /* vantages of each network */
};

void crowd_add(struct crowd *c, const struct story *s, size_t vantage);

/* Vantages that land at a site and count (no flappers, no liars).  family 0:
 * both. */
struct crowd story_at_site(const struct story *s, size_t site, int family);

/* Time passes. */
void story_run(struct story *s, double seconds);
int64_t story_now_us(const struct story *s);

/* Routes change: everybody goes where his preference is now, each network at
 * a time of its own; some by way of a third site.  Only of the family, unless
 * it is 0.  Gives who moves away from or to the site. */
struct crowd story_converge(struct story *s, size_t site, int family);

/* A share of the networks at a site goes to their next one, as after a
 * prepend.  Gives them. */
struct crowd story_push(struct story *s, size_t site, double share);

/* The site's packets are lost on the way of the networks that are chosen: a
 * share of those that land there, or all behind one upstream. */
struct crowd story_darken(struct story *s, size_t site, double share);
struct crowd story_darken_upstream(struct story *s, size_t site);
void story_lighten(struct story *s, size_t site);

/* Labels, with the cause now.  moved: who; before: who was at the site. */
struct label *
story_must(struct story *s, enum event_kind kind, size_t site, double within_s);
void story_may(struct story *s, enum event_kind kind, int64_t site_id);
void story_expect_shift(struct story *s, size_t site, const struct crowd *moved,
    const struct crowd *before, bool is_announced);
void story_expect_blackhole(struct story *s, size_t site,
    const struct crowd *dark, const struct crowd *before);
/* After k of the networks know, and hold_s. */
void story_expect_mismatch(struct story *s, size_t site, const char *verdict,
    const struct crowd *who, size_t k, double confirm_s, double upload_s,
    double hold_s);

#endif
