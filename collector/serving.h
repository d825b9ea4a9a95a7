/*
 * serving.h - what 'catchwater serve' consists of.                 (wiring)
 *
 * Used by  serve.c (starts, stops), serve_reload.c
 */
#ifndef COLLECTOR_SERVING_H
#define COLLECTOR_SERVING_H

#include "collector/alert.h"
#include "collector/api.h"
#include "collector/geo.h"
#include "collector/httpd.h"
#include "collector/ingest.h"
#include "collector/listen.h"
#include "collector/selfcheck.h"
#include "collector/settings.h"
#include "collector/troubles.h"
#include "collector/writer.h"
#include "schema/base/notify.h"

struct serve_options {
	const char *config, *listen; /* listen NULL: the configuration's */
};

struct serving {
	const struct serve_options *options;
	struct settings *settings; /* in force */
	/* The supervisor, and what it was told last. */
	struct notify notify;
	char status[SELF_WHY_LEN + LISTEN_TEXT_LEN + 16];
	int64_t pinged_mono_us;
	struct metrics metrics;
	struct store *store;
	struct geo *geo;
	struct ingest *ingest;
	struct queue *queue;
	struct writer *writer;
	struct selfcheck *selfcheck;
	struct api *api;
	struct httpd *httpd;
	struct troubles *troubles;
	struct helpers *helpers; /* for the alerts' commands */
	struct alert *alert;     /* NULL: still to be started */
	char where[LISTEN_TEXT_LEN];
};

/* Reads the configuration that the options name.  Gives *out: release with
 * serving_free_settings. */
MUST_USE enum rc serving_load(
    struct settings **out, const struct serve_options *o, struct err *err);
void serving_free_settings(struct settings *s); /* NULL is fine */

/* Reads the certificate of the settings.  Gives *out; NULL without TLS. */
MUST_USE enum rc serving_identity(
    struct tls_identity **out, const struct settings *s, struct err *err);

/* For /metrics: this certificate is shown from now on. */
void
serving_note_identity(struct serving *s, const struct tls_identity *identity);

/* Puts the configuration into force as it stands in its file now; or refuses
 * it, whole, and what was in force stays.  Says in the log which. */
void serving_reload(struct serving *s);

#endif
