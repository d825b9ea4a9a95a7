/*
 * detect_latency.h - a site that answers, and late.                  (pure)
 *
 * Uses     collector/detect_part.h, pace.h
 * Used by  detect_part (the table)
 *
 * Each vantage is compared with its own habit at the site where it lands
 * (pace.h has the rule and its numbers): only rounds count, and one that
 * moves begins anew, so that what a move costs is never told here.
 *
 * Open when three networks that land at one site became slow within one window
 * (two periods and a minute), and a third of those there whose habit is known
 * are.  Resolved when at most one network is slow, for two periods, or
 * (settled) after shift_settles, when what is usual is learnt anew.  A shift,
 * black hole or impostor that has to do with the site is the cause: the event
 * belongs to it.
 */
#ifndef COLLECTOR_DETECT_LATENCY_H
#define COLLECTOR_DETECT_LATENCY_H

#include "collector/detect_part.h"

extern const struct detect_part latency_part;

#endif
