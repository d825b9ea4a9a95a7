/*
 * privacy.h - the data sheet of a probe, with this host's own values. (edge)
 *
 * Uses     probe/state, lists, spooldir, ramdir
 * Used by  probe/doctor.c
 *
 * For the person whose host it is: what is sent, to whom, how much, how to stop
 * it and erase it.  Sends nothing, and changes nothing.
 */
#ifndef PROBE_PRIVACY_H
#define PROBE_PRIVACY_H

#include "schema/base/err.h"

/* Writes the sheet to standard output, of the state directory dir; one that has
 * not enrolled gets what would be.  RC_MALFORMED, RC_RANGE, RC_LIMIT, RC_SYS:
 * a file in dir cannot be read, *err names it; nothing is written. */
MUST_USE enum rc privacy_print(const char *dir, struct err *err);

#endif
