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
	free(bytes);
	return 0;
}
