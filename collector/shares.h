/*
 * shares.h - how many vantages landed where, moment by moment.       (pure)
 *
 * Used by  shares_report
 */
#ifndef COLLECTOR_SHARES_H
#define COLLECTOR_SHARES_H

#include <stddef.h>
#include <stdint.h>

#include "collector/service.h"
#include "schema/base/err.h"

#define SHARES_MOMENTS_MAX 2000

struct share_group {
	char service[NAME_MAX_LEN + 1];
	char group[NAME_MAX_LEN + 3]; /* a site, or a state in parentheses */
	int64_t *n;                   /* of each moment */
};

struct shares {
	int64_t first_us, step_us; /* of the moments; the last is until_us */
	size_t n_moments, n_groups;
	struct share_group *groups; /* in the order that they came */
};

/* The moments from since_us on, the last at until_us; step_us 0: one that gives
 * some hundreds.  Release with shares_fini.  RC_RANGE: no time at all, a step
 * below a second, more than SHARES_MOMENTS_MAX moments. */
MUST_USE enum rc shares_init(struct shares *s, int64_t since_us,
    int64_t until_us, int64_t step_us, struct err *err);
void shares_fini(struct shares *s);

/* Counts one in a group at the moments from since_us up to before until_us. */
void shares_add(struct shares *s, const char *service, const char *group,
    int64_t since_us, int64_t until_us);

/* How many of a service landed at a moment: those of groups that are sites. */
int64_t shares_n_landed(const struct shares *s, const char *service, size_t i);

#endif
