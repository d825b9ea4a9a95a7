/*
 * replay.h - hears stored observations again.                      (wiring)
 *
 * Uses     heard, sight, store_heard, store_detect
 * Used by  replay_command
 *
 * What is decided goes into a database of its own; the one that is read is not
 * touched.  With the configuration of that time, the events are those that
 * were given then, byte for byte (heard.h says why), as long as every
 * observation is still there.
 */
#ifndef COLLECTOR_REPLAY_H
#define COLLECTOR_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/geo.h"
#include "collector/service.h"
#include "collector/store.h"

struct replayed {
	int64_t n_observations;
	int64_t first_us; /* received; 0: there are none */
	bool is_whole;    /* nothing is missing: the events are the same, */
	bool is_reread;   /* ... unless other templates were used since */
};

/* Reads source, writes scratch (store_open_scratch).  Gives the services their
 * ids.  geo may be NULL.  RC_DB.  RC_MALFORMED: rows of another program. */
MUST_USE enum rc replay(struct store *source, struct store *scratch,
    struct services *services, const struct geo *geo, struct replayed *out,
    struct err *err);

#endif
