/* test_measure_options.c - what `catchwater-probe measure` can be told. */
#include "probe/measure_options.h"

#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define ARGS_MAX 16

/* Splits at blanks; '_' within a word stands for one. */
static int
split(char *line, char *argv[ARGS_MAX])
{
	static char name[] = "measure";
	int argc = 0;

	argv[argc++] = name;
	for (char *w = strtok_r(line, " ", &line); w != NULL;
	     w = strtok_r(NULL, " ", &line)) {
		for (char *c = w; *c != '\0'; c++)
			*c = *c == '_' ? ' ' : *c;
		argv[argc++] = w;
	}
	argv[argc] = NULL;
	return argc;
}

static enum rc
parse(struct measure_options *o, const char *text, struct err *err)
{
	static char line[256];
	char *argv[ARGS_MAX], **targets;
	int n;

	snprintf(line, sizeof line, "%s", text);
	return measure_options_parse(
	    o, split(line, argv), argv, &targets, &n, err);
}

static const struct {
	const char *line;
	const char *says; /* of the error; "": none */
} lines[] = {
	{ "a", "" },
	{ "", "no target" },
	{ "-4 -6 a", "-4 and -6" },
	{ "--targets f", "" },
	{ "--targets f a", "--targets and targets on the command line" },
	{ "--targets f --flows 5", "--targets and --flows" },
	{ "--targets f --watch", "--targets and --watch" },
	{ "--flows 5 a", "" },
	{ "--flows 5 --mda a", "--flows and --mda" },
	{ "--mda --middlebox a", "--mda and --middlebox" },
	{ "--flows 5 --trace a", "--flows and --dns, --ping" },
	{ "--middlebox --count 3 a", "--middlebox and --dns, --ping" },
	{ "--flows 1 a", "outside 2 to 256" },
	{ "--flows 5 --proto tcp a", "--flows needs --proto udp" },
	{ "--mda --proto plain a", "" },
	{ "--mda --proto icmp a", "--mda needs --proto udp or plain" },
	{ "--middlebox --proto tcp a", "leave out --proto" },
	{ "--watch --json a", "--watch and --json" },
	{ "--watch --count 3 a", "" },
	{ "--proto sctp a", "expected udp, tcp, icmp, tls or plain" },
	{ "--dns --proto icmp a", "--proto icmp carries nothing of this" },
	{ "--ping --proto udp a", "--proto udp carries nothing of this" },
	{ "--trace --proto tls a", "--proto tls carries nothing of this" },
	{ "--dns --trace --proto icmp a", "" },
	{ "--proto plain a", "" },
	{ "--tls-name x a", "--tls-name needs --proto tls" },
	{ "--tls-name x --proto tls a", "" },
	{ "--tls-name x..y --proto tls a", "--tls-name x..y: not a domain" },
	{ "--ping --cookie a", "--cookie needs --dns" },
	{ "--ping --zoneversion a", "--zoneversion needs --dns" },
	{ "--ping --mixed-case a", "--mixed-case needs --dns" },
	{ "--ping --listen 1 a", "--listen needs --dns" },
	{ "--ping --name id.server a", "--name needs --dns" },
	{ "--dns --asn f a", "--asn needs --trace or --mda" },
	{ "--trace --asn f a", "" },
	{ "--queries 16 a", "" },
	{ "--queries 17 a", "--queries: 17 is outside 1 to 16" },
	{ "--queries 0 a", "--queries: 0 is outside" },
	{ "--dns --queries 4 a", "--queries needs --trace" },
	{ "--mda --queries 4 a", "--queries needs --trace" },
	{ "--middlebox --queries 4 a", "--queries needs --trace" },
	{ "--targets f --trace -q 4", "" },
	{ "--mda --asn f a", "" },
	{ "--targets f --trace --asn f", "--asn needs targets on the" },
	{ "--decoy 192.0.2.9 a", "--decoy needs --middlebox" },
	{ "--middlebox --decoy 192.0.2.9 a", "" },
	{ "--middlebox --decoy nobody a", "--decoy nobody: not an address" },
	{ "--name id.server_CH a", "" },
	{ "--name id.server_CHAOS a", "" },
	{ "--name id.server_HS a", "--name 'id.server HS': expected a name" },
	{ "--zone a..b a", "--zone a..b: not a domain name" },
	{ "--timeout 0 a", "--timeout: must be over 0" },
	{ "--rate 0 a", "" },
	{ "--rate -1 a", "--rate" },
};

static void
what_does_not_go_together_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(lines); i++) {
		struct measure_options o;
		struct err err = ERR_NONE;
		enum rc rc = parse(&o, lines[i].line, &err);

		T_CHECK((rc == RC_OK) == (lines[i].says[0] == '\0'), "'%s': %s",
		    lines[i].line, err.text);
		T_CHECK(strstr(err.text, lines[i].says) != NULL, "'%s': %s",
		    lines[i].line, err.text);
	}
}

static struct measure_options
good(const char *line)
{
	struct measure_options o;
	struct err err = ERR_NONE;

	T_CHECK(parse(&o, line, &err) == RC_OK, "%s: %s", line, err.text);
	return o;
}

static void
defaults_follow_from_what_is_asked(void **state)
{
	struct measure_options o = good("a");

	(void)state;
	assert_true(o.dns && o.ping && o.trace && !o.is_every_round_traced);
	assert_int_equal(o.count, 5);
	assert_int_equal(o.timeout_us, 4 * US_PER_S);
	assert_string_equal(o.zone, ".");
	assert_false(o.is_zone_given);
	o = good("--count 3 a");
	assert_true(o.count == 3 && o.is_every_round_traced);
	o = good("--trace a");
	assert_int_equal(o.count, 1);
	o = good("--watch a");
	assert_true(o.count == 0 && o.interval_us == US_PER_S);
	o = good("--targets f");
	assert_true(o.dns && !o.ping && !o.trace && o.count == 1);
	o = good("--targets f --all");
	assert_true(o.dns && o.ping && o.trace);
	o = good("--trace a");
	assert_true(o.queries == 8 && !o.is_every_round_looked);
	o = good("--targets f --trace");
	assert_int_equal(o.queries, 1);
	o = good("--targets f --trace --queries 3");
	assert_true(o.queries == 3 && o.is_every_round_looked);
	o = good("--mda a");
	assert_int_equal(o.queries, 1);
	assert_true(o.trace && !o.dns && o.timeout_us == US_PER_S);
}

static const struct {
	const char *line;
	enum proto protos[MEASURE_KINDS];
	uint16_t ports[MEASURE_KINDS]; /* dns, ping, trace */
} ways[] = {
	{ "a", { PROTO_UDP, PROTO_ICMP, PROTO_UDP }, { 53, 0, 53 } },
	{ "--proto tcp a", { PROTO_TCP, PROTO_TCP, PROTO_TCP },
	    { 53, 53, 53 } },
	{ "--proto icmp a", { PROTO_UDP, PROTO_ICMP, PROTO_ICMP },
	    { 53, 0, 0 } },
	{ "--proto tls a", { PROTO_TLS, PROTO_ICMP, PROTO_UDP },
	    { 853, 0, 53 } },
	{ "--proto plain a", { PROTO_UDP, PROTO_ICMP, PROTO_PLAIN },
	    { 53, 0, 33434 } },
	{ "--proto plain --port 5353 a", { PROTO_UDP, PROTO_ICMP, PROTO_PLAIN },
	    { 5353, 0, 5353 } },
};

static void
each_kind_has_its_protocol_and_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(ways); i++) {
		struct measure_options o = good(ways[i].line);

		for (unsigned k = 0; k < MEASURE_KINDS; k++)
			T_CHECK(o.protos[k] == ways[i].protos[k] &&
				    o.ports[k] == ways[i].ports[k],
			    "%s: %s by %s port %u", ways[i].line,
			    kind_name((enum kind)k), proto_name(o.protos[k]),
			    o.ports[k]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_go_together_is_said),
		cmocka_unit_test(defaults_follow_from_what_is_asked),
		cmocka_unit_test(each_kind_has_its_protocol_and_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
