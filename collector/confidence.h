/*
 * confidence.h - how far an answer's identity is to be believed.     (pure)
 *
 * Uses     collector/interpret.h, collector/position.h, collector/upstream.h
 * Used by  ingest, the reports (words)
 *
 * An identity is a claim: whoever answers can copy it.  It is held against what
 * cannot be copied as easily: what the same server says by another method, how
 * soon the answer came (light in fibre makes 200 km in a millisecond, so a
 * round trip takes 1 ms for each 100 km between the vantage and the site), and
 * for a trace the router before the target, when it is known to lead to other
 * sites.
 */
#ifndef COLLECTOR_CONFIDENCE_H
#define COLLECTOR_CONFIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/interpret.h"
#include "collector/position.h"
#include "collector/service.h"
#include "schema/record.h"

enum confidence {
	CONFIDENCE_OK,
	CONFIDENCE_SUSPECT, /* something disagrees: see the doubts */
	CONFIDENCE_UNKNOWN_IDENTITY,
	CONFIDENCE_FAILED /* no answer, or one that names nobody */
};

/* What disagrees; bits. */
#define DOUBT_METHOD 1u /* NSID, CHAOS or TXT name another site */
#define DOUBT_RTT 2u    /* sooner than light in fibre from the site */
#define DOUBT_PATH 4u   /* by a router that leads to other sites */
#define N_DOUBTS 3

#define FIBRE_US_PER_KM 10           /* there and back */
#define FIBRE_SLACK_US INT64_C(1000) /* positions and clocks are not exact */

struct belief {
	enum confidence confidence;
	unsigned doubts;
	int64_t least_rtt_us;  /* by light; 0: a position is not known */
	int64_t other_site_id; /* that another method names; 0: none */
};

/* Is the answer o of a DNS question, which means m, to be believed? */
struct belief confidence_of_answer(const struct service *s,
    const struct observation *o, const struct interpretation *m,
    const struct position *vantage);

/* The same of the journal's intervals: n observations say so, and of those that
 * are stored n_doubted were doubted. */
enum confidence
confidence_of_landing(const char *state, int64_t n, int64_t n_doubted);

const char *confidence_name(enum confidence c);

/* "method", "rtt", "path": of the bit. */
const char *doubt_name(unsigned bit);

/* Names of all bits, comma between; "" for none.  Returns buf. */
#define DOUBTS_TEXT_LEN 24
const char *doubts_text(unsigned doubts, char buf[static DOUBTS_TEXT_LEN]);

#endif
