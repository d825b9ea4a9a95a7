/*
 * store_admin.h - what operators write: tokens and announcements.    (edge)
 *
 * Uses     store_sqlite.h
 * Used by  the subcommands token and announce
 *
 * Each call is one transaction, with a row in the audit.  Probes' states are
 * set by store_probe.h.
 */
#ifndef COLLECTOR_STORE_ADMIN_H
#define COLLECTOR_STORE_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store.h"
#include "collector/store_probe.h"

struct new_token {
	uint8_t hash[TOKEN_HASH_BYTES];
	int64_t n_uses;
	int64_t created_us, expires_us;
	const char *site; /* that those who enrol may speak for; NULL: none */
	const char *service; /* of that service alone; NULL: of any */
};

/* RC_DB. */
MUST_USE enum rc store_token_add(
    struct store *st, const struct new_token *t, int64_t *id, struct err *err);

/* RC_NOTFOUND: no such token.  RC_DB. */
MUST_USE enum rc store_token_revoke(
    struct store *st, int64_t id, int64_t now_us, struct err *err);

struct token_row {
	int64_t id, n_uses_left, created_us, expires_us;
	bool is_revoked;
	int64_t n_probes; /* that came in by it */
	char site[NAME_MAX_LEN + 1], service[NAME_MAX_LEN + 1]; /* or "" */
};

struct token_list {
	size_t n;
	struct token_row *rows;
};

/* In order of id.  Gives the rows: release with free().  RC_DB. */
MUST_USE enum rc
store_tokens(struct store *st, struct token_list *out, struct err *err);

struct announcement {
	int64_t site_id;
	uint8_t family; /* 0: both */
	bool is_up;
	int64_t at_us, lease_until_us;
	const char *source; /* who says so */
};

/* RC_DB. */
MUST_USE enum rc
store_announce(struct store *st, const struct announcement *a, struct err *err);

#endif
