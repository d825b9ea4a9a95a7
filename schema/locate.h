/*
 * locate.h - at which hop does somebody answer in the target's place? (pure)
 *
 * Uses     schema/record.h
 * Used by  schema/signals
 *
 * A fold over what one vantage got of one target.  The place is the lowest
 * TTL at which DNS questions of the fixed flow are answered: several traces
 * must agree, and no router may have answered at that TTL or farther.  The
 * hop's address is that of the router which follows the one before it in
 * traces whose packets are no questions, and so are not caught.  They are of
 * several flows, and must agree; those that show another router before it
 * (in IPv6, one router has as many addresses as links) must have the same one
 * at this TTL.
 *
 * Only what is certain is told, everything else has its doubt: questions of
 * one flow that go several ways, next hops that depend on the flow, a target
 * that may have answered itself.  Not seen: that a router sends questions
 * aside, to a machine just behind it; the next hop is then named.
 */
#ifndef SCHEMA_LOCATE_H
#define SCHEMA_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/record.h"

#define LOCATE_ENDS 8   /* traces by DNS kept */
#define LOCATE_STEPS 12 /* distinct steps of other flows kept */

/* Until LOCATE_SILENT the TTL is not known, from there on it is. */
enum locate_doubt {
	LOCATE_FEW,     /* too few traces by DNS since it began */
	LOCATE_MIXED,   /* only some of the answers are not the target's */
	LOCATE_LENGTHS, /* now at this TTL, now at that */
	LOCATE_SERVER,  /* the target may have answered the traces itself */
	LOCATE_SILENT,  /* the hop before it is not known */
	LOCATE_UNSEEN,  /* too few other flows show what follows that hop */
	LOCATE_WAYS,    /* several hops follow it, or come before */
	LOCATE_SURE     /* TTL and address are known */
};

struct located {
	uint8_t ttl;     /* 0: not known */
	struct addr hop; /* family 0: not known */
	enum locate_doubt doubt;
};

struct locate_end { /* one trace by DNS questions */
	int64_t at_us;
	uint64_t key;       /* of the NSID that answered; 0: none */
	uint8_t ttl;        /* where it was answered; 0: nowhere */
	uint8_t farthest;   /* router that answered; 0: none */
	struct addr before; /* at ttl - 1; family 0: silent */
};

struct locate_step {        /* one link that other flows took */
	int64_t at_us;      /* the last of them */
	uint8_t n;          /* how many did, up to 255 */
	uint8_t ttl;        /* of hop */
	struct addr before; /* family 0: ttl is 1 */
	struct addr hop;
};

struct locate_log {          /* what only some have to tell */
	int64_t turned_us;   /* when it last changed who answers; 0: never */
	uint64_t caught_key; /* of the NSID of the last caught; 0: none */
	uint8_t n_ends, next_end, n_steps, next_step; /* rings */
	struct locate_end *ends;   /* LOCATE_ENDS; NULL: none yet */
	struct locate_step *steps; /* LOCATE_STEPS; NULL: none yet */
};

struct locate {
	struct locate_log *log; /* NULL: no trace, and nobody caught yet */
	bool has_answer;        /* caught counts */
	uint16_t caught; /* of the last answers, 1: not the target's; newest
			  * lowest */
};

/* Frees what it keeps. */
void locate_fini(struct locate *l);

/* When it last changed whether the target answers itself; 0: never. */
int64_t locate_turned_us(const struct locate *l);

/* A way to the target by what is no question, to hold against. */
struct locate_way {
	const struct addr *hops; /* by TTL, from 1; family 0: silent */
	uint8_t n;               /* the highest TTL that hops has */
};

/* An answer to a question of the fixed flow over UDP.  is_caught: it bears a
 * sign of its own that it is not the target's.  at_us: not before the last
 * one's. */
void locate_answer(struct locate *l, const struct observation *o, int64_t at_us,
    bool is_caught);

/* A trace by DNS questions of the fixed flow. */
void locate_trace(struct locate *l, const struct observation *o, int64_t at_us);

/* A trace of two TTLs at most, by plain datagrams from any port. */
bool locate_is_narrow(const struct observation *o);
void
locate_narrow(struct locate *l, const struct observation *o, int64_t at_us);

/* Where somebody answers, who is known to be there, by what came since
 * since_us.  way NULL: no such trace. */
struct located locate_judge(const struct locate *l, const struct addr *target,
    const struct locate_way *way, int64_t since_us);

/* Keeps of an older finding what a newer one lacks evidence for, and does not
 * contradict. */
struct located
locate_keep(const struct located *old, const struct located *found);

/* "unknown: ...", "hop unknown: ...", "known". */
const char *locate_text(enum locate_doubt d);
MUST_USE enum rc locate_from_text(enum locate_doubt *out, const char *text);

#endif
