/*
 * parse.c - what reading an observation costs, beside jansson.
 *
 * usage: parse OBSERVATIONS
 * Reads a batch of 500 answers again and again, as the collector does (each
 * value checked), and with jansson (parsed, each value taken, none checked).
 * Prints CPU seconds of both, with a space between.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/wire.h"
#include "tools/bench.d/bench.h"

#define PER_BATCH 500

static const char *const numbers[] = { "seq", "at_us", "port", "source_port",
	"rcode", "rtt_us", "reply_ttl", "serial", "size_bytes" };
static const char *const texts[] = { "kind", "why", "proto", "stamp", "outcome",
	"target", "source", "nsid" };
static volatile int64_t sum; /* nothing is optimised away */

static void
die(const char *what)
{
	fprintf(stderr, "parse: %s\n", what);
	exit(EXIT_FAILURE);
}

static size_t
make_batch(char *text)
{
	struct batch_header h = { .probe = "0123456789abcdef",
		.version = "bench",
		.first_seq = 1,
		.last_seq = PER_BATCH,
		.anchor_at_us = clock_wall_us() };
	size_t len = wire_encode_header(&h, text);

	for (uint64_t seq = 1; seq <= PER_BATCH; seq++) {
		struct observation o = bench_answer(seq);

		len += wire_encode_observation(&o, text + len);
	}
	return len;
}

static void
read_as_we_do(const char *text, size_t len)
{
	struct batch b;

	if (wire_decode_batch(&b, text, len, NULL) != RC_OK)
		die("our own batch is refused");
	sum += b.observations[b.n - 1].dns.rtt_us;
	batch_fini(&b);
}

static void
take_values(const json_t *line)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		sum += json_integer_value(json_object_get(line, numbers[i]));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *text =
		    json_string_value(json_object_get(line, texts[i]));

		sum += text == NULL ? 0 : text[0];
	}
	sum += json_is_true(json_object_get(line, "aa"));
}

static void
read_with_jansson(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *next =
		    (const char *)memchr(text, '\n', (size_t)(end - text)) + 1;
		json_t *line = json_loadb(
		    text, (size_t)(next - text), JSON_REJECT_DUPLICATES, NULL);

		if (line == NULL)
			die("jansson refuses a line");
		take_values(line);
		json_decref(line);
		text = next;
	}
}

static double
cost(
    void (*read)(const char *, size_t), const char *text, size_t len, int64_t n)
{
	double begun = bench_cpu_s();

	for (int64_t i = 0; i < n; i += PER_BATCH)
		read(text, len);
	return bench_cpu_s() - begun;
}

int
main(int argc, char **argv)
{
	char *text = mem_new((PER_BATCH + 2) * 1024 + 2 * WIRE_LINE_MAX);
	size_t len = make_batch(text);
	double ours;

	if (argc != 2) {
		fputs("usage: parse OBSERVATIONS\n", stderr);
		return 2;
	}
	ours = cost(read_as_we_do, text, len, atoll(argv[1]));
	printf("%.6f %.6f\n", ours,
	    cost(read_with_jansson, text, len, atoll(argv[1])));
	free(text);
	return EXIT_SUCCESS;
}
