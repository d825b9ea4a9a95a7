/* test_measure_watch.c - `measure --watch`: in place on a terminal, which is
 * given back; one block after the other elsewhere. */
#include "tests/unit/check.h"

#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/commands.h"
#include "probe/screen.h"

#define TEXT_MAX (1 << 20)
#define PORT "1" /* tcpmux: nobody */

static char text[TEXT_MAX];
static size_t len;

/* What the child writes, up to the n-th occurrence of a text, or to its end
 * when there are no more. */
static void
read_until(int fd, const char *what, unsigned n)
{
	for (;;) {
		const char *p = text;
		unsigned found = 0;
		ssize_t got;

		text[len] = '\0';
		while (what != NULL && (p = strstr(p, what)) != NULL) {
			found++;
			p++;
		}
		if (what != NULL && found >= n)
			return;
		assert_true(len < TEXT_MAX - 4096);
		got = read(fd, text + len, 4096);
		if (got <= 0) { /* a terminal whose child is gone gives EIO */
			T_CHECK(what == NULL, "no '%s' in %s", what, text);
			return;
		}
		len += (size_t)got;
	}
}

static int
measure(void)
{
	char name[] = "measure", watch[] = "--watch", dns[] = "--dns",
	     port[] = "--port", number[] = PORT, every[] = "--interval=0.05",
	     target[] = "127.0.0.1";
	char *argv[] = { name, watch, dns, port, number, every, target, NULL };

	return command_measure(7, argv);
}

static int
end(pid_t pid, int number, int fd)
{
	int status;

	assert_int_equal(kill(pid, number), 0);
	read_until(fd, NULL, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	T_CHECK(WIFEXITED(status), "signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void
a_terminal_is_refreshed_and_given_back(void **state)
{
	struct winsize size = { .ws_row = 3, .ws_col = 80 };
	const char *leave;
	pid_t pid;
	int fd;

	(void)state;
	len = 0;
	pid = forkpty(&fd, NULL, NULL, &size);
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(measure());
	read_until(
	    fd, "\033[H", 3); /* drawn from its corner, again and again */
	assert_non_null(strstr(text, "\033[?1049h"));
	assert_null(strstr(text, "\033[?1049l"));
	assert_null(strstr(
	    text, "refused")); /* the third line, and there is room for two */
	assert_int_equal(end(pid, SIGINT, fd), 1);
	leave = strstr(text, "\033[?1049l");
	assert_non_null(leave);
	assert_non_null(strstr(text, "\033[?25h"));
	assert_non_null(strstr(text, "\033[?7h"));
	assert_non_null(strstr(leave, "refused")); /* the last state stays */
	assert_null(strstr(leave + 1, "\033[?1049h"));
	close(fd);
}

static void
elsewhere_blocks_follow_each_other(void **state)
{
	int ends[2];
	pid_t pid;

	(void)state;
	len = 0;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		dup2(ends[1], 1);
		close(ends[1]);
		_exit(measure());
	}
	close(ends[1]);
	read_until(ends[0], "refused: ", 3);
	assert_int_equal(end(pid, SIGTERM, ends[0]), 1);
	assert_null(strchr(text, '\033'));
	close(ends[0]);
}

static void
a_text_is_cut_to_whole_lines(void **state)
{
	static const struct {
		const char *text;
		unsigned n;
		size_t fits;
	} cases[] = { { "a\nbb\nc\n", 2, 5 }, { "a\nbb\nc\n", 9, 7 },
		{ "a\nbb", 2, 4 }, { "", 3, 0 }, { "a\n", 0, 0 } };

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++)
		T_CHECK(screen_fit(cases[i].text, strlen(cases[i].text),
			    cases[i].n) == cases[i].fits,
		    "case %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_is_refreshed_and_given_back),
		cmocka_unit_test(elsewhere_blocks_follow_each_other),
		cmocka_unit_test(a_text_is_cut_to_whole_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
