/*
 * settings_value.h - typed values of a configuration section.        (pure)
 *
 * Uses     collector/conf.h, schema/base/addr.h
 * Used by  collector/settings*.c
 *
 * The error is sticky: after the first failure every reader returns at once,
 * and the caller looks at rc when a section is done.
 */
#ifndef COLLECTOR_SETTINGS_VALUE_H
#define COLLECTOR_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/conf.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"

struct reading {
	const struct conf *conf;
	struct err *err;
	enum rc rc;
};

struct duration_range {
	int64_t fallback_us; /* when the key is absent */
	int64_t min_us, max_us;
	bool may_be_zero; /* 0s means never */
};

/* Says that value i of key is wrong, once: later failures are ignored. */
void value_fail(struct reading *r, cfg_t *section, const char *key, unsigned i,
    const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The text of a key, or the fallback (may be NULL).  Gives. */
char *value_text(
    struct reading *r, cfg_t *section, const char *key, const char *fallback);

/* A path, relative to the configuration file's folder when it does not begin
 * with '/'.  NULL when absent.  Gives. */
char *value_path(struct reading *r, cfg_t *section, const char *key);

/* An http or https URL; NULL when absent.  Gives. */
char *value_url(struct reading *r, cfg_t *section, const char *key);

int64_t value_duration(struct reading *r, cfg_t *section, const char *key,
    const struct duration_range *range);

/* Rising durations, at most max, to out; returns how many.  Without the key
 * out keeps its n_fallback values. */
uint8_t value_durations(struct reading *r, cfg_t *section, const char *key,
    int64_t *out, uint8_t max, uint8_t n_fallback);

int64_t value_count(struct reading *r, cfg_t *section, const char *key,
    int64_t fallback, int64_t min, int64_t max);

struct addr
value_address(struct reading *r, cfg_t *section, const char *key, unsigned i);

/* A domain name, to out with its final dot; out stays when the key is absent. */
void value_domain(
    struct reading *r, cfg_t *section, const char *key, char *out, size_t cap);

/* Writes a duration as it is read, in the largest unit that is exact: "90s".
 * Returns buf. */
const char *value_duration_text(int64_t us, char buf[static 32]);

/* Checks a section's title as a name and copies it to out.  dots: may it have
 * them? */
void
value_name(struct reading *r, cfg_t *section, char *out, size_t cap, bool dots);

#endif
