/* detect_part.c - see detect_part.h. */
#include "collector/detect_part.h"

#include <stdio.h>

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
