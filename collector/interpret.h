/*
 * interpret.h - from the bytes of an answer to the site that gave it.  (pure)
 *
 * Uses     collector/service.h, schema/identity.h, schema/signals.h
 * Used by  ingest, confidence, reinterpret, identify
 *
 * The service's methods stand in order; the first by which the answer carries
 * an identity decides, and no other is asked when no site has that one: what
 * tells the sites of a vantage apart is always the same thing.  An identity
 * that no site has is said to be there, with site 0: it is never guessed.  One
 * that a template calls opaque counts as none.
 */
#ifndef COLLECTOR_INTERPRET_H
#define COLLECTOR_INTERPRET_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/service.h"
#include "schema/record.h"
#include "schema/signals.h"

struct interpretation {
	int64_t site_id;             /* 0: none of the service's sites */
	bool has_identity;           /* the answer carried one, known or not */
	enum identity_method method; /* by which, when it did */
};

/* What a DNS observation of s says about where it landed. */
struct interpretation
interpret_dns(const struct service *s, const struct observation *o);

/* The same by one method alone. */
struct interpretation interpret_by(const struct service *s,
    const struct observation *o, enum identity_method method);

/* The same for one identity, as if it were an NSID: for what is imported. */
struct interpretation
interpret_identity(const struct service *s, const struct identity *id);

/* Lends the identity that an answer gives by a method; an absent one when it
 * gives none. */
const struct identity *
interpret_given(const struct observation *o, enum identity_method method);

/* Lends the site that an identity is by this method; NULL when none has it.
 * *match (may be NULL) gets the fields, also of an opaque one. */
const struct site *interpret_site(const struct service *s,
    const struct identity *id, enum identity_method method,
    struct identity_match *match);

/* What the identity of an answer, or of a trace's last hop, is to the service.
 * Of the form of one of its templates is known, though no site has it yet. */
enum standing
interpret_standing(const struct service *s, const struct observation *o);

/* Remembers what identities mean, so that those that come again are not matched
 * again: for struct service, and one thread.  Gives: release with free(). */
struct interpret_memo *interpret_memo_new(void);

#endif
