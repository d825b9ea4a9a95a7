/*
 * question.h - what can be asked of the engine, and how it answers.  (pure)
 *
 * Uses     schema/record.h
 * Used by  engine and its parts, assigned, measure, resident, doctor
 */
#ifndef PROBE_QUESTION_H
#define PROBE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

struct engine_limits {
	unsigned packets_per_s; /* hard cap of what is sent; 0: none */
	unsigned burst_packets; /* that may leave at once under the cap */
	const char *tls_ca;     /* a file of authorities; NULL: the system's */
};

#define QUESTION_PORT 53

enum name_class { NAME_CH, NAME_IN };

struct question {
	enum kind kind;
	enum why why;
	enum proto proto; /* dns: udp, tcp or tls; ping: icmp or tcp; trace: udp
			   * (DNS questions), plain, icmp or tcp */
	struct addr target;
	uint16_t port;        /* 0: 53; also where ICMP is not permitted and
			       * the question goes by UDP or TCP */
	uint16_t source_port; /* 0: any; else the same 5-tuple every time */
	char zone[ZONE_TEXT_MAX + 1];
	int64_t timeout_us; /* of one packet; dns over UDP: RSSAC047 says 4 s */

	/* dns */
	bool with_chaos; /* the identity half too, on the same 5-tuple */
	char name[ZONE_TEXT_MAX + 1]; /* that the identity half asks for;
				       * "": hostname.bind, then id.server */
	enum name_class name_class;
	bool with_zoneversion; /* RFC 9660 */
	bool with_cookie;      /* a client cookie (RFC 7873) */
	bool with_mixed_case;  /* random case in names, "0x20" */
	int64_t listen_us; /* for further replies before it is handed over */
	char tls_name[ZONE_TEXT_MAX + 1]; /* the certificate is to have; "" */

	/* ping */
	unsigned n_pings; /* echoes in the round */

	/* trace */
	uint8_t first_ttl, last_ttl; /* 0: 1 and TRACE_TTL_MAX */
	int64_t deadline_us;         /* of the whole trace; 0: none */
	uint8_t n_queries; /* packets to each TTL that answers, all of the same
			    * flow; 0 and 1: one, and no link is proven */
	bool is_modest;    /* the further ones take half of packets_per_s at
			    * most, and wait for all other questions */
};

/* Lends *o for the duration of the call. */
typedef void engine_done(void *ctx, const struct observation *o);

#endif
