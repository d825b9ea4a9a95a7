/*
 * engine_dns.h - the pair of DNS questions, whatever carries them. (wiring)
 *
 * Uses     probe/engine_slot.h, dnsmsg
 * Used by  probe/engine_dns_udp.c, engine_dns_tcp.c, engine_dns_tls.c
 *
 * The zone's SOA and hostname.bind leave together on one 5-tuple, so that one
 * server answers both.  id.server follows where hostname.bind gave no name.
 */
#ifndef PROBE_ENGINE_DNS_H
#define PROBE_ENGINE_DNS_H

#include "probe/engine_core.h"

/* Writes one query to the ask's flow.  RC_SYS: errno. */
typedef enum rc
dns_send(struct ask *a, const uint8_t *query, size_t len, struct moment *sent);

enum dns_verdict { DNS_NOT_OURS, DNS_OURS, DNS_TRUNCATED };

/* Sets up the questions.  RC_MALFORMED: the zone is no name. */
MUST_USE enum rc dns_begin(struct ask *a);

/* Sends what is wanted, gives up what is overdue; may finish the ask. */
void dns_step(struct ask *a, int64_t now_mono_us, dns_send *send);

/* Takes one message, with the TTL it came with; may finish the ask.
 * DNS_TRUNCATED: the zone's answer has TC set, and was not taken. */
enum dns_verdict dns_take(struct ask *a, const struct flow_packet *p,
    const uint8_t *bytes, size_t len);

/* Nothing more can come for any question, or for the one with this id: ends
 * them with the outcome.  May finish the ask. */
void dns_end_all(struct ask *a, enum outcome outcome, int64_t rtt_us);
bool dns_end_one(struct ask *a, uint16_t id, enum outcome outcome,
    const struct arrival *arrival);

/* The same for what was sent and not answered: each ends with what came
 * instead, where something did, else with the outcome. */
void dns_end_silent(struct ask *a, enum outcome outcome);

/* Hands over the observation; the zone's outcome is the ask's. */
void dns_finish(struct ask *a, enum outcome outcome);

bool dns_has_id(const struct ask *a, uint16_t id);

#endif
