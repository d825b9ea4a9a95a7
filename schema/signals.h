/*
 * signals.h - does something between answer in the target's place?   (pure)
 *
 * Uses     schema/record.h, schema/flows.h (keys), schema/locate.h
 * Used by  probe/measure, collector/suspect
 *
 * A fold over the observations of one vantage, per target and over its
 * targets.  Each signal has a weight (science.md 1.4); those that have one
 * cause are of one group, and a group counts with its heaviest signal only.
 * The sum over the signals of the last 24 hours is the score.  A vantage is
 * intercepted at a target from 4 on, and until it falls under 2; never by
 * one signal alone, unless that is a proof (weight 4).
 *
 *   group     signal    weight
 *   identity  foreign     2  an identity of another form than the service's
 *             shared      4  the same foreign one at targets of two services
 *   answer    rcode       2  a code that the target does not give, by a
 *                            server that does not name itself
 *             flags       2  RA set, or AA missing, at an authoritative target
 *   distance  ttl      4, 2  a nameless answer to DNS, two or more hops before
 *                            the way ends; 4 where foreign counts too
 *             rtt         1  DNS much faster, or much slower, than ICMP or TCP
 *                            to the same address, 5 rounds
 *             reply_ttl   1  the reply comes a shorter way than the echo's, or
 *                            than half of the way there, 5 rounds
 *   transport transport   1  UDP and TCP meet other sites, 5 rounds
 *   second    second      2  two answers to one question, and they differ
 *   decoy     decoy       4  an address answered that cannot
 *
 * What ordinary networks do stays under 4: paths that differ by flow or by
 * direction, slow servers, load balancing over sites (where the server names
 * itself as one of the service's, only rtt and reply_ttl are held against its
 * path), BIND's silence to CHAOS, a site's fault, a corrupted identity now
 * and then (weight 2 wants three signs).  So an interceptor that passes
 * everything through to the true server is not found by this.
 *
 * Where the score says so, schema/locate.h says at which hop.
 */
#ifndef SCHEMA_SIGNALS_H
#define SCHEMA_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/locate.h"
#include "schema/record.h"

enum signal_kind {
	SIGNAL_FOREIGN,
	SIGNAL_SHARED,
	SIGNAL_RCODE,
	SIGNAL_FLAGS,
	SIGNAL_TTL,
	SIGNAL_RTT,
	SIGNAL_REPLY_TTL,
	SIGNAL_TRANSPORT,
	SIGNAL_SECOND,
	SIGNAL_DECOY,
	N_SIGNALS
};

/* What an answer's identity is to its service. */
enum standing {
	STANDING_NONE,     /* it bore none, or is no answer */
	STANDING_UNJUDGED, /* it bore one, and there is nothing to hold it to */
	STANDING_KNOWN,    /* a site of the service, or of the form of one */
	STANDING_FOREIGN   /* of another form than any of the service's */
};

struct signal_params {
	int64_t
	    window_us; /* a signal counts so long after its last sign: 24 h */
	int64_t fresh_us; /* how old may be what is compared: 30 min */
	unsigned
	    n_signs; /* signs that a signal of weight 2 needs, but ttl: 3 */
	unsigned n_rounds; /* rounds in a row that one of weight 1 needs: 5 */
	unsigned enter, leave; /* scores: from 4, until under 2 */
	/* DNS rtt against another, science.md 1.4: lower by more than the larger
	 * of 2 ms and 20 %, or higher by more than that of 20 ms and 50 %. */
	int64_t lower_us, higher_us;
	unsigned lower_percent, higher_percent;
	uint8_t ttl_margin;   /* hops before the end of the way: 2 */
	uint8_t reply_margin; /* hops shorter than the echo's way back: 3 */
};

extern const struct signal_params signal_defaults;

/* What the caller knows of an observation's target and answer. */
struct signal_view {
	int64_t at_us;  /* corrected time, or that of the observation */
	int64_t target; /* the caller's number for it, not 0 */
	int64_t group;  /* targets of one service share it: they may well answer
			 * alike */
	enum standing standing; /* of the answer; of a trace's last hop */
	uint64_t key;           /* flow_key of the site or identity; 0: none */
	bool is_authoritative;  /* the target is known to set AA and not RA */
	bool is_rcode_usual;    /* the target gives this code to others too */
};

#define SIGNAL_DETAIL_MAX 63

struct signal {     /* what is known of one kind */
	uint32_t n; /* signs since first_us; 0: none, and all else is void */
	int64_t first_us, last_us;
	char detail[SIGNAL_DETAIL_MAX + 1]; /* numbers of the last, for people:
					     * "dns 3.1 ms, icmp 21.0 ms" */
};

#define SIGNAL_NEVER INT64_MIN

/* The last of each kind, to hold others against: at_us is of the view, or
 * SIGNAL_NEVER; is_used: compared already, the next round wants a new one. */
struct signal_answer {
	int64_t at_us;
	uint64_t key;
	uint8_t standing; /* enum standing */
	bool is_used;
};

struct signal_ping {
	int64_t at_us, rtt_us;
	uint8_t ttl; /* of the reply; 0: not known */
	bool is_icmp, is_used;
};

struct signal_trace {
	int64_t at_us;
	uint8_t standing; /* enum standing */
	uint8_t ttl;      /* that was answered; 0: none */
};

struct signal_path {   /* the way to the end, by what is not DNS */
	int64_t at_us; /* SIGNAL_NEVER */
	bool is_tcp;
	uint8_t length; /* TTL of the target, or one more than the farthest hop
			 * that answered */
	struct addr *hops; /* by TTL, up to length; family 0: silent; NULL: no
	                    * path yet */
};

struct signal_ways { /* what is known by other means than questions */
	struct signal_ping ping;
	struct signal_trace trace;
	struct signal_path path;
};

struct signal_found { /* what only somebody between gives reason to keep */
	uint64_t foreign_key; /* of the last foreign identity; 0: none */
	int64_t foreign_at_us;
	struct located place;    /* when it is intercepted, as last judged */
	int64_t place_turned_us; /* of whom: locate_turned_us then */
};

struct signal_target { /* one target of the vantage */
	int64_t target, group;
	struct signal *signals;     /* N_SIGNALS; NULL: no sign yet */
	struct signal_ways *ways;   /* NULL: none yet */
	struct signal_found *found; /* NULL: nothing yet */
	struct signal_answer udp;
	struct locate locate;
	struct addr address;
	uint8_t run[N_SIGNALS]; /* rounds in a row */
	bool is_intercepted;
};

struct signals { /* one vantage */
	const struct signal_params *params;
	struct signal_target *targets; /* the caller's */
	size_t n_targets, max_targets;
	struct signal decoy; /* counts at every target */
};

/* One signal that counts, in a verdict. */
struct signal_count {
	enum signal_kind kind;
	unsigned weight;             /* its own; the group counts once */
	const struct signal *signal; /* lent until the next observation */
};

struct signal_verdict {
	bool is_intercepted;
	unsigned score;
	unsigned n; /* signals that count, in order of kind */
	struct signal_count list[N_SIGNALS];
	struct located place; /* of who answers; void unless intercepted */
};

/* Starts afresh for up to n targets, in room that the caller owns and keeps
 * as long as *s, as he does *p.  p NULL: signal_defaults. */
void signals_init(struct signals *s, const struct signal_params *p,
    struct signal_target *room, size_t n);

/* Frees what the targets keep, not the room. */
void signals_fini(struct signals *s);

/* What is known of one kind at a target; lent. */
const struct signal *
signals_of(const struct signal_target *t, enum signal_kind kind);

/* Takes one observation.  Those with why decoy are of no target, and of
 * their view at_us alone is read.  Observations of targets that do not fit
 * any more, and outcomes that are the probe's own fault, are ignored.
 * Returns whether a signal had a sign. */
bool signals_add(struct signals *s, const struct observation *o,
    const struct signal_view *v);

/* What there is to say of the target at now_us, by the clock of the views;
 * moves is_intercepted along.  An unknown target has nothing but the decoy's
 * signal. */
void signals_judge(struct signals *s, int64_t target, int64_t now_us,
    struct signal_verdict *out);

/* The target's state, or NULL. */
struct signal_target *signals_find(struct signals *s, int64_t target);

/* Brings back one signal of an earlier run; target 0 with SIGNAL_DECOY.
 * group as in the views to come. */
void signals_restore(struct signals *s, int64_t target, int64_t group,
    enum signal_kind kind, const struct signal *old);

/* Brings back whether it was intercepted, and where. */
void signals_restore_place(
    struct signal_target *t, bool is_intercepted, const struct located *place);

/* Does the signal count at now_us?  p NULL: signal_defaults. */
bool signal_counts(const struct signal_params *p, enum signal_kind kind,
    const struct signal *x, int64_t now_us);

/* The heaviest a kind can count. */
unsigned signal_weight(enum signal_kind k);

/* "foreign", "shared", ...: as in the table above. */
const char *signal_name(enum signal_kind k);
MUST_USE enum rc signal_from_name(enum signal_kind *out, const char *name);

#endif
