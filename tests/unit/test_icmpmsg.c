/* test_icmpmsg.c - ICMP messages: quotes, extensions, echoes. */
#include "tests/unit/check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "probe/icmpmsg.h"
#include "schema/base/bytes.h"

#define MESSAGE_MAX 512

/* Writes what a router quotes: our IPv4 or IPv6 header, n bytes behind it. */
static void
put_quote(
    struct wbuf *w, int family, uint8_t proto, const void *payload, size_t n)
{
	static const uint8_t v6[32] = { 0x20, 0x01, 0x0d,
		0xb8, [15] = 1, [16] = 0x20, 0x01, 0x0d, 0xb8, [31] = 0x53 };

	if (family == 4) {
		const uint8_t head[20] = { 0x45, 0, 0, 60, 0, 0, 0, 0, 1, proto,
			0, 0, 10, 9, 1, 1, 192, 0, 2, 53 };

		wbuf_put(w, head, sizeof head);
	} else {
		const uint8_t head[8] = { 0x60, 0, 0, 0, 0, 40, proto, 1 };

		wbuf_put(w, head, sizeof head);
		wbuf_put(w, v6, sizeof v6);
	}
	wbuf_put(w, payload, n);
}

static void
pad_to(struct wbuf *w, size_t len)
{
	while (w->len < len && !w->is_bad)
		wbuf_u8(w, 0);
}

/* An extension structure with two labels; its checksum may be broken. */
static void
put_labels(struct wbuf *w, uint16_t break_with)
{
	uint8_t ext[16] = { 0x20, 0, 0, 0, 0, 12, 1, 1, /* 100704 0 0 1 */
		0x18, 0x96, 0x00, 0x01, /* 16 7 1 255 */ 0x00, 0x01, 0x0f,
		0xff };
	uint16_t sum =
	    (uint16_t)(inet_checksum(ext, sizeof ext, 0) ^ break_with);

	ext[2] = (uint8_t)(sum >> 8);
	ext[3] = (uint8_t)sum;
	wbuf_put(w, ext, sizeof ext);
}

static void
seal(struct wbuf *w)
{
	uint16_t sum = inet_checksum(w->bytes, w->len, 0);

	w->bytes[2] = (uint8_t)(sum >> 8);
	w->bytes[3] = (uint8_t)sum;
}

static const uint8_t udp[] = { 0x52, 0x08, 0, 53, 0, 40, 0xab, 0xcd, /* DNS */
	0xbe, 0xef, 0, 0 };

enum extension { EXT_NONE, EXT_NEW, EXT_OLD, EXT_BROKEN };

static const struct {
	const char *claim;
	int family;
	uint8_t type, code;
	enum extension extension;
	size_t quoted; /* bytes of the UDP datagram */
	unsigned n_labels;
	enum icmpmsg_meaning meaning;
} errors[] = {
	{ "a hop answers", 4, 11, 0, EXT_NONE, 12, 0, ICMPMSG_TTL_EXCEEDED },
	{ "an old router quotes 8 bytes", 4, 11, 0, EXT_NONE, 8, 0,
	    ICMPMSG_TTL_EXCEEDED },
	{ "labels stand behind the length field", 4, 11, 0, EXT_NEW, 12, 2,
	    ICMPMSG_TTL_EXCEEDED },
	{ "labels without a length field stand at 128", 4, 11, 0, EXT_OLD, 12,
	    2, ICMPMSG_TTL_EXCEEDED },
	{ "labels with a wrong checksum are not believed", 4, 11, 0, EXT_BROKEN,
	    12, 0, ICMPMSG_TTL_EXCEEDED },
	{ "a hop answers over IPv6", 6, 3, 0, EXT_NONE, 12, 0,
	    ICMPMSG_TTL_EXCEEDED },
	{ "labels come over IPv6", 6, 3, 0, EXT_NEW, 12, 2,
	    ICMPMSG_TTL_EXCEEDED },
	{ "a closed port", 4, 3, 3, EXT_NONE, 12, 0, ICMPMSG_PORT_CLOSED },
	{ "a closed port over IPv6", 6, 1, 4, EXT_NONE, 12, 0,
	    ICMPMSG_PORT_CLOSED },
	{ "an unreachable host", 4, 3, 1, EXT_NONE, 12, 0,
	    ICMPMSG_UNREACHABLE },
	{ "no route over IPv6", 6, 1, 0, EXT_NONE, 12, 0, ICMPMSG_UNREACHABLE },
	{ "too big for the path is no end of it", 4, 3, 4, EXT_NONE, 12, 0,
	    ICMPMSG_IGNORED },
	{ "reassembly time is no hop", 4, 11, 1, EXT_NONE, 12, 0,
	    ICMPMSG_IGNORED },
};

static size_t
build_error(uint8_t bytes[static MESSAGE_MAX], size_t i)
{
	struct wbuf w = wbuf_over(bytes, MESSAGE_MAX);
	bool is_v6 = errors[i].family == 6;
	bool has_length = errors[i].extension == EXT_NEW;

	wbuf_u8(&w, errors[i].type);
	wbuf_u8(&w, errors[i].code);
	wbuf_u16(&w, 0);
	wbuf_u8(&w, is_v6 && has_length ? 128 / 8 : 0);
	wbuf_u8(&w, !is_v6 && has_length ? 128 / 4 : 0);
	wbuf_u16(&w, 0);
	put_quote(&w, errors[i].family, IPPROTO_UDP, udp, errors[i].quoted);
	if (errors[i].extension != EXT_NONE) {
		pad_to(&w, 8 + 128);
		put_labels(&w, errors[i].extension == EXT_BROKEN);
	}
	seal(&w);
	return w.len;
}

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(errors); i++) {
		uint8_t bytes[MESSAGE_MAX];
		size_t len = build_error(bytes, i);
		struct icmpmsg m;
		const char *claim = errors[i].claim;

		T_CHECK(
		    icmpmsg_parse(&m, errors[i].family, bytes, len) == RC_OK,
		    "%s", claim);
		T_CHECK(m.kind == ICMPMSG_ERROR, "%s", claim);
		T_CHECK(m.quote.ip_proto == IPPROTO_UDP, "%s", claim);
		T_CHECK(m.quote.source_port == 0x5208, "%s", claim);
		T_CHECK(m.quote.target_port == 53, "%s", claim);
		T_CHECK(m.quote.checksum == 0xabcd, "%s", claim);
		T_CHECK(m.quote.target.family == errors[i].family, "%s", claim);
		T_CHECK(m.labels.n == errors[i].n_labels, "%s: %u labels",
		    claim, m.labels.n);
		T_CHECK(icmpmsg_meaning(errors[i].family, m.type, m.code) ==
			    errors[i].meaning,
		    "%s", claim);
		if (errors[i].quoted > 8)
			T_CHECK(m.quote.payload_len >= 2 &&
				    m.quote.payload[0] == 0xbe,
			    "%s: the DNS id is there", claim);
	}
}

static void
test_labels(void **state)
{
	uint8_t bytes[MESSAGE_MAX];
	struct icmpmsg m;

	(void)state;
	assert_int_equal(
	    icmpmsg_parse(&m, 4, bytes, build_error(bytes, 2)), RC_OK);
	assert_int_equal(m.labels.label[0].label, 100704);
	assert_int_equal(m.labels.label[0].tc, 0);
	assert_false(m.labels.label[0].is_bottom);
	assert_int_equal(m.labels.label[0].ttl, 1);
	assert_int_equal(m.labels.label[1].label, 16);
	assert_int_equal(m.labels.label[1].tc, 7);
	assert_true(m.labels.label[1].is_bottom);
	assert_int_equal(m.labels.label[1].ttl, 255);
}

/* No prefix is over-read, and none that cuts the quoted ports is believed. */
static void
test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(errors); i++) {
		uint8_t bytes[MESSAGE_MAX];
		size_t len = build_error(bytes, i);
		size_t needed = 8 + (errors[i].family == 6 ? 40 : 20) + 8;

		for (size_t n = 0; n < len; n++) {
			uint8_t *copy = malloc(n + 1);
			struct wbuf w = { .bytes = copy, .cap = n, .len = n };
			struct icmpmsg m;
			enum rc rc;

			memcpy(copy, bytes, n);
			if (n >= 4) {
				copy[2] = copy[3] = 0;
				seal(&w);
			}
			rc = icmpmsg_parse(&m, errors[i].family, copy, n);
			T_CHECK(n >= needed || rc == RC_MALFORMED,
			    "%s: %zu bytes", errors[i].claim, n);
			free(copy);
		}
	}
}

static void
test_checksum(void **state)
{
	uint8_t bytes[MESSAGE_MAX];
	size_t len = build_error(bytes, 0);
	struct icmpmsg m;

	(void)state;
	bytes[len - 1] ^= 1;
	assert_int_equal(icmpmsg_parse(&m, 4, bytes, len), RC_MALFORMED);
}

/* A reply to what we write carries our id, sequence and nonce, and the
 * checksum is the same for every sequence number. */
static void
test_echo(void **state)
{
	struct icmpmsg_echo echo = { .id = 0x1234, .nonce = "nonce!!" };
	uint8_t first[ICMPMSG_ECHO_LEN], wire[ICMPMSG_ECHO_LEN];
	struct icmpmsg m;

	(void)state;
	(void)icmpmsg_write_echo(first, 4, &echo);
	for (unsigned seq = 0; seq <= UINT16_MAX; seq += 257) {
		struct wbuf w = { .bytes = wire, .len = sizeof wire };

		echo.seq = (uint16_t)seq;
		assert_int_equal(
		    icmpmsg_write_echo(wire, 4, &echo), ICMPMSG_ECHO_LEN);
		assert_memory_equal(wire, first, 4);
		wire[0] = wire[2] = wire[3] = 0; /* the reply */
		seal(&w);
		assert_int_equal(
		    icmpmsg_parse(&m, 4, wire, sizeof wire), RC_OK);
		assert_int_equal(m.kind, ICMPMSG_ECHO_REPLY);
		assert_int_equal(m.echo.id, echo.id);
		assert_int_equal(m.echo.seq, seq);
		assert_memory_equal(
		    m.echo.nonce, echo.nonce, ICMPMSG_NONCE_LEN);
	}
}

static void
test_ip4_header(void **state)
{
	const uint8_t wire[] = { 0x46, 0, 0, 28, 0, 0, 0, 0, 61, 1, 0, 0, 10, 9,
		1, 2, 10, 9, 1, 1, 1, 1, 1, 1, /* option */ 0, 0, 0xff, 0xff };
	const uint8_t *bytes = wire;
	size_t len = sizeof wire;
	struct addr from;
	char text[ADDR_TEXT_LEN];
	uint8_t ttl;

	(void)state;
	assert_int_equal(icmpmsg_skip_ip4(&bytes, &len, 1, &from, &ttl), RC_OK);
	assert_int_equal(len, 4);
	assert_ptr_equal(bytes, wire + 24);
	assert_int_equal(ttl, 61);
	assert_string_equal(addr_format(&from, text), "10.9.1.2");
	bytes = wire;
	len = 22; /* the options are cut */
	assert_int_equal(
	    icmpmsg_skip_ip4(&bytes, &len, 1, &from, &ttl), RC_MALFORMED);
}

/* RFC 768's checksum over a datagram that carries its own checksum is 0. */
static void
test_udp_checksum(void **state)
{
	static const char *const pairs[][2] = { { "10.9.1.1", "192.0.2.53" },
		{ "2001:db8::1", "2001:db8::53" } };
	const uint8_t payload[] = "an odd length";

	(void)state;
	for (size_t i = 0; i < T_LEN(pairs); i++) {
		struct addr from, to;
		uint8_t whole[128];
		struct wbuf w = wbuf_over(whole, sizeof whole);
		uint16_t len = 8 + sizeof payload, sum;
		size_t n;

		assert_int_equal(addr_parse(&from, pairs[i][0]), RC_OK);
		assert_int_equal(addr_parse(&to, pairs[i][1]), RC_OK);
		n = from.family == 4 ? 4 : 16;
		sum = icmpmsg_udp_checksum(
		    &from, 21000, &to, 53, payload, sizeof payload);
		wbuf_put(&w, from.bytes, n);
		wbuf_put(&w, to.bytes, n);
		wbuf_u32(&w, len);
		wbuf_u32(&w, IPPROTO_UDP);
		wbuf_u16(&w, 21000);
		wbuf_u16(&w, 53);
		wbuf_u16(&w, len);
		wbuf_u16(&w, sum);
		wbuf_put(&w, payload, sizeof payload);
		T_CHECK(inet_checksum(whole, w.len, 0) == 0, "%s", pairs[i][0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_ip4_header),
		cmocka_unit_test(test_udp_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
