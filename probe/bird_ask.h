/*
 * bird_ask.h - asks BIRD whether it exports a prefix.                (edge)
 *
 * Uses     probe/bird (the replies)
 * Used by  probe/route
 *
 * By the control socket, as birdc does, restricted to reading first.
 */
#ifndef PROBE_BIRD_ASK_H
#define PROBE_BIRD_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "probe/prefix.h"
#include "schema/site_report.h"

/* Fills what is said, and why, of the prefix by BIRD on the socket at path,
 * before the deadline.  peers: the protocols that count (n 0: every BGP
 * session).  Yes: one that is established exports it.  No: BIRD answered, and
 * none does.  All else is unknown. */
void bird_ask(struct site_answer *out, const char *path, const struct prefix *p,
    char *const *peers, size_t n, int64_t deadline_mono_us);

#endif
