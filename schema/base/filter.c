/* filter.c - see filter.h. */
#include "schema/base/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

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

/* Returns 0, or an errno. */
static int
install(const void *steps, size_t n_steps)
{
	struct sock_fprog program = { .len = (unsigned short)n_steps };

	memcpy(&program.filter, &steps, sizeof steps); /* only read */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return errno;
	return 0;
}

bool
filter_install(
    const void *steps, size_t n_steps, char *reason, size_t reason_cap)
{
	int sys_errno;

	if (HAS_ADDRESS_SANITIZER) {
		snprintf(reason, reason_cap,
		    "this build has AddressSanitizer, whose search for leaks "
		    "traces the process");
		return false;
	}
	if (n_steps < 2) {
		snprintf(reason, reason_cap,
		    "this build has no filter for this kind of machine");
		return false;
	}
	sys_errno = install(steps, n_steps);
	if (sys_errno == EINVAL || sys_errno == ENOSYS)
		snprintf(
		    reason, reason_cap, "this system has no seccomp filters");
	else if (sys_errno != 0)
		snprintf(reason, reason_cap, "seccomp filter: %s",
		    strerror(sys_errno));
	return sys_errno == 0;
}
