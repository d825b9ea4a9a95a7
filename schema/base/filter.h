/*
 * filter.h - gives system calls up, for good.                        (edge)
 *
 * Uses     the filters that tools/seccomp-filter.c writes during the build
 * Used by  probe/sandbox, collector/confine
 *
 * A filter holds for the calling thread, and for all threads and programs that
 * it starts from then on; it can be tightened, never widened.
 */
#ifndef SCHEMA_BASE_FILTER_H
#define SCHEMA_BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

/* Promises that no exec gives new privileges, then installs n_steps of
 * struct sock_filter.  False where that cannot be (no seccomp in the kernel, no
 * filter for the machine, a build with AddressSanitizer): *reason says why. */
bool filter_install(
    const void *steps, size_t n_steps, char *reason, size_t reason_cap);

#endif
