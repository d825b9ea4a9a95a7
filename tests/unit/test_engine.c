/* test_engine.c - the engine against a server on loopback that misbehaves. */
#include "tests/unit/check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "probe/dnsmsg.h"
#include "probe/engine.h"
#include "probe/socks.h"
#include "schema/base/bytes.h"
#include "schema/base/clock.h"

#define QUICK_US 60000 /* where silence is the point */
#define PATIENT_US 4000000

enum manner {
	ANSWERS,
	ANSWERS_TWICE,
	ANSWERS_WITHOUT_QUESTION,
	ANSWERS_ANOTHER_ID_FIRST,
	ANSWERS_ANOTHER_QUESTION,
	ANSWERS_GARBAGE,
	REFUSES,
	TRUNCATES,
	HIDES_HOSTNAME_BIND,
	KEEPS_SILENT,
	ANSWERS_THE_ONE_BEFORE_TOO, /* late */
	BREAKS_OFF                  /* TCP */
};

static struct server {
	uv_udp_t udp;
	uv_tcp_t tcp;
	uint16_t port;
	enum manner manner;
	uint8_t before[DNSMSG_QUERY_MAX]; /* the query not answered */
	size_t before_len;
	uint8_t out[1024];
} server;

static struct bench {
	uv_loop_t loop;
	struct socks socks;
	struct engine *engine;
	struct observation got;
	unsigned n_done;
} bench;

/* Writes the reply to a query of ours, with an NSID; a CHAOS question gets
 * its TXT. */
static size_t
write_reply(uint8_t *to, const uint8_t *query, size_t len, uint16_t flags)
{
	struct wbuf w = wbuf_over(to, 512);
	bool is_chaos = len > 12 && query[12] != 0;
	bool is_refused = (flags & 0xf) != 0, is_tc = (flags & 0x200) != 0;
	bool has_answer = !is_refused && !is_tc;
	static const uint8_t soa[] = { 0, 0, 6, 0, 1, 0, 0, 0, 9, 0, 22, 0, 0,
		0, 0, 0, 77, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1 };
	static const uint8_t txt[] = { 0xc0, 12, 0, 16, 0, 3, 0, 0, 0, 0, 0, 5,
		4, 'a', 'm', 's', '1' };
	static const uint8_t opt[] = { 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 8, 0,
		3, 0, 4, 'a', 'm', 's', '1' };

	wbuf_put(&w, query, 2);
	wbuf_u16(&w, 0x8400 | flags);
	wbuf_u16(&w, 1);
	wbuf_u16(&w, has_answer);
	wbuf_u16(&w, 0);
	wbuf_u16(&w, 1);
	wbuf_put(&w, query + 12, len - 12 - 15); /* all but our OPT */
	if (has_answer && is_chaos)
		wbuf_put(&w, txt, sizeof txt);
	else if (has_answer)
		wbuf_put(&w, soa, sizeof soa);
	wbuf_put(&w, opt, sizeof opt);
	return w.len;
}

static void
send_udp(size_t len, const struct sockaddr *to)
{
	uv_buf_t buf = uv_buf_init((char *)server.out, (unsigned)len);

	assert_int_equal(uv_udp_try_send(&server.udp, &buf, 1, to), (int)len);
}

static bool
asks_hostname_bind(const uint8_t *query)
{
	return memcmp(query + 12, "\x08hostname", 9) == 0;
}

static void
answer(const uint8_t *query, size_t len, const struct sockaddr *to)
{
	uint16_t flags = server.manner == REFUSES     ? 5
			 : server.manner == TRUNCATES ? 0x200
						      : 0;
	uint8_t *out = server.out;
	size_t n;

	if (server.manner == HIDES_HOSTNAME_BIND && asks_hostname_bind(query))
		flags = 5;
	n = write_reply(out, query, len, flags);
	if (server.manner == ANSWERS_WITHOUT_QUESTION) {
		memset(out + 4, 0, 8);
		out[3] |= 5;
		n = 12;
	}
	if (server.manner == ANSWERS_ANOTHER_ID_FIRST) {
		out[1] ^= 1;
		send_udp(n, to);
		out[1] ^= 1;
	}
	if (server.manner == ANSWERS_ANOTHER_QUESTION)
		out[n - 19 - 33 - 3] ^= 1; /* the question's type */
	if (server.manner == ANSWERS_GARBAGE)
		n = 11;
	send_udp(n, to);
	if (server.manner == ANSWERS_TWICE)
		send_udp(n, to);
}

static void
on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
    const struct sockaddr *from, unsigned flags)
{
	(void)udp;
	(void)flags;
	if (n <= 0 || from == NULL)
		return;
	if (server.manner == KEEPS_SILENT) {
		server.before_len = (size_t)n;
		memcpy(server.before, buf->base, (size_t)n);
		return;
	}
	if (server.manner == ANSWERS_THE_ONE_BEFORE_TOO)
		answer(server.before, server.before_len, from);
	answer((const uint8_t *)buf->base, (size_t)n, from);
}

static void
give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	static char bytes[2048];

	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(bytes, sizeof bytes);
}

static void
free_handle(uv_handle_t *handle)
{
	free(handle);
}

/* Queries may come in one segment: each is answered, in two pieces. */
static void
on_stream(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	const uint8_t *p = (const uint8_t *)buf->base;

	if (n == 0)
		return;
	if (n < 0) {
		uv_close((uv_handle_t *)stream, free_handle);
		return;
	}
	if (server.manner == BREAKS_OFF) {
		uv_tcp_close_reset((uv_tcp_t *)stream, free_handle);
		return;
	}
	while (n > 2) {
		size_t len = (size_t)p[0] << 8 | p[1], m;
		uv_buf_t out;

		m = write_reply(server.out + 2, p + 2, len, 0);
		server.out[0] = (uint8_t)(m >> 8);
		server.out[1] = (uint8_t)m;
		out = uv_buf_init((char *)server.out, 1);
		assert_int_equal(uv_try_write(stream, &out, 1), 1);
		out = uv_buf_init((char *)server.out + 1, (unsigned)m + 1);
		assert_int_equal(uv_try_write(stream, &out, 1), (int)m + 1);
		p += 2 + len;
		n -= (ssize_t)(2 + len);
	}
}

static void
on_connection(uv_stream_t *listener, int status)
{
	uv_tcp_t *connection = malloc(sizeof *connection);

	assert_int_equal(status, 0);
	uv_tcp_init(&bench.loop, connection);
	assert_int_equal(uv_accept(listener, (uv_stream_t *)connection), 0);
	uv_read_start((uv_stream_t *)connection, give_buffer, on_stream);
}

static int
bind_port(int type, in_port_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = *port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = at.sin_port;
	return fd;
}

/* A port, in network order, that neither UDP nor TCP has in use: what the
 * system chooses for one may be another process' for the other. */
static in_port_t
find_port(void)
{
	for (int i = 0; i < 100; i++) {
		in_port_t port = 0;
		int udp = bind_port(SOCK_DGRAM, &port);
		int tcp = bind_port(SOCK_STREAM, &port);

		close(udp);
		if (tcp < 0)
			continue;
		close(tcp);
		return port;
	}
	fail_msg("no port that is free for UDP and TCP");
	return 0;
}

static void
start_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = find_port(),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	memset(&server, 0, sizeof server);
	server.port = ntohs(at.sin_port);
	uv_udp_init(&bench.loop, &server.udp);
	assert_int_equal(
	    uv_udp_bind(&server.udp, (struct sockaddr *)&at, 0), 0);
	uv_udp_recv_start(&server.udp, give_buffer, on_datagram);
	uv_tcp_init(&bench.loop, &server.tcp);
	assert_int_equal(
	    uv_tcp_bind(&server.tcp, (struct sockaddr *)&at, 0), 0);
	assert_int_equal(
	    uv_listen((uv_stream_t *)&server.tcp, 4, on_connection), 0);
}

static int
set_up(void **state)
{
	const struct engine_limits limits = { 0 };
	struct err err;

	(void)state;
	memset(&bench, 0, sizeof bench);
	bench.socks.v4.fd = bench.socks.v6.fd = -1; /* no privilege at all */
	uv_loop_init(&bench.loop);
	start_server();
	return engine_new(&bench.engine, &bench.loop, &bench.socks, &limits,
		   &err) == RC_OK
		   ? 0
		   : -1;
}

static void
close_handle(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (uv_is_closing(handle))
		return;
	uv_close(handle,
	    handle->type == UV_TCP && handle != (uv_handle_t *)&server.tcp
		? free_handle
		: NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	engine_free(bench.engine);
	uv_walk(&bench.loop, close_handle, NULL);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&bench.loop);
}

static void
on_done(void *ctx, const struct observation *o)
{
	(void)ctx;
	bench.got = *o;
	bench.n_done++;
	uv_stop(&bench.loop);
}

static struct question
question(enum kind kind, enum proto proto, int64_t timeout_us)
{
	struct question q = { .kind = kind,
		.why = WHY_MANUAL,
		.proto = proto,
		.target = { .family = 4, .bytes = { 127, 0, 0, 1 } },
		.port = server.port,
		.zone = ".",
		.timeout_us = timeout_us,
		.n_pings = 3 };

	return q;
}

static void
ask(const struct question *q)
{
	unsigned before = bench.n_done;

	assert_int_equal(engine_ask(bench.engine, q, on_done, NULL), RC_OK);
	assert_int_equal(bench.n_done, before);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	assert_int_equal(bench.n_done, before + 1);
	assert_int_equal(engine_n_active(bench.engine), 0);
}

static const struct {
	const char *claim;
	enum manner manner;
	enum proto proto;
	int64_t timeout_us;
	enum outcome outcome;
	bool has_nsid, is_truncated_udp;
} cases[] = {
	{ "an answer is ok", ANSWERS, PROTO_UDP, PATIENT_US, OUTCOME_OK, true,
	    false },
	{ "a refusal is an rcode, and still says who", REFUSES, PROTO_UDP,
	    PATIENT_US, OUTCOME_RCODE, true, false },
	{ "a refusal without question is believed", ANSWERS_WITHOUT_QUESTION,
	    PROTO_UDP, PATIENT_US, OUTCOME_RCODE, false, false },
	{ "another id is ignored", ANSWERS_ANOTHER_ID_FIRST, PROTO_UDP,
	    PATIENT_US, OUTCOME_OK, true, false },
	{ "another question is a mismatch", ANSWERS_ANOTHER_QUESTION, PROTO_UDP,
	    QUICK_US, OUTCOME_MISMATCH, false, false },
	{ "garbage is malformed", ANSWERS_GARBAGE, PROTO_UDP, QUICK_US,
	    OUTCOME_MALFORMED, false, false },
	{ "silence is a timeout", KEEPS_SILENT, PROTO_UDP, QUICK_US,
	    OUTCOME_TIMEOUT, false, false },
	{ "a truncated answer is asked for over TCP", TRUNCATES, PROTO_UDP,
	    PATIENT_US, OUTCOME_OK, true, true },
	{ "TCP answers like UDP", ANSWERS, PROTO_TCP, PATIENT_US, OUTCOME_OK,
	    true, false },
	{ "a broken connection is a reset", BREAKS_OFF, PROTO_TCP, PATIENT_US,
	    OUTCOME_RESET, false, false },
};

static void
test_dns(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct question q =
		    question(KIND_DNS, cases[i].proto, cases[i].timeout_us);
		const struct observation *o = &bench.got;

		server.manner = cases[i].manner;
		ask(&q);
		T_CHECK(o->outcome == cases[i].outcome, "%s: %s",
		    cases[i].claim, outcome_name(o->outcome));
		T_CHECK(o->dns.nsid.is_present == cases[i].has_nsid, "%s",
		    cases[i].claim);
		T_CHECK(o->dns.is_truncated_udp == cases[i].is_truncated_udp,
		    "%s", cases[i].claim);
		T_CHECK(o->dns.has_serial == (o->outcome == OUTCOME_OK), "%s",
		    cases[i].claim);
		T_CHECK(
		    o->dns.rtt_us >= 0 && o->at_us > 0, "%s", cases[i].claim);
	}
}

static void
test_closed_port(void **state)
{
	static const enum proto protos[] = { PROTO_UDP, PROTO_TCP };

	(void)state;
	uv_close((uv_handle_t *)&server.udp, NULL);
	uv_close((uv_handle_t *)&server.tcp, NULL);
	uv_run(&bench.loop, UV_RUN_NOWAIT);
	for (size_t i = 0; i < T_LEN(protos); i++) {
		struct question q = question(KIND_DNS, protos[i], PATIENT_US);

		q.with_chaos = true;
		ask(&q);
		T_CHECK(bench.got.outcome == OUTCOME_REFUSED, "%s: %s",
		    proto_name(protos[i]), outcome_name(bench.got.outcome));
		T_CHECK(bench.got.dns.chaos.outcome == OUTCOME_REFUSED, "%s",
		    proto_name(protos[i]));
	}
}

static void
test_chaos(void **state)
{
	static const enum proto protos[] = { PROTO_UDP, PROTO_TCP };

	(void)state;
	for (size_t i = 0; i < T_LEN(protos); i++) {
		struct question q = question(KIND_DNS, protos[i], PATIENT_US);
		const struct chaos *c = &bench.got.dns.chaos;

		q.with_chaos = true;
		server.manner = ANSWERS;
		ask(&q);
		assert_int_equal(c->outcome, OUTCOME_OK);
		assert_int_equal(c->name, CHAOS_HOSTNAME_BIND);
		assert_true(identity_equal(&c->txt, &bench.got.dns.nsid));
		assert_true(identity_equal(&c->nsid, &c->txt));
	}
}

static void
test_second_chaos_name(void **state)
{
	struct question q = question(KIND_DNS, PROTO_UDP, PATIENT_US);

	(void)state;
	q.with_chaos = true;
	server.manner = HIDES_HOSTNAME_BIND;
	ask(&q);
	assert_int_equal(bench.got.outcome, OUTCOME_OK);
	assert_int_equal(bench.got.dns.chaos.name, CHAOS_ID_SERVER);
	assert_true(bench.got.dns.chaos.txt.is_present);
	server.manner = REFUSES;
	ask(&q);
	assert_int_equal(bench.got.dns.chaos.name, CHAOS_HOSTNAME_BIND);
	assert_int_equal(bench.got.dns.chaos.outcome, OUTCOME_RCODE);
	assert_false(bench.got.dns.chaos.txt.is_present);
}

/* What comes after the observation counts in the flow's next one. */
static void
test_late_and_duplicate(void **state)
{
	struct question q = question(KIND_DNS, PROTO_UDP, QUICK_US);
	uint16_t first_port;

	(void)state;
	q.source_port = (uint16_t)(20000 + getpid() % 10000);
	server.manner = KEEPS_SILENT;
	ask(&q);
	assert_int_equal(bench.got.dns.n_late, 0);
	first_port = bench.got.dns.source_port;
	q.timeout_us = PATIENT_US;
	server.manner = ANSWERS_THE_ONE_BEFORE_TOO;
	ask(&q);
	assert_int_equal(bench.got.outcome, OUTCOME_OK);
	assert_int_equal(bench.got.dns.source_port, first_port);
	assert_int_equal(bench.got.dns.n_late, 1);
	server.manner = ANSWERS_TWICE;
	ask(&q);
	server.manner = ANSWERS;
	ask(&q);
	assert_int_equal(bench.got.dns.n_duplicate, 1);
	ask(&q);
	assert_int_equal(bench.got.dns.n_duplicate, 0);
}

static void
test_ping_without_privilege(void **state)
{
	struct question q = question(KIND_PING, PROTO_ICMP, PATIENT_US);
	const struct ping_result *p = &bench.got.ping;

	(void)state;
	ask(&q);
	assert_int_equal(bench.got.outcome, OUTCOME_OK);
	assert_int_equal(bench.got.proto, PROTO_TCP);
	assert_int_equal(p->n_sent, 3);
	assert_int_equal(p->n_received, 3);
	assert_true(p->rtt_min_us <= p->rtt_median_us);
}

static void
test_trace(void **state)
{
	static const enum proto protos[] = { PROTO_UDP, PROTO_TCP };

	(void)state;
	server.manner = ANSWERS;
	for (size_t i = 0; i < T_LEN(protos); i++) {
		struct question q = question(KIND_TRACE, protos[i], PATIENT_US);
		const struct trace_result *t = &bench.got.trace;

		ask(&q);
		T_CHECK(bench.got.outcome == OUTCOME_OK, "%s",
		    proto_name(protos[i]));
		T_CHECK(t->is_reached && t->n_hops == 1 &&
			    t->hops[0].is_target && t->hops[0].ttl == 1,
		    "%s: %u hops", proto_name(protos[i]), t->n_hops);
		T_CHECK(t->nsid.is_present == (protos[i] == PROTO_UDP), "%s",
		    proto_name(protos[i]));
	}
}

/* A socket elsewhere holds the wanted port: a neighbour is taken. */
static void
test_taken_source_port(void **state)
{
	struct question q = question(KIND_DNS, PROTO_UDP, PATIENT_US);
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	q.source_port = ntohs(at.sin_port);
	server.manner = ANSWERS;
	ask(&q);
	close(fd);
	assert_int_equal(bench.got.outcome, OUTCOME_OK);
	assert_true(bench.got.dns.source_port > q.source_port);
	assert_true(bench.got.dns.source_port < q.source_port + 8);
}

struct tally {
	unsigned left, n_ok;
};

static void
count_done(void *ctx, const struct observation *o)
{
	struct tally *tally = ctx;

	T_CHECK(o->outcome == OUTCOME_OK || o->outcome == OUTCOME_TIMEOUT, "%s",
	    outcome_name(o->outcome));
	tally->n_ok += o->outcome == OUTCOME_OK;
	if (--tally->left == 0)
		uv_stop(&bench.loop);
}

/* The table gets full, and everybody is called once; the server may lose what
 * its socket has no room for. */
static void
test_many_at_once(void **state)
{
	struct question q = question(KIND_DNS, PROTO_UDP, US_PER_S);
	struct tally tally = { 0 };

	(void)state;
	q.source_port = (uint16_t)(30000 + getpid() % 2000);
	server.manner = ANSWERS;
	while (engine_ask(bench.engine, &q, count_done, &tally) == RC_OK)
		tally.left++;
	assert_true(tally.left >= 4096);
	assert_int_equal(engine_room(bench.engine), 0);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	assert_int_equal(tally.left, 0);
	assert_true(tally.n_ok >= 128);
	assert_int_equal(engine_n_active(bench.engine), 0);
}

/* Freeing with questions under way calls nobody and leaks nothing. */
static void
test_free_while_asking(void **state)
{
	struct question q = question(KIND_DNS, PROTO_UDP, PATIENT_US);

	(void)state;
	server.manner = KEEPS_SILENT;
	assert_int_equal(engine_ask(bench.engine, &q, on_done, NULL), RC_OK);
	q.proto = PROTO_TCP;
	assert_int_equal(engine_ask(bench.engine, &q, on_done, NULL), RC_OK);
	q.kind = KIND_TRACE;
	assert_int_equal(engine_ask(bench.engine, &q, on_done, NULL), RC_OK);
	for (int i = 0; i < 5; i++)
		uv_run(&bench.loop, UV_RUN_NOWAIT);
}

static void
test_bad_zone(void **state)
{
	struct question q = question(KIND_DNS, PROTO_UDP, PATIENT_US);

	(void)state;
	memcpy(q.zone, "a..b", 5);
	assert_int_equal(
	    engine_ask(bench.engine, &q, on_done, NULL), RC_MALFORMED);
	assert_int_equal(engine_n_active(bench.engine), 0);
}

#define ENGINE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_dns),
		ENGINE_TEST(test_closed_port),
		ENGINE_TEST(test_chaos),
		ENGINE_TEST(test_second_chaos_name),
		ENGINE_TEST(test_late_and_duplicate),
		ENGINE_TEST(test_ping_without_privilege),
		ENGINE_TEST(test_trace),
		ENGINE_TEST(test_taken_source_port),
		ENGINE_TEST(test_many_at_once),
		ENGINE_TEST(test_free_while_asking),
		ENGINE_TEST(test_bad_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
