/* dot_confine.c - see dot_confine.h. */
#include "probe/dot_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* What no part of the work needs, and what an intruder would. */
static const int forbidden[] = { SCMP_SYS(execve), SCMP_SYS(execveat),
	SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3),
	SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(creat),
	SCMP_SYS(truncate), SCMP_SYS(ftruncate), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link),
	SCMP_SYS(linkat), SCMP_SYS(symlink), SCMP_SYS(symlinkat),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(mknod), SCMP_SYS(mknodat),
	SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown),
	SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat), SCMP_SYS(mount),
	SCMP_SYS(umount2), SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup), SCMP_SYS(keyctl), SCMP_SYS(openat2) };

/* Opening is for reading only.  Returns 0, or a negative errno. */
static int
forbid_writing(scmp_filter_ctx filter)
{
	static const unsigned long long flags[] = { O_WRONLY, O_RDWR, O_CREAT };
	int rc = 0;

	for (size_t i = 0; i < sizeof flags / sizeof flags[0] && rc == 0; i++) {
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(openat), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
		if (rc == 0)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
			    SCMP_SYS(open), 1,
			    SCMP_A1(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
	}
	return rc;
}

static enum rc
filter_calls(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter == NULL ? -ENOMEM : forbid_writing(filter);

	for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
		if (rc == 0)
			rc = seccomp_rule_add(
			    filter, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc == 0 || rc == -EINVAL || rc == -ENOSYS)
		return RC_OK; /* a kernel without it */
	errno = -rc;
	return err_sys(err, "seccomp");
}

static enum rc
set_limits(unsigned n_files, struct err *err)
{
	const struct rlimit none = { 0 };
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return err_sys(err, "getrlimit");
	if (files.rlim_max > n_files)
		files.rlim_max = n_files;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		return err_sys(err, "setrlimit");
	return RC_OK;
}

enum rc
dot_confine(unsigned n_files, struct err *err)
{
	cap_t none = cap_init();
	enum rc rc = RC_OK;

	if (none == NULL || cap_set_proc(none) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		rc = err_sys(err, "cannot drop privileges");
	cap_free(none);
	if (rc == RC_OK)
		rc = set_limits(n_files, err);
	return rc != RC_OK ? rc : filter_calls(err);
}
