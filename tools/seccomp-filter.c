/*
 * seccomp-filter.c - writes the system call filters as C arrays.
 *
 * usage: seccomp-filter MACHINE sandbox > sandbox_filter.h   the probe's
 *        seccomp-filter MACHINE confine > confine_filter.h   the collector's
 *
 * Run by make, on the machine that builds; MACHINE is what `cc -dumpmachine`
 * says of the one that will run it.  So neither libseccomp nor its tables are
 * in the probe's memory.  Three answers to a system call of the probe:
 *
 * Allowed: what the probe, libuv, c-ares, the C library (glibc, musl) and the
 * helper with libcurl and GnuTLS call, by names old and new.
 *
 * Deadly: what none of them ever calls, and what whoever took the process over
 * would.  The kernel kills all of it and tells the audit log; the supervisor
 * starts it again.  A refusal would only let him try the next thing.
 *
 * Everything else: ENOSYS, as on an older kernel.  C libraries try new calls
 * first and fall back on that answer and on no other (EPERM for clone3 makes
 * glibc's pthread_create fail), so a library newer than this list goes on as
 * before.  Death here would turn an upgrade of the C library into a probe that
 * never starts.
 *
 * To the collector all is allowed but what is deadly and what is listed as
 * refused, which is answered by ENOSYS too: its libraries are many, and what
 * they call is theirs to choose.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define NEW_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
#define SOCKET_TYPE_MASK 0xf       /* without SOCK_NONBLOCK, SOCK_CLOEXEC */
#define TCGETS2_GENERIC 0x802c542a /* what newer C libraries call isatty by */

static const int allowed[] = {
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(munmap),
	SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(msync), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),
	SCMP_SYS(membarrier),
	/* the process, its threads and children */
	SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(execve), SCMP_SYS(wait4),
	SCMP_SYS(waitid), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(kill),
	SCMP_SYS(tkill), SCMP_SYS(tgkill), SCMP_SYS(getpid), SCMP_SYS(getppid),
	SCMP_SYS(gettid), SCMP_SYS(getpgrp), SCMP_SYS(getpgid),
	SCMP_SYS(setsid), SCMP_SYS(set_tid_address), SCMP_SYS(set_robust_list),
	SCMP_SYS(get_robust_list), SCMP_SYS(rseq), SCMP_SYS(arch_prctl),
	SCMP_SYS(set_tls), SCMP_SYS(prctl), SCMP_SYS(seccomp),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
	SCMP_SYS(getcpu), SCMP_SYS(futex), SCMP_SYS(futex_time64),
	SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit), SCMP_SYS(setrlimit),
	SCMP_SYS(prlimit64), SCMP_SYS(getrusage), SCMP_SYS(times),
	SCMP_SYS(restart_syscall), SCMP_SYS(capget), SCMP_SYS(capset),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(getresuid), SCMP_SYS(getresgid),
	SCMP_SYS(getgroups), SCMP_SYS(getuid32), SCMP_SYS(geteuid32),
	SCMP_SYS(getgid32), SCMP_SYS(getegid32), SCMP_SYS(getgroups32),
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrandom),
	/* signals */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending),
	SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack), SCMP_SYS(sigreturn), SCMP_SYS(pause),
	SCMP_SYS(signalfd4),
	/* time; setting the clock needs a capability that is gone */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
	SCMP_SYS(clock_getres), SCMP_SYS(clock_getres_time64),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(clock_adjtime64),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_settime64), SCMP_SYS(timerfd_gettime),
	SCMP_SYS(setitimer), SCMP_SYS(alarm),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
	SCMP_SYS(select), SCMP_SYS(_newselect), SCMP_SYS(pselect6),
	SCMP_SYS(pselect6_time64), SCMP_SYS(epoll_create),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2),
	SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch),
	SCMP_SYS(inotify_rm_watch), SCMP_SYS(pipe), SCMP_SYS(pipe2),
	/* descriptors */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev),
	SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(preadv),
	SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(close),
	SCMP_SYS(close_range), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
	SCMP_SYS(fcntl), SCMP_SYS(fcntl64), SCMP_SYS(flock), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range), SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64), SCMP_SYS(fallocate), SCMP_SYS(fadvise64),
	SCMP_SYS(fadvise64_64), SCMP_SYS(sendfile), SCMP_SYS(sendfile64),
	SCMP_SYS(copy_file_range),
	/* files; what they may do is a matter of their owner and mode */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(stat64),
	SCMP_SYS(lstat64), SCMP_SYS(fstat64), SCMP_SYS(fstatat64),
	SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
	SCMP_SYS(statfs64), SCMP_SYS(fstatfs64), SCMP_SYS(access),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getdents),
	SCMP_SYS(getdents64), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(fchmod),
	SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(umask),
	SCMP_SYS(utimensat), SCMP_SYS(utimensat_time64),
	/* the network */
	SCMP_SYS(socketpair), SCMP_SYS(bind), SCMP_SYS(connect),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(setsockopt),
	SCMP_SYS(getsockopt), SCMP_SYS(shutdown), SCMP_SYS(send),
	SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recv),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmmsg_time64)
};

static const int deadly[] = {
	/* other processes */
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd),
	/* other namespaces and file systems */
	SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount),
	SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(umount2),
	SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(quotactl), SCMP_SYS(acct), SCMP_SYS(swapon), SCMP_SYS(swapoff),
	/* the kernel */
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(reboot),
	SCMP_SYS(syslog), SCMP_SYS(ioperm), SCMP_SYS(iopl),
	SCMP_SYS(clock_settime), SCMP_SYS(settimeofday)
};

/* What of a collector is refused: programs, keys, devices, other users. */
static const int refused[] = { SCMP_SYS(execve), SCMP_SYS(execveat),
	SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
	SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(clone3), SCMP_SYS(fanotify_init),
	SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(setuid), SCMP_SYS(setgid),
	SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
	SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(setfsuid),
	SCMP_SYS(setfsgid), SCMP_SYS(capset), SCMP_SYS(personality),
	SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
	SCMP_SYS(name_to_handle_at), SCMP_SYS(lookup_dcookie),
	SCMP_SYS(process_madvise), SCMP_SYS(pidfd_open), SCMP_SYS(vhangup),
	SCMP_SYS(modify_ldt), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_adjtime64) };

/* Terminals, descriptors, interfaces; not TIOCSTI, which types for others. */
static const unsigned long ioctls[] = { TCGETS, TCGETS2_GENERIC, TCSETS,
	TCSETSW, TCSETSF, TIOCGWINSZ, TIOCGPGRP, FIONBIO, FIOCLEX, FIONCLEX,
	FIONREAD, TIOCOUTQ, SIOCGIFNAME, SIOCGIFINDEX, SIOCGIFFLAGS,
	SIOCGIFCONF, SIOCGIFADDR, SIOCGIFMTU };

/* Adds a rule for each of n calls.  Calls that an architecture does not have
 * are passed over by libseccomp.  Returns 0, or a negative errno. */
static int
add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = seccomp_rule_add(filter, action, calls[i], 0);
	return rc;
}

/* A socket of the usual kinds: no raw one, none below IP. */
static int
add_sockets(scmp_filter_ctx filter)
{
	static const unsigned domains[] = { AF_UNIX, AF_INET, AF_INET6 };
	static const unsigned types[] = { SOCK_STREAM, SOCK_DGRAM };
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0));

	for (size_t i = 0; i < 3 && rc == 0; i++)
		for (size_t k = 0; k < 2 && rc == 0; k++)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			    SCMP_SYS(socket), 2,
			    SCMP_A0(SCMP_CMP_EQ, domains[i], 0),
			    SCMP_A1(SCMP_CMP_MASKED_EQ, SOCKET_TYPE_MASK,
				types[k]));
	return rc;
}

static int
add_ioctls(scmp_filter_ctx filter)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof ioctls / sizeof ioctls[0] && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl),
		    1, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, ioctls[i]));
	return rc;
}

static int
add_rules(scmp_filter_ctx filter)
{
	int rc = add_all(filter, SCMP_ACT_ALLOW, allowed,
	    sizeof allowed / sizeof allowed[0]);

	if (rc == 0)
		rc = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly,
		    sizeof deadly / sizeof deadly[0]);
	/* Threads and children, in the namespaces they are in.  clone3 hides
	 * its flags behind a pointer; C libraries do without it. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone),
		    1, SCMP_A0(SCMP_CMP_MASKED_EQ, NEW_NAMESPACES, 0));
	if (rc == 0)
		rc = add_sockets(filter);
	return rc == 0 ? add_ioctls(filter) : rc;
}

/* New namespaces, raw sockets, and sockets of other families than those of
 * add_sockets. */
static int
refuse_arguments(scmp_filter_ctx filter)
{
	static const unsigned long namespaces[] = { CLONE_NEWNS,
		CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
		CLONE_NEWPID, CLONE_NEWNET };
	static const unsigned raw[] = { SOCK_RAW, SOCK_PACKET };
	const uint32_t no = SCMP_ACT_ERRNO(ENOSYS);
	int rc = seccomp_rule_add(filter, no, SCMP_SYS(ioctl), 1,
	    SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI));

	for (size_t i = 0;
	     i < sizeof namespaces / sizeof namespaces[0] && rc == 0; i++)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	for (unsigned domain = 0; domain <= AF_NETLINK && rc == 0; domain++)
		if (domain != AF_UNIX && domain != AF_INET &&
		    domain != AF_INET6 && domain != AF_NETLINK)
			rc = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1,
			    SCMP_A0(SCMP_CMP_EQ, domain, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1,
		    SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));
	for (size_t i = 0; i < 2 && rc == 0; i++)
		for (unsigned k = 0; k < 2 && rc == 0; k++)
			rc = seccomp_rule_add(filter, no, SCMP_SYS(socket), 2,
			    SCMP_A0(
				SCMP_CMP_EQ, k == 0 ? AF_INET : AF_INET6, 0),
			    SCMP_A1(
				SCMP_CMP_MASKED_EQ, SOCKET_TYPE_MASK, raw[i]));
	return rc;
}

static int
add_refusals(scmp_filter_ctx filter)
{
	int rc = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly,
	    sizeof deadly / sizeof deadly[0]);

	if (rc == 0)
		rc = add_all(filter, SCMP_ACT_ERRNO(ENOSYS), refused,
		    sizeof refused / sizeof refused[0]);
	return rc == 0 ? refuse_arguments(filter) : rc;
}

static const struct kind {
	const char *name;
	uint32_t otherwise; /* what is answered where no rule is */
	int (*add)(scmp_filter_ctx filter);
} kinds[] = { { "sandbox", SCMP_ACT_ERRNO(ENOSYS), add_rules },
	{ "confine", SCMP_ACT_ALLOW, add_refusals } };

static const struct kind *
find_kind(const char *text)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(text, kinds[i].name) == 0)
			return &kinds[i];
	return NULL;
}

/* Machines whose numbers of the calls above, for ioctl, are the generic ones. */
static const struct machine {
	const char *name; /* begins what the compiler says */
	uint32_t arch;
} machines[] = { { "x86_64-", SCMP_ARCH_X86_64 },
	{ "aarch64-", SCMP_ARCH_AARCH64 }, { "arm", SCMP_ARCH_ARM },
	{ "riscv64-", SCMP_ARCH_RISCV64 } };

static const struct machine *
find_machine(const char *text)
{
	for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
		if (strncmp(text, machines[i].name, strlen(machines[i].name)) ==
		    0)
			return &machines[i];
	return NULL;
}

static int
set_arch(scmp_filter_ctx filter, uint32_t arch)
{
	int rc;

	if (seccomp_arch_native() == arch)
		return 0;
	rc = seccomp_arch_add(filter, arch);
	return rc == 0 ? seccomp_arch_remove(filter, SCMP_ARCH_NATIVE) : rc;
}

static int
write_array(scmp_filter_ctx filter)
{
	struct sock_filter step;
	FILE *f = tmpfile();
	int rc = f == NULL ? -errno : seccomp_export_bpf(filter, fileno(f));

	if (rc == 0) {
		rewind(f);
		while (fread(&step, sizeof step, 1, f) == 1)
			printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", step.code,
			    step.jt, step.jf, step.k);
	}
	if (f != NULL)
		fclose(f);
	return rc;
}

/* Returns 0, or a negative errno. */
static int
write_filter(const struct kind *kind, uint32_t arch)
{
	scmp_filter_ctx filter = seccomp_init(kind->otherwise);
	int rc = filter == NULL ? -ENOMEM : set_arch(filter, arch);

	if (rc == 0)
		rc = seccomp_attr_set(
		    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A search tree, not a list: kernels before 5.11 walk it each time. */
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = kind->add(filter);
	if (rc == 0)
		rc = write_array(filter);
	seccomp_release(filter);
	return rc;
}

int
main(int argc, char **argv)
{
	const struct machine *m = argc == 3 ? find_machine(argv[1]) : NULL;
	const struct kind *kind = argc == 3 ? find_kind(argv[2]) : NULL;
	int rc = 0;

	if (kind == NULL) {
		fputs(
		    "usage: seccomp-filter MACHINE sandbox|confine\n", stderr);
		return 2;
	}
	printf("/* Made by tools/seccomp-filter.c for %s. */\n"
	       "static const struct sock_filter %s_filter[] = {\n",
	    argv[1], kind->name);
	if (m != NULL)
		rc = write_filter(kind, m->arch);
	else /* a filter of nothing; filter.c says so */
		puts("\t{ 0x06, 0, 0, 0x7fff0000 },");
	puts("};");
	if (rc != 0)
		fprintf(stderr, "seccomp-filter: %s\n", strerror(-rc));
	return rc == 0 ? 0 : 1;
}
