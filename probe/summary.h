/*
 * summary.h - what is known of one measured address, over its rounds. (pure)
 *
 * Uses     schema/record.h, schema/identity.h, probe/trace_table.h
 * Used by  probe/measure_rounds.c, probe/measure_text.c
 */
#ifndef PROBE_SUMMARY_H
#define PROBE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/trace_table.h"
#include "schema/identity.h"
#include "schema/record.h"

#define SUMMARY_RTTS 1000 /* the last round trips, that the median is of */
#define SUMMARY_IDENTITIES_MAX 8

struct asn;

struct tally { /* of one kind of question */
	unsigned n_asked, n_answered;
	int64_t rtts_us[SUMMARY_RTTS]; /* a ring: n_answered counts on */
	unsigned n_stamps[STAMP_RECEIVE + 1];
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

struct seen_second {
	unsigned n, n_different;
	struct second_answer last;
	int64_t first_rtt_us; /* of the answer before it; 0: none */
};

struct summary {
	const char *name;          /* as the operator wrote it; lent */
	const char *zone;          /* lent */
	const char *identity_name; /* that --name gave; lent */
	struct addr target, source;
	uint16_t port, source_port; /* source_port 0: nothing was sent */
	const struct identity_template *own_template; /* lent; NULL: none */
	const struct asn *asn;                        /* lent; NULL: none */
	int64_t timeout_us;
	struct tally dns, ping;
	struct dns_result last_dns; /* when dns.n_answered > 0 */
	struct chaos chaos;         /* the last that was asked */
	struct tls_result tls;      /* the last handshake */
	struct seen_second second;
	unsigned n_late, n_duplicate;
	unsigned n_identities; /* kept, of all that differ */
	struct seen_identity identities[SUMMARY_IDENTITIES_MAX];
	unsigned n_unsent; /* for this host's own reasons, of all kinds */
	enum outcome unsent;
	struct trace_table trace;
};

/* Adds one observation of the summary's target. */
void summary_add(struct summary *s, const struct observation *o);

/* Did the target answer anything? */
bool summary_is_answered(const struct summary *s);

/* Did nothing ever leave this host? */
bool summary_is_unsent(const struct summary *s);

#endif
