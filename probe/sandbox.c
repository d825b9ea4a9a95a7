/* sandbox.c - see sandbox.h; the filter itself is tools/seccomp-filter.c's. */
#include "probe/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "probe/sandbox_filter.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#endif
#ifndef HAS_ADDRESS_SANITIZER
#define HAS_ADDRESS_SANITIZER 0
#endif

#define N_STEPS (sizeof sandbox_filter / sizeof sandbox_filter[0])

/* Returns 0, or an errno. */
static int
install(void)
{
	struct sock_fprog program = { .len = (unsigned short)N_STEPS };
	const void *steps = sandbox_filter;

	memcpy(&program.filter, &steps, sizeof steps); /* only read */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return errno;
	return 0;
}

static void
explain(struct sandbox *out, int sys_errno)
{
	if (sys_errno == EINVAL || sys_errno == ENOSYS)
		snprintf(out->reason, sizeof out->reason,
		    "this system has no seccomp filters");
	else
		snprintf(out->reason, sizeof out->reason, "seccomp filter: %s",
		    strerror(sys_errno));
}

void
sandbox_enter(struct sandbox *out)
{
	const char *reason = NULL;
	int sys_errno;

	*out = (struct sandbox){ .is_on = false };
	if (HAS_ADDRESS_SANITIZER)
		reason = "this build has AddressSanitizer, whose search for "
			 "leaks traces the process";
	else if (N_STEPS < 2)
		reason = "this build has no filter for this kind of machine";
	if (reason != NULL) {
		snprintf(out->reason, sizeof out->reason, "%s", reason);
		return;
	}
	sys_errno = install();
	out->is_on = sys_errno == 0;
	if (!out->is_on)
		explain(out, sys_errno);
	else
		snprintf(out->reason, sizeof out->reason,
		    "only the system calls that measuring and uploading need");
}

bool
sandbox_has_no_new_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}
