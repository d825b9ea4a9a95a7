/* batch.c - see batch.h. */
#include "probe/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "schema/base/mem.h"
#include "schema/pack.h"
#include "schema/wire.h"

/* A batch is small and goes out twice a minute at most: its last few bytes are
 * worth the milliseconds. */
#define ZSTD_LEVEL 19

static size_t
compress(char **out, const void *bytes, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	size_t n;

	*out = mem_grow(NULL, bound, 1);
	n = ZSTD_compress(*out, bound, bytes, len, ZSTD_LEVEL);
	assert(!ZSTD_isError(n)); /* it had the room it asked for */
	return n;
}

/* Lines that cannot be packed go as they are: the collector takes both. */
size_t
batch_pack(char **out, const struct batch_header *header,
    const struct backlog *backlog)
{
	char *plain = mem_grow(NULL, WIRE_LINE_MAX + backlog->len, 1);
	size_t len = wire_encode_header(header, plain);
	uint8_t *packed = NULL;
	size_t packed_len, n;

	memcpy(plain + len, backlog->lines, backlog->len);
	len += backlog->len;
	if (pack_lines(&packed, &packed_len, plain, len) == RC_OK)
		n = compress(out, packed, packed_len);
	else
		n = compress(out, plain, len);
	free(packed);
	free(plain);
	return n;
}
