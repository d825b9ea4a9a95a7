/* forecast.c - see forecast.h. */
#include "collector/forecast.h"

#include "schema/base/clock.h"

#define LEAST_US (3600 * US_PER_S)
#define LEAST_ROWS 10000
#define YEAR_US (INT64_C(365) * 86400 * US_PER_S)

/* What is kept for ever, and how much of it comes in a microsecond. */
static double
lasting_pace(const struct forecast_from *f)
{
	int64_t age_us = f->now_us - f->lasting_since_us;

	return age_us > 0 ? (double)f->lasting_bytes / (double)age_us : 0;
}

struct forecast
forecast_of(const struct forecast_from *f)
{
	int64_t age_us = f->now_us - f->oldest_us;
	double passing = (double)(f->used_bytes - f->lasting_bytes);
	double pace = lasting_pace(f), n_full;
	struct forecast out = { .full_us = f->oldest_us + f->keep_us };

	if (f->keep_us <= 0 || age_us < LEAST_US ||
	    f->n_observations < LEAST_ROWS)
		return out;
	if (out.full_us < f->now_us)
		out.full_us = f->now_us;
	n_full = f->per_second * (double)f->keep_us / (double)US_PER_S;
	passing *= n_full / (double)f->n_observations;
	out.full_bytes = (int64_t)(passing + (double)f->lasting_bytes +
				   pace * (double)(out.full_us - f->now_us));
	out.year_bytes = (int64_t)(passing + (double)f->lasting_bytes +
				   pace * (double)YEAR_US);
	out.is_known = true;
	return out;
}
