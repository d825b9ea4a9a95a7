/* detect_parts.c - the table of detect_part.h, in its order. */
#include "collector/detect_part.h"

#include "collector/detect_blackhole.h"
#include "collector/detect_loss.h"
#include "collector/detect_flapping.h"
#include "collector/detect_impostor.h"
#include "collector/detect_intercepted.h"
#include "collector/detect_latency.h"
#include "collector/detect_leak.h"
#include "collector/detect_mismatch.h"
#include "collector/detect_modes.h"
#include "collector/detect_shift.h"
#include "collector/detect_silent.h"
#include "collector/detect_split.h"
#include "collector/detect_stale.h"
#include "collector/detect_suspected.h"
#include "collector/detect_trust.h"
#include "collector/detect_unknown.h"
#include "collector/detect_withdrawn.h"

const struct detect_part *const detect_parts[] = {
	&blackhole_part,
	&shift_part,
	&mismatch_part,
	&withdrawn_part,
	&modes_part,
	&loss_part,
	&impostor_part,
	&intercepted_part,
	&leak_part,
	&flapping_part,
	&stale_part,
	&split_part,
	&latency_part,
	&silent_part,
	&unknown_part,
	&suspected_part,
	&trust_part,
};
const size_t detect_n_parts = sizeof detect_parts / sizeof *detect_parts;
