/*
 * detect_intercepted.h - somebody else answers a vantage.            (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_part (the table)
 *
 * Whether a vantage is intercepted at a target is decided elsewhere and told
 * (detect_excuse); it counts for nothing else meanwhile.  Here each network
 * with such vantages has one event per service: a notice, a warning from
 * three vantages on.  It resolves when none is left; the hysteresis is in
 * what is told.
 */
#ifndef COLLECTOR_DETECT_INTERCEPTED_H
#define COLLECTOR_DETECT_INTERCEPTED_H

#include "collector/detect_part.h"

extern const struct detect_part intercepted_part;

#endif
