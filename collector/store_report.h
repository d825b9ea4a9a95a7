/*
 * store_report.h - what the reports ask of the database.             (edge)
 *
 * Uses     store_sqlite.h
 * Used by  the report subcommands, collector/httpd
 *
 * Reads only.  Each list is one query, so one moment of the database.  Lists
 * are given: release with free().
 */
#ifndef COLLECTOR_STORE_REPORT_H
#define COLLECTOR_STORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"
#include "collector/store.h"
#include "schema/base/addr.h"
#include "schema/record.h"
#include "schema/site_report.h"

#define WORD_LEN 24 /* room for a state, a kind, a verdict */

/* Where one vantage landed on one service address, over an interval.  For the
 * reports there is one more state than in the table: "unobserved", when
 * nothing was known of it at the time asked for. */
struct landed {
	int64_t vantage_id, target_id, site_id;
	uint8_t family;
	bool is_trusted; /* it is not quarantined */
	int64_t asn;     /* 0: not known */
	char country[WORD_LEN];
	char probe_id[PROBE_ID_LEN + 1];
	char probe[NAME_MAX_LEN + 1];
	char service[NAME_MAX_LEN + 1];
	char target[ADDR_TEXT_LEN];
	char site[NAME_MAX_LEN + 1]; /* "" when there is none */
	char state[WORD_LEN];
	bool has_since, has_until;
	int64_t since_us, until_us;
	int64_t n; /* observations that say so */
	int64_t rtt_min_us, rtt_sum_us, rtt_n;
	int64_t n_doubted; /* of those that are still stored */
};

struct landed_list {
	size_t n;
	struct landed *rows;
};

/* What to look at; NULL and 0: everything. */
struct landed_filter {
	const char *service, *target;
	uint8_t family;
};

/* Every vantage and service address of its family, at a moment; in order of
 * service, probe, family, address.  RC_DB. */
MUST_USE enum rc store_landed_at(struct store *st, int64_t at_us,
    const struct landed_filter *f, struct landed_list *out, struct err *err);

/* The journal of a probe (its id; NULL: of all) on all service addresses,
 * intervals that reach beyond since_us, in order of probe, family, service,
 * time.  family 0: both.  RC_DB. */
MUST_USE enum rc store_journal(struct store *st, const char *probe_id,
    uint8_t family, int64_t since_us, struct landed_list *out, struct err *err);

/* A site of a service in one family that the service has, and what is known of
 * it now. */
struct site_now {
	int64_t site_id;
	char service[NAME_MAX_LEN + 1];
	char site[NAME_MAX_LEN + 1];
	bool is_local;
	uint8_t family;
	char announced[WORD_LEN], healthy[WORD_LEN], receiving[WORD_LEN];
	char verdict[WORD_LEN];
	bool has_since;
	int64_t since_us;
	int64_t n_vantages; /* landed there now, trusted ones */
	/* What was last said of it, by itself or by automation. */
	bool has_heard, has_serial;
	int64_t heard_us, serial;
	char announced_why[SITE_WHY_LEN], healthy_why[SITE_WHY_LEN];
	struct drain drain; /* its last; since_us 0: it had none */
	bool has_position;
	int64_t latitude, longitude; /* ten-thousandths of a degree */
	int64_t capacity;            /* in any unit; 0: not said */
};

struct site_list {
	size_t n;
	struct site_now *rows;
};

MUST_USE enum rc
store_sites(struct store *st, struct site_list *out, struct err *err);

/* A vantage with what its probe last said.  A probe that has not measured yet
 * has one row of family 0. */
struct vantage_info {
	int64_t id;
	uint8_t family;
	char probe_id[PROBE_ID_LEN + 1];
	char probe[NAME_MAX_LEN + 1];
	char state[WORD_LEN];
	char reason[128];
	char version[WORD_LEN];
	char country[WORD_LEN];
	char source[ADDR_TEXT_LEN];
	struct addr seen, own;     /* family 0: not known */
	char between[WORD_LEN];    /* "intercepted", "per_packet" or "" */
	char quarantine[WORD_LEN]; /* "hand", the detector's reason, or "" */
	char numbers[256];         /* JSON: the detector's; "" */
	bool has_quarantined;
	int64_t quarantined_us; /* since when it is */
	char clock[WORD_LEN];
	char v4[WORD_LEN], v6[WORD_LEN]; /* can the host? "" it has not said */
	int64_t asn;
	bool has_received, has_offset;
	int64_t enrolled_us, received_us, clock_offset_us, n_lost;
	bool has_position;
	int64_t latitude, longitude; /* ten-thousandths of a degree */
};

struct vantage_list {
	size_t n;
	struct vantage_info *rows;
};

/* In order of name and family. */
MUST_USE enum rc
store_vantages(struct store *st, struct vantage_list *out, struct err *err);

/* Distinct names, in order: for "did you mean".  Release with names_fini. */
struct names {
	size_t n;
	char **list;
};

enum names_of { NAMES_SERVICE, NAMES_SITE, NAMES_PROBE, NAMES_TARGET };
MUST_USE enum rc store_names(
    struct store *st, enum names_of of, struct names *out, struct err *err);
void names_fini(struct names *n);

#endif
