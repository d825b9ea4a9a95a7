/* histogram.c - see histogram.h. */
#include "collector/histogram.h"

#include <assert.h>
#include <string.h>

#include "schema/base/clock.h"

void
histogram_add(struct histogram *h,
    const struct histogram_bound bounds[static HISTOGRAM_BOUNDS], int64_t us)
{
	size_t i = 0;

	if (us < 0)
		us = 0;
	while (i < HISTOGRAM_BOUNDS && us > bounds[i].us)
		i++;
	atomic_fetch_add_explicit(&h->counts[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &h->sum_us, (uint64_t)us, memory_order_relaxed);
}

void
histogram_carry(struct histogram *to, struct histogram *from)
{
	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		atomic_fetch_add(&to->counts[i], atomic_load(&from->counts[i]));
	atomic_fetch_add(&to->sum_us, atomic_load(&from->sum_us));
}

uint64_t
histogram_count(struct histogram *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
	return n;
}

/* The count is what the buckets come to, though more be added meanwhile. */
void
histogram_write(struct histogram *h,
    const struct histogram_bound bounds[static HISTOGRAM_BOUNDS],
    struct exposition *e, const struct exposition_label *labels, size_t n)
{
	struct exposition_label with_le[HISTOGRAM_LABELS_MAX + 1];
	uint64_t sum = 0;

	assert(n <= HISTOGRAM_LABELS_MAX);
	if (n > 0)
		memcpy(with_le, labels, n * sizeof *labels);
	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		sum +=
		    atomic_load_explicit(&h->counts[i], memory_order_relaxed);
		with_le[n] = (struct exposition_label){ "le",
			i < HISTOGRAM_BOUNDS ? bounds[i].le : "+Inf" };
		exposition_part(e, "_bucket", with_le, n + 1, (double)sum);
	}
	exposition_part(e, "_count", labels, n, (double)sum);
	exposition_part(e, "_sum", labels, n,
	    (double)atomic_load(&h->sum_us) / (double)US_PER_S);
}
