/* settings_print.c - settings_print of settings.h. */
#include "collector/settings.h"

#include <inttypes.h>
#include <string.h>

#include "collector/alert_syslog.h"
#include "collector/settings_alert.h"
#include "collector/settings_value.h"

/* "${X}" would be taken for a variable of the environment. */
static void
print_text(FILE *to, const char *text)
{
	putc('"', to);
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$", *text) != NULL)
			putc('\\', to);
		putc(*text, to);
	}
	putc('"', to);
}

static void
print_key(FILE *to, const char *indent, const char *key, const char *text)
{
	if (text == NULL)
		return;
	fprintf(to, "%s%s = ", indent, key);
	print_text(to, text);
	putc('\n', to);
}

static void
print_duration(FILE *to, const char *indent, const char *key, int64_t us)
{
	char text[32];

	fprintf(to, "%s%s = %s\n", indent, key, value_duration_text(us, text));
}

static void
print_durations(FILE *to, const char *key, const int64_t *us, size_t n)
{
	char text[32];

	fprintf(to, "\t%s = {", key);
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%s %s", i > 0 ? "," : "",
		    value_duration_text(us[i], text));
	fputs(" }\n", to);
}

/* The targets of one role; site matters for ROLE_UNICAST only. */
static void
print_targets(FILE *to, const struct services *all, const struct target *like,
    const char *key)
{
	char text[ADDR_TEXT_LEN];
	size_t n = 0;

	for (size_t i = 0; i < all->n_targets; i++) {
		const struct target *t = &all->targets[i];

		if (t->role != like->role || t->service != like->service ||
		    (t->role == ROLE_UNICAST && t->site != like->site))
			continue;
		if (n++ == 0)
			fprintf(to, "%s = {", key);
		fprintf(to, "%s \"%s\"", n > 1 ? "," : "",
		    addr_format(&t->address, text));
	}
	if (n > 0)
		fputs(" }\n", to);
}

static void
print_decoys(FILE *to, const struct services *all)
{
	struct target like = { .role = ROLE_DECOY };
	bool has_any = false;

	for (size_t i = 0; i < all->n_targets; i++)
		has_any |= all->targets[i].role == ROLE_DECOY;
	if (has_any)
		print_targets(to, all, &like, "decoy");
	else
		fputs("decoy = { }\n", to);
	print_duration(to, "", "decoy_every", all->decoy_every_us);
}

static uint16_t
port_of(const struct services *all, size_t service)
{
	for (size_t i = 0; i < all->n_targets; i++)
		if (all->targets[i].service == service)
			return all->targets[i].port;
	return 0;
}

static void
print_city(FILE *to, const struct site *site)
{
	if (site->city[0] != '\0')
		print_key(to, "\t\t", "city", site->city);
	for (size_t i = 0; i < site->n_aliases; i++) {
		fputs(i == 0 ? "\t\talias = { " : ", ", to);
		print_text(to, site->aliases[i]);
	}
	if (site->n_aliases > 0)
		fputs(" }\n", to);
}

static void
print_site(FILE *to, const struct services *all, size_t service, size_t i)
{
	const struct site *site = &all->list[service].sites[i];
	struct target like = {
		.role = ROLE_UNICAST, .service = service, .site = i
	};

	fprintf(to, "\tsite \"%s\" {\n", site->name);
	print_city(to, site);
	if (site->has_position)
		fprintf(to, "\t\tposition = \"%.6g,%.6g\"\n", site->latitude,
		    site->longitude);
	print_targets(to, all, &like, "\t\tunicast");
	fprintf(
	    to, "\t\tscope = \"%s\"\n", site->is_local ? "local" : "global");
	for (size_t k = 0; k < site->n_local_to; k++)
		fprintf(to, "%s\"%" PRIu32 "\"%s",
		    k == 0 ? "\t\tlocal_to = { " : ", ", site->local_to[k],
		    k + 1 == site->n_local_to ? " }\n" : "");
	if (site->capacity > 0)
		fprintf(to, "\t\tcapacity = %" PRId64 "\n", site->capacity);
	fputs("\t}\n", to);
}

static void
print_times(FILE *to, const struct service *s)
{
	print_duration(to, "\t", "dns_every", s->dns_every_us);
	print_duration(to, "\t", "ping_every", s->ping_every_us);
	print_duration(to, "\t", "trace_every", s->trace_every_us);
	print_durations(to, "confirm_after", s->confirm_after_us, s->n_confirm);
	print_durations(to, "retry_after", s->retry_after_us, s->n_retry);
	print_duration(to, "\t", "timeout", s->timeout_us);
	print_duration(to, "\t", "sick_after", s->sick_after_us);
	print_duration(to, "\t", "settle", s->settle_us);
	print_duration(to, "\t", "stale_after", s->stale_after_us);
	print_duration(to, "\t", "shift_settles", s->shift_settles_us);
}

/* The templates for exactly these methods. */
static void
print_templates(
    FILE *to, const struct service *s, const char *key, unsigned methods)
{
	bool has_any = false;

	for (size_t i = 0; i < s->n_templates; i++) {
		if (s->rules[i].methods != methods)
			continue;
		if (has_any)
			fputs(", ", to);
		else
			fprintf(to, "\t%s = { ", key);
		has_any = true;
		print_text(to, s->templates[i].text);
	}
	if (has_any)
		fputs(" }\n", to);
}

static void
print_identity(FILE *to, const struct service *s)
{
	for (unsigned m = 0; m < N_METHODS; m++)
		print_templates(to, s,
		    identity_method_name((enum identity_method)m), 1u << m);
	print_templates(to, s, "identity", (1u << N_METHODS) - 1);
	if (s->txt_name[0] != '\0')
		print_key(to, "\t", "txt_name", s->txt_name);
	for (size_t i = 0; i < s->n_methods; i++) {
		fputs(i == 0 ? "\tmethod = { " : ", ", to);
		print_text(to, identity_method_name(s->methods[i]));
	}
	if (s->n_methods > 0)
		fputs(" }\n", to);
}

static void
print_service(FILE *to, const struct services *all, size_t i)
{
	const struct service *s = &all->list[i];
	struct target like = { .role = ROLE_SERVICE, .service = i };

	fprintf(to, "\nservice \"%s\" {\n", s->name);
	print_targets(to, all, &like, "\taddresses");
	print_key(to, "\t", "zone", s->zone);
	fprintf(to, "\tport = %u\n", port_of(all, i));
	print_identity(to, s);
	for (size_t site = 0; site < s->n_sites; site++)
		print_site(to, all, i, site);
	like.role = ROLE_CONTROL;
	print_targets(to, all, &like, "\tcontrol");
	print_times(to, s);
	fputs("}\n", to);
}

static void
print_list(FILE *to, const char *key, char *const *list, size_t n)
{
	fprintf(to, "\t%s = {", key);
	for (size_t i = 0; i < n; i++) {
		fputs(i > 0 ? ", " : " ", to);
		print_text(to, list[i]);
	}
	fputs(" }\n", to);
}

static void
print_channel(FILE *to, const struct alert_settings *a)
{
	const char *key = settings_channel_name(a->channel);
	size_t n = 0;

	if (a->channel != CHANNEL_EXEC)
		print_key(to, "\t", key, a->to);
	while (a->channel == CHANNEL_EXEC && a->words[n] != NULL)
		n++;
	if (n > 0)
		print_list(to, key, a->words, n);
	print_key(to, "\t", "template", a->chat);
	if (a->channel == CHANNEL_SMTP) {
		print_key(to, "\t", "from", a->from);
		print_list(to, "to", a->recipients, a->n_recipients);
		print_key(to, "\t", "starttls", a->needs_tls ? "yes" : "no");
	}
	if (a->channel == CHANNEL_SYSLOG)
		print_key(
		    to, "\t", "facility", syslog_facility_name(a->facility));
	print_key(to, "\t", "user", a->user);
	print_key(to, "\t", "password_file", a->password_file);
}

static void
print_alert(FILE *to, const struct alert_settings *a)
{
	const char *comma = "";

	fprintf(to, "\nalert \"%s\" {\n", a->name);
	print_channel(to, a);
	fputs("\tkinds = {", to);
	for (unsigned k = 0; k < EVENT_KINDS; k++) {
		if ((a->kinds & 1U << k) == 0)
			continue;
		fprintf(to, "%s \"%s\"", comma,
		    event_kind_name((enum event_kind)k));
		comma = ",";
	}
	fputs(" }\n", to);
	print_key(to, "\t", "at_least", severity_name(a->at_least));
	print_duration(to, "\t", "open_for", a->open_for_us);
	print_duration(to, "\t", "group_wait", a->group_wait_us);
	print_duration(to, "\t", "repeat_every", a->repeat_every_us);
	print_key(to, "\t", "in_drain", a->tells_drained ? "told" : "silent");
	print_key(to, "\t", "itself", a->tells_itself ? "yes" : "no");
	print_duration(to, "\t", "timeout", a->timeout_us);
	print_duration(to, "\t", "give_up_after", a->give_up_after_us);
	fputs("}\n", to);
}

static void
print_atlas(FILE *to, const struct atlas_settings *a)
{
	if (a->asn == NULL && a->asn_v6 == NULL && a->country == NULL &&
	    a->latitude == NULL)
		return;
	fputs("atlas {\n", to);
	print_key(to, "\t", "asn", a->asn);
	print_key(to, "\t", "asn_v6", a->asn_v6);
	print_key(to, "\t", "country", a->country);
	print_key(to, "\t", "latitude", a->latitude);
	print_key(to, "\t", "longitude", a->longitude);
	fputs("}\n", to);
}

static void
print_limits(FILE *to, const struct limit_settings *l)
{
	fprintf(to,
	    "limits {\n"
	    "\trequests_per_probe = %" PRId64 "\n"
	    "\trequests_per_address = %" PRId64 "\n"
	    "\trequests_per_asn = %" PRId64 "\n"
	    "\tenrolments_per_address = %" PRId64 "\n"
	    "\tenrolments_per_asn = %" PRId64 "\n"
	    "}\n",
	    l->requests_per_probe, l->requests_per_address, l->requests_per_asn,
	    l->enrolments_per_address, l->enrolments_per_asn);
}

/* Its secrets are nobody's who reads over a shoulder. */
static void
print_dashboard(FILE *to, const struct dashboard_settings *d)
{
	fputs("dashboard {\n", to);
	if (d->password != NULL) {
		print_key(to, "\t", "user", d->user);
		fputs("\t# password: there is one\n", to);
	}
	if (d->token != NULL)
		fputs("\t# token: there is one\n", to);
	fprintf(to, "\topen = %s\n}\n", d->is_open ? "yes" : "no");
}

void
settings_print(const struct settings *s, FILE *to)
{
	print_key(to, "", "listen", s->listen);
	print_key(to, "", "url", s->url);
	print_key(to, "", "database", s->database);
	if (s->tls_key != NULL) {
		fputs("tls {\n", to);
		print_key(to, "\t", "certificate", s->tls_certificate);
		print_key(to, "\t", "key", s->tls_key);
		fputs("}\n", to);
	}
	if (s->geo_asn != NULL || s->geo_city != NULL) {
		fputs("geo {\n", to);
		print_key(to, "\t", "asn", s->geo_asn);
		print_key(to, "\t", "city", s->geo_city);
		fputs("}\n", to);
	}
	print_atlas(to, &s->atlas);
	print_limits(to, &s->limits);
	print_dashboard(to, &s->dashboard);
	print_duration(to, "", "upload_every", s->upload_every_us);
	print_duration(to, "", "keep_observations", s->keep_observations_us);
	print_duration(to, "", "keep_details", s->keep_details_us);
	fputs("itself {\n", to);
	print_duration(to, "\t", "silent_after", s->silent_after_us);
	fprintf(to, "\tdisk_low = %u\n}\n", s->disk_low_percent);
	print_decoys(to, &s->services);
	for (size_t i = 0; i < s->n_alerts; i++)
		print_alert(to, &s->alerts[i]);
	for (size_t i = 0; i < s->services.n; i++)
		print_service(to, &s->services, i);
}
