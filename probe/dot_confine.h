/*
 * dot_confine.h - a process that reads strangers' bytes gives up the rest.
 *                                                                    (edge)
 * Uses     libcap, libseccomp
 * Used by  probe/dot.c
 */
#ifndef PROBE_DOT_CONFINE_H
#define PROBE_DOT_CONFINE_H

#include "schema/base/err.h"

/* For good: no capability, no new privilege, no other program, no new process,
 * no file written or made, no core dump, at most so many open files.  Sockets
 * and reading files (the authorities may be read late) remain.  RC_SYS: the
 * kernel refused; where it has no seccomp, the rest is done and that is all.
 */
MUST_USE enum rc dot_confine(unsigned n_files, struct err *err);

#endif
