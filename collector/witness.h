/*
 * witness.h - what answers say besides where they land.              (pure)
 *
 * Uses     collector/detect.h (the values), schema/base/bytes.h
 * Used by  track (keeps one per vantage and target), detect_fold (shows it
 *          each answer), the parts of the detector (ask it)
 *
 * Facts of one vantage and one target, without any judgement of the fleet:
 *
 *   flaps     the places of the last 21 answers.  Every change weighs 0.75
 *             (oldest) to 1.25 (newest) of a twentieth, as Nagios counts; and
 *             gives 1000 points, of which there are 3000 at most, and which
 *             halve every 15 periods (RFC 2439).  Flapping begins at 20 %, or
 *             at 3000 points, and only when three of the changes went back to
 *             the place just left: a withdrawal, path hunting and the way home
 *             are less.  It ends at 5 % with under 750 points, after 21
 *             answers.
 *   stranger  the identity, of those that no site has, that answers now
 *   fast      since when answers come sooner than light could bring them
 *   serial    of the zone, as answered last
 *   way       the router before the target, of the last trace
 *
 * Silence changes nothing of this.
 */
#ifndef COLLECTOR_WITNESS_H
#define COLLECTOR_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect.h"
#include "schema/base/bytes.h"

#define FLAP_ANSWERS 21

struct flaps {
	int64_t place, left; /* of the newest answer, and the one before it */
	uint32_t changes;    /* bit i: the change i answers ago */
	uint32_t returns;    /* of these, those back to the place just left */
	uint8_t n;           /* answers; stops at FLAP_ANSWERS */
	uint32_t points;     /* at points_us */
	int64_t points_us;
	int64_t since_us;  /* flapping since; 0: it is not */
	int64_t low, high; /* between these places, the smaller id first */
};

struct stranger {
	uint8_t n; /* answers in a row; 0: none; stops at 255 */
	bool is_foreign;
	int64_t since_us;
	char identity[SIGHTING_IDENTITY_MAX + 1];
};

struct way_seen {
	int64_t at_us;      /* 0: no trace yet */
	struct addr router; /* family 0: none, or several */
	uint32_t asn;
	int64_t taught_id; /* the site that this router was learnt for; 0 */
};

struct oddity { /* what only odd answers say */
	struct stranger stranger;
	uint8_t n_fast; /* answers in a row; stops at 255 */
	int64_t fast_since_us;
};

/* There are very many: what few have to tell is allocated with its first word,
 * and read through witness_odd and witness_way_seen. */
struct witness {
	int64_t first_us; /* the first answer ever */
	struct flaps flaps;
	struct oddity *odd;   /* own; NULL: never one */
	struct way_seen *way; /* own; NULL: no trace yet */
	int64_t serial_us;    /* 0: none yet */
	uint32_t serial;
};

/* Frees what it keeps. */
void witness_fini(struct witness *w);

/* Gives a copy that keeps its own. */
struct witness witness_copy(const struct witness *w);

/* Lent; all 0 when there is none. */
const struct oddity *witness_odd(const struct witness *w);
const struct way_seen *witness_way_seen(const struct witness *w);

/* Takes an answer with an identity; period_us is that of the questions.  True:
 * it says something new, which a restart must not forget. */
bool witness_see(struct witness *w, const struct sighting *s, int64_t at_us,
    int64_t period_us);

/* Takes a trace that reached the target.  True as above. */
bool witness_way(struct witness *w, const struct way *way);

/* 0 to 1: the weighted share of changes among the last answers. */
double flaps_share(const struct flaps *f);

/* The penalty as of now. */
uint32_t flaps_points(const struct flaps *f, int64_t now_us, int64_t period_us);

/* Do two identities differ at most in their numbers?  Servers of one place
 * count up: ns1.x and ns12.x are one, ns1.x and ns1.y are not. */
bool witness_is_same_name(const char *a, const char *b);

/* Is serial a newer than b (RFC 1982 3.2)?  Where it says nothing: no. */
bool serial_is_newer(uint32_t a, uint32_t b);

void witness_encode(const struct witness *w, struct wbuf *to);
void witness_decode(struct witness *w, struct rbuf *from);

/* An address in a memory of ours: its family and 16 bytes. */
void addr_encode(const struct addr *a, struct wbuf *to);
struct addr addr_decode(struct rbuf *from);

#endif
