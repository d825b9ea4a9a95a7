/*
 * detect_drain.h - a drain's part in the detector.                   (pure)
 *
 * Uses     collector/detect_state.h, drains.h
 * Used by  detect_shift
 *
 * A shift of which every vote is explained by a drain (away from the drained
 * site; back to it within an hour of the drain's end) is planned: marked so,
 * informational, told to nobody.  A vote that no drain explains
 * makes it an ordinary shift, which is told.  What alarms is a drain that does
 * not happen: the drained site still receives, which is a mismatch with the
 * verdict "ghost" (detect_mismatch.h).
 */
#ifndef COLLECTOR_DETECT_DRAIN_H
#define COLLECTOR_DETECT_DRAIN_H

#include <jansson.h>
#include <stdbool.h>

#include "collector/detect_state.h"

/* Marks the event as planned, or as not; says which. */
bool drain_mark_shift(const struct detect *d, struct open_event *o);

/* Adds the drain's number to the gates of a planned shift; gives them back. */
json_t *drain_add_gates(
    const struct detect *d, const struct open_event *o, json_t *gates);

#endif
