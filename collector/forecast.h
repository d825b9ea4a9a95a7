/*
 * forecast.h - how large the database will be.                       (pure)
 *
 * Used by  status
 *
 * Observations come in and go out with age, so the file grows until the oldest
 * is as old as it may be, in proportion to how many are there; what is kept for
 * ever goes on growing, at the pace so far.
 */
#ifndef COLLECTOR_FORECAST_H
#define COLLECTOR_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

struct forecast_from {
	int64_t now_us;
	int64_t used_bytes; /* pages in use */
	int64_t n_observations, oldest_us;
	double per_second;       /* observations, of late */
	int64_t keep_us;         /* 0: not known */
	int64_t keep_details_us; /* statistics by five minutes; 0: none */
	int64_t lasting_bytes;   /* of landings, kept for ever */
	int64_t lasting_since_us;
	/* Observations that are packed, and what they and one that is not take;
	 * the others become packed as old as they are now. */
	int64_t n_packed, packed_bytes;
	double raw_bytes;
};

struct forecast {
	bool is_known;
	int64_t full_us;    /* when observations begin to go; now: they do */
	int64_t full_bytes; /* the database then */
	int64_t year_bytes; /* in a year */
};

/* Not known: less than an hour, or ten thousand observations, to go by. */
struct forecast forecast_of(const struct forecast_from *from);

#endif
