/* test_batch.c - the body of an upload: small, and the same lines inside. */
#include "probe/batch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/inflate.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/pack.h"
#include "schema/wire.h"
#include "tests/unit/check.h"

#define N_TARGETS 4
#define N_HOPS 10
#define START_US (INT64_C(1763712000) * US_PER_S)
#define PERIOD_US (60 * US_PER_S)

/* splitmix64; the same traffic in every run. */
static uint64_t random_state;

static uint64_t
draw(uint64_t n)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % n;
}

/* A round trip: queues add 200 us on average, now and then milliseconds. */
static int64_t
draw_rtt(int64_t base_us)
{
	double mean = draw(30) == 0 ? 5000 : 200;

	return base_us +
	       (int64_t)(-mean * log(((double)draw(1000000) + 1) / 1000001));
}

static struct addr
address(unsigned family, unsigned network, unsigned host)
{
	struct addr a = { .family = (uint8_t)family };

	a.bytes[0] = family == 4 ? 198 : 0x20;
	a.bytes[1] = family == 4 ? 51 : 0x01;
	a.bytes[2] = (uint8_t)network;
	a.bytes[family == 4 ? 3 : 15] = (uint8_t)host;
	return a;
}

/* What all observations of a target have. */
static struct observation
new_observation(unsigned target, enum kind kind, unsigned turn)
{
	unsigned family = target % 2 == 0 ? 4 : 6;
	uint64_t phase = target * UINT64_C(13456789);

	if (kind == KIND_PING)
		phase = (phase + PERIOD_US / 2) % PERIOD_US;
	return (struct observation){
		.at_us = START_US + turn * PERIOD_US + (int64_t)phase +
			 (int64_t)draw(PERIOD_US / 100),
		.kind = kind,
		.proto = kind == KIND_PING ? PROTO_ICMP : PROTO_UDP,
		.target = address(family, target, 53),
		.port = kind == KIND_PING ? 0 : 53,
		.source = address(family, 100, 9),
	};
}

static void
fill_dns(struct observation *o, unsigned target, unsigned turn)
{
	struct dns_result *d = &o->dns;

	d->source_port = (uint16_t)(40001 + 77 * target);
	d->rtt_us = draw_rtt(11000 + 7000 * target);
	d->has_reply_ttl = d->is_aa = d->has_serial = true;
	d->reply_ttl = (uint8_t)(57 - target);
	d->serial = 2025112100 + turn / 30;
	d->size_bytes = (uint16_t)(121 + target);
	identity_set(&d->nsid, "ns1.nl-ams.example", 18);
	if (turn % 10 != 0)
		return;
	d->chaos.is_asked = true;
	d->chaos.rtt_us = draw_rtt(11000 + 7000 * target);
	d->chaos.txt = d->chaos.nsid = d->nsid;
}

static void
fill_ping(struct observation *o, unsigned target)
{
	o->ping.n_sent = o->ping.n_received = 3;
	o->ping.rtt_min_us = draw_rtt(11000 + 7000 * target);
	o->ping.rtt_median_us = draw_rtt(o->ping.rtt_min_us);
	o->ping.has_reply_ttl = true;
	o->ping.reply_ttl = (uint8_t)(57 - target);
}

/* The first hops are the host's own network's. */
static void
fill_trace(struct observation *o, unsigned target)
{
	struct trace_result *t = &o->trace;

	t->source_port = (uint16_t)(40001 + 77 * target);
	t->is_reached = true;
	t->n_hops = N_HOPS;
	for (unsigned i = 0; i < N_HOPS; i++) {
		struct hop *h = &t->hops[i];

		h->ttl = (uint8_t)(i + 1);
		h->is_target = i == N_HOPS - 1;
		h->address = address(o->target.family,
		    i < 4 ? 100 : 101 + i * target, 1 + i * 3 + target);
		if (h->is_target)
			h->address = o->target;
		else
			h->icmp_type = 11;
		h->rtt_us = draw_rtt(400 + i * (1100 + 700 * target));
		h->reply_ttl = (uint8_t)(255 - i);
	}
}

static struct backlog
new_backlog(void)
{
	return (struct backlog){
		.lines = mem_new((size_t)WIRE_BATCH_MAX * 2048),
		.first_seq = 1201,
		.last_seq = 1200,
	};
}

static void
add(struct backlog *b, struct observation *o)
{
	o->seq = ++b->last_seq;
	b->n_lines++;
	b->len += wire_encode_observation(o, b->lines + b->len);
}

/* Traffic of a probe for n turns of a minute: DNS with NSID, and ping, every
 * minute, a trace every fifteen. */
static struct backlog
record(unsigned n)
{
	struct backlog b = new_backlog();

	random_state = 1;
	for (unsigned turn = 0; turn < n; turn++) {
		for (unsigned i = 0; i < 3 * N_TARGETS; i++) {
			unsigned target = i % N_TARGETS;
			enum kind kind = (enum kind)(i / N_TARGETS);
			struct observation o;

			if (kind == KIND_TRACE && turn % 15 != target)
				continue;
			o = new_observation(target, kind, turn);
			if (kind == KIND_DNS)
				fill_dns(&o, target, turn);
			else if (kind == KIND_PING)
				fill_ping(&o, target);
			else
				fill_trace(&o, target);
			add(&b, &o);
		}
	}
	return b;
}

static struct batch_header
header_of(const struct backlog *b)
{
	return (struct batch_header){ .probe = "5d1c0a72e94b3f86",
		.version = "0.1.0",
		.first_seq = b->first_seq,
		.last_seq = b->last_seq,
		.anchor_at_us = START_US,
		.assignment = "8c2e61d0f3a94b57" };
}

static void
an_observation_costs_at_most_ten_bytes(void **state)
{
	struct backlog b = record(62);
	struct batch_header h = header_of(&b);
	char *body;
	size_t len = batch_pack(&body, &h, &b);

	(void)state;
	T_CHECK(b.n_lines >= 500 && b.n_lines <= 520, "%u lines", b.n_lines);
	T_CHECK(
	    len <= (size_t)10 * b.n_lines, "%zu bytes for %u", len, b.n_lines);
	free(body);
	backlog_fini(&b);
}

/* Gives what the collector reads of a body. */
static char *
read_body(const char *body, size_t len, size_t *out_len)
{
	char *inflated, *text;
	size_t inflated_len;

	assert_int_equal(
	    inflate_zstd(&inflated, &inflated_len, body, len, WIRE_BODY_MAX),
	    RC_OK);
	if (!pack_is_packed(inflated, inflated_len)) {
		*out_len = inflated_len;
		return inflated;
	}
	assert_int_equal(
	    unpack_lines(&text, out_len, inflated, inflated_len, WIRE_BODY_MAX),
	    RC_OK);
	free(inflated);
	return text;
}

static void
check_inside(const struct backlog *b)
{
	static char line[WIRE_LINE_MAX];
	struct batch_header h = header_of(b);
	size_t header_len = wire_encode_header(&h, line);
	char *body, *text;
	size_t len = batch_pack(&body, &h, b), text_len;

	text = read_body(body, len, &text_len);
	assert_int_equal(text_len, header_len + b->len);
	assert_memory_equal(text, line, header_len);
	assert_memory_equal(text + header_len, b->lines, b->len);
	free(text);
	free(body);
}

static void
the_collector_reads_the_lines_of_the_spool(void **state)
{
	struct backlog b = record(1);
	struct batch batch;
	char *body, *text;
	struct batch_header h = header_of(&b);
	size_t len = batch_pack(&body, &h, &b), text_len;

	(void)state;
	check_inside(&b);
	text = read_body(body, len, &text_len);
	assert_int_equal(
	    wire_decode_batch(&batch, text, text_len, NULL), RC_OK);
	assert_int_equal(batch.n, b.n_lines);
	batch_fini(&batch);
	free(text);
	free(body);
	backlog_fini(&b);
}

static void
lines_that_cannot_be_packed_go_as_they_are(void **state)
{
	struct backlog b = record(1);

	(void)state;
	b.lines[5] = '\1';
	check_inside(&b);
	backlog_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_observation_costs_at_most_ten_bytes),
		cmocka_unit_test(the_collector_reads_the_lines_of_the_spool),
		cmocka_unit_test(lines_that_cannot_be_packed_go_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
