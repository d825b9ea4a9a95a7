/* settings.c - see settings.h. */
#include "collector/settings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/conf.h"
#include "collector/listen.h"
#include "collector/settings_alert.h"
#include "collector/settings_service.h"
#include "collector/settings_value.h"
#include "schema/base/addr.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define DAY (86400 * US_PER_S)
#define SECRET_MIN 12
#define SECRET_MAX 200

static cfg_opt_t tls_rows[] = {
	CONF_TEXT("certificate"),
	CONF_TEXT("key"),
	CFG_END(),
};

static cfg_opt_t geo_rows[] = {
	CONF_TEXT("asn"),
	CONF_TEXT("city"),
	CFG_END(),
};

static cfg_opt_t atlas_rows[] = {
	CONF_TEXT("asn"),
	CONF_TEXT("asn_v6"),
	CONF_TEXT("country"),
	CONF_TEXT("latitude"),
	CONF_TEXT("longitude"),
	CFG_END(),
};

static cfg_opt_t itself_rows[] = {
	CONF_TEXT("silent_after"),
	CONF_TEXT("disk_low"),
	CFG_END(),
};

static cfg_opt_t limit_rows[] = {
	CONF_TEXT("requests_per_probe"),
	CONF_TEXT("requests_per_address"),
	CONF_TEXT("requests_per_asn"),
	CONF_TEXT("enrolments_per_address"),
	CONF_TEXT("enrolments_per_asn"),
	CFG_END(),
};

static cfg_opt_t dashboard_rows[] = {
	CONF_TEXT("user"),
	CONF_TEXT("password"),
	CONF_TEXT("token"),
	CONF_TEXT("open"),
	CFG_END(),
};

/* "[::]:8420", "127.0.0.1:8420" */
static bool
is_listen(const char *text)
{
	struct addr address;
	uint16_t port;

	return listen_parse(&address, &port, text, NULL) == RC_OK && port != 0;
}

static void
read_listen(struct reading *r, cfg_t *root, struct settings *s)
{
	s->listen = value_text(r, root, "listen", "[::]:8420");
	if (s->listen != NULL && !is_listen(s->listen))
		value_fail(r, root, "listen", 0,
		    "listen is '%.60s', expected an address and a port such "
		    "as \"[::]:8420\" or \"127.0.0.1:8420\"",
		    s->listen);
}

static void
read_tls(struct reading *r, cfg_t *root, struct settings *s)
{
	cfg_t *tls = cfg_size(root, "tls") > 0 ? cfg_getsec(root, "tls") : NULL;

	if (tls == NULL)
		return;
	s->tls_certificate = value_path(r, tls, "certificate");
	s->tls_key = value_path(r, tls, "key");
	if (s->tls_certificate == NULL || s->tls_key == NULL)
		value_fail(r, tls, NULL, 0,
		    "tls has no %s, expected both certificate and key",
		    s->tls_key == NULL ? "key" : "certificate");
}

static void
read_geo(struct reading *r, cfg_t *root, struct settings *s)
{
	cfg_t *geo = cfg_size(root, "geo") > 0 ? cfg_getsec(root, "geo") : NULL;

	if (geo == NULL)
		return;
	s->geo_asn = value_path(r, geo, "asn");
	s->geo_city = value_path(r, geo, "city");
}

static void
read_atlas(struct reading *r, cfg_t *root, struct atlas_settings *a)
{
	cfg_t *atlas =
	    cfg_size(root, "atlas") > 0 ? cfg_getsec(root, "atlas") : NULL;

	if (atlas == NULL)
		return;
	a->asn = value_text(r, atlas, "asn", NULL);
	a->asn_v6 = value_text(r, atlas, "asn_v6", NULL);
	a->country = value_text(r, atlas, "country", NULL);
	a->latitude = value_text(r, atlas, "latitude", NULL);
	a->longitude = value_text(r, atlas, "longitude", NULL);
	if ((a->latitude == NULL) != (a->longitude == NULL))
		value_fail(r, atlas, NULL, 0,
		    "atlas has no %s, expected both latitude and longitude, "
		    "or neither",
		    a->latitude == NULL ? "latitude" : "longitude");
}

/* What the collector minds about itself. */
static void
read_itself(struct reading *r, cfg_t *root, struct settings *s)
{
	static const struct duration_range silent = { 300 * US_PER_S, US_PER_S,
		DAY, false };
	cfg_t *itself =
	    cfg_size(root, "itself") > 0 ? cfg_getsec(root, "itself") : NULL;

	s->silent_after_us = silent.fallback_us;
	s->disk_low_percent = 5;
	if (itself == NULL)
		return;
	s->silent_after_us = value_duration(r, itself, "silent_after", &silent);
	s->disk_low_percent =
	    (unsigned)value_count(r, itself, "disk_low", 5, 0, 99);
}

/* Without the section: the defaults too. */
static void
read_limits(struct reading *r, cfg_t *root, struct limit_settings *l)
{
	cfg_t *limits =
	    cfg_size(root, "limits") > 0 ? cfg_getsec(root, "limits") : NULL;
	const struct {
		const char *key;
		int64_t *to, fallback;
	} rows[] = {
		{ "requests_per_probe", &l->requests_per_probe, 600 },
		{ "requests_per_address", &l->requests_per_address, 6000 },
		{ "requests_per_asn", &l->requests_per_asn, 60000 },
		{ "enrolments_per_address", &l->enrolments_per_address, 120 },
		{ "enrolments_per_asn", &l->enrolments_per_asn, 1200 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		*rows[i].to = limits == NULL
				  ? rows[i].fallback
				  : value_count(r, limits, rows[i].key,
					rows[i].fallback, 0, 1000000000);
}

/* A secret that can be guessed is worse than none, which at least is told. */
static char *
read_secret(struct reading *r, cfg_t *dashboard, const char *key)
{
	char *text = value_text(r, dashboard, key, NULL);
	size_t len = text == NULL ? SECRET_MIN : strlen(text);

	if (len < SECRET_MIN || len > SECRET_MAX)
		value_fail(r, dashboard, key, 0,
		    "%s has %zu characters, expected %d to %d, drawn at random "
		    "such as by 'openssl rand -base64 18'",
		    key, len, SECRET_MIN, SECRET_MAX);
	return text;
}

static void
read_dashboard(struct reading *r, cfg_t *root, struct dashboard_settings *d)
{
	cfg_t *dashboard = cfg_size(root, "dashboard") > 0
			       ? cfg_getsec(root, "dashboard")
			       : NULL;
	char *open;

	if (dashboard == NULL)
		return;
	d->user = value_text(r, dashboard, "user", "catchwater");
	d->password = read_secret(r, dashboard, "password");
	d->token = read_secret(r, dashboard, "token");
	open = value_text(r, dashboard, "open", "no");
	if (open == NULL || d->user == NULL) {
		free(open);
		return;
	}
	d->is_open = strcmp(open, "yes") == 0;
	if (!d->is_open && strcmp(open, "no") != 0)
		value_fail(r, dashboard, "open", 0,
		    "open is '%.40s', expected yes or no", open);
	if (d->is_open && (d->password != NULL || d->token != NULL))
		value_fail(r, dashboard, "open", 0,
		    "open = yes lets everybody look, expected no password and "
		    "no token beside it");
	if (strchr(d->user, ':') != NULL || strlen(d->user) > SECRET_MAX)
		value_fail(r, dashboard, "user", 0,
		    "user is '%.40s', expected a name without a colon",
		    d->user);
	free(open);
}

static void
read_alerts(struct reading *r, cfg_t *root, struct settings *s)
{
	s->n_alerts = cfg_size(root, "alert");
	s->alerts = mem_new((s->n_alerts + 1) * sizeof *s->alerts);
	for (unsigned i = 0; i < s->n_alerts; i++)
		settings_alert(r, cfg_getnsec(root, "alert", i), &s->alerts[i]);
}

static void
read_most(
    struct reading *r, cfg_t *root, struct settings *s, bool needs_database)
{
	static const struct duration_range upload = { 30 * US_PER_S, US_PER_S,
		3600 * US_PER_S, false };
	static const struct duration_range keep = { 7 * DAY, 3600 * US_PER_S,
		3650 * DAY, false };
	static const struct duration_range details = { 30 * DAY, DAY,
		3650 * DAY, false };

	read_listen(r, root, s);
	s->url = value_url(r, root, "url");
	s->database = value_path(r, root, "database");
	if (s->database == NULL && needs_database)
		value_fail(r, root, NULL, 0,
		    "database is missing, expected the path of a file, such as "
		    "database = \"/var/lib/catchwater/catchwater.db\"");
	read_tls(r, root, s);
	read_geo(r, root, s);
	read_atlas(r, root, &s->atlas);
	read_limits(r, root, &s->limits);
	s->upload_every_us = value_duration(r, root, "upload_every", &upload);
	s->keep_observations_us =
	    value_duration(r, root, "keep_observations", &keep);
	s->keep_details_us = value_duration(r, root, "keep_details", &details);
	read_itself(r, root, s);
	read_dashboard(r, root, &s->dashboard);
	read_alerts(r, root, s);
	settings_services(r, root, &s->services);
}

static void
read_all(struct reading *r, cfg_t *root, struct settings *s)
{
	read_most(r, root, s, true);
}

static void
read_but_database(struct reading *r, cfg_t *root, struct settings *s)
{
	read_most(r, root, s, false);
}

/* Only the services of a file: it may be no more than a part of one. */
static void
read_services(struct reading *r, cfg_t *root, struct settings *s)
{
	settings_services(r, root, &s->services);
}

static enum rc
load(struct settings *out, const char *path,
    void (*read)(struct reading *r, cfg_t *root, struct settings *s),
    struct err *err)
{
	cfg_opt_t rows[] = {
		CONF_TEXT("database"),
		CONF_TEXT("listen"),
		CONF_TEXT("url"),
		CONF_SECTION("tls", tls_rows),
		CONF_SECTION("geo", geo_rows),
		CONF_SECTION("atlas", atlas_rows),
		CONF_SECTION("itself", itself_rows),
		CONF_SECTION("limits", limit_rows),
		CONF_SECTION("dashboard", dashboard_rows),
		CONF_TEXT("upload_every"),
		CONF_TEXT("keep_observations"),
		CONF_TEXT("keep_details"),
		CONF_LIST("decoy"),
		CONF_TEXT("decoy_every"),
		CONF_NAMED("service", settings_service_rows),
		CONF_NAMED("alert", settings_alert_rows),
		CONF_INCLUDE,
		CFG_END(),
	};
	struct settings s = { 0 };
	struct reading r = { .err = err };
	struct conf *conf;

	r.rc = conf_read(&conf, path, rows, err);
	if (r.rc != RC_OK)
		return r.rc;
	r.conf = conf;
	s.path = mem_strdup(path);
	read(&r, conf_root(conf), &s);
	conf_free(conf);
	if (r.rc == RC_OK)
		*out = s;
	else
		settings_fini(&s);
	return r.rc;
}

enum rc
settings_load(struct settings *out, const char *path, struct err *err)
{
	return load(out, path, read_all, err);
}

enum rc
settings_load_without_database(
    struct settings *out, const char *path, struct err *err)
{
	return load(out, path, read_but_database, err);
}

enum rc
settings_load_services(struct settings *out, const char *path, struct err *err)
{
	return load(out, path, read_services, err);
}

void
settings_fini(struct settings *s)
{
	if (s == NULL)
		return;
	free(s->path);
	free(s->listen);
	free(s->url);
	free(s->database);
	free(s->tls_certificate);
	free(s->tls_key);
	free(s->geo_asn);
	free(s->geo_city);
	free(s->atlas.asn);
	free(s->atlas.asn_v6);
	free(s->atlas.country);
	free(s->atlas.latitude);
	free(s->atlas.longitude);
	free(s->dashboard.user);
	free(s->dashboard.password);
	free(s->dashboard.token);
	for (size_t i = 0; i < s->n_alerts; i++)
		settings_alert_fini(&s->alerts[i]);
	free(s->alerts);
	services_fini(&s->services);
	*s = (struct settings){ 0 };
}
