/*
 * sandbox.h - which system calls are left to us, for good.           (edge)
 *
 * Uses     schema/base/filter.h
 * Used by  probe/measure.c, probe/run.c, probe/doctor.c
 *
 * The last step before the first input is read: sockets opened, capabilities
 * dropped, no new privileges, then this.  Whoever takes the program over by
 * what it reads finds a kernel without the rest.  The filter is inherited by
 * the helper catchwater-upload, so it is wide enough for that too; a program
 * may tighten it for itself, never widen it.
 */
#ifndef PROBE_SANDBOX_H
#define PROBE_SANDBOX_H

#include <stdbool.h>

struct sandbox {
	bool is_on;
	char reason[160]; /* what is forbidden, or why nothing is */
};

/* Installs the filter, for this process and all it starts.  Where the system
 * cannot (no seccomp in the kernel, a build with AddressSanitizer) it goes on
 * without, and *out says so: tell it to the person. */
void sandbox_enter(struct sandbox *out);

/* Is an earlier promise kept that no exec gives new privileges? */
bool sandbox_has_no_new_privileges(void);

#endif
