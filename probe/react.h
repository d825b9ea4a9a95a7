/*
 * react.h - what a probe does at once when something changes.        (pure)
 *
 * Uses     schema/assignment.h, schema/record.h, probe/guise.h, pace.h
 * Used by  probe/resident
 *
 * The rounds of the schedule see that a target's identity changed, or that it
 * fell silent or came back; the reaction asks again within seconds, so that
 * the collector can tell a shift from noise, and traces the path while the
 * fault lasts.  Only rounds, confirmations and retries on the target's own
 * flow count as news: what a reaction asks beside them (other ports, TCP,
 * controls, traces) starts none.
 *
 * Storms: a target may react REACT_BURST times, then once in REACT_REFILL_US;
 * a new reaction replaces what is left of the last; a control is asked once
 * for all targets that fail together; traces are rationed over all targets,
 * and start one after the other with those of the schedule (the lent pace).
 * A decoy's silence is as it should be.
 *
 * An answer that looks like somebody else's (probe/guise.h), or of a decoy,
 * is worth a look at the path, so that the collector can say at which hop it
 * was given (schema/locate.h): traces by DNS questions of the target's flow,
 * one by ICMP, and of the hop that answered and the one before it some by
 * datagrams of other flows.  Looks are rationed over all targets.
 */
#ifndef PROBE_REACT_H
#define PROBE_REACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/pace.h"
#include "schema/assignment.h"

#define REACT_VARIED_PORTS 3
#define REACT_BURST 4
#define REACT_REFILL_US INT64_C(120000000)
#define REACT_CONTROL_US INT64_C(10000000) /* a control is asked once in this */
#define REACT_TRACE_BURST 8
#define REACT_TRACE_REFILL_US INT64_C(10000000)
#define REACT_LOOK_BURST 4 /* looks, over all targets */
#define REACT_LOOK_REFILL_US INT64_C(60000000)
#define REACT_LOOK_TRACES 3 /* by DNS questions */
#define REACT_LOOK_FLOWS 6  /* others */

struct react; /* opaque */

struct reaction { /* one thing to ask */
	size_t target;
	enum kind kind;
	enum why why;
	bool is_tcp;
	bool with_chaos;
	bool is_any_port; /* not the target's fixed source port */
	/* trace: a part of a look, which no other reaction replaces */
	bool is_look;
	enum proto proto; /* trace: udp (DNS questions), icmp or plain */
	uint8_t ttl; /* trace: of this hop and the one before it; 0: of all */
};

/* Gives one without targets: release with react_free.  Lends traces. */
struct react *react_new(struct pace *traces);
void react_free(struct react *r); /* NULL is fine */

/* Takes over another assignment, and lends it until the next; the last one
 * must still be there.  What is known of a target that both have stays; what
 * was still to be asked of the others is forgotten. */
void react_replace(struct react *r, const struct assignment *a);

/* Takes note of an observation of target.  True: somebody waits for it, upload
 * at once. */
bool react_observe(struct react *r, size_t target, const struct observation *o,
    int64_t now_us);

/* When the next thing is to be asked; INT64_MAX when there is none. */
int64_t react_next_us(const struct react *r);

/* Takes one thing that is due; false: no more. */
bool react_take(struct react *r, int64_t now_us, struct reaction *out);

/* Does the target give no NSID, so that only CHAOS tells who it is? */
bool react_wants_chaos(const struct react *r, size_t target);

#endif
