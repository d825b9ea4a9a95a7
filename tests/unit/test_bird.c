/* test_bird.c - BIRD's replies, read, and asked for on a socket. */
#include "probe/bird.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/bird_ask.h"
#include "schema/base/clock.h"
#include "schema/base/file.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#define HEAD "2002-Name       Proto      Table      State  Since         Info\n"
#define UP1 \
	" up1        BGP        ---        up     17:07:46.581  Established  " \
	" \n"
#define UP2 \
	" up2        BGP        ---        start  2026-11-21 17:07:45  " \
	"Active     " \
	"   Socket: Connection refused\n"
#define PROTOCOLS \
	HEAD "1002-device1    Device     ---        up     17:07:45.757  \n" \
	     " anycast4   Static     master4    up     17:07:45.757  \n" UP1 \
		 UP2 "0000 \n"
#define ROUTE \
	"1007-Table master4:\n" \
	" 192.0.2.0/24         unreachable [anycast4 17:07:45.757] * (200)\n" \
	"0000 \n"
#define PREFIX "192.0.2.0/24"

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(&p, text, strlen(text)), RC_OK);
	return p;
}

static const struct {
	const char *name, *text;
	enum rc rc;
	unsigned code;
	size_t left; /* behind the reply */
} replies[] = {
	{ "greeting", "0001 BIRD 2.0.12 ready.\n", RC_OK, 1, 0 },
	{ "an error", "8001 Network not found\n", RC_OK, 8001, 0 },
	{ "several codes", "1000-BIRD 2\n1011-Router ID\n More\n0013 Up\n",
	    RC_OK, 13, 0 },
	{ "an empty last line", "1007-x\n0000 \n", RC_OK, 0, 0 },
	{ "the next reply behind it", "0000 \n0001 x\n", RC_OK, 0, 7 },
	{ "told unasked in between", "1007-x\n+<INFO> hello\n0000 \n", RC_OK, 0,
	    0 },
	{ "not over", "1007-x\n 192.0.2.0/24 y\n", RC_AGAIN, 0, 0 },
	{ "a line not over", "0000 ", RC_AGAIN, 0, 0 },
	{ "nothing", "", RC_AGAIN, 0, 0 },
	{ "no code", "hello\n", RC_MALFORMED, 0, 0 },
	{ "three digits", "001 x\n", RC_MALFORMED, 0, 0 },
	{ "a code and no blank", "0000\n", RC_MALFORMED, 0, 0 },
	{ "an empty line", "\n", RC_MALFORMED, 0, 0 },
	{ "HTTP", "HTTP/1.1 400 Bad Request\n", RC_MALFORMED, 0, 0 },
};

static void
a_reply_ends_with_its_last_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(replies); i++) {
		size_t used = 0, len = strlen(replies[i].text);
		unsigned code = 0;
		enum rc rc = bird_reply(replies[i].text, len, &used, &code);

		T_CHECK(rc == replies[i].rc, "%s: rc %d", replies[i].name, rc);
		if (rc != RC_OK)
			continue;
		T_CHECK(code == replies[i].code, "%s: code %u", replies[i].name,
		    code);
		T_CHECK(len - used == replies[i].left, "%s: used %zu",
		    replies[i].name, used);
	}
}

static void
sessions_are_bgp_and_up_when_established(void **state)
{
	struct bird_sessions s;
	static const char *const bad[] = { "0000 \n", "8001 x\n",
		HEAD "8003 x\n", HEAD UP1, "1002-x\nwhat\n0000 \n", "" };

	(void)state;
	assert_int_equal(
	    bird_read_sessions(&s, PROTOCOLS, strlen(PROTOCOLS)), RC_OK);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.list[0].name, "up1");
	assert_true(s.list[0].is_up);
	assert_string_equal(s.list[1].name, "up2");
	assert_false(s.list[1].is_up);
	assert_string_equal(s.list[1].info, "Active");
	for (size_t i = 0; i < T_LEN(bad); i++)
		T_CHECK(bird_read_sessions(&s, bad[i], strlen(bad[i])) ==
			    RC_MALFORMED,
		    "%s", bad[i]);
}

static void
more_sessions_than_fit_are_refused(void **state)
{
	struct bird_sessions *s = malloc(sizeof *s);
	char *text = malloc(1 << 16);
	size_t len = (size_t)sprintf(text, "%s", HEAD "1002-x BGP\n");

	(void)state;
	for (int i = 0; i < BIRD_SESSIONS_MAX; i++)
		len += (size_t)sprintf(text + len, " p%d BGP t up 1 x\n", i);
	len += (size_t)sprintf(text + len, "0000 \n");
	assert_int_equal(bird_read_sessions(s, text, len), RC_LIMIT);
	free(text);
	free(s);
}

static const struct {
	const char *name, *text, *prefix;
	enum rc rc;
	bool has;
} routes[] = {
	{ "there", ROUTE, PREFIX, RC_OK, true },
	{ "another", ROUTE, "192.0.3.0/24", RC_OK, false },
	{ "a part of it", ROUTE, "192.0.2.0/25", RC_OK, false },
	{ "none at all", "8001 Network not found\n", PREFIX, RC_OK, false },
	{ "an empty table", "0000 \n", PREFIX, RC_OK, false },
	{ "BIRD 1",
	    "1007-192.0.2.0/24  blackhole [a 2019-02-15] * (200)\n"
	    "0000 \n",
	    PREFIX, RC_OK, true },
	{ "v6", "1007-Table master6:\n 2001:db8::/48 x\n0000 \n",
	    "2001:db8::/48", RC_OK, true },
	{ "as next hop only",
	    "1007-Table t:\n 203.0.113.0/24 unicast\n    via 192.0.2.0/24\n"
	    "0000 \n",
	    PREFIX, RC_OK, false },
	{ "told unasked", "+192.0.2.0/24\n0000 \n", PREFIX, RC_OK, false },
	{ "an error after it", "1007-192.0.2.0/24 x\n8002 broken\n", PREFIX,
	    RC_MALFORMED, false },
	{ "not whole", "1007-Table master4:\n 192.0.2.0/24 x\n", PREFIX,
	    RC_MALFORMED, false },
	{ "asked wrong", "9001 syntax error\n", PREFIX, RC_MALFORMED, false },
};

static void
a_prefix_is_there_when_a_route_line_begins_with_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(routes); i++) {
		struct prefix p = prefix(routes[i].prefix);
		bool has = false;
		enum rc rc = bird_read_route(
		    &has, &p, routes[i].text, strlen(routes[i].text));

		T_CHECK(rc == routes[i].rc && has == routes[i].has,
		    "%s: rc %d, %d", routes[i].name, rc, has);
	}
}

static void
names_that_could_be_commands_are_not_plain(void **state)
{
	(void)state;
	assert_true(bird_is_plain_name("pb_0097_as3856"));
	assert_true(bird_is_plain_name("up-1.v4"));
	assert_false(bird_is_plain_name("up1\nconfigure"));
	assert_false(bird_is_plain_name("a b"));
	assert_false(bird_is_plain_name("\"x\""));
	assert_false(bird_is_plain_name(""));
}

/* ---- a BIRD of the test's own ---- */

struct script { /* what it says, to the greeting and to each command */
	struct scratch scratch;
	char path[256];
	int fd;
	const char *const *says;
	size_t n, n_commands;
	char heard[1024];
	size_t chunk; /* bytes at once; 0: all */
};

static void
say(int fd, const char *text, size_t chunk)
{
	size_t len = strlen(text);

	while (len > 0) {
		size_t n = chunk == 0 || chunk > len ? len : chunk;

		if (send(fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
		text += n;
		len -= n;
		usleep(chunk == 0 ? 0 : 200);
	}
}

static void *
be_bird(void *arg)
{
	struct script *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	size_t heard = 0, i = 0;

	say(fd, s->says[i++], s->chunk);
	while (heard < sizeof s->heard - 1) {
		ssize_t n =
		    recv(fd, s->heard + heard, sizeof s->heard - 1 - heard, 0);

		if (n <= 0)
			break;
		heard += (size_t)n;
		s->n_commands++;
		if (i < s->n)
			say(fd, s->says[i++], s->chunk);
	}
	close(fd);
	return NULL;
}

static struct site_answer
ask_scripted(struct script *s, const char *const *says, size_t n,
    char *const *peers, size_t n_peers, int64_t timeout_us)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct prefix p = prefix(PREFIX);
	struct site_answer answer = { 0 };
	pthread_t thread;

	scratch_make(&s->scratch);
	snprintf(s->path, sizeof s->path, "%s",
	    scratch_path(&s->scratch, "bird.ctl"));
	memcpy(a.sun_path, s->path, strlen(s->path) + 1);
	s->says = says;
	s->n = n;
	s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	pthread_create(&thread, NULL, be_bird, s);
	bird_ask(
	    &answer, s->path, &p, peers, n_peers, clock_mono_us() + timeout_us);
	pthread_join(thread, NULL);
	close(s->fd);
	scratch_remove(&s->scratch);
	return answer;
}

#define HELLO "0001 BIRD 2.0.12 ready.\n"
#define RESTRICTED "0016 Access restricted\n"

static void
bird_is_asked_for_reading_only_and_believed(void **state)
{
	static const char *const says[] = { HELLO, RESTRICTED, PROTOCOLS,
		ROUTE };
	struct script s = { .chunk = 0 };
	struct site_answer a =
	    ask_scripted(&s, says, T_LEN(says), NULL, 0, 60 * US_PER_S);

	(void)state;
	T_CHECK(a.said == SAID_YES, "%d %s", a.said, a.why);
	assert_string_equal(a.why, "BIRD exports it to up1");
	assert_string_equal(s.heard, "restrict\nshow protocols\n"
				     "show route 192.0.2.0/24 export up1\n");
	s = (struct script){ .chunk = 3 }; /* in small pieces */
	a = ask_scripted(&s, says, T_LEN(says), NULL, 0, 60 * US_PER_S);
	T_CHECK(a.said == SAID_YES, "%d %s", a.said, a.why);
}

static void
bird_says_no_when_no_session_exports_it(void **state)
{
	static const char *const none[] = { HELLO, RESTRICTED, PROTOCOLS,
		"8001 Network not found\n" };
	static const char *const no_channel[] = { HELLO, RESTRICTED, PROTOCOLS,
		"9001 No valid tables\n" };
	static const char *const down[] = { HELLO, RESTRICTED,
		HEAD "1002-x BGP --- start 1 Active\n0000 \n" };
	static const char *const no_bgp[] = { HELLO, RESTRICTED,
		HEAD "1002-device1 Device --- up 1\n0000 \n" };
	static const struct {
		const char *const *says;
		size_t n;
		const char *why;
	} cases[] = { { none, 4, "to none of 1 established" },
		{ no_channel, 4, "to none of 1 established" },
		{ down, 3, "is up: x is Active" },
		{ no_bgp, 3, "no BGP session" } };

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct script s = { .chunk = 0 };
		struct site_answer a = ask_scripted(
		    &s, cases[i].says, cases[i].n, NULL, 0, 60 * US_PER_S);

		T_CHECK(a.said == SAID_NO, "%zu: %d %s", i, a.said, a.why);
		T_CHECK(strstr(a.why, cases[i].why) != NULL, "%s", a.why);
	}
}

static void
what_is_not_an_answer_is_unknown(void **state)
{
	static const char *const garbage[] = { "SSH-2.0-OpenSSH_9.2\r\n" };
	static const char *const unrestricted[] = { HELLO, "9001 what?\n" };
	static const char *const two[] = { HELLO, RESTRICTED "0000 \n" };
	static const char *const protocols[] = { HELLO, RESTRICTED, "0000 \n" };
	static const char *const wrong[] = { HELLO, RESTRICTED, PROTOCOLS,
		"9001 syntax error\n" };
	static const char *const silent[] = { HELLO, RESTRICTED };
	static const char *const half[] = { HELLO, RESTRICTED, HEAD };
	static const struct {
		const char *const *says;
		size_t n;
	} cases[] = { { garbage, 1 }, { unrestricted, 2 }, { two, 2 },
		{ protocols, 3 }, { wrong, 4 }, { silent, 2 }, { half, 3 } };

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct script s = { .chunk = 0 };
		struct site_answer a = ask_scripted(
		    &s, cases[i].says, cases[i].n, NULL, 0, US_PER_S / 2);

		T_CHECK(a.said == SAID_UNKNOWN, "%zu: %d %s", i, a.said, a.why);
		T_CHECK(a.why[0] != '\0', "%zu: no reason", i);
	}
}

static void
only_the_peers_that_are_named_count(void **state)
{
	static const char *const says[] = { HELLO, RESTRICTED, PROTOCOLS,
		ROUTE };
	char up2[] = "up2", up9[] = "up9";
	char *one[] = { up2 }, *other[] = { up9 };
	struct script s = { .chunk = 0 };
	struct site_answer a =
	    ask_scripted(&s, says, T_LEN(says), one, 1, 60 * US_PER_S);

	(void)state;
	T_CHECK(a.said == SAID_NO, "%d %s", a.said, a.why);
	s = (struct script){ .chunk = 0 };
	a = ask_scripted(&s, says, T_LEN(says), other, 1, 60 * US_PER_S);
	T_CHECK(a.said == SAID_UNKNOWN, "%d %s", a.said, a.why);
	assert_non_null(strstr(a.why, "no BGP protocol up9"));
}

static void
without_a_socket_nobody_knows(void **state)
{
	struct prefix p = prefix(PREFIX);
	struct site_answer a;

	(void)state;
	bird_ask(
	    &a, "/nowhere/bird.ctl", &p, NULL, 0, clock_mono_us() + US_PER_S);
	assert_int_equal(a.said, SAID_UNKNOWN);
	assert_non_null(strstr(a.why, "/nowhere/bird.ctl"));
}

/* Replies of real routers, where their files are beside the project; as birdc
 * printed them, so codes are put before the lines again. */
static void
replies_of_real_routers_are_read(void **state)
{
	const char *data = getenv("CATCHWATER_DATA");
	char path[512], *text, *reply, *save = NULL;
	struct bird_sessions *s = malloc(sizeof *s);
	size_t len, n = 0, n_bgp = 0;

	(void)state;
	snprintf(path, sizeof path,
	    "%s/bgp-router-output/bird/protocols_short.sample",
	    data == NULL ? "../shared/data" : data);
	if (file_read(path, 1 << 20, &text, &len, NULL) != RC_OK) {
		print_message("%s is not there: skipped\n", path);
		free(s);
		skip();
	}
	reply = malloc(2 * len + 64);
	n = (size_t)sprintf(reply, "%s1002-first Device\n", HEAD);
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		n_bgp += strstr(line, " BGP ") != NULL;
		n += (size_t)sprintf(reply + n, " %s\n", line);
	}
	n += (size_t)sprintf(reply + n, "0000 \n");
	assert_int_equal(bird_read_sessions(s, reply, n), RC_OK);
	assert_true(s->n > 5);
	assert_int_equal(s->n, n_bgp);
	for (size_t i = 0; i < s->n; i++)
		T_CHECK(bird_is_plain_name(s->list[i].name) &&
			    s->list[i].is_up ==
				(strcmp(s->list[i].info, "Established") == 0),
		    "%s", s->list[i].name);
	free(reply);
	free(text);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_ends_with_its_last_line),
		cmocka_unit_test(sessions_are_bgp_and_up_when_established),
		cmocka_unit_test(more_sessions_than_fit_are_refused),
		cmocka_unit_test(
		    a_prefix_is_there_when_a_route_line_begins_with_it),
		cmocka_unit_test(names_that_could_be_commands_are_not_plain),
		cmocka_unit_test(bird_is_asked_for_reading_only_and_believed),
		cmocka_unit_test(bird_says_no_when_no_session_exports_it),
		cmocka_unit_test(what_is_not_an_answer_is_unknown),
		cmocka_unit_test(only_the_peers_that_are_named_count),
		cmocka_unit_test(without_a_socket_nobody_knows),
		cmocka_unit_test(replies_of_real_routers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
