/*
 * anchor.h - one wall clock reading per run, carried on by CLOCK_BOOTTIME.
 *                                                                    (edge)
 * Uses     schema/base/clock.h
 * Used by  probe/segment, spool, upload, run, doctor
 *
 * Every at_us of one run derives from one anchor, so that a step of the
 * host's clock while the probe runs disturbs no time between observations.
 * The collector bounds the anchor's error by the time it receives a batch.
 */
#ifndef PROBE_ANCHOR_H
#define PROBE_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

#define BOOT_ID_LEN 36

struct anchor {
	char boot[BOOT_ID_LEN + 1]; /* the kernel's boot id; "" not known */
	int64_t at_us;              /* wall clock at the moment of the anchor */
	int64_t mono_us;            /* CLOCK_BOOTTIME at the same moment */
};

/* Reads both clocks and the boot id. */
void anchor_take(struct anchor *a);

/* Now, in the anchor's timescale.  Only good while anchor_holds. */
int64_t anchor_now_us(const struct anchor *a);

/* Was the anchor taken since the last boot?  Otherwise its monotonic clock
 * is another one, and nobody knows how long the host was off. */
bool anchor_holds(const struct anchor *a);

/* What the kernel says of the wall clock (adjtimex). */
enum clock_state anchor_clock_state(void);

#endif
