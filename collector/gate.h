/*
 * gate.h - how often may a probe, an address, a network ask?       (wiring)
 *
 * Uses     rate, geo, settings
 * Used by  api
 *
 * A request is counted twice: by where it comes from, before anything else of
 * it is looked at, and by its probe, once its signature is found good (so that
 * nobody uses up another's share).  An IPv6 address counts with its /64.
 * Loopback stands for a proxy, and tells nothing about who asks: only the
 * probe counts then.  For any thread.
 */
#ifndef COLLECTOR_GATE_H
#define COLLECTOR_GATE_H

#include "collector/settings.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"

struct gate;

/* Gives *out: release with gate_close.  Opens the AS database that the
 * settings name; without one networks are not told apart. */
MUST_USE enum rc
gate_open(struct gate **out, const struct settings *settings, struct err *err);
void gate_close(struct gate *g); /* NULL is fine */

/* Goes on with other limits and another database; who was at his limit begins
 * anew.  RC_NOTFOUND, RC_MALFORMED: all stays as it was. */
MUST_USE enum rc
gate_reload(struct gate *g, const struct settings *settings, struct err *err);

/* Counts a request, or an attempt to enrol.  Gives 0, or how many seconds to
 * wait.  now_us is of a clock that never goes back. */
unsigned gate_request(struct gate *g, const struct addr *from, int64_t now_us);
unsigned
gate_enrolment(struct gate *g, const struct addr *from, int64_t now_us);

/* Counts a signed request of a probe.  The same. */
unsigned gate_probe(struct gate *g, const char *id, int64_t now_us);

#endif
