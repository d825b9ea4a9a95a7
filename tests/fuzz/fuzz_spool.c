/*
 * fuzz_spool.c - any bytes as a segment: what recovery keeps, it keeps again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Passing over lines ends, whatever is between them. */
static void
check_skip(const char *bytes, size_t size, uint64_t after)
{
	struct segment_cursor c = segment_over(bytes, size);
	struct segment_line line;
	uint64_t last = 0;

	segment_skip(&c, after);
	assert(c.pos <= size);
	while (segment_next(&c, &line)) {
		assert(line.seq > last);
		assert(line.text + line.len <= bytes + size);
		last = line.seq;
	}
}

/* A header that was read is written so that it is read again. */
static void
check_header(const struct anchor *anchor)
{
	char header[SEGMENT_HEADER_MAX];
	struct segment_cursor c;
	size_t len;

	if (anchor->boot[0] == '\0')
		return;
	len = segment_encode_header(anchor, header);
	c = segment_over(header, len);
	assert(strcmp(c.anchor.boot, anchor->boot) == 0);
	assert(c.anchor.at_us == anchor->at_us);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of the exact size, so that a read beyond it is seen. */
	char *bytes = malloc(size + 1);
	struct segment_sum sum, again;
	struct segment_cursor c;
	struct segment_line line;
	uint64_t last = 0;

	memcpy(bytes, data, size);
	bytes = realloc(bytes, size > 0 ? size : 1);
	sum = segment_summarise(bytes, size);
	assert(sum.good_len <= size);
	assert(sum.first_seq <= sum.last_seq);
	assert((sum.good_len == 0) == (sum.last_seq == 0));

	again = segment_summarise(bytes, sum.good_len);
	assert(again.good_len == sum.good_len);
	assert(again.first_seq == sum.first_seq);
	assert(again.last_seq == sum.last_seq);

	c = segment_over(bytes, size);
	while (segment_next(&c, &line)) {
		assert(line.seq > last);
		assert(line.text + line.len <= bytes + sum.good_len);
		assert(line.text[line.len - 1] == '\n');
		last = line.seq;
	}
	assert(last == sum.last_seq);
	check_skip(bytes, size, sum.first_seq);
	check_header(&c.anchor);
	free(bytes);
	return 0;
}
