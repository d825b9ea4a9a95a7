/*
 * detect.h - from observations to landings and events.               (pure)
 *
 * Uses     collector/service.h, position.h; its work is done in detect_fold.c with
 *          landing and a part for each kind of event (detect_part.h)
 * Used by  collector/ingest.c (live), tests/sim
 *
 * A fold over observations in order of arrival, with explicit ticks and
 * announcements.  It reads no clock, no socket and no SQL: time is what it is
 * handed.  Everything it decides comes out as effects, in order, which the
 * store writes in the same transaction as the observations; fed back by
 * detect_restore_*, they bring it to where it stopped.
 */
#ifndef COLLECTOR_DETECT_H
#define COLLECTOR_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/position.h"
#include "collector/service.h"
#include "schema/base/err.h"
#include "schema/record.h"

/* One vantage, as far as the detector cares. */
struct vantage {
	int64_t id;
	uint8_t family;
	uint32_t asn;   /* 0: not known */
	uint64_t probe; /* the probe's id as a number: both families share it */
	uint64_t prefix; /* of the address that its requests come from, /24 or
	                  * /48 (vantage_prefix); 0: not known */
	struct position at;
	bool is_trusted; /* false: quarantined by hand; seen, never counted */
};

/* The prefix that an address is of, as a number: it tells networks apart that
 * nobody can make up, since an answer had to reach the address.  0 of none,
 * and of a loopback address, behind which there is a proxy. */
uint64_t vantage_prefix(const struct addr *seen);

#define SIGHTING_IDENTITY_MAX 63 /* longer ones are cut */

/* One DNS observation, interpreted (ping does not move landings;
 * of a trace the detector hears its way). */
struct sighting {
	int64_t observation_id;
	int64_t vantage_id;
	int64_t target_id;
	int64_t at_us;       /* corrected time of the measurement */
	int64_t received_us; /* when the collector got it: the detector's now */
	enum why why;
	enum outcome outcome;
	uint16_t rcode;
	int64_t site_id;   /* 0: no answer, or an identity no site has */
	bool has_identity; /* the answer carried one */
	bool is_foreign;   /* ... whose form is none of the service's */
	bool is_too_fast;  /* sooner than light in fibre from that site */
	char identity[SIGHTING_IDENTITY_MAX + 1]; /* printable; "": none */
	bool has_rtt;
	int64_t rtt_us;
	bool has_serial;
	uint32_t serial; /* of the zone's SOA in the answer (RFC 1982) */
};

/* The way to a target, from one trace: what stands before it. */
struct way {
	int64_t vantage_id, target_id;
	int64_t at_us, received_us;
	enum why why;
	bool is_reached;
	struct addr penultimate;  /* the hop before the target, or the last that
	                            answered; family 0: none, or balanced */
	uint32_t penultimate_asn; /* 0: not known */
	uint8_t n_ttl;            /* where the way ends */
};

enum landing_state { LANDING_STABLE, LANDING_DARK, LANDING_UNKNOWN };

/* An interval of the journal; ids are given by the detector. */
struct landing {
	int64_t id;
	int64_t vantage_id, target_id;
	enum landing_state state;
	int64_t site_id; /* 0: unknown */
	int64_t since_us;
	int64_t until_us; /* 0: open */
	int64_t last_us;
	int64_t n;
	int64_t rtt_min_us, rtt_sum_us, rtt_n; /* rtt_n 0: no rtt */
};

struct move {
	int64_t vantage_id, target_id;
	int64_t from_site_id, to_site_id;
	int64_t at_us;        /* first changed sample */
	int64_t confirmed_us; /* when the last confirmation was received */
	int64_t from_rtt_us, to_rtt_us; /* the shortest there; 0: not known */
};

/* In the order in which they take the blame for one another: an event whose
 * cause is open belongs to it (event.parent_id). */
enum event_kind {
	EVENT_SHIFT,
	EVENT_BLACKHOLE,
	EVENT_MISMATCH,
	EVENT_IMPOSTOR,
	EVENT_INTERCEPTED,
	EVENT_LEAK,
	EVENT_FLAPPING,
	EVENT_STALE,
	EVENT_SPLIT,
	EVENT_LATENCY,
	EVENT_SILENT,
	EVENT_UNKNOWN_IDENTITY
};
#define EVENT_KINDS 12
enum severity {
	SEVERITY_INFO,
	SEVERITY_NOTICE,
	SEVERITY_WARNING,
	SEVERITY_MAJOR,
	SEVERITY_CRITICAL
};

#define GATES_TEXT_MAX 4096

struct event {
	int64_t id;
	enum event_kind kind;
	enum severity severity;
	int64_t service_id;
	int64_t site_id;  /* 0: none in particular */
	uint8_t family;   /* 4, 6, or 0 for both */
	char verdict[24]; /* what it is in particular: mismatch: the table's
	                     row; others: their own words, or "" */
	bool is_planned;  /* a drain wants it so: not told */
	int64_t since_us, detected_us, updated_us;
	int64_t resolved_us; /* 0: open */
	char resolution
	    [24];          /* returned, settled, answered, moved, cleared ... */
	int64_t parent_id; /* the event that caused it; 0: none */
	int64_t n_vantages, n_asns, needed;
	char gates[GATES_TEXT_MAX]; /* JSON object: gate -> numbers */
};

struct vote {
	int64_t event_id;
	int64_t vantage_id, target_id;
	int64_t from_site_id, to_site_id; /* 0: none */
	int64_t at_us, confirmed_us;
	/* 0: still stands; at_us: was for another kind, and does not count. */
	int64_t ended_us;
	int64_t from_rtt_us, to_rtt_us; /* shift: the shortest; 0: not known */
};

/* Why the detector itself puts a vantage into quarantine (detect_trust.h). */
enum distrust { DISTRUST_PEERS, DISTRUST_OWN_ADDRESS, DISTRUST_LIGHT };
#define DISTRUSTS 3

#define QUARANTINE_TEXT_MAX 256

struct quarantine {
	int64_t vantage_id;
	enum distrust reason;
	int64_t since_us;
	int64_t until_us; /* 0: in force */
	int64_t updated_us;
	char ending[16];                   /* "believable", "unjudged",
	                                      "released" (by hand); "" */
	char numbers[QUARANTINE_TEXT_MAX]; /* JSON object: what stands behind
	                                      it, as of updated_us */
};

enum tri { TRI_UNKNOWN, TRI_NO, TRI_YES };

struct site_state {
	int64_t site_id;
	uint8_t family;
	enum tri announced, healthy, receiving;
	char verdict[24];
	int64_t since_us;
};

enum effect_kind {
	EFFECT_LANDING,    /* insert or replace the interval with this id */
	EFFECT_TRACK,      /* remember the bytes for (vantage, target) */
	EFFECT_MOVE,       /* a confirmed move */
	EFFECT_EVENT,      /* insert or replace the event with this id */
	EFFECT_VOTE,       /* insert or replace (event, vantage, target) */
	EFFECT_SITE_STATE, /* closes the open interval of (site, family), opens
	                      this one */
	EFFECT_MEMO,       /* remember the bytes under the key */
	EFFECT_QUARANTINE, /* insert or replace (vantage, since) */
	EFFECT_NOTICE      /* an event wants to be told: opened or resolved */
};

#define TRACK_BYTES_MAX 768

struct track_bytes {
	int64_t vantage_id, target_id;
	uint16_t len;
	uint8_t bytes[TRACK_BYTES_MAX];
};

#define MEMO_KEY_MAX 47

/* What a part of the detector wants to know after a restart, beyond tracks
 * and events.  len 0: forget the key. */
struct memo {
	char key[MEMO_KEY_MAX + 1]; /* "PART/..." */
	const uint8_t *bytes;       /* lent */
	size_t len;
};

struct notice {
	struct event event;
	bool is_resolve;
};

struct effect {
	enum effect_kind kind;
	union {
		struct landing landing;
		struct track_bytes track;
		struct move move;
		struct event event;
		struct vote vote;
		struct site_state site_state;
		struct memo memo;
		struct quarantine quarantine;
		struct notice notice;
	};
};

/* Lends *e for the duration of the call. */
typedef void detect_emit(void *ctx, const struct effect *e);

struct detect;

/* Gives a detector for these services, which must outlive it; of their times it
 * has a copy (detect_retime).  emit is called from inside the functions below.
 * next_event_id and next_landing_id go on from the database's largest. */
struct detect *detect_new(const struct services *services, detect_emit *emit,
    void *ctx, int64_t next_event_id, int64_t next_landing_id);
void detect_free(struct detect *d); /* NULL is fine */

struct heard; /* heard.h: one thing that it heard beside observations */

/* Called with what is news of a vantage, its release, an excuse, an
 * announcement, a site's health, a drain or a service's times, lent, before it
 * is believed. */
typedef void detect_heard(void *ctx, struct heard *h);
void detect_listen(struct detect *d, detect_heard *heard, void *ctx);

/* Makes a vantage known, or changes it. */
void detect_vantage(struct detect *d, const struct vantage *v);

/* Why what a vantage meets at a target is stored but not counted: somebody
 * else answers in the target's place, or every packet goes another way. */
enum excuse { EXCUSE_NONE, EXCUSE_INTERCEPTED, EXCUSE_PER_PACKET };

/* Excuses it from now on, or (EXCUSE_NONE) lets it count again.  Of unknown
 * ones: nothing. */
void detect_excuse(struct detect *d, int64_t vantage_id, int64_t target_id,
    enum excuse excuse);

/* Bring back what an earlier run emitted; vantages first, then in this order.
 * open is the track's interval without an end, or NULL.  RC_MALFORMED: bytes
 * of another version (that track starts from its interval alone). */
MUST_USE enum rc detect_restore_track(
    struct detect *d, const struct track_bytes *t, const struct landing *open);
void detect_restore_event(struct detect *d, const struct event *e);
void detect_restore_vote(struct detect *d, const struct vote *v);
void detect_restore_site_state(struct detect *d, const struct site_state *s);
void detect_restore_memo(struct detect *d, const struct memo *m);

/* One observation.  Sightings of unknown vantages or targets are ignored. */
void detect_sighting(struct detect *d, const struct sighting *s);

/* One trace's way.  Ways of unknown vantages or targets are ignored. */
void detect_way(struct detect *d, const struct way *w);

/* What was said of a site: valid until lease_until_us.  family 0: both.  A
 * lease that ends no later than at_us says that nobody knows any more.  After a
 * restart, tell it again what was said in the last hour, in order. */
void detect_announcement(struct detect *d, int64_t site_id, uint8_t family,
    bool is_up, int64_t at_us, int64_t lease_until_us);

/* The same of its health, as the site itself finds it. */
void detect_health(struct detect *d, int64_t site_id, uint8_t family,
    bool is_healthy, int64_t at_us, int64_t lease_until_us);

/* A site is emptied on purpose: from since_us until it is undone (ended_us) or
 * the time set for it is over (until_us); 0: not yet, not set.  Said again with
 * the same id: replaces it.  After a restart, tell it again. */
struct drain {
	int64_t id, site_id;
	int64_t since_us, until_us, ended_us;
};
void detect_drain(struct detect *d, const struct drain *x);

/* Somebody released a vantage by hand, at_us: it counts again, and is not put
 * back for the same reason for long (detect_trust.h).  Of one that the detector
 * has not in quarantine, or only since later: nothing. */
void detect_release(struct detect *d, int64_t vantage_id, int64_t at_us);

/* The times that a service is judged by from now on, in place of those that it
 * came with: imported history has the pace of whoever looked.  Of an unknown
 * service: nothing. */
struct times {
	int64_t service_id;
	int64_t dns_every_us, shift_settles_us, round_us, round_before_us;
	uint8_t n_agree; /* all as in struct service */
};
void detect_retime(struct detect *d, const struct times *t);

/* Those that the service itself says. */
struct times times_of_service(const struct service *s);

/* Time passes: leases end, holds are over, quiet events resolve, landings that
 * nobody reports become unobserved.  To be called about every second, and
 * emits the soft fields (n, last_us, rtt) of changed landings each minute.
 *
 * The detector's own time passes in whole seconds, each once and in order: up
 * to now_us, and before an observation up to when it was received.  So when
 * ticks came makes no difference to what is decided. */
void detect_tick(struct detect *d, int64_t now_us);

/* Until when it has passed; 0: it has not begun. */
int64_t detect_passed_us(const struct detect *d);

/* It goes on at now_us, whatever lies between: to be called once restored, and
 * after the collector itself stood still for long.  Without it, the first
 * input begins it. */
void detect_begin(struct detect *d, int64_t now_us);

/* Emits every soft field now: before a stop. */
void detect_flush(struct detect *d, int64_t now_us);

const char *landing_state_name(enum landing_state s);
const char *event_kind_name(enum event_kind k);
const char *severity_name(enum severity s);
const char *tri_name(enum tri t);
const char *distrust_name(enum distrust r);
MUST_USE enum rc event_kind_from_name(enum event_kind *out, const char *name);
MUST_USE enum rc severity_from_name(enum severity *out, const char *name);
MUST_USE enum rc
landing_state_from_name(enum landing_state *out, const char *name);
MUST_USE enum rc tri_from_name(enum tri *out, const char *name);
MUST_USE enum rc distrust_from_name(enum distrust *out, const char *name);

#endif
