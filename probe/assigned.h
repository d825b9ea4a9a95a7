/*
 * assigned.h - from an assigned target to a question.                (pure)
 *
 * Uses     probe/engine.h (struct question), react, schedule
 * Used by  probe/resident
 */
#ifndef PROBE_ASSIGNED_H
#define PROBE_ASSIGNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/engine.h"
#include "probe/react.h"
#include "probe/schedule.h"
#include "schema/assignment.h"

#define ASSIGNED_PORT_MIN 20000
#define ASSIGNED_PORT_MAX 59999
#define ASSIGNED_PINGS 3 /* echoes in a round */

/* The source port of a probe's flow to a target: always the same, so that
 * per-flow load balancing always picks the same server. */
uint16_t assigned_source_port(
    const char *probe, const struct addr *target, uint16_t port);

/* The questions of a round and of a reaction.  Lends nothing. */
struct question assigned_round(
    const struct assignment *a, const struct round *round, const char *probe);
struct question assigned_reaction(
    const struct assignment *a, const struct reaction *what, const char *probe);

/* Which target an observation is of (an ICMP ping has no port); n_targets when
 * none is any more. */
size_t assigned_find(const struct assignment *a, const struct observation *o);

#endif
