/* test_measure_text.c - what a person is told about one address. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/asn.h"
#include "probe/measure_line.h"
#include "probe/measure_text.h"
#include "probe/trace_text.h"
#include "tests/unit/mmdb.h"

static struct observation
dns(const char *nsid, const char *chaos, enum outcome outcome)
{
	struct observation o = { .kind = KIND_DNS,
		.proto = PROTO_UDP,
		.outcome = outcome,
		.target = { .family = 6, .bytes = { 0x20, 1, 0xd, 0xb8 } } };

	o.dns.rtt_us = 1500;
	if (nsid != NULL)
		identity_set(&o.dns.nsid, nsid, strlen(nsid));
	if (chaos == NULL)
		return o;
	o.dns.chaos.is_asked = true;
	o.dns.chaos.nsid = o.dns.nsid;
	identity_set(&o.dns.chaos.txt, chaos, strlen(chaos));
	return o;
}

/* Gives the block of a target with these observations. */
static char *
block(const struct observation *o, size_t n)
{
	struct summary *s = calloc(1, sizeof *s);
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	s->name = "name.example";
	s->zone = ".";
	s->identity_name = "whoami.example";
	s->target = o->target;
	s->timeout_us = 4000000;
	for (size_t i = 0; i < n; i++)
		summary_add(s, &o[i]);
	T_CHECK(summary_is_answered(s) == outcome_is_answer(o[0].outcome), "%s",
	    outcome_name(o[0].outcome));
	summary_print(s, to);
	fclose(to);
	free(s);
	return text;
}

static void
expect(const char *text, const char *claim, const char *says)
{
	T_CHECK(strstr(text, says) != NULL, "%s: '%s' is not in\n%s", claim,
	    says, text);
}

static void
expect_not(const char *text, const char *claim, const char *says)
{
	T_CHECK(strstr(text, says) == NULL, "%s: '%s' is in\n%s", claim, says,
	    text);
}

static const struct {
	const char *claim, *nsid, *chaos;
	enum outcome outcome;
	const char *says, *says_not;
} cases[] = {
	{ "the site and the template are named", "ns1.ams.k.ripe.net", NULL,
	    OUTCOME_OK, "ams, instance 1  (by template ns{instance}.{site}.k",
	    "unknown" },
	{ "an unknown form is called so", "opaque", NULL, OUTCOME_OK,
	    "unknown (no template matches)", "instance" },
	{ "agreement is told", "a", "a", OUTCOME_OK, "the same as NSID",
	    "DIFFERS" },
	{ "disagreement is told", "a", "b", OUTCOME_OK, "DIFFERS from NSID",
	    "the same" },
	{ "no terminal escape gets through", "x\033[31m", NULL, OUTCOME_OK,
	    "x\\x1b[31m", "\033" },
	{ "silence is told in words", NULL, NULL, OUTCOME_TIMEOUT,
	    "1 x no answer within 4 s", "min/median/max" },
	{ "a missing route is one line", NULL, NULL, OUTCOME_NO_FAMILY,
	    "no IPv6 address or route", "answered" },
};

static void
an_answer_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct observation o =
		    dns(cases[i].nsid, cases[i].chaos, cases[i].outcome);
		char *text = block(&o, 1);

		expect(text, cases[i].claim, cases[i].says);
		expect_not(text, cases[i].claim, cases[i].says_not);
		free(text);
	}
}

static void
what_was_asked_for_besides_is_told(void **state)
{
	struct observation o = dns("a", "b", OUTCOME_OK);
	char *text;

	(void)state;
	o.dns.chaos.name = CHAOS_GIVEN;
	o.dns.zoneversion = (struct zoneversion){ .is_present = true,
		.n_labels = 2,
		.len = 4,
		.bytes = { 0x78, 0xbf, 0xcb, 0x75 } };
	o.dns.n_ede = 2;
	o.dns.ede[0] = 18;
	o.dns.ede[1] = 60000;
	o.stamp = STAMP_RECEIVE;
	text = block(&o, 1);
	expect(text, "the name that was asked", "b  (whoami.example)");
	expect(text, "zone version", "SOA serial 2025835381, of a zone of 2");
	expect(text, "a known error", "extended error 18: prohibited");
	expect(text, "an unknown one", "error 60000: not in the registry");
	expect(text, "who took the times", "kernel receive stamps");
	free(text);
	o.dns.zoneversion.type = 200;
	text = block(&o, 1);
	expect(text, "another type", "type 200, 78bfcb75");
	free(text);
}

static void
a_second_answer_is_told(void **state)
{
	struct observation o[2] = { dns("a", NULL, OUTCOME_OK),
		dns("a", NULL, OUTCOME_OK) };
	char *text;

	(void)state;
	o[0].dns.second.is_present = o[0].dns.second.is_different = true;
	o[0].dns.second.rtt_us = 4600;
	o[0].dns.second.rcode = 3;
	identity_set(&o[0].dns.second.nsid, "x", 1);
	text = block(o, 1);
	expect(text, "once",
	    "a second answer, different, 3.100 ms later: NXDOMAIN, NSID x; two "
	    "servers answer");
	free(text);
	o[1].dns.second.is_present = true;
	o[1].dns.second.rtt_us = 1600;
	text = block(o, 2);
	expect(text, "twice",
	    "2 times, of them 1 different; the last: the same, 0.100 ms later");
	free(text);
}

static void
a_certificate_is_told(void **state)
{
	struct observation o = dns("a", NULL, OUTCOME_OK);
	struct tls_result *t = &o.dns.tls;
	char *text;

	(void)state;
	o.proto = PROTO_TLS;
	*t = (struct tls_result){ .is_present = true,
		.version = 3,
		.fingerprint = { 0xab },
		.connect_us = 1000,
		.handshake_us = 2000,
		.not_after_us = INT64_C(1795000000000000),
		.subject = "CN=dns\033[2J",
		.fault = "expired" };
	text = block(&o, 1);
	expect(
	    text, "figures", "1.3, connected in 1.000 ms, handshake 2.000 ms");
	expect(text, "the fault", "NOT verified: expired");
	expect(text, "texts are escaped", "CN=dns\\x1b[2J");
	expect(text, "its end", "valid until 2026-11-18T");
	expect(text, "the fingerprint", "SHA-256 ab00");
	free(text);
	t->is_verified = true;
	text = block(&o, 1);
	expect(text, "a good one", "certificate verified");
	free(text);
}

/* A path in letters: each letter a router 10.0.0.<letter>, '*' silence, 'T'
 * the target; "(ab)" two answers at one TTL to two packets, "[ab]" to one. */
static struct observation
path(const char *letters)
{
	struct observation o = { .kind = KIND_TRACE,
		.proto = PROTO_UDP,
		.outcome = OUTCOME_TIMEOUT,
		.target = { .family = 4, .bytes = { 192, 0, 2, 53 } } };
	uint8_t ttl = 0;
	char open = 0;

	for (const char *c = letters; *c != '\0'; c++) {
		struct hop *h = &o.trace.hops[o.trace.n_hops];

		if (*c == '(' || *c == '[') {
			open = *c;
			ttl++;
			continue;
		}
		if (*c == ')' || *c == ']') {
			open = 0;
			continue;
		}
		if (open == 0)
			ttl++;
		o.trace.n_hops++;
		*h = (struct hop){ .ttl = ttl,
			.attempt = 1,
			.rtt_us = 1000 * ttl,
			.is_target = *c == 'T' };
		if (open != 0 && h->ttl == h[-1].ttl) {
			h->attempt = open == '(' ? 2 : 1;
			h->is_extra = open == '[';
		}
		if (*c == '*')
			continue;
		h->address = (struct addr){ .family = 4,
			.bytes = { 10, 0, 0, (uint8_t)*c } };
		h->icmp_type = 11;
		if (*c != 'T')
			continue;
		h->address = o.target;
		o.outcome = OUTCOME_OK;
		o.trace.is_reached = true;
	}
	return o;
}

static char *
path_text(const char *rounds, const struct asn *asn)
{
	struct trace_table *t = calloc(1, sizeof *t);
	char *words = strdup(rounds), *rest = words, *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	for (char *w = strtok_r(rest, " ", &rest); w != NULL;
	     w = strtok_r(NULL, " ", &rest)) {
		struct observation o = path(w);

		trace_table_add(t, &o);
	}
	trace_text_print(t, asn, to);
	fclose(to);
	free(words);
	free(t);
	return text;
}

static const struct {
	const char *claim, *rounds, *says, *says_not;
} paths[] = {
	{ "one round is short", "abT", "192.0.2.53           3.000 ms  the t",
	    "loss" },
	{ "silence is a star", "a*T", "     2  *\n", "10.0.0.0" },
	{ "a path that ends is said to", "ab***", "nothing answers after hop",
	    "the target\n" },
	{ "several rounds are a table", "abT abT", "reached in 2 of 2 rounds",
	    "changed" },
	{ "loss is counted per packet", "aT *T",
	    "10.0.0.97         50.0%      2     1.000", "changed" },
	{ "a set within a round is balancing", "a(bc)T",
	    "10.0.0.99            2.000 ms  balanced packet by packet",
	    "changed" },
	{ "a set is no change of path", "a(bc)T a(bc)T", "balanced packet",
	    "changed" },
	{ "another node in another round is a change", "abT abT acT",
	    "path changed: since round 3", "balanced" },
	{ "and the node before it is told", "abT abT acT",
	    "path changed: until round 2", "alternates" },
	{ "a node that comes back alternates", "abT acT abT", "alternates",
	    "changed" },
	{ "an extra answer is in no path", "a[bc]T a[bc]T",
	    "a third party, in no path", "balanced" },
	{ "an extra answer changes no path", "a[bc]T abT", "third party",
	    "changed" },
};

static void
paths_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(paths); i++) {
		char *text = path_text(paths[i].rounds, NULL);

		expect(text, paths[i].claim, paths[i].says);
		expect_not(text, paths[i].claim, paths[i].says_not);
		free(text);
	}
}

/* After looks: b is next to a, and c is not known to be next to b. */
static void
links_that_are_not_proven_are_marked(void **state)
{
	struct trace_table *t = calloc(1, sizeof *t);
	struct observation o = path("abcT");
	size_t len;
	char *text;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	o.trace.n_queries = 8;
	o.trace.hops[1].is_linked = o.trace.hops[3].is_linked = true;
	trace_table_add(t, &o);
	trace_text_print(t, NULL, to);
	fclose(to);
	expect(text, "the number", ", 8 packets to a hop");
	expect(text, "proven", "10.0.0.98            2.000 ms\n");
	expect(text, "not proven",
	    "10.0.0.99            3.000 ms  link to the hop before not proven");
	expect(text, "the end", "the target\n");
	free(text);
	free(t);
}

/* Looks that were not answered are no loss. */
static void
looks_are_no_loss(void **state)
{
	struct trace_table *t = calloc(1, sizeof *t);
	struct observation o = path("a(bc)T");

	(void)state;
	o.trace.n_queries = 8;
	o.trace.hops[2].attempt = 7;
	trace_table_add(t, &o);
	assert_int_equal(t->rows[2].n_sent, 2);
	assert_int_equal(t->rows[2].n_answered, 2);
	o.trace.hops[0].attempt = 2;
	trace_table_add(t, &o);
	assert_int_equal(t->rows[1].n_sent, 3);
	assert_int_equal(t->rows[1].n_answered, 2);
	free(t);
}

static void
round_trips_are_summed_up(void **state)
{
	static const int64_t rtts[] = { 2000, 4000, 4000, 4000, 5000, 5000,
		7000, 9000 };
	struct trace_table *t = calloc(1, sizeof *t);
	const struct trace_node *n = &t->rows[1].nodes[0];

	(void)state;
	for (size_t i = 0; i < T_LEN(rtts); i++) {
		struct observation o = path("T");

		o.trace.hops[0].rtt_us = rtts[i];
		trace_table_add(t, &o);
	}
	assert_true(n->best_us == 2000 && n->worst_us == 9000);
	assert_true(n->last_us == 9000 && n->n == 8);
	assert_true(n->mean_us > 4999.9 && n->mean_us < 5000.1);
	assert_true(trace_node_deviation_us(n) > 1999.9 &&
		    trace_node_deviation_us(n) < 2000.1);
	free(t);
}

/* What does not fit shares the last place, and nothing is written beyond. */
static void
more_nodes_than_fit_do_no_harm(void **state)
{
	struct trace_table *t = calloc(1, sizeof *t);

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct observation o = path("aT");

		o.trace.hops[0].address.bytes[3] = (uint8_t)i;
		trace_table_add(t, &o);
	}
	assert_int_equal(t->rows[1].n_nodes, TRACE_NODES_MAX);
	assert_int_equal(t->rows[1].n_answered, 40);
	assert_int_equal(t->rows[2].n_nodes, 1);
	free(t);
}

static void
labels_and_networks_are_told(void **state)
{
	static char file[] = "/tmp/catchwater-test-XXXXXX";
	int fd = mkstemp(file);
	struct asn *asn;
	struct asn_entry entry;
	struct addr other = { .family = 6, .bytes = { 0x20, 1 } };
	struct err err;
	char *text;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	mmdb_write(file, 0,
	    "Ex\033[1m\xc2\x9b"
	    "amp\xc3\xa9 Net",
	    0);
	T_CHECK(asn_open(&asn, file, &err) == RC_OK, "%s", err.text);
	text = path_text("aT", asn);
	expect(text, "AS and name, without control characters",
	    "192.0.2.53       AS64511 Ex[1mamp\xc3\xa9 Net");
	free(text);
	assert_int_equal(asn_find(asn, &other, &entry), RC_NOTFOUND);
	assert_int_equal(asn_find(NULL, &other, &entry), RC_NOTFOUND);
	asn_close(asn);
	mmdb_write(file, 0, "x", 100);
	assert_int_equal(asn_open(&asn, file, &err), RC_MALFORMED);
	unlink(file);
	assert_int_equal(asn_open(&asn, file, &err), RC_NOTFOUND);
}

static const struct {
	const char *claim, *line;
} short_lines[] = {
	{ "an answer", "2001:db8::       dns         1.500 ms  "
		       "ams  ns1.ams.k.ripe.net\n" },
	{ "the same again", "2001:db8::       dns         1.500 ms  "
			    "ams  ns1.ams.k.ripe.net\n" },
	{ "an unknown form",
	    "2001:db8::       dns         1.500 ms  opaque\n" },
	{ "another code", "2001:db8::       dns         1.500 ms  REFUSED\n" },
	{ "silence", "2001:db8::       dns          timeout\n" },
	{ "a path", "192.0.2.53       trace       3.000 ms  3 hops\n" },
	{ "half a path", "192.0.2.53       trace        timeout  1 hop, not "
			 "reached\n" },
};

static void
an_observation_is_one_line(void **state)
{
	struct observation o[] = { dns("ns1.ams.k.ripe.net", NULL, OUTCOME_OK),
		dns("ns1.ams.k.ripe.net", NULL, OUTCOME_OK),
		dns("opaque", NULL, OUTCOME_OK), dns(NULL, NULL, OUTCOME_RCODE),
		dns(NULL, NULL, OUTCOME_TIMEOUT), path("abT"), path("a") };
	struct line_sites *sites = calloc(1, sizeof *sites);
	char line[LINE_TEXT_MAX];

	(void)state;
	o[3].dns.rcode = 5;
	for (size_t i = 0; i < T_LEN(short_lines); i++) {
		size_t len = line_format(line, &o[i], NULL, sites);

		T_CHECK(strcmp(line, short_lines[i].line) == 0, "%s: '%s'",
		    short_lines[i].claim, line);
		assert_int_equal(len, strlen(line));
	}
	free(sites);
}

/* The longest line that there can be. */
static void
the_longest_line_fits(void **state)
{
	struct line_sites *sites = calloc(1, sizeof *sites);
	struct observation o = dns(NULL, NULL, OUTCOME_RCODE);
	char line[LINE_TEXT_MAX];
	uint8_t bytes[IDENTITY_MAX];

	(void)state;
	memset(bytes, 1, sizeof bytes);
	memset(&o.target.bytes, 0xff, sizeof o.target.bytes);
	identity_set(&o.dns.nsid, bytes, sizeof bytes);
	o.dns.rtt_us = INT64_MAX;
	assert_true(line_format(line, &o, NULL, sites) > 4 * IDENTITY_MAX);
	assert_int_equal(line[strlen(line) - 1], '\n');
	free(sites);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_told),
		cmocka_unit_test(what_was_asked_for_besides_is_told),
		cmocka_unit_test(a_second_answer_is_told),
		cmocka_unit_test(a_certificate_is_told),
		cmocka_unit_test(paths_are_told_apart),
		cmocka_unit_test(links_that_are_not_proven_are_marked),
		cmocka_unit_test(looks_are_no_loss),
		cmocka_unit_test(round_trips_are_summed_up),
		cmocka_unit_test(more_nodes_than_fit_do_no_harm),
		cmocka_unit_test(labels_and_networks_are_told),
		cmocka_unit_test(an_observation_is_one_line),
		cmocka_unit_test(the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
