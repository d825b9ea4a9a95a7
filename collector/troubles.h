/*
 * troubles.h - what is wrong with the collector for long enough to be told.
 *                                                                    (pure)
 * Uses     selfcheck
 * Used by  serve (steps it), alert_self (tells)
 *
 * A part that is not well for its while is in trouble; it is over once the part
 * has been well for another.  Locked: one thread steps, others look.
 */
#ifndef COLLECTOR_TROUBLES_H
#define COLLECTOR_TROUBLES_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/selfcheck.h"

struct trouble {
	bool is_open;
	int64_t since_us, detected_us; /* Unix time */
	int64_t over_us;               /* when it was last over; 0: never */
	char why[SELF_WHY_LEN];        /* as last said */
};

struct troubles;

struct troubles *troubles_new(void);    /* Gives: release with troubles_free. */
void troubles_free(struct troubles *t); /* NULL is fine */

/* It was in trouble before a restart, and nobody has said that it is over. */
void troubles_restore(
    struct troubles *t, enum self_part p, int64_t since_us, int64_t mono_us);

/* Takes a look, at the report's monotonic time and now_us of Unix time.  Gives
 * which parts came into trouble and which got out of it, as bits. */
void troubles_step(struct troubles *t, const struct self_report *r,
    int64_t now_us, unsigned *began, unsigned *ended);

struct trouble troubles_get(struct troubles *t, enum self_part p);

enum severity troubles_severity(enum self_part p);

#endif
