/*
 * doctor_targets.h - do the assigned targets answer, right now?    (wiring)
 *
 * Uses     libuv, probe/engine, probe/assigned
 * Used by  probe/doctor
 */
#ifndef PROBE_DOCTOR_TARGETS_H
#define PROBE_DOCTOR_TARGETS_H

#include "probe/lists.h"
#include "probe/socks.h"
#include "schema/assignment.h"
#include "schema/base/err.h"

#define DOCTOR_TARGETS_MAX 32 /* the first so many are asked */

struct doctor_answers {
	unsigned n_asked, n_answered, n_forbidden;
	char first_silent[ADDR_TEXT_LEN]; /* "": none */
};

/* Asks each permitted target one DNS question and waits for all answers or
 * their timeouts.  What engine_new gives. */
MUST_USE enum rc doctor_ask(struct doctor_answers *out,
    const struct assignment *a, struct socks *socks, const struct lists *lists,
    struct err *err);

#endif
