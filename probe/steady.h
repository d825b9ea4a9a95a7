/*
 * steady.h - one answer out of many: how often must it be repeated?   (pure)
 *
 * Uses     schema/site_report.h
 * Used by  probe/site
 *
 * One lost packet is no failure of a service.  A no counts after so many in a
 * row (fall), a yes after so many (rise); that nobody knows counts at once.
 */
#ifndef PROBE_STEADY_H
#define PROBE_STEADY_H

#include <stdint.h>

#include "schema/site_report.h"

struct steady {
	enum said said;         /* what counts; SAID_NOTHING at first */
	enum said next;         /* what was heard last, */
	unsigned n;             /* so often in a row, */
	int64_t since_us;       /* since when what counts is so */
	int64_t next_since_us;  /* since when it was heard */
	char why[SITE_WHY_LEN]; /* of what counts */
};

/* Hears an answer at now_us (a monotonic time).  Before the first yes or no
 * counts, the answer is unknown. */
void steady_hear(struct steady *s, const struct site_answer *a, unsigned fall,
    unsigned rise, int64_t now_us);

/* What counts, with its age. */
struct site_answer steady_answer(const struct steady *s, int64_t now_us);

#endif
