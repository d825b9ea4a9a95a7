/*
 * detect_flapping.h - back and forth between two sites.              (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_part (the table)
 *
 * Which vantage flaps says its witness (witness.h), also of one that is excused
 * because its packets are balanced.  What it lands on is stored and not
 * counted (track_counts).
 *
 * Open when within an hour three networks, and a quarter of those at the two
 * sites, begin to flap between the same two, each after ten periods of doing
 * otherwise: of all vantages about 3.2 % flap for reasons of their own, and
 * most of them always (Zhang et al., PAM 2025).  Resolved when fewer than half
 * as many as were needed still do, for two periods.  A shift half of whose
 * networks flap becomes it.  Never of one vantage or network alone.
 */
#ifndef COLLECTOR_DETECT_FLAPPING_H
#define COLLECTOR_DETECT_FLAPPING_H

#include "collector/detect_part.h"

extern const struct detect_part flapping_part;

#endif
