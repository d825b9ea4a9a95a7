/* serve_reload.c - a new configuration while the collector works; see
 * serving.h. */
#include <stdlib.h>
#include <string.h>

#include "collector/serving.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"

/* What a reload has read, before it is in force. */
struct fresh {
	struct serving *serving;
	struct settings *settings;
	struct geo *geo;
	struct tls_identity *identity;
	enum rc rc; /* of the writer's part */
	struct err *err;
};

enum rc
serving_load(
    struct settings **out, const struct serve_options *o, struct err *err)
{
	struct settings *s = mem_new(sizeof *s);
	enum rc rc = settings_load(s, o->config, err);

	if (rc != RC_OK) {
		free(s);
		return rc;
	}
	if (o->listen != NULL) {
		free(s->listen);
		s->listen = mem_strdup(o->listen);
	}
	*out = s;
	return RC_OK;
}

void
serving_free_settings(struct settings *s)
{
	settings_fini(s);
	free(s);
}

enum rc
serving_identity(
    struct tls_identity **out, const struct settings *s, struct err *err)
{
	enum rc rc = RC_OK;

	*out = NULL;
	if (s->tls_certificate != NULL)
		rc =
		    tls_identity_load(out, s->tls_certificate, s->tls_key, err);
	if (rc == RC_OK && *out != NULL &&
	    tls_identity_expires_us(*out) < clock_wall_us())
		log_warn("serve: the TLS certificate has expired; probes will "
			 "refuse it file=%s",
		    s->tls_certificate);
	return rc;
}

void
serving_note_identity(struct serving *s, const struct tls_identity *identity)
{
	atomic_store(
	    &s->metrics.certificate_ends_us, tls_identity_expires_us(identity));
}

/* Goes on with the old text; says so when the new one differs. */
static void
keep_text(char **now, const char *in_force, const char *key)
{
	if (strcmp(*now, in_force) == 0)
		return;
	log_warn("serve: reload: %s = \"%s\" takes effect at the next start; "
		 "until then it stays \"%s\"",
	    key, *now, in_force);
	free(*now);
	*now = mem_strdup(in_force);
}

/* What cannot change while the collector runs. */
static void
keep_fixed(struct fresh *f)
{
	const struct settings *old = f->serving->settings;
	bool had_tls = old->tls_certificate != NULL;

	keep_text(&f->settings->listen, old->listen, "listen");
	keep_text(&f->settings->database, old->database, "database");
	if (had_tls == (f->settings->tls_certificate != NULL))
		return;
	log_warn("serve: reload: tls is %s the configuration; this takes "
		 "effect at the next start",
	    had_tls ? "no longer in" : "new in");
	tls_identity_free(f->identity);
	f->identity = NULL;
}

static enum rc
read_all(struct fresh *f, struct err *err)
{
	struct addr address;
	uint16_t port;
	enum rc rc = serving_load(&f->settings, f->serving->options, err);

	if (rc == RC_OK)
		rc = listen_check(&address, &port, f->settings->listen,
		    f->settings->tls_certificate != NULL, err);
	if (rc == RC_OK)
		rc = helpers_serve(f->serving->helpers, f->settings, err);
	if (rc == RC_OK)
		rc = geo_open(
		    &f->geo, f->settings->geo_asn, f->settings->geo_city, err);
	if (rc == RC_OK)
		rc = serving_identity(&f->identity, f->settings, err);
	return rc;
}

/* In the writer's thread. */
static void
reload_ingest(void *ctx)
{
	struct fresh *f = ctx;

	f->rc = ingest_reload(
	    f->serving->ingest, f->settings, f->geo, clock_steady_us(), f->err);
}

/* Nobody looks at the old ones once all have the new. */
static void
swap_settings(struct serving *s, struct fresh *f)
{
	struct settings *old_settings = s->settings;
	struct geo *old_geo = s->geo;
	struct err err = ERR_NONE;

	alert_stop(s->alert);
	s->alert = NULL;
	s->settings = f->settings;
	s->geo = f->geo;
	api_set_settings(s->api, s->settings);
	selfcheck_set_settings(s->selfcheck, s->settings);
	rtts_set_services(s->metrics.rtts, &s->settings->services);
	if (f->identity != NULL) {
		serving_note_identity(s, f->identity);
		httpd_show(s->httpd, f->identity);
	}
	if (alert_start(
		&s->alert, s->settings, s->troubles, s->helpers, &err) != RC_OK)
		log_error(
		    "serve: alerts are not sent, will try again: %s", err.text);
	serving_free_settings(old_settings);
	geo_close(old_geo);
}

static size_t
count_sites(const struct services *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->list[i].n_sites;
	return n;
}

void
serving_reload(struct serving *s)
{
	struct err err = ERR_NONE;
	struct fresh f = { .serving = s, .err = &err };
	enum rc rc = read_all(&f, &err);

	if (rc == RC_OK) {
		keep_fixed(&f);
		writer_call(s->writer, reload_ingest, &f);
		rc = f.rc;
	}
	if (rc != RC_OK) {
		log_error("serve: reload refused, what was in force stays: %s",
		    err.text);
		tls_identity_free(f.identity);
		geo_close(f.geo);
		serving_free_settings(f.settings);
		return;
	}
	swap_settings(s, &f);
	log_info("serve: reloaded services=%zu sites=%zu targets=%zu "
		 "alerts=%zu config=%s",
	    s->settings->services.n, count_sites(&s->settings->services),
	    s->settings->services.n_targets, s->settings->n_alerts,
	    s->settings->path);
}
