/*
 * engine_again.h - DNS answers that come late, or twice.           (wiring)
 *
 * Uses     probe/engine_flight.h, dnsmsg
 * Used by  probe/engine_port.c, engine_dns*.c
 */
#ifndef PROBE_ENGINE_AGAIN_H
#define PROBE_ENGINE_AGAIN_H

#include "probe/engine_flight.h"

struct again_reply { /* a message that came, and when it was asked for */
	const struct departure *sent;
	struct arrival arrival;
	bool has_ttl;
	uint8_t ttl;
	const uint8_t *bytes;
	size_t len;
};

/* Takes a message for a flight of the ask that is answered or over already. */
void
again_take(struct ask *a, struct flight *f, const struct again_reply *reply);

/* A message for a flight whose ask is gone. */
void
again_take_past(struct engine *e, struct flight *f, const struct port_in *in);

/* What a code and an NSID come to, to tell a second answer that differs. */
uint64_t again_answer_hash(uint16_t rcode, const struct identity *nsid);

#endif
