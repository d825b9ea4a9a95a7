/* test_site_program.c - the parts of catchwater-probe site that ask routers in
 * JSON, weigh answers, and read settings. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/child.h"
#include "probe/route.h"
#include "probe/route_json.h"
#include "probe/site_check.h"
#include "probe/site_settings.h"
#include "probe/steady.h"
#include "schema/base/clock.h"
#include "schema/base/file.h"
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(&p, text, strlen(text)), RC_OK);
	return p;
}

/* ---- prefixes ---- */

static void
a_prefix_has_no_bits_behind_its_length(void **state)
{
	static const char *const good[] = { "192.0.2.0/24", "0.0.0.0/0",
		"192.0.2.53/32", "2001:db8::/32", "::/0", "2001:db8::53/128" };
	static const char *const bad[] = { "192.0.2.1/24", "192.0.2.0",
		"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/24x", "/24",
		"2001:db8::1/64", "::/129", "192.0.2.0/0024", "" };
	char text[PREFIX_TEXT_LEN];
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < T_LEN(good); i++) {
		p = prefix(good[i]);
		assert_string_equal(prefix_format(&p, text), good[i]);
	}
	for (size_t i = 0; i < T_LEN(bad); i++)
		T_CHECK(
		    prefix_parse(&p, bad[i], strlen(bad[i])) == RC_MALFORMED,
		    "%s", bad[i]);
}

/* ---- FRR and GoBGP ---- */

#define FRR_HEAD "{\"prefix\":\"192.0.2.0/24\",\"version\":1,"
#define FRR_PATHS "\"paths\":[{\"origin\":\"IGP\",\"valid\":true}]}"

static const struct {
	const char *name, *text;
	enum rc rc;
	size_t n;
} frr[] = {
	{ "advertised to two",
	    FRR_HEAD "\"advertisedTo\":{\"203.0.113.1\":{\"hostname\":\"r1\"},"
		     "\"2001:db8::1\":{}}," FRR_PATHS,
	    RC_OK, 2 },
	{ "to an interface",
	    FRR_HEAD "\"advertisedTo\":{\"eth0\":{}}," FRR_PATHS, RC_OK, 1 },
	{ "in the table only", FRR_HEAD FRR_PATHS, RC_OK, 0 },
	{ "not in the table", "{\n}\n", RC_OK, 0 },
	{ "another prefix",
	    "{\"prefix\":\"192.0.0.0/"
	    "16\",\"advertisedTo\":{\"203.0.113.1\":{}},"
	    "\"paths\":[]}",
	    RC_MALFORMED, 0 },
	{ "no paths", "{\"prefix\":\"192.0.2.0/24\"}", RC_MALFORMED, 0 },
	{ "a list of peers",
	    FRR_HEAD "\"advertisedTo\":[\"203.0.113.1\"]," FRR_PATHS,
	    RC_MALFORMED, 0 },
	{ "no JSON", "bgpd is not running\n", RC_MALFORMED, 0 },
	{ "an array", "[]", RC_MALFORMED, 0 },
	{ "nothing", "", RC_MALFORMED, 0 },
};

static void
frr_says_to_whom_it_advertises(void **state)
{
	struct route_peers *peers = malloc(sizeof *peers);
	struct prefix p = prefix("192.0.2.0/24");

	(void)state;
	for (size_t i = 0; i < T_LEN(frr); i++) {
		enum rc rc =
		    route_read_frr(peers, &p, frr[i].text, strlen(frr[i].text));

		T_CHECK(rc == frr[i].rc, "%s: rc %d", frr[i].name, rc);
		T_CHECK(rc != RC_OK || peers->n == frr[i].n, "%s: %zu",
		    frr[i].name, peers->n);
	}
	free(peers);
}

static void
gobgp_says_who_is_up_and_what_he_is_sent(void **state)
{
	static const char list[] =
	    "[{\"state\":{\"neighbor_address\":\"203.0.113.1\","
	    "\"session_state\":6}},{\"state\":{\"neighbor_address\":"
	    "\"203.0.113.2\",\"session_state\":3}},{\"state\":{"
	    "\"neighbor_address\":\"2001:db8::2\",\"session_state\":"
	    "\"ESTABLISHED\"}}]";
	static const char sent[] =
	    "{\"192.0.2.0/24\":[{\"nlri\":{\"prefix\":\"192.0.2.0/24\"}}]}";
	static const char *const bad[] = { "{\"error\":\"not established\"}",
		"[]", "", "null", "{\"192.0.2.0/24\":true}" };
	struct route_peers *peers = malloc(sizeof *peers);
	struct prefix p = prefix("192.0.2.0/24"), q = prefix("192.0.3.0/24");
	bool has;

	(void)state;
	assert_int_equal(
	    route_read_gobgp_peers(peers, list, sizeof list - 1), RC_OK);
	assert_int_equal(peers->n, 3);
	assert_true(peers->list[0].is_up);
	assert_false(peers->list[1].is_up);
	assert_true(peers->list[2].is_up);
	assert_int_equal(
	    route_read_gobgp_peers(peers, sent, sizeof sent - 1), RC_MALFORMED);
	assert_int_equal(
	    route_read_gobgp_peers(peers, "[{}]", 4), RC_MALFORMED);
	assert_int_equal(
	    route_read_gobgp(&has, &p, sent, sizeof sent - 1), RC_OK);
	assert_true(has);
	assert_int_equal(
	    route_read_gobgp(&has, &q, sent, sizeof sent - 1), RC_OK);
	assert_false(has);
	assert_int_equal(route_read_gobgp(&has, &p, "{}", 2), RC_OK);
	assert_false(has);
	for (size_t i = 0; i < T_LEN(bad); i++)
		T_CHECK(route_read_gobgp(&has, &p, bad[i], strlen(bad[i])) ==
			    RC_MALFORMED,
		    "%s", bad[i]);
	free(peers);
}

/* JSON of real routers is of another command: it has to be refused, for it
 * says nothing of what is advertised. */
static void
other_json_of_real_routers_is_unknown(void **state)
{
	static const char *const names[] = { "as203038-community-1.0.0.0_24",
		"metallb-routes-3paths" };
	const char *data = getenv("CATCHWATER_DATA");
	struct route_peers *peers = malloc(sizeof *peers);
	struct prefix p = prefix("1.0.0.0/24");
	char path[512], *text;
	size_t len, n = 0;

	(void)state;
	for (size_t i = 0; i < T_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/bgp-router-output/frr/%s.json",
		    data == NULL ? "../shared/data" : data, names[i]);
		if (file_read(path, 1 << 20, &text, &len, NULL) != RC_OK)
			continue;
		assert_int_equal(
		    route_read_frr(peers, &p, text, len), RC_MALFORMED);
		free(text);
		n++;
	}
	free(peers);
	if (n == 0) {
		print_message("%s is not there: skipped\n", path);
		skip();
	}
}

/* ---- commands ---- */

static void
an_exit_status_is_an_answer_and_the_first_line_its_reason(void **state)
{
	struct site_answer a;

	(void)state;
	route_judge_command(&a, 0, "all \x1b[31mwell\nmore\n");
	assert_int_equal(a.said, SAID_YES);
	assert_string_equal(a.why, "all ?[31mwell");
	route_judge_command(&a, 1, "");
	assert_int_equal(a.said, SAID_NO);
	assert_string_equal(a.why, "exit status 1");
	route_judge_command(&a, 2, "");
	assert_int_equal(a.said, SAID_UNKNOWN);
}

static enum rc
sh(const char *text, int64_t timeout_us, struct child_output *o,
    struct err *err)
{
	const struct child_setting setting = { "CATCHWATER_FAMILY", "6" };
	char shell[] = "/bin/sh", option[] = "-c", copy[200];
	char *argv[] = { shell, option, copy, NULL };

	snprintf(copy, sizeof copy, "%s", text);
	return child_run(o, argv, &setting, 1, timeout_us, err);
}

static void
a_child_is_heard_and_its_time_is_limited(void **state)
{
	char nothing[] = "/nowhere/at-all";
	char *argv[] = { nothing, NULL };
	struct child_output o;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(
	    sh("echo $CATCHWATER_FAMILY; cat; exit 3", 60 * US_PER_S, &o, &err),
	    RC_OK);
	assert_int_equal(o.status, 3);
	assert_string_equal(o.text, "6\n");
	free(o.text);
	assert_int_equal(sh("sleep 1000", US_PER_S / 5, &o, &err), RC_PEER);
	assert_int_equal(/* its output is closed, it is not over */
	    sh("exec >&-; sleep 1000", US_PER_S / 5, &o, &err), RC_PEER);
	assert_int_equal(/* it is over, its output is not */
	    sh("sleep 1000 & echo x", US_PER_S / 5, &o, &err), RC_PEER);
	assert_int_equal(sh("kill -9 $$", 60 * US_PER_S, &o, &err), RC_PEER);
	assert_int_equal(sh("yes", 60 * US_PER_S, &o, &err), RC_LIMIT);
	assert_int_equal(
	    child_run(&o, argv, NULL, 0, 60 * US_PER_S, &err), RC_SYS);
	assert_non_null(strstr(err.text, "/nowhere/at-all"));
}

/* ---- fall and rise ---- */

static void
answers_count_when_they_are_repeated(void **state)
{
	static const struct {
		enum said heard, counts;
		int64_t for_s; /* one answer a second */
	} steps[] = {
		{ SAID_YES, SAID_UNKNOWN, 0 }, /* not looked long enough */
		{ SAID_YES, SAID_YES, 1 },
		{ SAID_NO, SAID_YES, 2 }, /* one lost packet */
		{ SAID_YES, SAID_YES, 3 },
		{ SAID_NO, SAID_YES, 4 },
		{ SAID_NO, SAID_YES, 5 },
		{ SAID_NO, SAID_NO, 2 }, /* since the first of them */
		{ SAID_YES, SAID_NO, 3 },
		{ SAID_UNKNOWN, SAID_UNKNOWN, 0 },
		{ SAID_YES, SAID_UNKNOWN, 1 },
		{ SAID_YES, SAID_YES, 1 },
		{ SAID_NOTHING, SAID_NOTHING, 0 },
	};
	struct steady s = { 0 };

	(void)state;
	for (size_t i = 0; i < T_LEN(steps); i++) {
		struct site_answer a = { .said = steps[i].heard };
		int64_t now_us = (int64_t)i * US_PER_S + 1;

		snprintf(a.why, sizeof a.why, "%zu", i);
		steady_hear(&s, &a, 3, 2, now_us);
		a = steady_answer(&s, now_us);
		T_CHECK(a.said == steps[i].counts, "step %zu: %d", i, a.said);
		T_CHECK(a.for_us == steps[i].for_s * US_PER_S,
		    "step %zu: for %lld", i, (long long)a.for_us);
	}
}

/* ---- settings ---- */

static enum rc
settings(struct site_settings *s, const char *line, struct err *err)
{
	static char copy[1024];
	char *argv[32], *save = NULL;
	int argc = 0;

	snprintf(copy, sizeof copy, "site %s", line);
	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	return site_settings_read(s, argc, argv, err);
}

static void
a_file_has_the_options_and_the_command_line_goes_before(void **state)
{
	static const char text[] = "# at Amsterdam\n"
				   "site ams\n"
				   "prefix = 192.0.2.0/24, 2001:db8::/48\n"
				   "  bird\t/run/bird/bird.ctl   # Debian's\n"
				   "address 192.0.2.53,2001:db8::53\n"
				   "unicast 198.51.100.1\n"
				   "zone anycast.example\n"
				   "peers up1 up2\n"
				   "resolver\n"
				   "every 2s\n";
	struct scratch scratch;
	char path[256], line[300];
	struct site_settings s;
	struct err err = ERR_NONE;

	(void)state;
	scratch_make(&scratch);
	snprintf(path, sizeof path, "%s", scratch_path(&scratch, "site.conf"));
	assert_int_equal(
	    file_replace(path, 0600, text, sizeof text - 1, NULL), RC_OK);
	snprintf(line, sizeof line, "--config %s --site fra", path);
	T_CHECK(settings(&s, line, &err) == RC_OK, "%s", err.text);
	assert_string_equal(s.o.site, "fra");
	assert_string_equal(s.o.bird, "/run/bird/bird.ctl");
	assert_int_equal(s.n_prefixes, 2);
	assert_int_equal(s.n_addresses, 3);
	assert_true(s.addresses[0].is_anycast);
	assert_false(s.addresses[2].is_anycast);
	assert_int_equal(s.n_peers, 2);
	assert_string_equal(s.peers[1], "up2");
	assert_true(s.o.is_resolver);
	assert_int_equal(s.o.every_us, 2 * US_PER_S);
	assert_int_equal(s.o.lease_us, 30 * US_PER_S);
	assert_true(site_has_family(&s, 6));
	site_settings_fini(&s);
	assert_int_equal(
	    file_replace(path, 0600, "site ams\nzoen x\n", 16, NULL), RC_OK);
	snprintf(line, sizeof line, "--config %s", path);
	assert_int_not_equal(settings(&s, line, &err), RC_OK);
	assert_non_null(strstr(err.text, "site.conf:2: "));
	assert_non_null(strstr(err.text, "zone"));
	site_settings_fini(&s);
	scratch_remove(&scratch);
}

#define BIRD " --prefix 192.0.2.0/24 --bird /x"

static const struct {
	const char *line, *says;
} mistakes[] = {
	{ "", "--site NAME" },
	{ "--site ams", "nothing to look at" },
	{ "--site ams --bird /x", "nothing to look at" },
	{ "--site ams --address 192.0.2.53 --bird /x", "--prefix is missing" },
	{ "--site ams --prefix 192.0.2.0/24", "--prefix needs" },
	{ "--site ams" BIRD " --frr vtysh", "one of them" },
	{ "--site ams --prefix 192.0.2.1/24 --bird /x", "'192.0.2.1/24'" },
	{ "--site ams --prefix 192.0.2.0/24,192.0.3.0/24 --bird /x",
	    "one of each family" },
	{ "--site ams --address 192.0.2.53", "--zone" },
	{ "--site ams --address x --zone .", "'x'" },
	{ "--site ams --address 192.0.2.53 --zone . --elsewhere",
	    "--identity" },
	{ "--site ams" BIRD " --lease 9s", "--lease" },
	{ "--site ams" BIRD " --every 1ms", "--every" },
	{ "--site ams" BIRD " --config /nowhere/x", "/nowhere/x" },
};

static void
mistakes_say_what_was_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(mistakes); i++) {
		struct site_settings s;
		struct err err = ERR_NONE;

		T_CHECK(settings(&s, mistakes[i].line, &err) != RC_OK, "%s",
		    mistakes[i].line);
		T_CHECK(strstr(err.text, mistakes[i].says) != NULL, "%s: %s",
		    mistakes[i].line, err.text);
		site_settings_fini(&s);
	}
}

/* ---- the service ---- */

static void
an_answer_is_judged_as_the_service_should_answer(void **state)
{
	const struct dnsmsg_reply good = {
		.is_response = true, .is_aa = true, .has_serial = true
	};
	struct site_settings s = { .o.identity = "ns*.ams.example" };
	struct dnsmsg_reply r = good;
	struct identity id;

	(void)state;
	assert_null(site_judge_answer(&r, &s));
	r.rcode = 5;
	assert_string_equal(site_judge_answer(&r, &s), "REFUSED");
	r = good;
	r.is_aa = false;
	assert_string_equal(site_judge_answer(&r, &s), "not authoritative");
	s.o.is_resolver = true;
	assert_null(site_judge_answer(&r, &s));
	r.has_serial = false;
	assert_string_equal(site_judge_answer(&r, &s), "no SOA");
	identity_set(&id, "NS1.ams.example", 15);
	assert_true(site_is_identity(&id, &s));
	identity_set(&id, "ns1.fra.example", 15);
	assert_false(site_is_identity(&id, &s));
	s.o.identity = NULL;
	assert_true(site_is_identity(&id, &s));
}

/* A name server on loopback that gives the same bytes back with QR set: an
 * answer without an SOA. */
static void *
echo(void *arg)
{
	int fd = *(int *)arg;
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	uint8_t bytes[512];
	ssize_t n = recvfrom(
	    fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &len);

	if (n > 3) {
		bytes[2] |= 0x84; /* QR, AA */
		sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
	return NULL;
}

static void
silence_refusal_and_an_address_elsewhere_are_failures(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct site_family f = { .family = 4 };
	socklen_t len = sizeof a;
	struct site_settings s;
	struct err err = ERR_NONE;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char line[200];
	pthread_t thread;

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	snprintf(line, sizeof line,
	    "--site ams --unicast 127.0.0.1 --zone . --port %u --timeout 300ms",
	    ntohs(a.sin_port));
	T_CHECK(settings(&s, line, &err) == RC_OK, "%s", err.text);
	site_check(&f, &s);
	assert_int_equal(f.healthy.said, SAID_NO);
	assert_string_equal(f.healthy.why, "127.0.0.1 does not answer");
	s.o.timeout_us = 60 * US_PER_S;
	while (recv(fd, line, sizeof line, MSG_DONTWAIT) > 0)
		continue;
	pthread_create(&thread, NULL, echo, &fd);
	site_check(&f, &s);
	pthread_join(thread, NULL);
	assert_string_equal(f.healthy.why, "127.0.0.1 no SOA");
	close(fd);
	site_check(&f, &s);
	assert_int_equal(f.healthy.said, SAID_NO);
	assert_non_null(strstr(f.healthy.why, "refused"));
	site_settings_fini(&s);
	T_CHECK(settings(&s, "--site ams --address 192.0.2.53 --zone .",
		    &err) == RC_OK,
	    "%s", err.text);
	site_check(&f, &s);
	assert_int_equal(f.healthy.said, SAID_NO);
	assert_non_null(strstr(f.healthy.why, "not an address of this host"));
	f.family = 6;
	site_check(&f, &s);
	assert_int_equal(f.healthy.said, SAID_NOTHING);
	site_settings_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_has_no_bits_behind_its_length),
		cmocka_unit_test(frr_says_to_whom_it_advertises),
		cmocka_unit_test(gobgp_says_who_is_up_and_what_he_is_sent),
		cmocka_unit_test(other_json_of_real_routers_is_unknown),
		cmocka_unit_test(
		    an_exit_status_is_an_answer_and_the_first_line_its_reason),
		cmocka_unit_test(a_child_is_heard_and_its_time_is_limited),
		cmocka_unit_test(answers_count_when_they_are_repeated),
		cmocka_unit_test(
		    a_file_has_the_options_and_the_command_line_goes_before),
		cmocka_unit_test(mistakes_say_what_was_expected),
		cmocka_unit_test(
		    an_answer_is_judged_as_the_service_should_answer),
		cmocka_unit_test(
		    silence_refusal_and_an_address_elsewhere_are_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
