/*
 * lookup.h - the names that people type, found or explained.         (edge)
 *
 * Uses     collector/store_report.h, schema/base/options.h
 * Used by  the subcommands
 *
 * A name that is not there gives RC_NOTFOUND with "did you mean" or with the
 * names that are there.
 */
#ifndef COLLECTOR_LOOKUP_H
#define COLLECTOR_LOOKUP_H

#include "collector/store_report.h"

/* *err: "no WHAT 'word'", with what is near of the n names, else with all of
 * them.  Returns RC_NOTFOUND. */
enum rc unknown_word(struct err *err, const char *what, const char *word,
    const char *const *names, size_t n);

/* RC_OK when the word is one of the names, or NULL.  RC_NOTFOUND, RC_DB. */
MUST_USE enum rc lookup_name(struct store *st, enum names_of of,
    const char *what, const char *word, struct err *err);

struct probe_ref {
	char id[PROBE_ID_LEN + 1];
	char name[NAME_MAX_LEN + 1];
	uint8_t family; /* 0: both */
};

/* A probe's name or id, with "/4" or "/6" for one of its vantages.
 * RC_NOTFOUND, RC_DB. */
MUST_USE enum rc lookup_probe(
    struct store *st, const char *text, struct probe_ref *out, struct err *err);

/* A site by name; service may be NULL when only one has it.  RC_NOTFOUND.
 * RC_RANGE: several services have it.  RC_DB. */
MUST_USE enum rc lookup_site(struct store *st, const char *service,
    const char *site, int64_t *site_id, struct err *err);

#endif
