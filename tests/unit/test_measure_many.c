/* test_measure_many.c - `measure --targets` against a server on loopback: in
 * a process of its own, as a person would run it. */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/commands.h"
#include "schema/wire.h"

#define N_GOOD 9900
#define N_BAD 100
#define WORDS_MAX 20

static struct {
	pid_t pid;
	char port[8];
} server;
static char folder[] = "/tmp/catchwater-test-XXXXXX";
static char list[64], out[64], errors[64];

/* Answers as it was asked, from the address that was asked: 127/8 is all
 * ours.  The question stays, an OPT with an NSID follows. */
static void
answer_one(int fd)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 8, 0,
		3, 0, 4, 'a', 'm', 's', '1' };
	uint8_t bytes[2048];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;
	struct sockaddr_in from;
	struct iovec v = { .iov_base = bytes, .iov_len = 1024 };
	struct msghdr m = { .msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room };
	struct in_pktinfo *info;
	ssize_t n = recvmsg(fd, &m, 0);
	size_t end = 12;

	if (n < 17 || CMSG_FIRSTHDR(&m) == NULL)
		return;
	while (bytes[end] != 0 && end < 200)
		end += bytes[end] + 1U;
	end += 5;
	bytes[2] = 0x84;
	bytes[3] = 0;
	memcpy(bytes + end, opt, sizeof opt);
	v.iov_len = end + sizeof opt;
	info = (struct in_pktinfo *)(void *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	info->ipi_ifindex = 0;
	info->ipi_spec_dst = info->ipi_addr;
	(void)!sendmsg(fd, &m, 0);
}

static int
start_server(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, bytes = 4 << 20;

	(void)state;
	if (mkdtemp(folder) == NULL || fd < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) <
	    0) /* no privilege: as much as is allowed */
		(void)!setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	snprintf(server.port, sizeof server.port, "%u", ntohs(at.sin_port));
	snprintf(list, sizeof list, "%s/list", folder);
	snprintf(out, sizeof out, "%s/out", folder);
	snprintf(errors, sizeof errors, "%s/errors", folder);
	server.pid = fork();
	if (server.pid == 0)
		for (;;)
			answer_one(fd);
	close(fd);
	return server.pid > 0 ? 0 : -1;
}

static int
stop_server(void **state)
{
	(void)state;
	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	unlink(list);
	unlink(out);
	unlink(errors);
	return rmdir(folder);
}

/* One address a line, and after every so many a bad line. */
static void
write_list(unsigned n_good, unsigned n_bad)
{
	static const char *const bad[] = { "300.1.2.3", "two words", "a/24",
		"2001:db8::g" };
	FILE *f = fopen(list, "w");
	unsigned every = n_bad > 0 ? n_good / n_bad : 0, n = 0;

	assert_non_null(f);
	for (unsigned i = 0; i < n_good; i++) {
		fprintf(f, "127.%u.%u.%u\n", 1 + i / 62500, i / 250 % 250,
		    1 + i % 250);
		if (every > 0 && i % every == every - 1 && n < n_bad)
			fprintf(f, "%s\n", bad[n++ % T_LEN(bad)]);
	}
	assert_int_equal(n, n_bad);
	fclose(f);
}

static void
redirect(int fd, const char *path, int flags)
{
	int opened = open(path, flags, 0600);

	if (opened < 0 || dup2(opened, fd) < 0)
		_exit(99);
	close(opened);
}

/* Runs `measure --dns --port ... WORDS` in a process; to: standard output's
 * descriptor, or -1 for the file out.  Gives its exit status. */
static int
run(const char *words, int to, struct rusage *usage)
{
	char text[256], *argv[WORDS_MAX] = { 0 }, *rest = text;
	int argc = 0, status;
	pid_t pid;

	snprintf(text, sizeof text, "measure --dns --port %s %s", server.port,
	    words);
	for (char *w = strtok_r(rest, " ", &rest); w != NULL;
	     w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		redirect(2, errors, O_CREAT | O_TRUNC | O_WRONLY);
		if (to < 0)
			redirect(1, out, O_CREAT | O_TRUNC | O_WRONLY);
		else
			dup2(to, 1);
		_exit(command_measure(argc, argv));
	}
	if (to >= 0)
		close(to);
	assert_int_equal(wait4(pid, &status, 0, usage), pid);
	T_CHECK(WIFEXITED(status), "signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static unsigned
count_lines(const char *path, const char *with)
{
	FILE *f = fopen(path, "r");
	char line[WIRE_LINE_MAX];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		n += strstr(line, with) != NULL;
	fclose(f);
	return n;
}

static void
bad_lines_are_told_and_the_rest_goes_on(void **state)
{
	char words[128];

	(void)state;
	write_list(N_GOOD, N_BAD);
	snprintf(words, sizeof words, "--rate 10000 --targets %s", list);
	assert_int_equal(run(words, -1, NULL), 1);
	assert_int_equal(count_lines(out, ""), N_GOOD);
	assert_int_equal(count_lines(out, " ms  ams1"), N_GOOD);
	assert_int_equal(count_lines(errors, "list:"), N_BAD);
	assert_int_equal(count_lines(errors, "list:100: 300.1.2.3: exp"), 1);
	assert_int_equal(count_lines(errors, "list:200: more than one"), 1);
	assert_int_equal(count_lines(errors, "9900 measurements, 9900 "), 1);
}

/* Each line of JSON can be read, and each target is there once. */
static void
json_is_what_probes_send(void **state)
{
	char words[128], line[WIRE_LINE_MAX];
	static bool seen[250 * 250];
	FILE *f;
	unsigned n = 0;

	(void)state;
	write_list(1000, 0);
	snprintf(words, sizeof words, "--rate 0 --json --targets %s", list);
	assert_int_equal(run(words, -1, NULL), 0);
	f = fopen(out, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		struct observation o;
		struct err err;
		unsigned i;

		T_CHECK(wire_decode_observation(&o, line, strlen(line), &err) ==
			    RC_OK,
		    "%s: %s", err.text, line);
		assert_int_equal(o.seq, ++n);
		assert_int_equal(o.outcome, OUTCOME_OK);
		i = o.target.bytes[2] * 250U + o.target.bytes[3] - 1U;
		T_CHECK(!seen[i], "%s", line);
		seen[i] = true;
	}
	fclose(f);
	assert_int_equal(n, 1000);
}

static void
rounds_read_a_file_again(void **state)
{
	char words[128];

	(void)state;
	write_list(50, 0);
	snprintf(words, sizeof words,
	    "--rate 0 --count 3 --interval 0.05 --targets %s", list);
	assert_int_equal(run(words, -1, NULL), 0);
	assert_int_equal(count_lines(out, "127.1.0.7 "), 3);
	assert_int_equal(count_lines(out, ""), 150);
}

static void
a_pipe_is_read_as_it_comes_and_only_once(void **state)
{
	int ends[2], old = dup(0);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "127.0.0.9\n127.0.0.8", 19), 19);
	close(ends[1]);
	dup2(ends[0], 0);
	close(ends[0]);
	assert_int_equal(run("--targets - --count 2", -1, NULL), 2);
	assert_int_equal(count_lines(errors, "cannot be read twice"), 1);
	assert_int_equal(run("--targets -", -1, NULL), 0);
	assert_int_equal(count_lines(out, ""), 2);
	assert_int_equal(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
	dup2(old, 0);
	close(old);
}

/* A reader that leaves ends it; so does a disk that is full, with a word. */
static void
a_reader_that_leaves_ends_it(void **state)
{
	char words[128];
	int ends[2];

	(void)state;
	write_list(20000, 0);
	snprintf(words, sizeof words, "--rate 2000 --targets %s", list);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(run(words, ends[1], NULL), 0);
	assert_int_equal(count_lines(errors, "20000 measurements"), 0);
	assert_int_equal(count_lines(errors, "answered"), 1);
	assert_int_equal(run(words, open("/dev/full", O_WRONLY), NULL), 1);
	assert_int_equal(count_lines(errors, "No space left"), 1);
}

/* A slow reader gets every line. */
static void
a_slow_reader_loses_nothing(void **state)
{
	char words[128], bytes[4096];
	int ends[2], status = 0;
	unsigned n = 0;
	pid_t reader;

	(void)state;
	write_list(20000, 0);
	snprintf(words, sizeof words, "--rate 0 --targets %s", list);
	assert_int_equal(pipe(ends), 0);
	reader = fork();
	if (reader == 0) {
		ssize_t got;

		close(ends[1]);
		usleep(300000);
		while ((got = read(ends[0], bytes, sizeof bytes)) > 0) {
			for (ssize_t i = 0; i < got; i++)
				n += bytes[i] == '\n';
			usleep(200);
		}
		_exit(n == 20000 ? 0 : 1);
	}
	close(ends[0]);
	assert_int_equal(run(words, ends[1], NULL), 0);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

/* Nothing stays of a target: 20 times as many take no more memory. */
static void
memory_does_not_grow_with_the_list(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	(void)state; /* it keeps what was freed */
	skip();
#else
	struct rusage few, many;
	char words[128];

	(void)state;
	snprintf(words, sizeof words, "--rate 5000 --targets %s", list);
	write_list(1000, 0);
	assert_int_equal(run(words, -1, &few), 0);
	write_list(20000, 0);
	assert_int_equal(run(words, -1, &many), 0);
	T_CHECK(many.ru_maxrss < few.ru_maxrss + 1024, "%ld kB, then %ld kB",
	    few.ru_maxrss, many.ru_maxrss);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_lines_are_told_and_the_rest_goes_on),
		cmocka_unit_test(json_is_what_probes_send),
		cmocka_unit_test(rounds_read_a_file_again),
		cmocka_unit_test(a_pipe_is_read_as_it_comes_and_only_once),
		cmocka_unit_test(a_reader_that_leaves_ends_it),
		cmocka_unit_test(a_slow_reader_loses_nothing),
		cmocka_unit_test(memory_does_not_grow_with_the_list),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
