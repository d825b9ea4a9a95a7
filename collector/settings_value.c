/* settings_value.c - see settings_value.h. */
#include "collector/settings_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

void
value_fail(struct reading *r, cfg_t *section, const char *key, unsigned i,
    const char *fmt, ...)
{
	char text[sizeof r->err->text];
	va_list ap;

	if (r->rc != RC_OK)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	r->rc = conf_fail(
	    r->conf, r->err, RC_MALFORMED, section, key, i, "%s", text);
}

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

char *
value_text(
    struct reading *r, cfg_t *section, const char *key, const char *fallback)
{
	const char *text = conf_text(section, key, 0);

	if (r->rc != RC_OK)
		return NULL;
	if (text == NULL)
		return mem_strdup(fallback);
	if (text[0] != '\0' && is_plain(text))
		return mem_strdup(text);
	value_fail(r, section, key, 0, "%s is %s, expected some text", key,
	    text[0] == '\0' ? "empty" : "not plain text");
	return NULL;
}

char *
value_path(struct reading *r, cfg_t *section, const char *key)
{
	char *path = value_text(r, section, key, NULL), *whole;

	if (path == NULL)
		return NULL;
	whole = conf_beside(conf_path(r->conf, section, key), path);
	free(path);
	return whole;
}

char *
value_url(struct reading *r, cfg_t *section, const char *key)
{
	char *url = value_text(r, section, key, NULL);
	const char *host;

	if (url == NULL)
		return NULL;
	host = strstr(url, "://");
	if ((strncasecmp(url, "http://", 7) != 0 &&
		strncasecmp(url, "https://", 8) != 0) ||
	    host[3] == '\0' || strpbrk(url, " \"<>\\^`{|}") != NULL)
		value_fail(r, section, key, 0,
		    "%s: '%.80s' is not a web address, expected one that "
		    "begins with https:// or http://",
		    key, url);
	return url;
}

const char *
value_duration_text(int64_t us, char buf[static 32])
{
	static const struct {
		int64_t us;
		const char *suffix;
	} units[] = {
		{ 86400 * US_PER_S, "d" },
		{ 3600 * US_PER_S, "h" },
		{ 60 * US_PER_S, "m" },
		{ US_PER_S, "s" },
		{ US_PER_MS, "ms" },
	};
	size_t i = 0;

	if (us == 0)
		i = 3;
	while (i < 4 && us % units[i].us != 0)
		i++;
	snprintf(buf, 32, "%" PRId64 "%s", us / units[i].us, units[i].suffix);
	return buf;
}

static int64_t
parse_duration(struct reading *r, cfg_t *section, const char *key, unsigned i,
    const struct duration_range *range)
{
	const char *text = conf_text(section, key, i);
	char least[32], most[32];
	struct err err;
	int64_t us = 0;

	if (r->rc != RC_OK)
		return 0;
	if (clock_parse_duration(&us, text, &err) != RC_OK) {
		value_fail(r, section, key, i, "%s: %s", key, err.text);
		return 0;
	}
	if ((us == 0 && range->may_be_zero) ||
	    (us >= range->min_us && us <= range->max_us))
		return us;
	value_fail(r, section, key, i, "%s is %s, expected %s to %s%s", key,
	    text, value_duration_text(range->min_us, least),
	    value_duration_text(range->max_us, most),
	    range->may_be_zero ? ", or 0s for never" : "");
	return 0;
}

int64_t
value_duration(struct reading *r, cfg_t *section, const char *key,
    const struct duration_range *range)
{
	if (conf_text(section, key, 0) == NULL)
		return range->fallback_us;
	return parse_duration(r, section, key, 0, range);
}

uint8_t
value_durations(struct reading *r, cfg_t *section, const char *key,
    int64_t *out, uint8_t max, uint8_t n_fallback)
{
	static const struct duration_range range = { .min_us = 100 * US_PER_MS,
		.max_us = 600 * US_PER_S };
	unsigned n = cfg_size(section, key);

	if (n == 0)
		return n_fallback;
	if (n > max)
		value_fail(r, section, key, max,
		    "%s has %u values, expected at most %u", key, n, max);
	for (unsigned i = 0; r->rc == RC_OK && i < n; i++) {
		out[i] = parse_duration(r, section, key, i, &range);
		if (i > 0 && out[i] <= out[i - 1])
			value_fail(r, section, key, i,
			    "%s: %s comes after %s, expected rising times", key,
			    conf_text(section, key, i),
			    conf_text(section, key, i - 1));
	}
	return (uint8_t)(r->rc == RC_OK ? n : 0);
}

int64_t
value_count(struct reading *r, cfg_t *section, const char *key,
    int64_t fallback, int64_t min, int64_t max)
{
	const char *text = conf_text(section, key, 0);
	char *end;
	long long v;

	if (text == NULL)
		return fallback;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && v >= min && v <= max)
		return v;
	value_fail(r, section, key, 0,
	    "%s is '%.40s', expected a whole number from %" PRId64
	    " to %" PRId64,
	    key, text, min, max);
	return fallback;
}

struct addr
value_address(struct reading *r, cfg_t *section, const char *key, unsigned i)
{
	const char *text = conf_text(section, key, i);
	struct addr a = { 0 };

	if (r->rc == RC_OK && addr_parse(&a, text) != RC_OK)
		value_fail(r, section, key, i,
		    "%s: '%.60s' is not an address, expected one such as "
		    "192.0.2.53 or 2001:db8::53",
		    key, text);
	return a;
}

void
value_name(struct reading *r, cfg_t *section, char *out, size_t cap, bool dots)
{
	const char *name = cfg_title(section);
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	if (n > 0 && n < cap && name[n] == '\0' &&
	    (dots || strchr(name, '.') == NULL)) {
		memcpy(out, name, n + 1);
		return;
	}
	value_fail(r, section, NULL, 0,
	    "%s '%.70s': not a name, expected 1 to %zu of a-z, 0-9, '-' and "
	    "'_'%s",
	    cfg_name(section), name, cap - 1, dots ? " and '.'" : "");
}

/* A DNS name of letters, digits, '-', '_' and, between labels, '.' (RFC 1035
 * section 2.3.4 for the lengths). */
static bool
is_domain(const char *text)
{
	size_t label = 0, n = strlen(text);

	if (strcmp(text, ".") == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		bool is_dot = text[i] == '.';

		if ((is_dot && label == 0) || label > 63 ||
		    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			   "WXYZ0123456789-_.",
			text[i]) == NULL)
			return false;
		label = is_dot ? 0 : label + 1;
	}
	return n > 0 && label <= 63;
}

void
value_domain(
    struct reading *r, cfg_t *section, const char *key, char *out, size_t cap)
{
	const char *text = conf_text(section, key, 0);

	if (text == NULL)
		return;
	/* cap counts the dot that is added and the end. */
	if (!is_domain(text) || strlen(text) + 2 > cap) {
		value_fail(r, section, key, 0,
		    "%s is '%.80s', expected a domain name such as "
		    "example.net or \".\"",
		    key, text);
		return;
	}
	snprintf(
	    out, cap, "%s%s", text, text[strlen(text) - 1] == '.' ? "" : ".");
}
