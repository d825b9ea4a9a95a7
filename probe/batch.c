/* batch.c - see batch.h. */
#include "probe/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "schema/base/mem.h"
#include "schema/wire.h"

#define ZSTD_LEVEL 1 /* signing costs more than what higher levels save */

size_t
batch_pack(char **out, const struct batch_header *header,
    const struct backlog *backlog)
{
	char *plain = mem_grow(NULL, WIRE_LINE_MAX + backlog->len, 1);
	size_t len = wire_encode_header(header, plain);
	size_t bound, n;
	char *packed;

	memcpy(plain + len, backlog->lines, backlog->len);
	len += backlog->len;
	bound = ZSTD_compressBound(len);
	packed = mem_grow(NULL, bound, 1);
	n = ZSTD_compress(packed, bound, plain, len, ZSTD_LEVEL);
	assert(!ZSTD_isError(n)); /* it had the room it asked for */
	free(plain);
	*out = packed;
	return n;
}
