/*
 * detect_blackhole.h - a site that attracts and does not answer.     (pure)
 *
 * Uses     collector/detect_part.h, quorum.h
 * Used by  detect_part (the table), detect_fold, detect_suspected
 *
 * Dark vantages (landing.h) are counted as networks at the site where they
 * last landed.  Open when
 *
 *   half          three or more networks, and half of those at the site, are
 *                 dark, or,
 *   small_site    of a site that fewer than six see, two or more and 60 %, or
 *   together      three or more, and a tenth of those at the site, went dark
 *                 within two periods and a minute: a part of the site, or of
 *                 the way to it; one degree less severe.  While questions
 *                 to other sites are lost too, more are asked for: as many
 *                 as loss alone does not give (quorum.h).
 *
 * Resolved when half of the networks that voted have answered for a
 * while, from any site, and it would not open again: so it cannot flutter.
 * Votes of vantages that fell silent themselves are withdrawn.
 *
 * When every site of a service goes dark at once, each site that has the
 * votes has its own event.
 */
#ifndef COLLECTOR_DETECT_BLACKHOLE_H
#define COLLECTOR_DETECT_BLACKHOLE_H

#include "collector/detect_part.h"

/* Networks at a site, and how many each rule asks for. */
struct darkness {
	size_t service;
	int64_t site_id;
	size_t n_dark, n_all;
	size_t n_together;   /* of the dark: began within a window */
	size_t n_quorum;     /* for these; 0: far too few for one */
	size_t needed_half;  /* of the dark */
	size_t needed_small; /* the same, of a small site; 0: it is none */
	const char *rule;    /* NULL: too few to open one */
};
struct darkness
blackhole_look(struct detect *d, size_t service, int64_t site_id);

/* Is it one of the dark?  Of q: now_us, site_id. */
bool blackhole_is_dark(const struct track *t, const struct track_query *q);

/* Are at least as many dark there as any rule asks for, which all of them do
 * before networks are counted? */
bool
blackhole_are_dark(const struct detect *d, size_t service, int64_t site_id);

/* Counts again, for every site of the service: some vantage went dark, or
 * answered again, or time has passed. */
void blackhole_count(struct detect *d, size_t service);

extern const struct detect_part blackhole_part; /* counts on each tick */

#endif
