/* test_tcpmsg.c - SYNs, and what is taken for an answer to one. */
#include "tests/unit/check.h"

#include <string.h>

#include "probe/tcpmsg.h"

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), RC_OK);
	return a;
}

/* A SYN as tcpdump has seen it leave, and found its checksum correct. */
static void
test_syn(void **state)
{
	static const uint8_t expected[TCPMSG_SYN_LEN] = { 0x65, 0xa4, 0, 53,
		0xc2, 0x19, 0x66, 0xc8, 0, 0, 0, 0, 0x60, 0x02, 0xfa, 0xf0,
		0xfa, 0xa1, 0, 0, 2, 4, 0x04, 0xc4 };
	const struct addr from = address("10.99.0.1"),
			  to = address("10.99.0.2");
	uint8_t buf[TCPMSG_SYN_LEN];

	(void)state;
	assert_int_equal(
	    tcpmsg_write_syn(buf, &from, &to, 26020, 53, 3256444616U),
	    TCPMSG_SYN_LEN);
	assert_memory_equal(buf, expected, sizeof expected);
}

static void
test_v6_leaves_the_checksum_to_the_kernel(void **state)
{
	const struct addr from = address("2001:db8::1"),
			  to = address("2001:db8::2");
	uint8_t buf[TCPMSG_SYN_LEN];

	(void)state;
	tcpmsg_write_syn(buf, &from, &to, 20000, 53, 1);
	assert_int_equal(buf[TCPMSG_CHECKSUM_AT], 0);
	assert_int_equal(buf[TCPMSG_CHECKSUM_AT + 1], 0);
}

static const struct {
	const char *claim;
	uint32_t ack;
	uint8_t flags;
	bool is_answer;
} answers[] = {
	{ "SYN-ACK", 1001, TCPMSG_SYN | TCPMSG_ACK, true },
	{ "RST", 1001, TCPMSG_RST | TCPMSG_ACK, true },
	{ "a bare RST acknowledges nothing", 1001, TCPMSG_RST, false },
	{ "somebody else's SYN", 1001, TCPMSG_SYN, false },
	{ "a wrong number", 1002, TCPMSG_SYN | TCPMSG_ACK, false },
	{ "an acknowledgement alone", 1001, TCPMSG_ACK, false },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(answers); i++) {
		const struct tcpmsg m = { .ack = answers[i].ack,
			.flags = answers[i].flags };

		T_CHECK(tcpmsg_answers(&m, 1000) == answers[i].is_answer, "%s",
		    answers[i].claim);
	}
}

/* Every length and every data offset: whole headers only. */
static void
test_parse(void **state)
{
	const struct addr a = address("192.0.2.1");
	uint8_t buf[TCPMSG_SYN_LEN];
	struct tcpmsg m;

	(void)state;
	tcpmsg_write_syn(buf, &a, &a, 20001, 853, 77);
	assert_int_equal(tcpmsg_parse(&m, buf, sizeof buf), RC_OK);
	assert_int_equal(m.source_port, 20001);
	assert_int_equal(m.target_port, 853);
	assert_int_equal(m.seq, 77);
	assert_int_equal(m.flags, TCPMSG_SYN);
	for (size_t len = 0; len < sizeof buf; len++)
		assert_int_equal(tcpmsg_parse(&m, buf, len), RC_MALFORMED);
	for (unsigned words = 0; words < 16; words++) {
		buf[12] = (uint8_t)(words << 4);
		assert_int_equal(tcpmsg_parse(&m, buf, sizeof buf),
		    words == 5 || words == 6 ? RC_OK : RC_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn),
		cmocka_unit_test(test_v6_leaves_the_checksum_to_the_kernel),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
