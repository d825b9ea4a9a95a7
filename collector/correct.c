/* correct.c - see correct.h. */
#include "collector/correct.h"

#include "schema/base/clock.h"

int64_t
correct_offset(const struct batch_header *h, int64_t received_us)
{
	int64_t offset;

	if (__builtin_sub_overflow(received_us, h->sent_at_us, &offset))
		return h->sent_at_us < 0 ? INT64_MAX : -INT64_MAX;
	return offset;
}

int64_t
correct_shift(const struct batch_header *h, int64_t received_us)
{
	int64_t offset;

	if (!h->has_sent_at)
		return 0;
	offset = correct_offset(h, received_us);
	return offset > US_PER_S || offset < -US_PER_S ? offset : 0;
}

int64_t
correct_time(int64_t at_us, int64_t shift_us, int64_t received_us)
{
	int64_t at;

	if (__builtin_add_overflow(at_us, shift_us, &at))
		at = shift_us > 0 ? received_us : 0;
	if (at > received_us)
		at = received_us;
	return at < 0 ? 0 : at;
}
