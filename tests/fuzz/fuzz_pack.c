/*
 * fuzz_pack.c - packed lines from a hostile probe, and any lines packed.
 *
 * Property: what unpacks, packs again where it can be packed at all, and comes
 * back the same; text that packs comes back byte for byte.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/pack.h"

#define MAX_BYTES ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool claim)
{
	if (!claim)
		abort();
}

static void
check_text(const char *text, size_t len)
{
	size_t packed_len, back_len;
	uint8_t *packed;
	char *back;

	if (pack_lines(&packed, &packed_len, text, len) != RC_OK)
		return;
	must(unpack_lines(&back, &back_len, packed, packed_len, len) == RC_OK);
	must(back_len == len && memcmp(back, text, len) == 0);
	free(back);
	free(packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	size_t len;

	check_text((const char *)data, size);
	if (unpack_lines(&text, &len, data, size, MAX_BYTES) != RC_OK)
		return 0;
	must(len <= MAX_BYTES);
	check_text(text, len);
	free(text);
	return 0;
}
