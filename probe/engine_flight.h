/*
 * engine_flight.h - every packet on its way, and who waits for it. (wiring)
 *
 * Uses     probe/engine_core.h
 * Used by  probe/engine*.c
 *
 * A flight is one packet that was sent: found again by what comes back, be it
 * an answer, an ICMP error that quotes it, or the kernel's word that it left.
 * When its question is closed, a DNS flight is remembered for a while, so that
 * late and second answers are known for what they are.
 */
#ifndef PROBE_ENGINE_FLIGHT_H
#define PROBE_ENGINE_FLIGHT_H

#include "probe/engine_core.h"

enum flight_kind { FLIGHT_UDP, FLIGHT_ECHO, FLIGHT_SYN };

struct flight {
	struct flight *next_by_id, *next_by_target; /* in the hash tables */
	struct flight *next; /* of the ask, or of the past, or of the free */
	struct ask *ask;     /* NULL: the question is closed */
	uint32_t serial;     /* of the flight's uses */
	struct addr target;
	uint16_t target_port, source_port; /* 0 for ICMP */
	uint16_t id;                       /* DNS id, echo sequence, SYN's */
	uint16_t echo_id;
	enum flight_kind kind : 8;
	bool has_checksum; /* its ask can tell its UDP checksum */
	bool is_answered, is_kept;
	uint8_t what, attempt; /* the ask's own: part, TTL, count */
	struct addr answered_by;
	struct departure sent;
	uint64_t answer_hash; /* of the first answer's code and NSID */
	int64_t past_until_mono_us;
};

/* How a flight is looked for. */
struct flight_key {
	enum flight_kind kind;
	struct addr target;
	uint16_t target_port, source_port;
	uint16_t id;
};

struct flights *flights_new(void);
void flights_free(struct flights *s); /* NULL is fine */

/* A new flight of the ask, to be found by key.  is_kept: to be remembered when
 * the ask is over. */
struct flight *
flight_new(struct ask *a, const struct flight_key *key, bool is_kept);

/* Lets it be found by its UDP checksum, where a quote ends before its id. */
void flight_has_checksum(struct engine *e, struct flight *f);

/* NULL: none. */
struct flight *
flight_find(const struct engine *e, const struct flight_key *key);
struct flight *flight_find_checksum(
    const struct engine *e, const struct flight_key *key, uint16_t checksum);

/* The only unanswered one between these two ports; NULL: none or several. */
struct flight *
flight_find_only(const struct engine *e, const struct flight_key *key);

/* Lets go of the flights of an ask that is over. */
void flights_release(struct engine *e, struct ask *a);

/* A late or second answer came for a flight whose question is closed: it
 * counts in the target's next observation. */
void flight_leave_word(
    struct engine *e, struct flight *f, const struct second_answer *second);

/* Takes what was left for the target. */
void flights_collect(struct engine *e, const struct addr *target, uint16_t port,
    struct dns_result *into);

/* Is there anything to collect? */
bool flights_have_word(
    const struct engine *e, const struct addr *target, uint16_t port);

/* A late reply or duplicate more, without wrapping. */
void count_up(uint8_t *n);

#endif
