/*
 * tally.h - how often each of a few reasons was given.               (pure)
 *
 * Uses     jansson
 * Used by  collector/import_*.c
 */
#ifndef COLLECTOR_TALLY_H
#define COLLECTOR_TALLY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_MAX 24 /* reasons; further ones count as the last */

struct tally {
	size_t n;
	struct {
		char why[64];
		int64_t count;
	} rows[TALLY_MAX];
};

/* Copies the reason at its first time. */
void tally_add(struct tally *t, const char *why, int64_t n);
void tally_sum(struct tally *into, const struct tally *more);
int64_t tally_total(const struct tally *t);

/* An object of reason and count, and back; of anything else: nothing. */
json_t *tally_json(const struct tally *t); /* Gives. */
void tally_read(struct tally *out, const json_t *object);

#endif
