/* test_addr.c - addresses of both families, from text and sockets. */
#include "schema/base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/unit/check.h"

static const struct {
	const char *text;
	uint8_t family; /* 0: not an address */
	const char *canonical;
	bool is_private, is_loopback;
} cases[] = {
	{ "192.0.2.53", 4, "192.0.2.53", false, false },
	{ "2001:DB8:0:0::53", 6, "2001:db8::53", false, false },
	{ "8.8.8.8", 4, "8.8.8.8", false, false },
	{ "0.0.0.0", 4, "0.0.0.0", true, false },
	{ "0.1.2.3", 4, "0.1.2.3", true, false },
	{ "10.255.255.255", 4, "10.255.255.255", true, false },
	{ "11.0.0.0", 4, "11.0.0.0", false, false },
	{ "100.63.255.255", 4, "100.63.255.255", false, false },
	{ "100.64.0.0", 4, "100.64.0.0", true, false },
	{ "100.127.255.255", 4, "100.127.255.255", true, false },
	{ "100.128.0.0", 4, "100.128.0.0", false, false },
	{ "127.0.0.1", 4, "127.0.0.1", true, true },
	{ "127.255.0.9", 4, "127.255.0.9", true, true },
	{ "169.254.1.1", 4, "169.254.1.1", true, false },
	{ "172.15.0.1", 4, "172.15.0.1", false, false },
	{ "172.16.0.1", 4, "172.16.0.1", true, false },
	{ "172.31.255.255", 4, "172.31.255.255", true, false },
	{ "172.32.0.0", 4, "172.32.0.0", false, false },
	{ "192.168.1.1", 4, "192.168.1.1", true, false },
	{ "::", 6, "::", true, false },
	{ "::1", 6, "::1", true, true },
	{ "fe80::1", 6, "fe80::1", true, false },
	{ "fec0::1", 6, "fec0::1", false, false },
	{ "fc00::1", 6, "fc00::1", true, false },
	{ "fdff::1", 6, "fdff::1", true, false },
	{ "fe00::1", 6, "fe00::1", false, false },
	{ "2000::", 6, "2000::", false, false },
	{ "2001:db8:0:1:2:3:4:5", 6, "2001:db8:0:1:2:3:4:5", false, false },
	{ "2001:db8:0:0:1:0:0:1", 6, "2001:db8::1:0:0:1", false, false },
	{ "2001:0:0:1:0:0:0:1", 6, "2001:0:0:1::1", false, false },
	{ "2001:db8:1:2:3:4:0:0", 6, "2001:db8:1:2:3:4::", false, false },
	{ "0:0:0:1:2:3:4:5", 6, "::1:2:3:4:5", false, false },
	{ "1000:200:30:4:f:ff:fff:ffff", 6, "1000:200:30:4:f:ff:fff:ffff",
	    false, false },
	{ "::ffff:192.0.2.1", 6, "::ffff:192.0.2.1", false, false },
	{ "::192.0.2.1", 6, "::192.0.2.1", false, false },
	{ "255.100.99.9", 4, "255.100.99.9", false, false },
	{ "", 0, "", false, false },
	{ "192.0.2", 0, "", false, false },
	{ "192.0.2.256", 0, "", false, false },
	{ "192.0.2.1:53", 0, "", false, false },
	{ " 192.0.2.1", 0, "", false, false },
	{ "[::1]", 0, "", false, false },
	{ "fe80::1%eth0", 0, "", false, false },
	{ "ns.example", 0, "", false, false },
};

static void
text_is_read_and_written(void **state)
{
	char text[ADDR_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct addr a = { .family = 99 };
		enum rc rc = addr_parse(&a, cases[i].text);

		if (cases[i].family == 0) {
			T_CHECK(rc == RC_MALFORMED && a.family == 99, "%s",
			    cases[i].text);
			continue;
		}
		T_CHECK(rc == RC_OK && a.family == cases[i].family, "%s",
		    cases[i].text);
		T_CHECK(strcmp(addr_format(&a, text), cases[i].canonical) == 0,
		    "%s: %s", cases[i].text, text);
		T_CHECK(addr_is_private(&a) == cases[i].is_private,
		    "%s: private", cases[i].text);
		T_CHECK(addr_is_loopback(&a) == cases[i].is_loopback,
		    "%s: loopback", cases[i].text);
	}
}

static void
no_address_is_no_text(void **state)
{
	struct addr none = { 0 };
	char text[ADDR_TEXT_LEN] = "x";

	(void)state;
	assert_string_equal(addr_format(&none, text), "");
	assert_true(addr_equal(&none, &(struct addr){ 0 }));
}

/* Groups that are zero, short or long, in any mixture. */
static void
text_is_as_the_systems(void **state)
{
	static const uint8_t bytes[] = { 0, 0, 0, 1, 0x10, 0xff };
	uint64_t x = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct addr a = { .family = i % 2 ? 6 : 4 };
		char text[ADDR_TEXT_LEN], expected[ADDR_TEXT_LEN];

		for (int k = 0; k < (a.family == 4 ? 4 : 16); k++) {
			x = x * UINT64_C(6364136223846793005) + 1442695;
			a.bytes[k] = i % 3 == 0 ? (uint8_t)(x >> 33)
						: bytes[(x >> 33) % 6];
		}
		inet_ntop(addr_domain(&a), a.bytes, expected, sizeof expected);
		T_CHECK(strcmp(addr_format(&a, text), expected) == 0,
		    "%s is %s", expected, text);
	}
}

static void
equal_addresses_have_equal_family_and_bytes(void **state)
{
	struct addr a, b;

	(void)state;
	assert_int_equal(addr_parse(&a, "192.0.2.1"), RC_OK);
	assert_int_equal(addr_parse(&b, "192.0.2.1"), RC_OK);
	b.bytes[15] = 7; /* outside of IPv4 */
	assert_true(addr_equal(&a, &b));
	assert_int_equal(addr_parse(&b, "192.0.2.2"), RC_OK);
	assert_false(addr_equal(&a, &b));
	assert_int_equal(addr_parse(&b, "c000:201::"), RC_OK);
	assert_false(addr_equal(&a, &b));
}

static void
sockets_and_back(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1" };

	(void)state;
	for (size_t i = 0; i < T_LEN(texts); i++) {
		struct sockaddr_storage ss;
		struct addr a, back;
		uint16_t port = 0;
		socklen_t len;

		assert_int_equal(addr_parse(&a, texts[i]), RC_OK);
		len = addr_to_sockaddr(&a, 5353, &ss);
		assert_int_equal(ss.ss_family, addr_domain(&a));
		assert_int_equal(len, i == 0 ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6));
		back = addr_from_sockaddr((struct sockaddr *)&ss, &port);
		T_CHECK(addr_equal(&a, &back) && port == 5353, "%s", texts[i]);
		back = addr_from_sockaddr((struct sockaddr *)&ss, NULL);
		T_CHECK(addr_equal(&a, &back), "%s", texts[i]);
	}
}

static void
mapped_addresses_become_ipv4(void **state)
{
	struct sockaddr_storage ss;
	struct addr mapped, want, got;

	(void)state;
	assert_int_equal(addr_parse(&mapped, "::ffff:192.0.2.1"), RC_OK);
	assert_int_equal(addr_parse(&want, "192.0.2.1"), RC_OK);
	addr_to_sockaddr(&mapped, 53, &ss);
	got = addr_from_sockaddr((struct sockaddr *)&ss, NULL);
	assert_memory_equal(&got, &want, sizeof got);
}

static void
other_sockets_have_no_address(void **state)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };
	uint16_t port = 7;

	(void)state;
	assert_int_equal(
	    addr_from_sockaddr((struct sockaddr *)&ss, &port).family, 0);
	assert_int_equal(port, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read_and_written),
		cmocka_unit_test(no_address_is_no_text),
		cmocka_unit_test(text_is_as_the_systems),
		cmocka_unit_test(equal_addresses_have_equal_family_and_bytes),
		cmocka_unit_test(sockets_and_back),
		cmocka_unit_test(mapped_addresses_become_ipv4),
		cmocka_unit_test(other_sockets_have_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
