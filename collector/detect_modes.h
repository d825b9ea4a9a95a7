/*
 * detect_modes.h - has this catchment been seen before?              (pure)
 *
 * Uses     collector/detect_part.h, modes.h, detect_shift.h
 * Used by  detect_part (the table)
 *
 * Opens no event.  When a shift opens, the catchment before it is kept as the
 * mode that was left; when five periods have passed without a further vote,
 * the new one is compared with all modes that were, and the shift's gate
 * "seen_before" says which it is the same as (MODES_SAME) or a variant of
 * (MODES_VARIANT), when that was last in force and how often.  Vantages that
 * do not count or have no fresh landing are in no catchment.
 */
#ifndef COLLECTOR_DETECT_MODES_H
#define COLLECTOR_DETECT_MODES_H

#include "collector/detect_part.h"

extern const struct detect_part modes_part;

#endif
