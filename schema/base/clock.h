/*
 * clock.h - the only door to the system's clocks.                    (edge)
 *
 * Used by  wiring and edges; pure code is handed its time
 *
 * All times are int64_t microseconds: *_at_us is Unix time, *_mono_us is
 * monotonic, plain *_us is a duration.  The first two never mix.
 */
#ifndef SCHEMA_BASE_CLOCK_H
#define SCHEMA_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "schema/base/err.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_MS INT64_C(1000)

/* Room for "2026-11-21T08:00:00.123456Z" and its NUL. */
#define CLOCK_TEXT_LEN 32

int64_t clock_wall_us(void);  /* Unix time, CLOCK_REALTIME */
int64_t clock_mono_us(void);  /* CLOCK_BOOTTIME: counts through suspend */
int64_t clock_awake_us(void); /* CLOCK_MONOTONIC: stands while suspended */

/* Unix time that no step of the system's clock disturbs: the wall clock at the
 * first call in this process, carried on by the monotonic clock. */
int64_t clock_steady_us(void);

/* The same for another moment of the monotonic clock. */
int64_t clock_steady_at(int64_t mono_us);

int64_t clock_from_timespec(const struct timespec *ts);

/* Writes UTC as RFC 3339, to the second ("2026-11-21T08:00:00Z").
 * Returns buf. */
const char *clock_format(int64_t at_us, char buf[static CLOCK_TEXT_LEN]);

/* The same to the microsecond, for machines. */
const char *clock_format_exact(int64_t at_us, char buf[static CLOCK_TEXT_LEN]);

/* Reads what a person types for a time: RFC 3339 ("2026-11-21T08:00:00Z",
 * with a fraction or an offset, or a date alone = its midnight UTC), "now",
 * "today", "yesterday" (midnights UTC), or a duration back from now ("-2h",
 * "-90s", "-3d").  RC_MALFORMED says in *err what was expected. */
MUST_USE enum rc
clock_parse(int64_t *at_us, const char *text, int64_t now_us, struct err *err);

/* Reads a duration: a whole number and ms, s, m, h, d or w ("90s").
 * RC_MALFORMED, RC_RANGE (over 100 years). */
MUST_USE enum rc
clock_parse_duration(int64_t *us, const char *text, struct err *err);

#endif
