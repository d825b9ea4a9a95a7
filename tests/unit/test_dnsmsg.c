/* test_dnsmsg.c - DNS messages: what is believed, and what is not. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "probe/dnsmsg.h"

/* id 1234, QR; counts follow as literals: questions, answers, authorities,
 * additionals; then "." SOA IN where there is a question */
#define HEAD(flags, qd, an, ns, ar) \
	"\x12\x34" flags "\x00" qd "\x00" an "\x00" ns "\x00" ar
#define REPLY "\x84\x00"
#define ROOT_SOA "\x00\x00\x06\x00\x01"
#define HOSTNAME_BIND \
	"\x08HOSTNAME\x04" \
	"BIND\x00\x00\x10\x00\x03"
#define OPT(rdlen) "\x00\x00\x29\x04\xd0\x00\x00\x00\x00" rdlen
#define SOA_RECORD \
	"\x00\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x16\x00\x00" \
	"\x78\xc3\x1d\x35\x00\x00\x00\x01\x00\x00\x00\x02" \
	"\x00\x00\x00\x03\x00\x00\x00\x04"
#define TXT_RECORD(rdlen) "\xc0\x0c\x00\x10\x00\x03\x00\x00\x00\x00" rdlen
#define WIRE(s) s, sizeof(s) - 1

static const struct {
	const char *claim;
	const char *wire;
	size_t len;
	enum rc rc;
	unsigned rcode;
	const char *nsid, *txt; /* NULL: absent */
	uint32_t serial;        /* 0: absent */
	unsigned n_ede;
} replies[] = {
	{ "a SOA gives its serial",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00")
		    ROOT_SOA SOA_RECORD),
	    RC_OK, 0, NULL, NULL, 2026052917, 0 },
	{ "a SOA in the authority section is no answer",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x01", "\x00")
		    ROOT_SOA SOA_RECORD),
	    RC_OK, 0, NULL, NULL, 0, 0 },
	{ "NSID is read",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x01")
		    ROOT_SOA OPT("\x00\x08") "\x00\x03\x00\x04"
					     "ams1"),
	    RC_OK, 0, "ams1", NULL, 0, 0 },
	{ "an empty NSID is present",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x01")
		    ROOT_SOA OPT("\x00\x04") "\x00\x03\x00\x00"),
	    RC_OK, 0, "", NULL, 0, 0 },
	{ "NSID stands behind another option",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x01")
		    ROOT_SOA OPT("\x00\x0b") "\x00\x0c\x00\x01x"
					     "\x00\x03\x00\x02"
					     "f1"),
	    RC_OK, 0, "f1", NULL, 0, 0 },
	{ "extended errors are counted",
	    WIRE(HEAD("\x80\x05", "\x01", "\x00", "\x00", "\x01")
		    ROOT_SOA OPT("\x00\x06") "\x00\x0f\x00\x02\x00\x14"),
	    RC_OK, 5, NULL, NULL, 0, 1 },
	{ "EDNS carries the upper bits of the rcode",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x01") ROOT_SOA
		"\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00"),
	    RC_OK, 16, NULL, NULL, 0, 0 },
	{ "character strings are joined",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00")
		    HOSTNAME_BIND TXT_RECORD("\x00\x06") "\x02"
							 "ns"
							 "\x02"
							 "-1"),
	    RC_OK, 0, NULL, "ns-1", 0, 0 },
	{ "an empty string is an empty name",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00")
		    HOSTNAME_BIND TXT_RECORD("\x00\x01") "\x00"),
	    RC_OK, 0, NULL, "", 0, 0 },
	{ "a TXT of class IN is a name as well",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00") HOSTNAME_BIND
		"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x00"
		"\x00\x06\x02"
		"ns\x02-2"),
	    RC_OK, 0, NULL, "ns-2", 0, 0 },
	{ "a TXT of another class is none",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00") HOSTNAME_BIND
		"\xc0\x0c\x00\x10\x00\x04\x00\x00\x00\x00"
		"\x00\x03\x02"
		"ns"),
	    RC_OK, 0, NULL, NULL, 0, 0 },
	{ "an extended error of one byte is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x01")
		    ROOT_SOA OPT("\x00\x05") "\x00\x0f\x00\x01\x00"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "a refusal of 12 bytes is a reply",
	    WIRE(HEAD("\x80\x05", "\x00", "\x00", "\x00", "\x00")), RC_OK, 5,
	    NULL, NULL, 0, 0 },
	{ "a header cut short is none", WIRE("\x12\x34\x84"), RC_MALFORMED, 0,
	    NULL, NULL, 0, 0 },
	{ "an option past its record is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x01")
		    ROOT_SOA OPT("\x00\x04") "\x00\x03\x00\x09"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "a record past the message is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x01")
		    ROOT_SOA OPT("\x00\x99") "\x00\x03"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "two OPT records are malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x02")
		    ROOT_SOA OPT("\x00\x00") OPT("\x00\x00")),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "an OPT among the answers is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00")
		    ROOT_SOA OPT("\x00\x08") "\x00\x03\x00\x04"
					     "ams1"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "bytes behind the last record are malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00", "\x00") ROOT_SOA "x"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "a TXT string past its record is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00")
		    HOSTNAME_BIND TXT_RECORD("\x00\x03") "\x09"
							 "ns"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "a SOA that does not fill its record is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x01", "\x00", "\x00") ROOT_SOA
		"\x00\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x03\x00\x00x"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "a name that points at itself is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00",
		"\x00") "\xc0\x0c\x00\x06\x00\x01"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "a name that points forward is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00",
		"\x00") "\xc0\x10\x00\x06\x00\x01\x00"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "a label of an unknown kind is malformed",
	    WIRE(HEAD(REPLY, "\x01", "\x00", "\x00",
		"\x00") "\x41x\x00\x00\x06\x00\x01"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
	{ "65535 questions in 12 bytes are malformed",
	    WIRE("\x12\x34\x84\x00\xff\xff\x00\x00\x00\x00\x00\x00"),
	    RC_MALFORMED, 0, NULL, NULL, 0, 0 },
};

static bool
is_text(const struct identity *id, const char *text)
{
	if (text == NULL)
		return !id->is_present;
	return id->is_present && id->len == strlen(text) &&
	       memcmp(id->bytes, text, id->len) == 0;
}

static void
test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(replies); i++) {
		struct dnsmsg_reply m = { 0 };
		enum rc rc = dnsmsg_parse(&m, replies[i].wire, replies[i].len);

		T_CHECK(rc == replies[i].rc, "%s: %s", replies[i].claim,
		    rc_name(rc));
		T_CHECK(m.rcode == replies[i].rcode, "%s: rcode %u",
		    replies[i].claim, m.rcode);
		T_CHECK(
		    is_text(&m.nsid, replies[i].nsid), "%s", replies[i].claim);
		T_CHECK(
		    is_text(&m.txt, replies[i].txt), "%s", replies[i].claim);
		T_CHECK(m.has_serial == (replies[i].serial != 0) &&
			    m.serial == replies[i].serial,
		    "%s: serial %u", replies[i].claim, m.serial);
		T_CHECK(m.n_ede == replies[i].n_ede, "%s", replies[i].claim);
	}
}

/* Every prefix of a good message is refused, none is over-read. */
static void
test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(replies); i++) {
		struct dnsmsg_reply m;

		if (replies[i].rc != RC_OK)
			continue;
		for (size_t n = 0; n < replies[i].len; n++) {
			char *copy = malloc(n + 1);

			memcpy(copy, replies[i].wire, n);
			T_CHECK(dnsmsg_parse(&m, copy, n) == RC_MALFORMED,
			    "%s: %zu bytes", replies[i].claim, n);
			free(copy);
		}
	}
}

static const struct {
	const char *claim, *name;
	enum rc rc;
	size_t len;
} names[] = {
	{ "the root is one byte", ".", RC_OK, 1 },
	{ "nothing is the root", "", RC_OK, 1 },
	{ "the final dot is optional", "example.net", RC_OK, 13 },
	{ "the final dot adds nothing", "example.net.", RC_OK, 13 },
	{ "an empty label is refused", "a..b", RC_MALFORMED, 0 },
	{ "a leading dot is refused", ".a", RC_MALFORMED, 0 },
	{ "an escape is refused", "a\\.b", RC_MALFORMED, 0 },
	{ "a label of 63 fits",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    RC_OK, 65 },
	{ "a label of 64 does not",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    RC_MALFORMED, 0 },
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(names); i++) {
		struct dnsmsg_question q = { 0 };
		enum rc rc = dnsmsg_question_set(
		    &q, names[i].name, DNSMSG_SOA, DNSMSG_IN);

		T_CHECK(rc == names[i].rc, "%s", names[i].claim);
		T_CHECK(q.name_len == names[i].len, "%s: %u", names[i].claim,
		    q.name_len);
	}
}

static void
test_long_name(void **state)
{
	char name[300];
	struct dnsmsg_question q;

	(void)state;
	memset(name, 'a', sizeof name);
	for (size_t i = 49; i < sizeof name; i += 50)
		name[i] = '.';
	name[253] = '\0';
	assert_int_equal(
	    dnsmsg_question_set(&q, name, DNSMSG_SOA, DNSMSG_IN), RC_OK);
	name[253] = 'a';
	name[254] = '\0';
	assert_int_equal(
	    dnsmsg_question_set(&q, name, DNSMSG_SOA, DNSMSG_IN), RC_MALFORMED);
}

/* What we write parses as what we meant. */
static void
test_query_round_trip(void **state)
{
	uint8_t wire[DNSMSG_QUERY_MAX];
	struct dnsmsg_question q;
	struct dnsmsg_reply m;
	size_t len;

	(void)state;
	assert_int_equal(
	    dnsmsg_question_set(&q, "Hostname.BIND", DNSMSG_TXT, DNSMSG_CH),
	    RC_OK);
	len = dnsmsg_write_query(wire, 0xbeef, &q, NULL);
	assert_int_equal(dnsmsg_parse(&m, wire, len), RC_OK);
	assert_int_equal(m.id, 0xbeef);
	assert_false(m.is_response);
	assert_true(m.has_edns);
	assert_true(m.nsid.is_present);
	assert_int_equal(m.question.name_len, q.name_len);
	assert_memory_equal(m.question.name, q.name, q.name_len);
	assert_int_equal(wire[2] & 1, 0); /* RD */
	assert_false(m.has_cookie);
}

/* The longest name with everything that may be asked still fits, and the
 * options stand as the RFCs draw them. */
static void
test_query_extras(void **state)
{
	static const char options[] = "\x00\x14" /* their length */
				      "\x00\x03\x00\x00"
				      "\x00\x13\x00\x00"
				      "\x00\x0a\x00\x08"
				      "biscuits";
	const struct dnsmsg_extras extras = { .with_zoneversion = true,
		.with_cookie = true,
		.cookie = "biscuits" };
	uint8_t wire[DNSMSG_QUERY_MAX];
	struct dnsmsg_question q;
	struct dnsmsg_reply m;
	char name[254];
	size_t len, n = sizeof options - 1;

	(void)state;
	memset(name, 'a', sizeof name);
	for (size_t i = 49; i < sizeof name; i += 50)
		name[i] = '.';
	name[253] = '\0';
	assert_int_equal(
	    dnsmsg_question_set(&q, name, DNSMSG_SOA, DNSMSG_IN), RC_OK);
	assert_int_equal(q.name_len, DNSMSG_NAME_MAX);
	len = dnsmsg_write_query(wire, 1, &q, &extras);
	assert_memory_equal(wire + len - n, options, n);
	assert_int_equal(dnsmsg_parse(&m, wire, len), RC_OK);
	assert_true(m.has_cookie);
	assert_memory_equal(m.cookie, "biscuits", DNSMSG_COOKIE_LEN);
	/* An empty ZONEVERSION asks; it is no version. */
	assert_false(m.zoneversion.is_present);
}

/* A reply to a question of two labels, with one option more. */
static const struct {
	const char *claim, *option;
	size_t len;
	enum rc rc;
	bool is_present;
	uint8_t n_labels, type, n;
	const char *bytes;
} versions[] = {
	{ "a serial is read", WIRE("\x00\x13\x00\x06\x02\x00\x78\xc3\x1d\x35"),
	    RC_OK, true, 2, 0, 4, "\x78\xc3\x1d\x35" },
	{ "the root has no label",
	    WIRE("\x00\x13\x00\x06\x00\x00\x00\x00\x00\x01"), RC_OK, true, 0, 0,
	    4, "\x00\x00\x00\x01" },
	{ "an echo of our own is no version", WIRE("\x00\x13\x00\x00"), RC_OK,
	    false, 0, 0, 0, "" },
	{ "another type is kept as it is",
	    WIRE("\x00\x13\x00\x05\x01\xf6"
		 "abc"),
	    RC_OK, true, 1, 246, 3, "abc" },
	{ "another type may be empty", WIRE("\x00\x13\x00\x02\x01\xf6"), RC_OK,
	    true, 1, 246, 0, "" },
	{ "eight bytes of a version are kept",
	    WIRE("\x00\x13\x00\x0b\x01\xf6"
		 "123456789"),
	    RC_OK, true, 1, 246, 8, "12345678" },
	{ "the serial wins over what came before",
	    WIRE("\x00\x13\x00\x03\x01\xf6z"
		 "\x00\x13\x00\x06\x02\x00\x00\x00\x00\x07"),
	    RC_OK, true, 2, 0, 4, "\x00\x00\x00\x07" },
	{ "the first serial wins over the second",
	    WIRE("\x00\x13\x00\x06\x02\x00\x00\x00\x00\x07"
		 "\x00\x13\x00\x06\x02\x00\x00\x00\x00\x08"),
	    RC_OK, true, 2, 0, 4, "\x00\x00\x00\x07" },
	{ "one byte is malformed", WIRE("\x00\x13\x00\x01\x02"), RC_MALFORMED,
	    false, 0, 0, 0, "" },
	{ "a serial of three bytes is malformed",
	    WIRE("\x00\x13\x00\x05\x02\x00\x00\x00\x07"), RC_MALFORMED, false,
	    0, 0, 0, "" },
	{ "a serial of five bytes is malformed",
	    WIRE("\x00\x13\x00\x07\x02\x00\x00\x00\x00\x07\x00"), RC_MALFORMED,
	    false, 0, 0, 0, "" },
	{ "more labels than the question has are malformed",
	    WIRE("\x00\x13\x00\x06\x03\x00\x00\x00\x00\x07"), RC_MALFORMED,
	    false, 0, 0, 0, "" },
};

/* Puts a reply with the options together.  Returns its length. */
static size_t
reply_with(uint8_t wire[static 200], const char *options, size_t n)
{
	static const char head[] =
	    HEAD(REPLY, "\x01", "\x00", "\x00", "\x01") HOSTNAME_BIND OPT("");
	size_t len = sizeof head - 1;

	memcpy(wire, head, len);
	wire[len++] = (uint8_t)(n >> 8);
	wire[len++] = (uint8_t)n;
	memcpy(wire + len, options, n);
	return len + n;
}

static void
test_zoneversion(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(versions); i++) {
		struct dnsmsg_reply m = { 0 };
		const struct zoneversion *v = &m.zoneversion;
		uint8_t wire[200];
		size_t len =
		    reply_with(wire, versions[i].option, versions[i].len);
		enum rc rc = dnsmsg_parse(&m, wire, len);

		T_CHECK(rc == versions[i].rc, "%s: %s", versions[i].claim,
		    rc_name(rc));
		T_CHECK(v->is_present == versions[i].is_present &&
			    v->n_labels == versions[i].n_labels &&
			    v->type == versions[i].type &&
			    v->len == versions[i].n,
		    "%s", versions[i].claim);
		T_CHECK(memcmp(v->bytes, versions[i].bytes, v->len) == 0, "%s",
		    versions[i].claim);
	}
}

static const struct {
	const char *claim, *option;
	size_t len;
	enum rc rc;
	bool fits;
} cookies[] = {
	{ "a reply without a cookie may be ours", WIRE(""), RC_OK, true },
	{ "our cookie alone is ours",
	    WIRE("\x00\x0a\x00\x08"
		 "biscuits"),
	    RC_OK, true },
	{ "the server may add 8 bytes",
	    WIRE("\x00\x0a\x00\x10"
		 "biscuits"
		 "servers8"),
	    RC_OK, true },
	{ "another's cookie is not ours",
	    WIRE("\x00\x0a\x00\x08"
		 "biscuit5"),
	    RC_OK, false },
	{ "seven bytes are malformed",
	    WIRE("\x00\x0a\x00\x07"
		 "biscuit"),
	    RC_MALFORMED, true },
	{ "nine bytes are malformed",
	    WIRE("\x00\x0a\x00\x09"
		 "biscuits1"),
	    RC_MALFORMED, true },
	{ "41 bytes are malformed",
	    WIRE("\x00\x0a\x00\x29"
		 "biscuits"
		 "123456789012345678901234567890123"),
	    RC_MALFORMED, true },
};

static void
test_cookies(void **state)
{
	const struct dnsmsg_extras asked = { .with_cookie = true,
		.cookie = "biscuits" };

	(void)state;
	for (size_t i = 0; i < T_LEN(cookies); i++) {
		struct dnsmsg_reply m = { 0 };
		uint8_t wire[200];
		size_t len =
		    reply_with(wire, cookies[i].option, cookies[i].len);
		enum rc rc = dnsmsg_parse(&m, wire, len);

		T_CHECK(rc == cookies[i].rc, "%s: %s", cookies[i].claim,
		    rc_name(rc));
		T_CHECK(dnsmsg_cookie_fits(&m, &asked) == cookies[i].fits, "%s",
		    cookies[i].claim);
		T_CHECK(dnsmsg_cookie_fits(&m, NULL), "%s", cookies[i].claim);
	}
}

/* Every letter takes the case of its bit, nothing else changes, and only a
 * reply in that very case is believed. */
static void
test_mixed_case(void **state)
{
	const uint8_t random[DNSMSG_CASE_LEN] = { 0x55, 0x55, 0x55, 0x55 };
	uint8_t wire[DNSMSG_QUERY_MAX];
	struct dnsmsg_question plain, mixed;
	struct dnsmsg_reply m;
	size_t len;

	(void)state;
	assert_int_equal(
	    dnsmsg_question_set(&plain, "ns-1.example", DNSMSG_SOA, DNSMSG_IN),
	    RC_OK);
	mixed = plain;
	dnsmsg_question_mix_case(&mixed, random);
	assert_int_equal(mixed.name_len, plain.name_len);
	assert_memory_equal(mixed.name,
	    "\x04nS-1\x07"
	    "ExAmPlE",
	    mixed.name_len);
	len = dnsmsg_write_query(wire, 7, &mixed, NULL);
	wire[2] |= 0x80; /* QR */
	assert_int_equal(dnsmsg_parse(&m, wire, len), RC_OK);
	assert_true(dnsmsg_is_reply_to(&m, 7, &mixed));
	assert_true(dnsmsg_is_reply_to(&m, 7, &plain));
	len = dnsmsg_write_query(wire, 7, &plain, NULL);
	wire[2] |= 0x80;
	assert_int_equal(dnsmsg_parse(&m, wire, len), RC_OK);
	assert_false(dnsmsg_is_reply_to(&m, 7, &mixed));
	assert_true(dnsmsg_is_reply_to(&m, 7, &plain));
	m.has_question = false;
	m.n_questions = 0;
	assert_false(dnsmsg_is_reply_to(&m, 7, &mixed));
	assert_true(dnsmsg_is_reply_to(&m, 7, &plain));
}

static void
test_matching(void **state)
{
	static const char right[] =
	    HEAD(REPLY, "\x01", "\x00", "\x00", "\x00") ROOT_SOA;
	static const char bare[] =
	    HEAD("\x80\x05", "\x00", "\x00", "\x00", "\x00");
	struct dnsmsg_question soa, other;
	struct dnsmsg_reply m;

	(void)state;
	assert_int_equal(
	    dnsmsg_question_set(&soa, ".", DNSMSG_SOA, DNSMSG_IN), RC_OK);
	assert_int_equal(
	    dnsmsg_question_set(&other, "net", DNSMSG_SOA, DNSMSG_IN), RC_OK);
	assert_int_equal(dnsmsg_parse(&m, right, sizeof right - 1), RC_OK);
	assert_true(dnsmsg_is_reply_to(&m, 0x1234, &soa));
	assert_false(dnsmsg_is_reply_to(&m, 0x1235, &soa));
	assert_false(dnsmsg_is_reply_to(&m, 0x1234, &other));
	m.is_response = false;
	assert_false(dnsmsg_is_reply_to(&m, 0x1234, &soa));
	assert_int_equal(dnsmsg_parse(&m, bare, sizeof bare - 1), RC_OK);
	assert_true(dnsmsg_is_reply_to(&m, 0x1234, &other));
	assert_false(dnsmsg_is_reply_to(&m, 0x4321, &other));
}

/* An identity of more than 255 bytes is kept in part, and says so. */
static void
test_long_identity(void **state)
{
	static uint8_t wire[600] = HEAD(REPLY, "\x01", "\x00", "\x00", "\x01")
	    ROOT_SOA OPT("\x01\x30") "\x00\x03\x01\x2c";
	struct dnsmsg_reply m;

	(void)state;
	assert_int_equal(dnsmsg_parse(&m, wire, 12 + 5 + 11 + 4 + 300), RC_OK);
	assert_true(m.nsid.is_cut);
	assert_int_equal(m.nsid.len, IDENTITY_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_query_round_trip),
		cmocka_unit_test(test_query_extras),
		cmocka_unit_test(test_zoneversion),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_mixed_case),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_long_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
