/*
 * child.h - runs another program and hears what it says.             (edge)
 *
 * Used by  probe/route, site_check
 *
 * Its input is empty, its errors go where ours do; what it writes is kept up to
 * a limit.  When its time is up it is killed, with all that it started.
 */
#ifndef PROBE_CHILD_H
#define PROBE_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define CHILD_OUTPUT_MAX ((size_t)4 << 20) /* bytes of output kept */

struct child_output {
	int status; /* its exit status */
	char *text; /* NUL-terminated; release with free() */
	size_t len;
};

struct child_setting { /* of its environment */
	const char *name, *value;
};

/* Runs argv (found by PATH) with n settings more in its environment, for at
 * most timeout_us.  Gives *out.  RC_SYS: it
 * cannot be started.  RC_PEER: its time was up, or a signal ended it.  RC_LIMIT:
 * it wrote too much.  *err says it. */
MUST_USE enum rc child_run(struct child_output *out, char *const argv[],
    const struct child_setting *settings, size_t n, int64_t timeout_us,
    struct err *err);

#endif
