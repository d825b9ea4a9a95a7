/* sandbox.c - see sandbox.h; the filter itself is tools/seccomp-filter.c's. */
#include "probe/sandbox.h"

#include <linux/filter.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "probe/sandbox_filter.h"
#include "schema/base/filter.h"

void
sandbox_enter(struct sandbox *out)
{
	*out = (struct sandbox){ .is_on = false };
	out->is_on = filter_install(sandbox_filter,
	    sizeof sandbox_filter / sizeof sandbox_filter[0], out->reason,
	    sizeof out->reason);
	if (out->is_on)
		snprintf(out->reason, sizeof out->reason,
		    "only the system calls that measuring and uploading need");
}

bool
sandbox_has_no_new_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}
