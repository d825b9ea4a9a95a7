/*
 * settings.h - the collector's configuration file.                   (edge)
 *
 * Uses     libConfuse, collector/service.h, schema/identity.h
 * Used by  collector/main.c and the subcommands
 *
 * Unknown or duplicate keys, a duplicate site, a template that can match two
 * sites, an address that is not one, a value out of range: loading fails with
 * "file:line: what, expected what".
 */
#ifndef COLLECTOR_SETTINGS_H
#define COLLECTOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "collector/alert_settings.h"
#include "collector/detect.h"
#include "collector/service.h"
#include "schema/base/err.h"

/* Fields of imported RIPE Atlas results that say where a probe is; NULL: none.
 * The geo databases know better where they know. */
struct atlas_settings {
	char *asn, *asn_v6; /* asn_v6: of IPv6; NULL: asn serves both */
	char *country, *latitude, *longitude;
};

/* How often who may ask the collector; 0: no limit.  Requests are counted by
 * the minute, enrolments (tried ones too) by the hour. */
struct limit_settings {
	int64_t requests_per_probe, requests_per_address, requests_per_asn;
	int64_t enrolments_per_address, enrolments_per_asn;
};

/* Who may look at the dashboard and at what it asks for.  Without password and
 * token: this machine, or everybody when it is open. */
struct dashboard_settings {
	char *user, *password; /* password NULL: none is taken */
	char *token;           /* NULL: none is taken */
	bool is_open;
};

struct settings {
	char *path;     /* of the file itself */
	char *listen;   /* "[::]:8420" */
	char *url;      /* as probes and people reach it; may be NULL */
	char *database; /* path */
	char *tls_certificate, *tls_key; /* NULL: plain HTTP, loopback only */
	char *geo_asn, *geo_city;        /* paths of mmdb files; NULL: none */
	struct atlas_settings atlas;
	struct limit_settings limits;
	struct dashboard_settings dashboard;
	int64_t upload_every_us;      /* asked of the probes */
	int64_t keep_observations_us; /* raw rows are deleted after */
	int64_t keep_details_us;      /* statistics are of hours after */
	int64_t silent_after_us;   /* no probe heard: the collector is deaf */
	unsigned disk_low_percent; /* free of the database's disk */
	size_t n_alerts;
	struct alert_settings *alerts;
	struct services services;
};

/* Reads and checks the whole file.  Gives *out: release with settings_fini. */
MUST_USE enum rc
settings_load(struct settings *out, const char *path, struct err *err);

/* The same for who brings a database of his own: then the file need not name
 * one (NULL). */
MUST_USE enum rc settings_load_without_database(
    struct settings *out, const char *path, struct err *err);

/* Reads the services of a file that need not have anything else, such as one
 * of the catalogue; the rest of *out stays empty. */
MUST_USE enum rc
settings_load_services(struct settings *out, const char *path, struct err *err);
void settings_fini(struct settings *s); /* NULL is fine */

/* Prints what is in force, defaults included, in the file's own syntax. */
void settings_print(const struct settings *s, FILE *to);

#endif
