/*
 * store_probe.h - probes, their vantages, and the tokens they came in by.
 *                                                                     (edge)
 *
 * Uses     store_sqlite.h
 * Used by  api (look up, enrol, leave), ingest (marks, vantages), the
 *          subcommands token and vantages
 */
#ifndef COLLECTOR_STORE_PROBE_H
#define COLLECTOR_STORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/service.h"
#include "collector/store.h"
#include "schema/record.h"
#include "schema/signature.h"

#define TOKEN_HASH_BYTES 32 /* BLAKE2b-256 of the token's text */

enum probe_state {
	PROBE_ACTIVE,
	PROBE_QUARANTINED, /* stored, not trusted */
	PROBE_REVOKED,
	PROBE_LEFT
};

/* Where a probe or a vantage is.  "" and 0: not known. */
struct whereabouts {
	char country[3]; /* ISO 3166, upper case */
	uint32_t asn;
	bool has_position;
	double latitude, longitude;
};

struct probe_row {
	char id[PROBE_ID_LEN + 1];
	uint8_t public_key[SIGNATURE_PUBLIC_BYTES];
	char name[NAME_MAX_LEN + 1];
	char version[24];
	enum probe_state state;
	struct whereabouts declared; /* what the host said of itself */
	uint64_t acked_seq;
	/* The site that it may speak for, "": none, and of which service, "":
	 * of any.  Its token said so. */
	char site[NAME_MAX_LEN + 1], service[NAME_MAX_LEN + 1];
};

/* RC_NOTFOUND: no such probe.  RC_DB. */
MUST_USE enum rc store_probe_find(
    struct store *st, const char *id, struct probe_row *out, struct err *err);

/* Calls row for every probe, in order of id.  RC_DB. */
MUST_USE enum rc store_probe_each(struct store *st,
    void (*row)(void *ctx, const struct probe_row *p), void *ctx,
    struct err *err);

/* Adds a probe for one use of a token, within the caller's transaction.  Of
 * *p the id, key, name, version and declared count.  A probe that is there
 * already, with the same key, uses no token and stays as it is.  RC_PEER: the
 * token is not good (unknown, used up, expired, revoked), or the probe that
 * is there was revoked or has left.  RC_RANGE: another probe has the name.
 * RC_DB. */
MUST_USE enum rc store_probe_enrol(struct store *st, const struct probe_row *p,
    const uint8_t token_hash[static TOKEN_HASH_BYTES], int64_t now_us,
    struct err *err);

/* Would the token be taken now?  Changes nothing.  RC_PEER: no.  RC_DB. */
MUST_USE enum rc store_token_check(struct store *st,
    const uint8_t token_hash[static TOKEN_HASH_BYTES], int64_t now_us,
    struct err *err);

/* What a batch says of its probe. */
struct probe_news {
	uint64_t acked_seq; /* the new high-water mark */
	int64_t received_us;
	bool has_offset;
	int64_t clock_offset_us; /* the collector's clock minus the probe's */
	const struct batch_header *header;
};
MUST_USE enum rc store_probe_news(struct store *st, const char *id,
    const struct probe_news *news, struct err *err);

/* Sets the state with its reason (may be NULL), with a row in the audit.
 * RC_NOTFOUND: no such probe.  RC_DB. */
MUST_USE enum rc store_probe_set_state(struct store *st, const char *id,
    enum probe_state state, const char *reason, int64_t now_us,
    struct err *err);

/* The place of a probe among the *n that measure, in order of id.  RC_DB. */
MUST_USE enum rc store_probe_rank(
    struct store *st, const char *id, size_t *rank, size_t *n, struct err *err);

struct vantage_row {
	int64_t id; /* 0: not stored yet */
	uint8_t family;
	struct addr source; /* family 0: only private ones seen */
	struct whereabouts at;
	struct addr seen; /* where its requests come from; family 0: never by
			   * this family */
	struct addr own;  /* where it measures from; family 0: not said */
};

/* RC_NOTFOUND, RC_DB. */
MUST_USE enum rc store_vantage_find(struct store *st, const char *probe_id,
    uint8_t family, struct vantage_row *out, struct err *err);

/* Inserts (id 0, and fills it) or updates.  RC_DB. */
MUST_USE enum rc store_vantage_put(struct store *st, const char *probe_id,
    struct vantage_row *v, int64_t now_us, struct err *err);

/* Calls row for every vantage with its probe's id and state.  RC_DB. */
MUST_USE enum rc store_vantage_each(struct store *st,
    void (*row)(void *ctx, const char *probe_id, enum probe_state state,
	const struct vantage_row *v),
    void *ctx, struct err *err);

const char *probe_state_name(enum probe_state s);
MUST_USE enum rc probe_state_from_name(enum probe_state *out, const char *name);

#endif
