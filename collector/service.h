/*
 * service.h - what the operator runs and what is measured of it.     (pure)
 *
 * Uses     schema/identity.h
 * Used by  settings (fills), store (gives ids), landing, detect, reports
 *
 * Plain values.  The ids are the database's; they are 0 until
 * store_sync_services has given them.
 */
#ifndef COLLECTOR_SERVICE_H
#define COLLECTOR_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/assignment.h"
#include "schema/base/addr.h"
#include "schema/identity.h"

#define NAME_MAX_LEN 63 /* bytes of the name of a service, site or probe */

#define CITY_MAX_LEN 95

/* How a server tells who it is. */
enum identity_method {
	METHOD_NSID,  /* RFC 5001, with the answer itself */
	METHOD_CHAOS, /* hostname.bind or id.server, TXT CH */
	METHOD_TXT    /* a name of the service's own, TXT IN (as RFC 7108) */
};
#define N_METHODS 3

struct site {
	int64_t id;
	char name[NAME_MAX_LEN + 1]; /* lower case */
	char city[CITY_MAX_LEN + 1]; /* for people; "" */
	size_t n_aliases;
	char **aliases; /* what it is called in identities beside its name */
	bool is_local;  /* scope = "local": NO_EXPORT and the like */
	size_t n_local_to;
	uint32_t *local_to; /* the ASes it is for; none: they are learnt */
	bool has_position;
	double latitude, longitude;
	int64_t capacity; /* any unit; 0: not said */
};

/* A decoy is an address that nobody has: who answers for it is a middlebox.  It
 * is stored, and never enters landing or detection. */
enum target_role { ROLE_SERVICE, ROLE_UNICAST, ROLE_CONTROL, ROLE_DECOY };

struct interpret_memo;

struct target {
	int64_t id;
	enum target_role role;
	struct addr address;
	uint16_t port;
	size_t service; /* index into services.list (a control: the first that
	                   names it; a decoy: 0) */
	size_t site;    /* ROLE_UNICAST: index into that service's sites */
};

struct service {
	int64_t id;
	char name[NAME_MAX_LEN + 1];
	char zone[ZONE_TEXT_MAX + 1]; /* with its final dot */
	size_t n_templates, n_sites;
	struct identity_template
	    *templates; /* in order; the first match wins */
	struct site *sites;
	const char **site_names; /* sites[i].name */
	/* For each template what its field may be and which methods it is for;
	 * NULL: the sites' own names, all methods. */
	struct identity_rule *rules;
	/* What identities were found to mean (interpret.h); NULL: each is matched
	 * anew. */
	struct interpret_memo *memo;
	size_t n_methods;                        /* 0: NSID, then CHAOS */
	enum identity_method methods[N_METHODS]; /* the first decides */
	char txt_name[ZONE_TEXT_MAX + 1];        /* METHOD_TXT asks it; "" */
	int64_t dns_every_us, ping_every_us, trace_every_us; /* 0: never */
	uint8_t n_confirm, n_retry;
	int64_t confirm_after_us[ASSIGNMENT_TRIES_MAX];
	int64_t retry_after_us[ASSIGNMENT_TRIES_MAX];
	int64_t timeout_us; /* of one DNS question */
	int64_t
	    sick_after_us; /* how long sick_* verdicts hold before an event */
	int64_t settle_us; /* how long routing may take: ghost, shadowed */
	int64_t stale_after_us; /* how long a serial may lag behind */
	int64_t
	    shift_settles_us; /* an unreversed shift is the new normal then */
	/* Answers in a row that make a landing; 0: LANDING_AGREE.  Whoever looks
	 * at a pace of his own confirms nothing: one. */
	uint8_t n_agree;
	/* Imported rounds, each of which looks at every vantage once: when the
	 * present one began.  Only who was seen in it counts; what differs from
	 * the one before is judged when it is over.  0: no rounds. */
	int64_t round_us;
	int64_t round_before_us; /* the one before; 0: not lately */
};

struct services {
	size_t n, n_targets;
	struct service *list;
	struct target
	    *targets; /* of all: addresses, unicast, controls, decoys */
	int64_t decoy_every_us;
};

/* The target of an address and port; NULL when nobody asked to measure it. */
const struct target *services_find_target(
    const struct services *s, const struct addr *address, uint16_t port);

const struct target *
services_target_by_id(const struct services *s, int64_t target_id);

/* NULL when no site has the id; *service (may be NULL) gets its service. */
const struct site *services_site_by_id(
    const struct services *s, int64_t site_id, const struct service **service);

const char *target_role_name(enum target_role r); /* as in SQL and JSON */

const char *identity_method_name(enum identity_method m); /* "nsid" ... */
MUST_USE enum rc
identity_method_from_name(enum identity_method *out, const char *name);

void services_fini(struct services *s);

#endif
