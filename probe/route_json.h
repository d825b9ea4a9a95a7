/*
 * route_json.h - what FRR and GoBGP say of a prefix, in JSON.         (pure)
 *
 * Uses     jansson, probe/prefix.h
 * Used by  probe/route
 */
#ifndef PROBE_ROUTE_JSON_H
#define PROBE_ROUTE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/prefix.h"
#include "schema/base/err.h"

#define ROUTE_PEERS_MAX 256

struct route_peers {
	size_t n;
	struct route_peer {
		struct addr address;
		bool is_up;
	} list[ROUTE_PEERS_MAX];
};

/* Reads "show bgp FAMILY unicast PREFIX json": the neighbours that it is
 * advertised to (all up); none when FRR does not have the prefix.
 * RC_MALFORMED: it is no such answer.  RC_LIMIT: more than fit. */
MUST_USE enum rc route_read_frr(struct route_peers *out, const struct prefix *p,
    const char *text, size_t len);

/* Reads "gobgp neighbor -j".  RC_MALFORMED, RC_LIMIT. */
MUST_USE enum rc
route_read_gobgp_peers(struct route_peers *out, const char *text, size_t len);

/* Reads "gobgp neighbor ADDRESS adj-out PREFIX -j".  RC_MALFORMED. */
MUST_USE enum rc route_read_gobgp(
    bool *has_prefix, const struct prefix *p, const char *text, size_t len);

#endif
