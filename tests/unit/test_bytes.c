/* test_bytes.c - no cursor leaves its buffer. */
#include "schema/base/bytes.h"

#include <string.h>

#include "tests/unit/check.h"

static const uint8_t seven[] = { 1, 2, 3, 4, 5, 6, 7 };

static void
integers_are_big_endian(void **state)
{
	struct rbuf r = rbuf_over(seven, sizeof seven);

	(void)state;
	assert_int_equal(rbuf_u8(&r), 1);
	assert_int_equal(rbuf_u16(&r), 0x0203);
	assert_int_equal(rbuf_u32(&r), 0x04050607);
	assert_int_equal(rbuf_left(&r), 0);
	assert_false(r.is_bad);
}

static void
reading_past_the_end_is_sticky(void **state)
{
	struct rbuf r = rbuf_over(seven, sizeof seven);

	(void)state;
	rbuf_skip(&r, 4);
	assert_int_equal(rbuf_u32(&r), 0);
	assert_true(r.is_bad);
	assert_int_equal(rbuf_u8(&r), 0);
	assert_int_equal(rbuf_left(&r), 0);
	assert_null(rbuf_take(&r, 0));
	r = rbuf_over(seven, sizeof seven);
	rbuf_skip(&r, SIZE_MAX);
	assert_true(r.is_bad);
	r = rbuf_over(NULL, 0);
	assert_int_equal(rbuf_u8(&r), 0);
	assert_true(r.is_bad);
}

/* Half of a 32-bit integer is no integer. */
static void
a_cut_integer_is_zero(void **state)
{
	struct rbuf r = rbuf_over(seven, 3);

	(void)state;
	assert_int_equal(rbuf_u32(&r), 0);
	assert_true(r.is_bad);
}

static void
a_part_has_its_own_end(void **state)
{
	struct rbuf r = rbuf_over(seven, sizeof seven);
	struct rbuf part = rbuf_sub(&r, 3);

	(void)state;
	rbuf_skip(&part, 3);
	assert_int_equal(rbuf_u8(&part), 0);
	assert_true(part.is_bad);
	assert_false(r.is_bad);
	assert_int_equal(rbuf_u8(&r), 4);
	part = rbuf_sub(&r, 4);
	assert_true(part.is_bad && r.is_bad);
}

static void
what_is_written_is_read(void **state)
{
	uint8_t bytes[10];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);
	struct rbuf r;

	(void)state;
	wbuf_u8(&w, 0xfe);
	wbuf_u16(&w, 0xfedc);
	wbuf_u32(&w, 0xfedcba98);
	wbuf_put(&w, "abc", 3);
	wbuf_put(&w, NULL, 0);
	assert_int_equal(w.len, sizeof bytes);
	assert_false(w.is_bad);
	r = rbuf_over(bytes, w.len);
	assert_int_equal(rbuf_u8(&r), 0xfe);
	assert_int_equal(rbuf_u16(&r), 0xfedc);
	assert_int_equal(rbuf_u32(&r), 0xfedcba98);
	assert_memory_equal(rbuf_take(&r, 3), "abc", 3);
}

static void
writing_past_the_end_is_sticky(void **state)
{
	uint8_t bytes[4] = { 9, 9, 9, 9 };
	struct wbuf w = wbuf_over(bytes, 3);

	(void)state;
	wbuf_u16(&w, 1);
	wbuf_u16(&w, 2);
	assert_true(w.is_bad);
	wbuf_u8(&w, 3); /* would fit, but comes after a fault */
	assert_int_equal(w.len, 2);
	assert_memory_equal(bytes, "\x00\x01\x09\x09", 4);
	w = wbuf_over(bytes, sizeof bytes);
	wbuf_u8(&w, 1);
	wbuf_put(&w, bytes, SIZE_MAX);
	assert_true(w.is_bad);
}

/* RFC 1071 section 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2. */
static void
the_checksum_of_rfc_1071(void **state)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5,
		0xf6, 0xf7 };
	uint8_t packet[10] = { 0 };
	struct wbuf w = wbuf_over(packet, sizeof packet);

	(void)state;
	assert_int_equal(
	    inet_checksum(example, sizeof example, 0), (uint16_t)~0xddf2);
	assert_int_equal(inet_checksum(example + 2, sizeof example - 2, 1),
	    (uint16_t)~0xddf2);
	wbuf_u16(&w, inet_checksum(example, sizeof example, 0));
	wbuf_put(&w, example, sizeof example);
	assert_int_equal(inet_checksum(packet, sizeof packet, 0), 0);
	assert_int_equal(inet_checksum("\x12", 1, 0), (uint16_t)~0x1200);
	assert_int_equal(inet_checksum("", 0, 0), 0xffff);
}

/* The published test vectors of FNV-1a, 64 bits. */
static void
the_hash_is_fnv_1a(void **state)
{
	(void)state;
	assert_true(bytes_hash(BYTES_HASH_START, "", 0) ==
		    UINT64_C(0xcbf29ce484222325));
	assert_true(bytes_hash(BYTES_HASH_START, "a", 1) ==
		    UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(bytes_hash(BYTES_HASH_START, "foobar", 6) ==
		    UINT64_C(0x85944171f73967e8));
	assert_true(bytes_hash(bytes_hash(BYTES_HASH_START, "foo", 3), "bar",
			3) == UINT64_C(0x85944171f73967e8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_big_endian),
		cmocka_unit_test(reading_past_the_end_is_sticky),
		cmocka_unit_test(a_cut_integer_is_zero),
		cmocka_unit_test(a_part_has_its_own_end),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(writing_past_the_end_is_sticky),
		cmocka_unit_test(the_checksum_of_rfc_1071),
		cmocka_unit_test(the_hash_is_fnv_1a),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
