/* forecast.c - see forecast.h. */
#include "collector/forecast.h"

#include "schema/base/clock.h"

#define LEAST_US (3600 * US_PER_S)
#define LEAST_ROWS 10000
#define YEAR_US (INT64_C(365) * 86400 * US_PER_S)

/* Bytes of statistics for each observation in them, by five minutes and by
 * hours: measured on a day of 1,800 series of a question a minute. */
#define DETAILS_BYTES 3.0
#define HOURS_BYTES 0.42

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How much of what is kept for ever comes in a microsecond. */
static double
lasting_pace(const struct forecast_from *f)
{
	int64_t age_us = f->now_us - f->lasting_since_us;
	double pace =
	    age_us > 0 ? (double)f->lasting_bytes / (double)age_us : 0;

	if (f->keep_details_us > 0)
		pace += f->per_second / (double)US_PER_S * HOURS_BYTES;
	return pace;
}

/* What n observations take, the newest of them not packed. */
static double
packing(const struct forecast_from *f, double n)
{
	double each = (double)f->packed_bytes / (double)f->n_packed;
	double n_raw = (double)(f->n_observations - f->n_packed);

	if (n < n_raw)
		n_raw = n;
	return n_raw * f->raw_bytes + (n - n_raw) * each;
}

/* The observations, once there are n of them, as large as they are now. */
static double
observations(const struct forecast_from *f, double n)
{
	double now = (double)(f->used_bytes - f->lasting_bytes);

	if (f->keep_details_us > 0)
		now -= DETAILS_BYTES * (double)f->n_observations;
	if (f->n_packed == 0)
		return (now > 0 ? now : 0) * n / (double)f->n_observations;
	return now + packing(f, n) - packing(f, (double)f->n_observations);
}

static double
details(const struct forecast_from *f, int64_t age_us)
{
	return f->per_second / (double)US_PER_S * DETAILS_BYTES *
	       (double)lesser(age_us, f->keep_details_us);
}

struct forecast
forecast_of(const struct forecast_from *f)
{
	int64_t age_us = f->now_us - f->oldest_us;
	double pace = lasting_pace(f), raw, lasting = (double)f->lasting_bytes;
	struct forecast out = { .full_us = f->oldest_us + f->keep_us };

	if (f->keep_us <= 0 || age_us < LEAST_US ||
	    f->n_observations < LEAST_ROWS)
		return out;
	if (out.full_us < f->now_us)
		out.full_us = f->now_us;
	raw = observations(
	    f, f->per_second * (double)f->keep_us / (double)US_PER_S);
	out.full_bytes =
	    (int64_t)(raw + lasting + details(f, out.full_us - f->oldest_us) +
		      pace * (double)(out.full_us - f->now_us));
	out.year_bytes = (int64_t)(raw + lasting + details(f, YEAR_US) +
				   pace * (double)YEAR_US);
	out.is_known = true;
	return out;
}
