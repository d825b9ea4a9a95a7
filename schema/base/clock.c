/* clock.c - see clock.h. */
#include "schema/base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define US_PER_DAY (INT64_C(86400) * US_PER_S)

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return clock_from_timespec(&ts);
}

int64_t
clock_from_timespec(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * US_PER_S + ts->tv_nsec / 1000;
}

int64_t
clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono_us(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int64_t
clock_awake_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_steady_at(int64_t mono_us)
{
	static _Atomic int64_t base_us; /* wall minus monotonic; 0: not yet */
	int64_t unset = 0;

	if (base_us == 0)
		atomic_compare_exchange_strong(
		    &base_us, &unset, clock_wall_us() - clock_mono_us());
	return base_us + mono_us;
}

int64_t
clock_steady_us(void)
{
	return clock_steady_at(clock_mono_us());
}

const char *
clock_format(int64_t at_us, char buf[static CLOCK_TEXT_LEN])
{
	int64_t s = at_us / US_PER_S - (at_us % US_PER_S < 0);
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	strftime(buf, CLOCK_TEXT_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

const char *
clock_format_exact(int64_t at_us, char buf[static CLOCK_TEXT_LEN])
{
	int64_t fraction = at_us % US_PER_S;
	size_t end;

	if (fraction < 0)
		fraction += US_PER_S;
	end = strlen(clock_format(at_us, buf)) - 1;
	snprintf(buf + end, CLOCK_TEXT_LEN - end, ".%06dZ", (int)fraction);
	return buf;
}

enum rc
clock_parse_duration(int64_t *us, const char *text, struct err *err)
{
	static const struct {
		const char *suffix;
		int64_t us;
	} units[] = {
		{ "ms", US_PER_MS },
		{ "s", US_PER_S },
		{ "m", 60 * US_PER_S },
		{ "h", 3600 * US_PER_S },
		{ "d", US_PER_DAY },
		{ "w", 7 * US_PER_DAY },
	};
	/* strtol alone would take spaces and signs. */
	bool is_number = text[0] >= '0' && text[0] <= '9';
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (!is_number || strcmp(end, units[i].suffix) != 0)
			continue;
		if (errno != 0 || n > 36525 * US_PER_DAY / units[i].us)
			return err_set(err, RC_RANGE,
			    "'%s' is longer than 100 years", text);
		*us = n * units[i].us;
		return RC_OK;
	}
	return err_set(err, RC_MALFORMED,
	    "'%s' is not a duration; expected a "
	    "whole number and ms, s, m, h, d or w, such as 90s",
	    text);
}

/* ".5" -> 500000; moves *p past the digits. */
static int64_t
parse_fraction(const char **p)
{
	int64_t scale = US_PER_S, us = 0;

	if (**p != '.')
		return 0;
	for ((*p)++; **p >= '0' && **p <= '9'; (*p)++) {
		scale /= 10;
		us += (**p - '0') * scale;
	}
	return us;
}

/* Two digits, moving *p past them; -1 when they are not there. */
static int
parse_two_digits(const char **p)
{
	int n = 0;

	for (int i = 0; i < 2; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		n = 10 * n + (**p - '0');
	}
	return n;
}

/* "Z", "+02:00", "-0530" or nothing -> seconds east of UTC. */
static enum rc
parse_offset(const char *p, int64_t *offset_s)
{
	char sign = *p;
	int h, m;

	*offset_s = 0;
	if (*p == '\0' || strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
		return RC_OK;
	if (sign != '+' && sign != '-')
		return RC_MALFORMED;
	p++;
	h = parse_two_digits(&p);
	if (h >= 0 && *p == ':')
		p++;
	m = h < 0 ? -1 : parse_two_digits(&p);
	if (h > 23 || m < 0 || m > 59 || *p != '\0')
		return RC_MALFORMED;
	*offset_s = (h * 3600 + m * 60) * (sign == '-' ? -1 : 1);
	return RC_OK;
}

static enum rc
parse_rfc3339(int64_t *at_us, const char *text)
{
	struct tm tm = { 0 };
	int64_t fraction, offset_s, s;
	const char *p;
	int day;

	p = strptime(text, "%Y-%m-%d", &tm);
	if (p == NULL)
		return RC_MALFORMED;
	if (*p == 'T' || *p == 't' || *p == ' ') {
		const char *rest = strptime(p + 1, "%H:%M:%S", &tm);

		p = rest != NULL ? rest : strptime(p + 1, "%H:%M", &tm);
		if (p == NULL)
			return RC_MALFORMED;
	}
	fraction = parse_fraction(&p);
	if (parse_offset(p, &offset_s) != RC_OK)
		return RC_MALFORMED;
	day = tm.tm_mday;
	s = timegm(&tm);
	if (tm.tm_mday != day)
		return RC_MALFORMED; /* such as the 30th of February */
	*at_us = (s - offset_s) * US_PER_S + fraction;
	return RC_OK;
}

enum rc
clock_parse(int64_t *at_us, const char *text, int64_t now_us, struct err *err)
{
	int64_t midnight = now_us - now_us % US_PER_DAY;
	int64_t back = 0;

	if (strcmp(text, "now") == 0)
		*at_us = now_us;
	else if (strcmp(text, "today") == 0)
		*at_us = midnight;
	else if (strcmp(text, "yesterday") == 0)
		*at_us = midnight - US_PER_DAY;
	else if (text[0] == '-' &&
		 clock_parse_duration(&back, text + 1, NULL) == RC_OK)
		*at_us = now_us - back;
	else if (parse_rfc3339(at_us, text) != RC_OK)
		return err_set(err, RC_MALFORMED,
		    "'%s' is not a time; expected "
		    "2026-11-21T08:00:00Z, now, today, yesterday or -2h",
		    text);
	return RC_OK;
}
