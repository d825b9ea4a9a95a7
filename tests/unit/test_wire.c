/* test_wire.c - observations and batches survive the wire, and only they. */
#include "schema/wire.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/file.h"
#include "tests/unit/check.h"
#include "tests/unit/random_observation.h"

#define ROUNDS 2000

static void
check_round_trip(const struct observation *o, const char *name)
{
	static char first[WIRE_LINE_MAX], second[WIRE_LINE_MAX];
	struct err err = ERR_NONE;
	struct observation back;
	size_t n = wire_encode_observation(o, first);
	enum rc rc = wire_decode_observation(&back, first, n, &err);

	T_CHECK(rc == RC_OK, "%s: %s in %.*s", name, err.text, (int)n, first);
	T_CHECK(memcmp(o, &back, sizeof back) == 0, "%s: %.*s", name, (int)n,
	    first);
	T_CHECK(wire_encode_observation(&back, second) == n &&
		    memcmp(first, second, n) == 0,
	    "%s: other bytes the second time", name);
}

static void
any_valid_observation_survives(void **state)
{
	struct random r = random_seeded();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct observation o;

		random_observation(&r, &o);
		check_round_trip(&o, kind_name(o.kind));
	}
}

static void
the_longest_observation_fits_a_line(void **state)
{
	struct observation o;

	(void)state;
	longest_trace(&o);
	check_round_trip(&o, "longest trace");
	longest_dns(&o);
	check_round_trip(&o, "longest dns");
}

/* A good line to spoil: every case replaces one part of it by another. */
static const char good_dns[] =
    "{\"seq\":7,\"at_us\":1763712000000000,\"kind\":\"dns\",\"why\":\"round\","
    "\"proto\":\"udp\",\"stamp\":\"kernel\",\"outcome\":\"ok\","
    "\"target\":\"192.0.2.53\",\"port\":53,\"source\":\"203.0.113.9\","
    "\"source_port\":40001,\"rcode\":0,\"rtt_us\":12345,\"reply_ttl\":57,"
    "\"aa\":true,\"serial\":2025112100,\"size_bytes\":120,\"ede\":[22],"
    "\"nsid\":\"6e7331\",\"chaos\":{\"name\":\"hostname.bind\","
    "\"outcome\":\"ok\",\"rcode\":0,\"rtt_us\":13000,\"txt\":\"6e7331\"}}\n";
static const char good_tls[] =
    "{\"seq\":7,\"at_us\":1763712000000000,\"kind\":\"dns\","
    "\"why\":\"decoy\",\"proto\":\"tls\",\"stamp\":\"receive\","
    "\"outcome\":\"ok\",\"target\":\"192.0.2.53\",\"port\":853,"
    "\"rcode\":0,\"rtt_us\":12345,\"zoneversion\":{\"labels\":1,"
    "\"type\":0,\"version\":\"78b4c834\"},\"second\":{"
    "\"different\":true,\"rcode\":5,\"rtt_us\":9,\"nsid\":\"6e7331\"},"
    "\"tls\":{\"verified\":true,\"version\":\"1.3\",\"fingerprint\":"
    "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
    "\"connect_us\":11904,\"handshake_us\":24611,"
    "\"not_after_at_us\":1771488000000000,\"subject\":\"434e\","
    "\"fault\":\"none\"}}\n";
static const char good_ping[] =
    "{\"seq\":8,\"at_us\":1763712000000000,\"kind\":\"ping\","
    "\"why\":\"round\",\"proto\":\"icmp\",\"stamp\":\"kernel\","
    "\"outcome\":\"ok\",\"target\":\"2001:db8::53\",\"sent\":3,"
    "\"received\":2,\"rtt_min_us\":100,\"rtt_median_us\":110}\n";
static const char good_trace[] =
    "{\"seq\":9,\"at_us\":1763712000000000,\"kind\":\"trace\","
    "\"why\":\"round\",\"proto\":\"udp\",\"stamp\":\"user\","
    "\"outcome\":\"ok\",\"target\":\"192.0.2.53\",\"port\":53,"
    "\"reached\":true,\"hops\":[{\"ttl\":1,\"address\":\"192.0.2.1\","
    "\"rtt_us\":900,\"type\":11,\"code\":0,\"labels\":[{\"label\":16,"
    "\"tc\":0,\"s\":true,\"ttl\":1}]},{\"ttl\":2},{\"ttl\":3,"
    "\"address\":\"192.0.2.53\",\"rtt_us\":1900,\"target\":true}]}\n";
static const char good_header[] =
    "{\"probe\":\"00112233445566ff\",\"version\":\"0.1.0\",\"first_seq\":7,"
    "\"last_seq\":9,\"sent_at_us\":1763712060000000,"
    "\"anchor_at_us\":1763700000000000,\"anchor_mono_us\":55,"
    "\"clock\":\"synchronised\",\"lost\":0,"
    "\"assignment\":\"0123456789abcdef\"}\n";

struct spoilt {
	const char *name;
	const char *line;
	const char *part, *instead;
	enum rc rc;
	const char *path; /* begins the text of the error */
};

/* Writes line to out with the first occurrence of part replaced. */
static size_t
replace(char *out, size_t cap, const struct spoilt *c)
{
	const char *at = strstr(c->line, c->part);

	assert_non_null(at);
	return (size_t)snprintf(out, cap, "%.*s%s%s", (int)(at - c->line),
	    c->line, c->instead, at + strlen(c->part));
}

static const struct spoilt observations[] = {
	{ "a good dns line", good_dns, "", "", RC_OK, "" },
	{ "a good ping line", good_ping, "", "", RC_OK, "" },
	{ "a good trace line", good_trace, "", "", RC_OK, "" },
	{ "an unknown key is ignored", good_dns, "\"port\"",
	    "\"new\":[{}],\"port\"", RC_OK, "" },
	{ "source may be absent", good_dns, "\"source\":\"203.0.113.9\",", "",
	    RC_OK, "" },
	{ "not JSON", good_dns, "{", "", RC_MALFORMED, "not JSON" },
	{ "an array", "[]", "", "", RC_MALFORMED, "not a JSON object" },
	{ "an empty line", "\n", "", "", RC_MALFORMED, "not JSON" },
	{ "two objects", good_dns, "}\n", "}{}", RC_MALFORMED, "not JSON" },
	{ "a duplicate key", good_dns, "\"seq\":7", "\"seq\":7,\"seq\":7",
	    RC_MALFORMED, "not JSON" },
	{ "NaN", good_dns, "12345", "NaN", RC_MALFORMED, "not JSON" },
	{ "a number over 64 bits", good_dns, "\"seq\":7",
	    "\"seq\":9223372036854775808", RC_MALFORMED, "not JSON" },
	{ "an escaped NUL", good_dns, "round", "\\u0000", RC_MALFORMED,
	    "not JSON" },
	{ "invalid UTF-8", good_dns, "round", "\xff", RC_MALFORMED,
	    "not JSON" },
	{ "null", good_dns, "12345", "null", RC_MALFORMED, "rtt_us:" },
	{ "a real number", good_dns, "12345", "12345.0", RC_MALFORMED,
	    "rtt_us:" },
	{ "a number as text", good_dns, "12345", "\"12345\"", RC_MALFORMED,
	    "rtt_us:" },
	{ "a boolean as number", good_dns, "true", "1", RC_MALFORMED, "aa:" },
	{ "no seq", good_dns, "\"seq\":7,", "", RC_MALFORMED, "seq:" },
	{ "seq 0", good_dns, "\"seq\":7", "\"seq\":0", RC_RANGE, "seq:" },
	{ "a negative seq", good_dns, "\"seq\":7", "\"seq\":-7", RC_RANGE,
	    "seq:" },
	{ "the last century", good_dns, "1763712000000000", "946684799999999",
	    RC_RANGE, "at_us:" },
	{ "seconds for microseconds", good_dns, "1763712000000000",
	    "1763712000", RC_RANGE, "at_us:" },
	{ "an unknown kind", good_dns, "\"dns\"", "\"http\"", RC_MALFORMED,
	    "kind:" },
	{ "an unknown outcome", good_dns, "\"ok\"", "\"fine\"", RC_MALFORMED,
	    "outcome:" },
	{ "dns over icmp", good_dns, "udp", "icmp", RC_RANGE, "proto:" },
	{ "dns over plain udp", good_dns, "udp", "plain", RC_RANGE, "proto:" },
	{ "ping over udp", good_ping, "icmp", "udp", RC_RANGE, "proto:" },
	{ "ping over tls", good_ping, "icmp", "tls", RC_RANGE, "proto:" },
	{ "a trace over tls", good_trace, "udp", "tls", RC_RANGE, "proto:" },
	{ "a trace over plain udp", good_trace, "udp", "plain", RC_OK, "" },
	{ "a trace over icmp needs no port", good_trace,
	    "udp\",\"stamp\":\"user\",\"outcome\":\"ok\",\"target\":"
	    "\"192.0.2.53\",\"port\":53",
	    "icmp\",\"stamp\":\"user\",\"outcome\":\"ok\",\"target\":"
	    "\"192.0.2.53\"",
	    RC_OK, "" },
	{ "a good line of dns over tls", good_tls, "", "", RC_OK, "" },
	{ "tls without a port", good_tls, "\"port\":853,", "", RC_MALFORMED,
	    "port:" },
	{ "a handshake without tls", good_tls, "\"proto\":\"tls\"",
	    "\"proto\":\"tcp\"", RC_RANGE, "tls:" },
	{ "an unknown stamp", good_tls, "receive", "send", RC_MALFORMED,
	    "stamp:" },
	{ "zoneversion without labels", good_tls, "\"labels\":1,", "",
	    RC_MALFORMED, "zoneversion.labels:" },
	{ "zoneversion of type 256", good_tls, "\"type\":0", "\"type\":256",
	    RC_RANGE, "zoneversion.type:" },
	{ "zoneversion of no bytes", good_tls, "78b4c834", "", RC_MALFORMED,
	    "zoneversion.version:" },
	{ "zoneversion of nine bytes", good_tls, "78b4c834",
	    "000102030405060708", RC_MALFORMED, "zoneversion.version:" },
	{ "zoneversion of type alone", good_tls, ",\"version\":\"78b4c834\"",
	    "", RC_OK, "" },
	{ "zoneversion is no object", good_tls, "{\"labels\":1,", "3,\"x\":{",
	    RC_MALFORMED, "zoneversion:" },
	{ "a second answer without code", good_tls, "\"rcode\":5,", "",
	    RC_MALFORMED, "second.rcode:" },
	{ "a second answer's code over 12 bits", good_tls, "\"rcode\":5",
	    "\"rcode\":4096", RC_RANGE, "second.rcode:" },
	{ "a second answer before its question", good_tls, "\"rtt_us\":9",
	    "\"rtt_us\":-9", RC_RANGE, "second.rtt_us:" },
	{ "TLS 1.1", good_tls, "1.3", "1.1", RC_MALFORMED, "tls.version:" },
	{ "a short fingerprint", good_tls, "\"0011", "\"11", RC_MALFORMED,
	    "tls.fingerprint:" },
	{ "a long fingerprint", good_tls, "\"0011", "\"000011", RC_MALFORMED,
	    "tls.fingerprint:" },
	{ "a fingerprint that is no text", good_tls, "\"fingerprint\":\"",
	    "\"fingerprint\":7,\"x\":\"", RC_MALFORMED, "tls.fingerprint:" },
	{ "no time to connect", good_tls, "\"connect_us\":11904,", "",
	    RC_MALFORMED, "tls.connect_us:" },
	{ "an hour of handshake", good_tls, "24611", "3600000000", RC_RANGE,
	    "tls.handshake_us:" },
	{ "a certificate for ever", good_tls, "1771488000000000",
	    "253402300800000000", RC_RANGE, "tls.not_after_at_us:" },
	{ "an empty subject", good_tls, "434e", "", RC_MALFORMED,
	    "tls.subject:" },
	{ "a subject in plain text", good_tls, "434e", "CN=x", RC_MALFORMED,
	    "tls.subject:" },
	{ "a subject with a NUL", good_tls, "434e", "430045", RC_MALFORMED,
	    "tls.subject:" },
	{ "an empty fault", good_tls, "none", "", RC_RANGE, "tls.fault:" },
	{ "a fault of two lines", good_tls, "none", "no\\nne", RC_RANGE,
	    "tls.fault:" },
	{ "a fault beyond ASCII", good_tls, "none", "\xc3\xa9", RC_RANGE,
	    "tls.fault:" },
	{ "a host name for a target", good_dns, "192.0.2.53", "ns.example",
	    RC_MALFORMED, "target:" },
	{ "no target", good_dns, "\"target\":\"192.0.2.53\",", "", RC_MALFORMED,
	    "target:" },
	{ "source of the other family", good_dns, "203.0.113.9", "2001:db8::1",
	    RC_RANGE, "source:" },
	{ "port 0", good_dns, "\"port\":53", "\"port\":0", RC_RANGE, "port:" },
	{ "port 65536", good_dns, "\"port\":53", "\"port\":65536", RC_RANGE,
	    "port:" },
	{ "udp without port", good_dns, "\"port\":53,", "", RC_MALFORMED,
	    "port:" },
	{ "ok with an error code", good_dns, "\"rcode\":0", "\"rcode\":5",
	    RC_RANGE, "rcode:" },
	{ "an answer without rtt", good_dns, "\"rtt_us\":12345,", "",
	    RC_MALFORMED, "rtt_us:" },
	{ "an answer without rcode", good_dns, "\"rcode\":0,", "", RC_MALFORMED,
	    "rcode:" },
	{ "over ten minutes", good_dns, "12345", "600000001", RC_RANGE,
	    "rtt_us:" },
	{ "five extended errors", good_dns, "[22]", "[1,2,3,4,5]", RC_LIMIT,
	    "ede:" },
	{ "an extended error as text", good_dns, "[22]", "[\"22\"]",
	    RC_MALFORMED, "ede:" },
	{ "upper-case hexadecimal", good_dns, "6e7331", "6E7331", RC_MALFORMED,
	    "nsid:" },
	{ "half a byte", good_dns, "6e7331", "6e733", RC_MALFORMED, "nsid:" },
	{ "an empty identity", good_dns, "\"nsid\":\"6e7331\"", "\"nsid\":\"\"",
	    RC_OK, "" },
	{ "cut too early", good_dns, "\"nsid\":\"6e7331\"",
	    "\"nsid\":\"6e7331\",\"nsid_cut\":true", RC_RANGE, "nsid_cut:" },
	{ "chaos is no object", good_dns, "\"chaos\":{", "\"chaos\":3,\"x\":{",
	    RC_MALFORMED, "chaos:" },
	{ "an unknown chaos name", good_dns, "hostname.bind", "version.bind",
	    RC_MALFORMED, "chaos.name:" },
	{ "a chaos answer without rtt", good_dns, ",\"rtt_us\":13000", "",
	    RC_MALFORMED, "chaos.rtt_us:" },
	{ "more received than sent", good_ping, "\"received\":2",
	    "\"received\":4", RC_RANGE, "received:" },
	{ "ok, and nothing received", good_ping, "\"received\":2",
	    "\"received\":0", RC_RANGE, "received:" },
	{ "a median below the minimum", good_ping, "110", "99", RC_RANGE,
	    "rtt_median_us:" },
	{ "no hops", good_trace, "\"hops\"", "\"hop\"", RC_MALFORMED, "hops:" },
	{ "hops is no array", good_trace, "\"hops\":[", "\"hops\":2,\"x\":[",
	    RC_MALFORMED, "hops:" },
	{ "a hop is no object", good_trace, "{\"ttl\":2}", "2", RC_MALFORMED,
	    "hops:" },
	{ "TTL 0", good_trace, "\"ttl\":2", "\"ttl\":0", RC_RANGE,
	    "hops[1].ttl:" },
	{ "TTL 33", good_trace, "\"ttl\":2", "\"ttl\":33", RC_RANGE,
	    "hops[1].ttl:" },
	{ "a hop without type", good_trace, "\"type\":11,", "", RC_MALFORMED,
	    "hops[0].type:" },
	{ "attempt 0", good_trace, "\"ttl\":2", "\"ttl\":2,\"attempt\":0",
	    RC_RANGE, "hops[1].attempt:" },
	{ "attempt 256", good_trace, "\"ttl\":2", "\"ttl\":2,\"attempt\":256",
	    RC_RANGE, "hops[1].attempt:" },
	{ "a link to no hop", good_trace, "\"reached\"",
	    "\"links\":[{\"ttl\":9,\"to\":\"192.0.2.9\"}],\"reached\"", RC_OK,
	    "" },
	{ "a link at the first TTL", good_trace, "\"reached\"",
	    "\"links\":[{\"ttl\":1,\"to\":\"192.0.2.9\"}],\"reached\"",
	    RC_RANGE, "links[0].ttl:" },
	{ "a link without an end", good_trace, "\"reached\"",
	    "\"links\":[{\"ttl\":3}],\"reached\"", RC_MALFORMED,
	    "links[0].to:" },
	{ "0 packets to a hop", good_trace, "\"reached\"",
	    "\"queries\":0,\"reached\"", RC_RANGE, "queries:" },
	{ "256 duplicates", good_trace, "\"type\"",
	    "\"duplicate\":256,\"type\"", RC_RANGE, "hops[0].duplicate:" },
	{ "extra as a number", good_trace, "\"type\"", "\"extra\":1,\"type\"",
	    RC_MALFORMED, "hops[0].extra:" },
	{ "a label of 21 bits", good_trace, "\"label\":16", "\"label\":1048576",
	    RC_RANGE, "hops[0].labels[0].label:" },
};

static void
spoilt_observations_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(observations); i++) {
		const struct spoilt *c = &observations[i];
		struct err err = ERR_NONE;
		struct observation o;
		char line[2048];
		size_t n = replace(line, sizeof line, c);
		enum rc rc = wire_decode_observation(&o, line, n, &err);

		T_CHECK(
		    rc == c->rc, "%s: %s %s", c->name, rc_name(rc), err.text);
		T_CHECK(strncmp(err.text, c->path, strlen(c->path)) == 0,
		    "%s: %s", c->name, err.text);
	}
}

/* Texts of a certificate at their limit, and one byte over. */
static void
certificate_texts_have_a_limit(void **state)
{
	static const struct {
		const char *part;
		size_t n;
		enum rc rc;
	} cases[] = {
		{ "434e", 2 * TLS_TEXT_MAX, RC_OK },
		{ "434e", 2 * TLS_TEXT_MAX + 2, RC_MALFORMED },
		{ "none", TLS_TEXT_MAX, RC_OK },
		{ "none", TLS_TEXT_MAX + 1, RC_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char text[512], line[2048];
		struct spoilt c = {
			.line = good_tls, .part = cases[i].part, .instead = text
		};
		struct observation o;
		size_t n;

		memset(text, '4', cases[i].n);
		text[cases[i].n] = '\0';
		n = replace(line, sizeof line, &c);
		T_CHECK(
		    wire_decode_observation(&o, line, n, NULL) == cases[i].rc,
		    "%zu characters", cases[i].n);
	}
}

/* What a TLS library says may hold anything; the line stays a line. */
static void
a_fault_is_written_as_printable_text(void **state)
{
	struct observation o, back;
	char line[WIRE_LINE_MAX];
	size_t n;

	(void)state;
	assert_int_equal(
	    wire_decode_observation(&o, good_tls, strlen(good_tls), NULL),
	    RC_OK);
	snprintf(o.dns.tls.fault, sizeof o.dns.tls.fault, "a \"b\"\\\n\xe9");
	n = wire_encode_observation(&o, line);
	assert_int_equal(wire_decode_observation(&back, line, n, NULL), RC_OK);
	assert_string_equal(back.dns.tls.fault, "a \"b\"\\??");
}

/* The engine need not count attempts where there is one. */
static void
attempt_0_is_written_as_the_first(void **state)
{
	struct observation o, back;
	char line[WIRE_LINE_MAX];
	size_t n;

	(void)state;
	assert_int_equal(
	    wire_decode_observation(&o, good_trace, strlen(good_trace), NULL),
	    RC_OK);
	o.trace.hops[0].attempt = 0;
	n = wire_encode_observation(&o, line);
	assert_int_equal(wire_decode_observation(&back, line, n, NULL), RC_OK);
	assert_int_equal(back.trace.hops[0].attempt, 1);
}

static const struct spoilt headers[] = {
	{ "a good header", good_header, "", "", RC_OK, "" },
	{ "no sent_at_us after a reboot", good_header,
	    "\"sent_at_us\":1763712060000000,", "", RC_OK, "" },
	{ "no assignment yet", good_header,
	    ",\"assignment\":\"0123456789abcdef\"", "", RC_OK, "" },
	{ "a short probe id", good_header, "00112233445566ff",
	    "00112233445566f", RC_MALFORMED, "probe:" },
	{ "a long probe id", good_header, "00112233445566ff",
	    "00112233445566fff", RC_MALFORMED, "probe:" },
	{ "an upper-case probe id", good_header, "00112233445566ff",
	    "00112233445566FF", RC_MALFORMED, "probe:" },
	{ "an empty version", good_header, "0.1.0", "", RC_RANGE, "version:" },
	{ "a version with a space", good_header, "0.1.0", "0 1", RC_RANGE,
	    "version:" },
	{ "a version of 24 characters", good_header, "0.1.0",
	    "012345678901234567890123", RC_RANGE, "version:" },
	{ "last before first", good_header, "\"last_seq\":9", "\"last_seq\":6",
	    RC_RANGE, "last_seq:" },
	{ "an unknown clock", good_header, "\"synchronised\"", "\"atomic\"",
	    RC_MALFORMED, "clock:" },
	{ "a negative loss", good_header, "\"lost\":0", "\"lost\":-1", RC_RANGE,
	    "lost:" },
	{ "both families' state", good_header, "}\n",
	    ",\"v4\":\"ok\",\"v6\":\"none\"}\n", RC_OK, "" },
	{ "a family state that is told by absence", good_header, "}\n",
	    ",\"v6\":\"unknown\"}\n", RC_MALFORMED, "v6:" },
	{ "a family state that is none", good_header, "}\n",
	    ",\"v4\":\"down\"}\n", RC_MALFORMED, "v4:" },
	{ "an empty assignment", good_header, "0123456789abcdef", "",
	    RC_MALFORMED, "assignment:" },
};

static void
spoilt_headers_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(headers); i++) {
		const struct spoilt *c = &headers[i];
		struct err err = ERR_NONE;
		struct batch_header h;
		char line[2048];
		size_t n = replace(line, sizeof line, c);
		enum rc rc = wire_decode_header(&h, line, n, &err);

		T_CHECK(
		    rc == c->rc, "%s: %s %s", c->name, rc_name(rc), err.text);
		T_CHECK(strncmp(err.text, c->path, strlen(c->path)) == 0,
		    "%s: %s", c->name, err.text);
	}
}

static void
a_header_survives(void **state)
{
	static char line[WIRE_LINE_MAX];
	struct batch_header h;
	size_t n = strlen(good_header);

	(void)state;
	assert_int_equal(wire_decode_header(&h, good_header, n, NULL), RC_OK);
	assert_string_equal(h.probe, "00112233445566ff");
	assert_string_equal(h.assignment, "0123456789abcdef");
	assert_true(h.has_sent_at && h.sent_at_us == 1763712060000000);
	assert_int_equal(wire_encode_header(&h, line), n);
	assert_memory_equal(line, good_header, n);
}

static void
a_line_over_the_limit_is_not_parsed(void **state)
{
	static char line[WIRE_LINE_MAX + 1];
	struct observation o;

	(void)state;
	memset(line, '[', sizeof line);
	assert_int_equal(
	    wire_decode_observation(&o, line, sizeof line, NULL), RC_LIMIT);
	assert_int_equal(wire_decode_observation(&o, line, WIRE_LINE_MAX, NULL),
	    RC_MALFORMED);
}

/* A batch of observations with these seqs, under a header from first to last,
 * with its last newline or without. */
static const struct {
	const char *name;
	uint64_t first, last;
	uint64_t seqs[4]; /* ends with 0 */
	enum rc rc;
	const char *text;
} batches[] = {
	{ "one observation", 7, 7, { 7 }, RC_OK, "" },
	{ "three in a row", 7, 9, { 7, 8, 9 }, RC_OK, "" },
	{ "a gap of lost ones", 7, 99, { 7, 50, 99 }, RC_OK, "" },
	{ "none", 7, 7, { 0 }, RC_MALFORMED, "a batch is" },
	{ "first missing", 6, 9, { 7, 8, 9 }, RC_MALFORMED, "line 2: seq" },
	{ "last missing", 7, 10, { 7, 8, 9 }, RC_MALFORMED, "line 4: seq" },
	{ "one twice", 7, 8, { 7, 7, 8 }, RC_MALFORMED, "line 3: seq" },
	{ "falling", 7, 9, { 7, 9, 8 }, RC_MALFORMED, "line 4: seq" },
	{ "outside the header's span", 7, 8, { 7, 9 }, RC_MALFORMED,
	    "line 3: seq" },
};

static size_t
write_batch(char *body, uint64_t first, uint64_t last, const uint64_t *seqs)
{
	struct batch_header h = { .probe = "00112233445566ff",
		.version = "0.1.0",
		.first_seq = first,
		.last_seq = last,
		.anchor_at_us = 1763712000000000 };
	struct observation o;
	size_t n = wire_encode_header(&h, body);

	assert_int_equal(
	    wire_decode_observation(&o, good_ping, strlen(good_ping), NULL),
	    RC_OK);
	for (; *seqs != 0; seqs++) {
		o.seq = *seqs;
		n += wire_encode_observation(&o, body + n);
	}
	return n;
}

static void
seqs_rise_from_first_to_last(void **state)
{
	static char body[8 * WIRE_LINE_MAX];

	(void)state;
	for (size_t i = 0; i < T_LEN(batches); i++) {
		size_t n = write_batch(
		    body, batches[i].first, batches[i].last, batches[i].seqs);
		struct err err = ERR_NONE;
		struct batch b = { 0 };
		enum rc rc = wire_decode_batch(&b, body, n, &err);

		T_CHECK(rc == batches[i].rc, "%s: %s %s", batches[i].name,
		    rc_name(rc), err.text);
		T_CHECK(strncmp(err.text, batches[i].text,
			    strlen(batches[i].text)) == 0,
		    "%s: %s", batches[i].name, err.text);
		if (rc == RC_OK)
			T_CHECK(b.observations[b.n - 1].seq == batches[i].last,
			    "%s: last seq", batches[i].name);
		batch_fini(&b);
	}
	batch_fini(NULL);
}

/* A batch of n pings, seq from 1. */
static char *
new_batch(size_t n, size_t *len)
{
	char *body = malloc((n + 1) * 512 + WIRE_LINE_MAX);
	struct batch_header h = { .probe = "00112233445566ff",
		.version = "0.1.0",
		.first_seq = 1,
		.last_seq = n,
		.anchor_at_us = 1763712000000000 };
	struct observation o;

	assert_non_null(body);
	assert_int_equal(
	    wire_decode_observation(&o, good_ping, strlen(good_ping), NULL),
	    RC_OK);
	*len = wire_encode_header(&h, body);
	for (o.seq = 1; o.seq <= n; o.seq++)
		*len += wire_encode_observation(&o, body + *len);
	return body;
}

static void
a_batch_has_at_most_its_limit(void **state)
{
	struct err err = ERR_NONE;
	struct batch b;
	size_t len;
	char *body = new_batch(WIRE_BATCH_MAX, &len);

	(void)state;
	assert_int_equal(wire_decode_batch(&b, body, len, &err), RC_OK);
	assert_int_equal(b.n, WIRE_BATCH_MAX);
	batch_fini(&b);
	free(body);
	body = new_batch(WIRE_BATCH_MAX + 1, &len);
	assert_int_equal(wire_decode_batch(&b, body, len, &err), RC_LIMIT);
	free(body);
	body = calloc(1, WIRE_BODY_MAX + 1);
	assert_non_null(body);
	assert_int_equal(
	    wire_decode_batch(&b, body, WIRE_BODY_MAX + 1, &err), RC_LIMIT);
	free(body);
}

/* Golden files: what they hold is what we write, byte for byte. */
static void
check_golden(const char *path)
{
	static char line[WIRE_LINE_MAX];
	struct err err = ERR_NONE;
	struct batch b;
	char *body;
	size_t len, at;

	T_CHECK(file_read(path, WIRE_BODY_MAX, &body, &len, &err) == RC_OK,
	    "%s", err.text);
	T_CHECK(wire_decode_batch(&b, body, len, &err) == RC_OK, "%s: %s", path,
	    err.text);
	at = wire_encode_header(&b.header, line);
	T_CHECK(at <= len && memcmp(line, body, at) == 0, "%s: header", path);
	for (size_t i = 0; i < b.n; i++) {
		size_t n = wire_encode_observation(&b.observations[i], line);

		T_CHECK(at + n <= len && memcmp(line, body + at, n) == 0,
		    "%s: line %zu is %.*s", path, i + 2, (int)n, line);
		at += n;
	}
	T_CHECK(at == len, "%s: %zu bytes more", path, len - at);
	batch_fini(&b);
	free(body);
}

static void
golden_files_come_back_byte_for_byte(void **state)
{
	(void)state;
	check_golden("schema/examples/dns.jsonl");
	check_golden("schema/examples/ping.jsonl");
	check_golden("schema/examples/trace.jsonl");
	check_golden("schema/examples/after-reboot.jsonl");
	check_golden("schema/examples/cut.jsonl");
	check_golden("schema/examples/tls.jsonl");
	check_golden("schema/examples/middlebox.jsonl");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_valid_observation_survives),
		cmocka_unit_test(the_longest_observation_fits_a_line),
		cmocka_unit_test(spoilt_observations_are_named),
		cmocka_unit_test(certificate_texts_have_a_limit),
		cmocka_unit_test(a_fault_is_written_as_printable_text),
		cmocka_unit_test(attempt_0_is_written_as_the_first),
		cmocka_unit_test(spoilt_headers_are_named),
		cmocka_unit_test(a_header_survives),
		cmocka_unit_test(a_line_over_the_limit_is_not_parsed),
		cmocka_unit_test(seqs_rise_from_first_to_last),
		cmocka_unit_test(a_batch_has_at_most_its_limit),
		cmocka_unit_test(golden_files_come_back_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
