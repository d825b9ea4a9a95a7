/* detect_part.c - see detect_part.h. */
#include "collector/detect_part.h"

#include <stdio.h>

#include "collector/detect_blackhole.h"
#include "collector/detect_flapping.h"
#include "collector/detect_impostor.h"
#include "collector/detect_intercepted.h"
#include "collector/detect_latency.h"
#include "collector/detect_leak.h"
#include "collector/detect_mismatch.h"
#include "collector/detect_shift.h"
#include "collector/detect_silent.h"
#include "collector/detect_split.h"
#include "collector/detect_stale.h"
#include "collector/detect_unknown.h"

const struct detect_part *const detect_parts[] = {
	&blackhole_part,
	&shift_part,
	&mismatch_part,
	&impostor_part,
	&intercepted_part,
	&leak_part,
	&flapping_part,
	&stale_part,
	&split_part,
	&latency_part,
	&silent_part,
	&unknown_part,
};
const size_t detect_n_parts = sizeof detect_parts / sizeof *detect_parts;

void *
part_memory(const struct detect *d, const struct detect_part *part)
{
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i] == part)
			return d->memories[i];
	}
	return NULL;
}

void
detect_emit_memo(
    struct detect *d, const char *key, const void *bytes, size_t len)
{
	struct effect e = { .kind = EFFECT_MEMO };

	snprintf(e.memo.key, sizeof e.memo.key, "%s", key);
	e.memo.bytes = bytes;
	e.memo.len = len;
	d->emit(d->ctx, &e);
}
