/* detect_parts.c - the table of detect_part.h, in its order. */
#include "collector/detect_part.h"

#include "collector/detect_blackhole.h"
#include "collector/detect_loss.h"
#include "collector/detect_mismatch.h"
#include "collector/detect_modes.h"
#include "collector/detect_shift.h"

const struct detect_part *const detect_parts[] = {
	&blackhole_part,
	&shift_part,
	&mismatch_part,
	&modes_part,
	&loss_part,
};
const size_t detect_n_parts = sizeof detect_parts / sizeof *detect_parts;
