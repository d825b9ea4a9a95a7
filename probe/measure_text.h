/*
 * measure_text.h - what a person reads about one measured address.   (pure)
 *
 * Uses     schema/record.h, schema/identity.h
 * Used by  probe/measure.c
 */
#ifndef PROBE_MEASURE_TEXT_H
#define PROBE_MEASURE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "schema/identity.h"
#include "schema/record.h"

#define SUMMARY_COUNT_MAX 1000
#define SUMMARY_IDENTITIES_MAX 8

struct tally { /* of one kind of question */
	unsigned n_asked, n_answered;
	int64_t rtts_us[SUMMARY_COUNT_MAX];
	unsigned n_kernel_stamps;
	unsigned n_outcomes[OUTCOME_SEND_FAILED + 1];
	enum proto proto; /* of the last */
	uint16_t port;
	bool has_reply_ttl;
	uint8_t reply_ttl; /* of the last answer */
};

struct seen_identity {
	struct identity identity;
	unsigned n;
};

struct summary {
	const char *name; /* as the operator wrote it; lent */
	const char *zone; /* lent */
	struct addr target, source;
	uint16_t port, source_port; /* source_port 0: nothing was sent */
	const struct identity_template *own_template; /* lent; NULL: none */
	int64_t timeout_us;
	struct tally dns, ping;
	struct dns_result last_dns; /* when dns.n_answered > 0 */
	struct chaos chaos;         /* the last that was asked */
	unsigned n_late, n_duplicate;
	unsigned n_identities; /* kept, of all that differ */
	struct seen_identity identities[SUMMARY_IDENTITIES_MAX];
	bool has_trace;
	struct observation trace;
};

/* Adds one observation of the summary's target. */
void summary_add(struct summary *s, const struct observation *o);

/* Did the target answer anything? */
bool summary_is_answered(const struct summary *s);

/* Prints the block of one target.  Bytes from the network are printed only
 * as identity_format writes them. */
void summary_print(const struct summary *s, FILE *to);

#endif
