/*
 * interpret.h - from the bytes of an answer to the site that gave it.  (pure)
 *
 * Uses     collector/service.h, schema/identity.h, schema/signals.h
 * Used by  collector/ingest.c, reinterpret
 *
 * NSID first, since it came with the answer itself; CHAOS TXT when there is
 * no NSID, or one that no template knows.  An identity that no site has is
 * said to be there, with site 0: it is never guessed.
 */
#ifndef COLLECTOR_INTERPRET_H
#define COLLECTOR_INTERPRET_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/service.h"
#include "schema/record.h"
#include "schema/signals.h"

struct interpretation {
	int64_t site_id;   /* 0: none of the service's sites */
	bool has_identity; /* the answer carried one, known or not */
};

/* What a DNS observation of s says about where it landed. */
struct interpretation
interpret_dns(const struct service *s, const struct observation *o);

/* The same for one identity, as NSID or TXT. */
struct interpretation
interpret_identity(const struct service *s, const struct identity *id);

/* What the identity of an answer, or of a trace's last hop, is to the service.
 * Of the form of one of its templates is known, though no site has it yet. */
enum standing
interpret_standing(const struct service *s, const struct observation *o);

#endif
