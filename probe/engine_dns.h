/*
 * engine_dns.h - the pair of DNS questions, whatever carries them. (wiring)
 *
 * Uses     probe/engine_again.h, engine_finish.h, dnsmsg
 * Used by  probe/engine_dns_udp.c, engine_dns_tcp.c, engine_dns_tls.c
 *
 * The zone's SOA and hostname.bind leave together on one 5-tuple, so that one
 * server answers both.  id.server follows where hostname.bind gave no name.
 */
#ifndef PROBE_ENGINE_DNS_H
#define PROBE_ENGINE_DNS_H

#include "probe/engine_again.h"

/* Sends the question of a part.  RC_SYS: errno. */
typedef enum rc dns_send(struct ask *a, enum dns_part_index i);

enum dns_verdict { DNS_TAKEN, DNS_TRUNCATED };

/* Sets up the questions.  RC_MALFORMED: the zone is no name. */
MUST_USE enum rc dns_begin(struct ask *a);

/* Fills *q with the question for id.server, which dns_begin leaves out: for
 * who must ask everything at once.  RC_NOTFOUND: there is no second name. */
MUST_USE enum rc dns_second_name(struct ask *a, struct dnsmsg_question *q);

/* Writes the query of a part.  Returns its length. */
size_t dns_write(
    const struct ask *a, enum dns_part_index i, uint8_t *buf, uint16_t id);

/* Sends what is wanted, gives up what is overdue; may finish the ask. */
void dns_step(struct ask *a, int64_t now_mono_us, dns_send *send);

/* Takes a message for a part that is open.  DNS_TRUNCATED: the zone's answer
 * has TC set, and was not taken. */
enum dns_verdict
dns_take(struct ask *a, enum dns_part_index i, const struct again_reply *reply);

/* Nothing more can come for any question, or for one part: ends them with the
 * outcome.  The ask finishes in its next step. */
void dns_end_all(struct ask *a, enum outcome outcome, int64_t rtt_us);
void dns_end_one(struct ask *a, enum dns_part_index i, enum outcome outcome,
    const struct rtt *rtt);

#endif
