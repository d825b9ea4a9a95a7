/*
 * assigned.h - from an assigned target to a question.                (pure)
 *
 * Uses     probe/question.h, react, schedule
 * Used by  probe/resident
 */
#ifndef PROBE_ASSIGNED_H
#define PROBE_ASSIGNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/question.h"
#include "probe/react.h"
#include "probe/schedule.h"
#include "schema/assignment.h"

#define ASSIGNED_PORT_MIN 20000
#define ASSIGNED_PORT_MAX 59999
#define ASSIGNED_PLAIN_PORT 33434           /* of traceroute: nobody's */
#define ASSIGNED_PINGS 3                    /* echoes in a round */
#define ASSIGNED_TRACE_US INT64_C(30000000) /* the longest trace */

/* The source port of all of a probe's flows: always the same, so that per-flow
 * load balancing always picks the same server for a target. */
uint16_t assigned_source_port(const char *probe);

/* The questions of a round and of a reaction.  Lends nothing. */
struct question assigned_round(
    const struct assignment *a, const struct round *round, const char *probe);
struct question assigned_reaction(
    const struct assignment *a, const struct reaction *what, const char *probe);

/* The first target of a family that is measured, not a decoy; n_targets when
 * there is none. */
size_t assigned_first(const struct assignment *a, uint8_t family);

#endif
