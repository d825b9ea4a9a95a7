/*
 * store_evidence.h - the votes of an event, and what the voters saw. (edge)
 *
 * Uses     store_sqlite.h
 * Used by  explain
 *
 * Reads only.  The observations are found by their order of arrival: there is
 * no index on the big table.
 */
#ifndef COLLECTOR_STORE_EVIDENCE_H
#define COLLECTOR_STORE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/service.h"
#include "collector/store.h"
#include "schema/base/addr.h"
#include "schema/record.h"

#define EVIDENCE_WORD_LEN 24

struct vote_row {
	int64_t vantage_id, target_id;
	char probe[NAME_MAX_LEN + 1];
	uint8_t family;
	int64_t asn; /* 0: not known */
	char target[ADDR_TEXT_LEN];
	char from[NAME_MAX_LEN + 1], to[NAME_MAX_LEN + 1]; /* "": nowhere */
	int64_t at_us, confirmed_us;
	bool has_ended;
	int64_t ended_us;
	/* The landing at that moment: its state ("": none), how many answers say
	 * so, and how many of those still stored are doubted. */
	char landing[EVIDENCE_WORD_LEN];
	int64_t n, n_doubted;
};

struct vote_list {
	size_t n;
	struct vote_row *rows;
};

/* In order of the first changed sample.  Gives the rows: release with free().
 * RC_DB. */
MUST_USE enum rc store_votes(
    struct store *st, int64_t event_id, struct vote_list *out, struct err *err);

/* A DNS question or a trace of a voter. */
struct sample {
	int64_t vantage_id, target_id;
	int64_t at_us;
	enum kind kind;
	enum why why;
	enum outcome outcome;
	bool has_rcode, has_rtt, has_reply_ttl;
	int64_t rcode, rtt_us, reply_ttl;
	char site[NAME_MAX_LEN + 1]; /* "" when the identity means none */
	struct identity identity;    /* NSID, else CHAOS */
	char *hops;                  /* a trace's: JSON; else NULL */
	int64_t path_id;
};

struct sample_list {
	size_t n;
	struct sample *rows;
};

/* What the voters of an event saw and the collector received from from_us to
 * to_us, in order of vantage, target, time.  Release with samples_fini.
 * RC_DB. */
MUST_USE enum rc store_samples(struct store *st, int64_t event_id,
    int64_t from_us, int64_t to_us, struct sample_list *out, struct err *err);
void samples_fini(struct sample_list *s);

#endif
