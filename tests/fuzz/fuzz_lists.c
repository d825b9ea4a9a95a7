/*
 * fuzz_lists.c - any bytes as an allow list, and as a list of targets.
 *
 * The first byte says into pieces of what length the list of targets is cut.
 * Holds: every prefix of a list holds its own address; targets are the same
 * however the bytes come, and a word that is one is short and printable.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/acl.h"
#include "probe/lines.h"
#include "probe/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_acl(const char *text, size_t size)
{
	struct err err = ERR_NONE;
	struct acl acl;

	if (acl_parse(&acl, text, size, "list", &err) != RC_OK) {
		assert(err.text[0] != '\0');
		return;
	}
	assert(acl.n <= ACL_PREFIXES_MAX);
	for (size_t i = 0; i < acl.n; i++) {
		assert(acl_contains(&acl, &acl.prefixes[i].address));
		assert(!acl_permits(NULL, &acl, &acl.prefixes[i].address));
		assert(acl_permits(&acl, NULL, &acl.prefixes[i].address));
	}
	acl_fini(&acl);
}

static void
check_prefix(const char *text, size_t size)
{
	char written[PREFIX_TEXT_LEN];
	struct prefix p, again;

	if (prefix_parse(&p, text, size) != RC_OK)
		return;
	prefix_format(&p, written);
	assert(prefix_parse(&again, written, strlen(written)) == RC_OK);
	assert(prefix_equal(&p, &again));
}

/* A sum over all words and bad lines. */
static uint64_t
read_lines(const char *text, size_t size, size_t piece)
{
	struct lines l = { 0 };
	uint64_t sum = 0;
	enum lines_state state;

	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		const char *from = text + at;

		while ((state = lines_take(&l, &from, text + at + n)) !=
		       LINES_MORE) {
			assert(strlen(l.word) <= LINES_WORD_MAX);
			for (const char *c = l.word; *c != '\0'; c++)
				sum = sum * 31 + (unsigned char)*c;
			sum = sum * 31 + l.number * 4 + (unsigned)state;
			if (state == LINES_WORD)
				(void)lines_is_name(l.word);
			else
				assert(l.why[0] != '\0');
		}
	}
	state = lines_end(&l);
	return sum * 31 + (unsigned)state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	check_acl(text, size - 1);
	check_prefix(text, size - 1);
	assert(read_lines(text, size - 1, size) ==
	       read_lines(text, size - 1, (size_t)data[0] % 7 + 1));
	return 0;
}
