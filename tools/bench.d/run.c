/*
 * run.c - runs one command and tells what it cost, for the benchmark.
 *
 * usage: run DEVICE OUTPUT COMPLAINTS COMMAND [WORD...]
 * What the command prints goes to the files OUTPUT and COMPLAINTS.  Prints
 * one line of JSON: exit status, seconds of wall time, CPU microseconds and
 * bytes written to disks of the command and of all it started, the largest
 * resident set of any of them, packets that went out of and came in at the
 * device meanwhile, and the Unix time in nanoseconds at which it was started.
 * SIGTERM is passed on.
 *
 * A program of its own, and a small one: the resident set of a child begins
 * as its parent's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUBLOCK_BYTES 512 /* the unit of ru_oublock */

struct counters {
	uint64_t received, sent;
};

static volatile pid_t child;

static void
die(const char *what)
{
	fprintf(stderr, "run: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Packet counters of a device of this network namespace. */
static struct counters
count_packets(const char *device)
{
	struct counters c = { 0, 0 };
	size_t len = strlen(device);
	char line[512];
	FILE *file = fopen("/proc/net/dev", "r");

	if (file == NULL)
		die("/proc/net/dev");
	while (fgets(line, sizeof line, file) != NULL) {
		const char *name = line + strspn(line, " ");

		if (strncmp(name, device, len) == 0 && name[len] == ':')
			sscanf(name + len + 1,
			    "%*u %" SCNu64
			    " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			    &c.received, &c.sent);
	}
	fclose(file);
	return c;
}

static void
redirect(const char *path, int to)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || dup2(fd, to) < 0)
		die(path);
	close(fd);
}

static void
pass_on(int number)
{
	if (child > 0)
		kill(child, number);
}

static void
start(char **words, const char *output, const char *complaints)
{
	struct sigaction act = { .sa_handler = pass_on };
	sigset_t term;

	/* What outlives its parent is waited for here, and so counted. */
	prctl(PR_SET_CHILD_SUBREAPER, 1UL);
	sigaction(SIGTERM, &act, NULL);
	/* The signal waits until it is known whom to pass it on to. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	if (child > 0)
		return;
	redirect(output, STDOUT_FILENO);
	redirect(complaints, STDERR_FILENO);
	execvp(words[0], words);
	perror(words[0]);
	_exit(127);
}

/* The exit status of the command itself, after all its children ended. */
static int
wait_for_all(void)
{
	int result = 0, status;
	pid_t pid;

	while ((pid = wait(&status)) > 0 || errno == EINTR)
		if (pid == child)
			result = WIFEXITED(status) ? WEXITSTATUS(status)
						   : 128 + WTERMSIG(status);
	return result;
}

static int64_t
us_of(const struct timeval *t)
{
	return t->tv_sec * INT64_C(1000000) + t->tv_usec;
}

int
main(int argc, char **argv)
{
	struct counters before, after;
	int64_t started_ns, begun_ns;
	struct rusage used;
	int status;

	if (argc < 5) {
		fputs(
		    "usage: run DEVICE OUTPUT COMPLAINTS COMMAND...\n", stderr);
		return 2;
	}
	before = count_packets(argv[1]);
	started_ns = clock_ns(CLOCK_REALTIME);
	begun_ns = clock_ns(CLOCK_MONOTONIC);
	start(argv + 4, argv[2], argv[3]);
	status = wait_for_all();
	begun_ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
	after = count_packets(argv[1]);
	getrusage(RUSAGE_CHILDREN, &used);
	printf("{\"status\":%d,\"wall_s\":%.6f,\"cpu_us\":%" PRId64
	       ",\"written_bytes\":%ld,\"rss_kb\":%ld,\"sent\":%" PRIu64
	       ",\"received\":%" PRIu64 ",\"started_ns\":%" PRId64 "}\n",
	    status, (double)begun_ns / 1e9,
	    us_of(&used.ru_utime) + us_of(&used.ru_stime),
	    used.ru_oublock * OUBLOCK_BYTES, used.ru_maxrss,
	    after.sent - before.sent, after.received - before.received,
	    started_ns);
	return EXIT_SUCCESS;
}
