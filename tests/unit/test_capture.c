/* test_capture.c - which packets the filter of a capture lets through. */
#include "tests/unit/check.h"

#include <pcap/pcap.h>
#include <stdbool.h>
#include <string.h>

#include "probe/capture.h"
#include "probe/capture_filter.h"
#include "schema/base/bytes.h"

#define OURS_4 "192.0.2.53"
#define OURS_6 "2001:db8::53"
#define STRANGER_4 "203.0.113.9"
#define STRANGER_6 "2001:db8:ffff::9"
#define HERE_4 "198.51.100.1"
#define HERE_6 "2001:db8:1::1"
#define STEPS_MAX 4096 /* of a filter that the kernel takes */

enum { ICMP4 = 1, TCP = 6, UDP = 17, FRAGMENT6 = 44, ICMP6 = 58 };

struct packet_case {
	const char *name;
	const char *from, *to;
	int ip_proto;
	unsigned first, second; /* ports; or ICMP type and code */
	const char *quotes;     /* destination in an ICMP error */
	bool has_options;       /* in the IPv4 header */
	bool is_fragment;       /* a later one */
	bool is_ours, is_ours_wide;
};

static const struct packet_case cases[] = {
	{ "question", HERE_4, OURS_4, UDP, 23000, 53, .is_ours = true,
	    .is_ours_wide = true },
	{ "answer", OURS_4, HERE_4, UDP, 53, 23000, .is_ours = true,
	    .is_ours_wide = true },
	{ "answer over TCP", OURS_4, HERE_4, TCP, 53, 40000, .is_ours = true,
	    .is_ours_wide = true },
	{ "answer in IPv6", OURS_6, HERE_6, UDP, 53, 23000, .is_ours = true,
	    .is_ours_wide = true },
	{ "with IP options", OURS_4, HERE_4, UDP, 53, 23000,
	    .has_options = true, .is_ours = true, .is_ours_wide = true },
	{ "later fragment of an answer", OURS_4, HERE_4, UDP, 0, 0,
	    .is_fragment = true, .is_ours = true, .is_ours_wide = true },
	{ "fragment in IPv6", OURS_6, HERE_6, FRAGMENT6, 0, 0, .is_ours = true,
	    .is_ours_wide = true },
	{ "another service of the target", OURS_4, HERE_4, TCP, 22, 40000,
	    .is_ours = false },
	{ "the same in IPv6", OURS_6, HERE_6, TCP, 22, 40000,
	    .is_ours = false },
	{ "a stranger's answer", STRANGER_4, HERE_4, UDP, 53, 23000,
	    .is_ours_wide = true },
	{ "the same in IPv6", STRANGER_6, HERE_6, UDP, 53, 23000,
	    .is_ours_wide = true },
	{ "other people's web", STRANGER_4, HERE_4, TCP, 443, 40000,
	    .is_ours = false },
	{ "echo reply", OURS_4, HERE_4, ICMP4, 0, 0, .is_ours = true,
	    .is_ours_wide = true },
	{ "echo reply in IPv6", OURS_6, HERE_6, ICMP6, 129, 0, .is_ours = true,
	    .is_ours_wide = true },
	{ "a stranger's echo reply", STRANGER_4, HERE_4, ICMP4, 0, 0,
	    .is_ours_wide = true },
	{ "neighbour discovery", STRANGER_6, HERE_6, ICMP6, 135, 0,
	    .is_ours_wide = true },
	{ "a router about ours", STRANGER_4, HERE_4, ICMP4, 11, 0, OURS_4,
	    .is_ours = true, .is_ours_wide = true },
	{ "with options, about ours", STRANGER_4, HERE_4, ICMP4, 3, 1, OURS_4,
	    .has_options = true, .is_ours = true, .is_ours_wide = true },
	{ "a router about ours in IPv6", STRANGER_6, HERE_6, ICMP6, 3, 0,
	    OURS_6, .is_ours = true, .is_ours_wide = true },
	{ "unreachable in IPv6", STRANGER_6, HERE_6, ICMP6, 1, 4, OURS_6,
	    .is_ours = true, .is_ours_wide = true },
	{ "a router about other people's", STRANGER_4, HERE_4, ICMP4, 11, 0,
	    STRANGER_4, .is_ours_wide = true },
	{ "the same in IPv6", STRANGER_6, HERE_6, ICMP6, 3, 0, STRANGER_6,
	    .is_ours_wide = true },
	{ "an echo request whose payload looks like ours", STRANGER_4, HERE_4,
	    ICMP4, 8, 0, OURS_4, .is_ours_wide = true },
};

static struct addr
addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), RC_OK);
	return a;
}

static void
put_header(struct wbuf *w, const char *from, const char *to, int ip_proto,
    const struct packet_case *c)
{
	struct addr a = addr_of(from), b = addr_of(to);
	unsigned words = c->has_options ? 6 : 5;

	if (a.family == 6) {
		wbuf_u32(w, 0x60000000);
		wbuf_u16(w, 100);
		wbuf_u8(w, (uint8_t)ip_proto);
		wbuf_u8(w, 64);
		wbuf_put(w, a.bytes, 16);
		wbuf_put(w, b.bytes, 16);
		return;
	}
	wbuf_u16(w, (uint16_t)(0x4000 | words << 8));
	wbuf_u16(w, 100);
	wbuf_u16(w, 7);
	wbuf_u16(w, c->is_fragment ? 185 : 0);
	wbuf_u8(w, 64);
	wbuf_u8(w, (uint8_t)ip_proto);
	wbuf_u16(w, 0);
	wbuf_put(w, a.bytes, 4);
	wbuf_put(w, b.bytes, 4);
	if (c->has_options)
		wbuf_u32(w, 0x01010101);
}

static size_t
write_packet(uint8_t out[static 200], const struct packet_case *c)
{
	static const struct packet_case plain = { 0 };
	struct wbuf w = wbuf_over(out, 200);

	memset(out, 0, 200);
	put_header(&w, c->from, c->to, c->ip_proto, c);
	if (c->ip_proto != ICMP4 && c->ip_proto != ICMP6) {
		wbuf_u16(&w, (uint16_t)c->first);
		wbuf_u16(&w, (uint16_t)c->second);
		return 160;
	}
	wbuf_u8(&w, (uint8_t)c->first);
	wbuf_u8(&w, (uint8_t)c->second);
	wbuf_u16(&w, 0);
	wbuf_u32(&w, 0);
	if (c->quotes != NULL)
		put_header(&w, c->to, c->quotes, UDP, &plain);
	return 160;
}

/* The text compiled for packets that begin with their IP header. */
static struct bpf_program
compile(const struct capture_filter *f)
{
	static char text[CAPTURE_FILTER_MAX];
	pcap_t *dead = pcap_open_dead(DLT_RAW, 65535);
	struct bpf_program program;
	int status;

	capture_filter_write(f, text);
	status = pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN);
	if (status != 0)
		print_message("%s: %s\n", text, pcap_geterr(dead));
	assert_int_equal(status, 0);
	pcap_close(dead);
	return program;
}

static void
check_all(const struct capture_filter *f, bool is_wide)
{
	struct bpf_program program = compile(f);

	for (size_t i = 0; i < T_LEN(cases); i++) {
		const struct packet_case *c = &cases[i];
		uint8_t bytes[200];
		struct pcap_pkthdr header = { 0 };
		bool is_kept;

		header.caplen = header.len =
		    (bpf_u_int32)write_packet(bytes, c);
		is_kept = pcap_offline_filter(&program, &header, bytes) != 0;
		T_CHECK(is_kept == (is_wide ? c->is_ours_wide : c->is_ours),
		    "%s", c->name);
	}
	pcap_freecode(&program);
}

static struct capture_filter
filter_of(const char *first, const char *second)
{
	struct capture_filter f = { .ports = { 53 } };
	struct addr a = addr_of(first), b = addr_of(second);

	assert_true(capture_filter_add(&f, &a));
	assert_true(capture_filter_add(&f, &b));
	return f;
}

static void
only_what_is_ours_is_kept(void **state)
{
	struct capture_filter f = filter_of(OURS_4, OURS_6);

	(void)state;
	check_all(&f, false);
	f = filter_of(OURS_6, OURS_4);
	check_all(&f, false);
}

static void
a_target_more_than_once_changes_nothing(void **state)
{
	struct capture_filter f = filter_of(OURS_4, OURS_6);
	struct addr again = addr_of(OURS_6);

	(void)state;
	assert_false(capture_filter_add(&f, &again));
	assert_int_equal(f.n_targets, 2);
}

/* i-th of many targets, of either family in turn. */
static struct addr
nth_target(unsigned i)
{
	struct addr a = addr_of(i % 2 ? OURS_4 : OURS_6);

	a.bytes[i % 2 ? 3 : 15] = (uint8_t)i;
	return a;
}

static void
as_many_as_can_be_named_fit_into_the_kernel(void **state)
{
	struct capture_filter f = { .ports = { 53, 853, 33434, 65535 } };
	struct bpf_program program;

	(void)state;
	for (unsigned i = 0; i < CAPTURE_TARGETS_MAX; i++) {
		struct addr a = addr_of("2001:db8:ffff:ffff:ffff:ffff:ffff:0");

		a.bytes[15] = (uint8_t)i;
		assert_true(capture_filter_add(&f, &a));
	}
	assert_false(f.is_wide);
	program = compile(&f);
	T_CHECK(program.bf_len < STEPS_MAX, "%u steps", program.bf_len);
	pcap_freecode(&program);
}

static void
more_targets_are_told_by_port_alone(void **state)
{
	struct capture_filter f = { .ports = { 53 } };
	struct addr a;

	(void)state;
	for (unsigned i = 0; i <= CAPTURE_TARGETS_MAX; i++) {
		a = nth_target(i);
		assert_true(capture_filter_add(&f, &a));
	}
	assert_true(f.is_wide);
	a = nth_target(99);
	assert_false(capture_filter_add(&f, &a));
	check_all(&f, true);
}

static void
it_is_wanted_when_an_argument_says_so(void **state)
{
	static const struct {
		const char *words[4];
		bool is_wanted;
	} lines[] = {
		{ { "measure", "--pcap", "file", "a" }, true },
		{ { "measure", "a", "--pcap=file", "b" }, true },
		{ { "measure", "a", "--pc=file", "b" }, true },
		{ { "measure", "--port", "53", "a" }, false },
		{ { "measure", "--proto", "udp", "pcap" }, false },
		{ { "--pcap", "a", "b", "c" }, false },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(lines); i++) {
		char *argv[4];

		memcpy(argv, lines[i].words, sizeof argv);
		T_CHECK(capture_is_wanted(4, argv) == lines[i].is_wanted,
		    "line %zu", i);
	}
}

static void
without_a_capture_nothing_happens(void **state)
{
	struct capture_counts counts = { .n_written = 1 };
	struct err err = ERR_NONE;
	struct addr a = addr_of(OURS_4);

	(void)state;
	assert_int_equal(capture_start(NULL, NULL, NULL, NULL, 0, &err), RC_OK);
	capture_add(NULL, &a);
	assert_int_equal(capture_stop(NULL, &counts, &err), RC_OK);
	assert_int_equal(counts.n_written, 0);
	capture_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_ours_is_kept),
		cmocka_unit_test(a_target_more_than_once_changes_nothing),
		cmocka_unit_test(as_many_as_can_be_named_fit_into_the_kernel),
		cmocka_unit_test(more_targets_are_told_by_port_alone),
		cmocka_unit_test(it_is_wanted_when_an_argument_says_so),
		cmocka_unit_test(without_a_capture_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
