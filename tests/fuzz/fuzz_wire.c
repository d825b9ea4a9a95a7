/*
 * fuzz_wire.c - what the collector reads from a hostile probe.
 *
 * Property: what decodes, encodes; and encoding what was decoded gives the
 * same bytes from then on; and what is scanned says what jansson reads.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wire.h"
#include "tests/unit/doc_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool claim)
{
	if (!claim)
		abort();
}

static void
check_observation(const char *text, size_t size)
{
	static char first[WIRE_LINE_MAX], second[WIRE_LINE_MAX];
	struct observation o, back;
	size_t n;

	if (wire_decode_observation(&o, text, size, NULL) != RC_OK)
		return;
	n = wire_encode_observation(&o, first);
	must(wire_decode_observation(&back, first, n, NULL) == RC_OK);
	must(memcmp(&o, &back, sizeof o) == 0);
	must(wire_encode_observation(&back, second) == n);
	must(memcmp(first, second, n) == 0);
}

static void
check_header(const char *text, size_t size)
{
	static char first[WIRE_LINE_MAX];
	struct batch_header h, back;
	size_t n;

	if (wire_decode_header(&h, text, size, NULL) != RC_OK)
		return;
	n = wire_encode_header(&h, first);
	must(wire_decode_header(&back, first, n, NULL) == RC_OK);
	must(memcmp(&h, &back, sizeof h) == 0);
}

static void
check_batch(const char *text, size_t size)
{
	struct batch b;
	uint64_t last = 0;

	if (wire_decode_batch(&b, text, size, NULL) != RC_OK)
		return;
	must(b.n > 0 && b.n <= WIRE_BATCH_MAX);
	must(b.observations[0].seq == b.header.first_seq);
	for (size_t i = 0; i < b.n; i++) {
		must(b.observations[i].seq > last);
		last = b.observations[i].seq;
	}
	must(last == b.header.last_seq);
	batch_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	bool is_plain;

	must(doc_same(text, size, &is_plain));
	check_observation(text, size);
	check_header(text, size);
	check_batch(text, size);
	return 0;
}
