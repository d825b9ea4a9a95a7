/*
 * modes.h - routing modes: catchments that come back.                (pure)
 *
 * Uses     schema/base/bytes.h
 * Used by  collector/detect_modes
 *
 * After Fenrir (Song and Heidemann 2025): a catchment is a vector, the site of
 * each vantage at each address; two are as similar as the weight of the
 * entries that agree, among those known in both; each network weighs one.  A
 * mode is a catchment that held for a while, by the last vector it had.
 */
#ifndef COLLECTOR_MODES_H
#define COLLECTOR_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define MODES_MAX 64 /* of a service; the shortest stay goes first */
#define MODES_SAME \
	0.95               /* as similar: the same mode; for 50 vantages and
                              more this is above any move of a tenth */
#define MODES_VARIANT 0.80 /* as similar: a variant of it */
#define MODES_KNOWN 0.60   /* weight to be known in both, to compare at all */

struct place {
	uint32_t vantage_id, target_id, site_id;
	uint32_t network; /* equal for vantages of one; not kept in a mode */
};

struct catchment { /* in order of vantage and target */
	size_t n;
	struct place *places;
};

struct mode {
	uint32_t id; /* from 1 */
	uint32_t n_times;
	int64_t first_us, last_us; /* when it was first and last in force */
	int64_t stayed_us;         /* in all */
	struct catchment catchment;
};

struct modes { /* {0} has none */
	size_t n;
	struct mode list[MODES_MAX];
	uint32_t last_id;
	uint32_t current_id; /* 0: not known */
	int64_t since_us;    /* of the current one */
};

void modes_fini(struct modes *m);

/* Puts the places in order. */
void catchment_sort(struct catchment *c);

/* 0 to 1; -1 when too little is known in both.  now lends the weights. */
double
modes_similarity(const struct catchment *old, const struct catchment *now);

/* The most similar one; *similarity is -1 and NULL given when none can be
 * compared. */
struct mode *
modes_nearest(struct modes *m, const struct catchment *now, double *similarity);

struct mode *modes_by_id(struct modes *m, uint32_t id);

/* The current mode ends with this catchment, which it takes (places and all);
 * when it is not like it, the one that is, or a new one, is meant. */
struct mode *
modes_leave(struct modes *m, struct catchment *last, int64_t at_us);

/* The catchment, which it takes, is in force since then; gives its mode. */
struct mode *modes_enter(struct modes *m, struct catchment *now, int64_t at_us);

/* Writes a mode; give it back with free().  *len gets its length. */
uint8_t *mode_encode(const struct mode *m, size_t *len);

/* Puts one back at its place in the list; the places before it are to follow,
 * if they did not come yet.  RC_MALFORMED: nothing changed. */
MUST_USE enum rc
modes_restore(struct modes *m, size_t index, const uint8_t *bytes, size_t len);

#endif
