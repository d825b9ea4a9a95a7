/* test_inflate.c - bodies unpacked within bounds. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "collector/inflate.h"
#include "schema/base/mem.h"

#define MAX_BYTES ((size_t)1 << 20)

/* Gives n bytes of which each is its place's low byte. */
static char *
pattern(size_t n)
{
	char *p = mem_new(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i & 0xff);
	return p;
}

/* Gives the pattern of n bytes, packed. */
static char *
pack(size_t n, size_t *len)
{
	char *plain = pattern(n);
	char *packed = mem_new(ZSTD_compressBound(n));

	*len = ZSTD_compress(packed, ZSTD_compressBound(n), plain, n, 1);
	assert_false(ZSTD_isError(*len));
	free(plain);
	return packed;
}

static void
sizes_round_trip(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		enum rc rc;
	} cases[] = {
		{ "nothing inside", 0, RC_OK },
		{ "one byte", 1, RC_OK },
		{ "a buffer's worth", 64 * 1024, RC_OK },
		{ "one more than a buffer", 64 * 1024 + 1, RC_OK },
		{ "the limit itself", MAX_BYTES, RC_OK },
		{ "one over the limit", MAX_BYTES + 1, RC_LIMIT },
		{ "a bomb", 100 * MAX_BYTES, RC_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char *plain = pattern(cases[i].n), *out = NULL;
		size_t len, out_len = 0;
		char *packed = pack(cases[i].n, &len);
		enum rc rc =
		    inflate_zstd(&out, &out_len, packed, len, MAX_BYTES);

		T_CHECK(
		    rc == cases[i].rc, "%s: %s", cases[i].name, rc_name(rc));
		if (rc == RC_OK) {
			T_CHECK(out_len == cases[i].n, "%s: %zu bytes",
			    cases[i].name, out_len);
			T_CHECK(
			    out_len == 0 || memcmp(out, plain, out_len) == 0,
			    "%s: other bytes", cases[i].name);
			free(out);
		}
		free(plain);
		free(packed);
	}
}

static void
broken_bodies_are_refused(void **state)
{
	size_t len, out_len;
	char *packed = pack(1000, &len);
	char *out;

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		T_CHECK(inflate_zstd(&out, &out_len, packed, cut, MAX_BYTES) ==
			    RC_MALFORMED,
		    "cut at %zu", cut);
	assert_int_equal(inflate_zstd(&out, &out_len, "not zstd", 8, MAX_BYTES),
	    RC_MALFORMED);
	free(packed);
}

static void
frames_may_follow_each_other(void **state)
{
	size_t len, out_len = 0;
	char *packed = pack(500, &len);
	char *two = mem_new(2 * len);
	char *out = NULL;

	(void)state;
	memcpy(two, packed, len);
	memcpy(two + len, packed, len);
	assert_int_equal(
	    inflate_zstd(&out, &out_len, two, 2 * len, MAX_BYTES), RC_OK);
	assert_int_equal(out_len, 1000);
	free(out);
	free(two);
	free(packed);
}

/* A frame that asks its reader for a window of 128 MB. */
static void
wide_windows_are_refused(void **state)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t n = (size_t)16 << 20, len, out_len;
	char *plain = pattern(n);
	char *packed = mem_new(ZSTD_compressBound(n));
	ZSTD_outBuffer to = { packed, ZSTD_compressBound(n), 0 };
	ZSTD_inBuffer from = { plain, n, 0 };
	char *out;

	(void)state;
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, 27);
	len = ZSTD_compressStream2(ctx, &to, &from, ZSTD_e_continue);
	assert_false(ZSTD_isError(len));
	len = ZSTD_compressStream2(ctx, &to, &from, ZSTD_e_end);
	assert_int_equal(len, 0);
	assert_int_equal(
	    inflate_zstd(&out, &out_len, packed, to.pos, 2 * n), RC_MALFORMED);
	ZSTD_freeCCtx(ctx);
	free(plain);
	free(packed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_round_trip),
		cmocka_unit_test(broken_bodies_are_refused),
		cmocka_unit_test(frames_may_follow_each_other),
		cmocka_unit_test(wide_windows_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
