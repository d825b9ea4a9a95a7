/*
 * detect_split.h - IPv4 and IPv6 of a host land apart.               (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_part (the table)
 *
 * A host is split when its two vantages land at different sites, and the one
 * that moved last came from where the other is: before, they landed together,
 * for ten periods.  Its move must be a window old (two periods and a minute),
 * so that a shift has had the time to take it, must not be part of one, and
 * must not be older than three windows.
 *
 * Open when as many networks as a shift would need (quorum.h) split within one
 * window, while no shift, black hole, impostor, leak or flapping is open in
 * the service: those are the cause, and IPv6 failing alone is one of them, of
 * family 6.  Resolved when at most one network is still split, for two
 * periods, or (settled) after shift_settles.  An info: nothing fails.
 */
#ifndef COLLECTOR_DETECT_SPLIT_H
#define COLLECTOR_DETECT_SPLIT_H

#include "collector/detect_part.h"

extern const struct detect_part split_part;

#endif
