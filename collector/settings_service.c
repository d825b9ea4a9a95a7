/* settings_service.c - see settings_service.h. */
#include "collector/settings_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/settings_identity.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define S US_PER_S
#define H (3600 * US_PER_S)
#define DAY (24 * H)

static cfg_opt_t site_rows[] = {
	SETTINGS_ALIAS_ROWS,
	CONF_TEXT("city"),
	CONF_TEXT("position"),
	CONF_LIST("unicast"),
	CONF_TEXT("scope"),
	CONF_TEXT("capacity"),
	CFG_END(),
};

cfg_opt_t settings_service_rows[] = {
	CONF_LIST("addresses"),
	CONF_TEXT("zone"),
	CONF_TEXT("port"),
	SETTINGS_IDENTITY_ROWS,
	CONF_NAMED("site", site_rows),
	CONF_TEXT("dns_every"),
	CONF_TEXT("ping_every"),
	CONF_TEXT("trace_every"),
	CONF_LIST("control"),
	CONF_LIST("confirm_after"),
	CONF_LIST("retry_after"),
	CONF_TEXT("timeout"),
	CONF_TEXT("sick_after"),
	CONF_TEXT("settle"),
	CONF_TEXT("shift_settles"),
	CFG_END(),
};

/* "52.37,4.90" or "52.37, 4.90": degrees north and east. */
static bool
parse_position(const char *text, double *latitude, double *longitude)
{
	char *end;

	*latitude = strtod(text, &end);
	if (end == text || *end != ',')
		return false;
	text = end + 1;
	*longitude = strtod(text, &end);
	return end != text && *end == '\0' && *latitude >= -90 &&
	       *latitude <= 90 && *longitude >= -180 && *longitude <= 180;
}

static void
read_position(struct reading *r, cfg_t *section, struct site *site)
{
	const char *text = conf_text(section, "position", 0);

	if (text == NULL)
		return;
	site->has_position =
	    parse_position(text, &site->latitude, &site->longitude);
	if (!site->has_position)
		value_fail(r, section, "position", 0,
		    "position is '%.40s', expected degrees north and east, "
		    "such as \"52.37,4.90\"",
		    text);
}

static void
read_scope(struct reading *r, cfg_t *section, struct site *site)
{
	const char *text = conf_text(section, "scope", 0);

	if (text == NULL || strcmp(text, "global") == 0)
		return;
	site->is_local = strcmp(text, "local") == 0;
	if (!site->is_local)
		value_fail(r, section, "scope", 0,
		    "scope is '%.40s', expected \"global\" or \"local\"", text);
}

/* Any language's letters; nothing that moves a terminal's cursor. */
static void
read_city(struct reading *r, cfg_t *section, struct site *site)
{
	const char *text = conf_text(section, "city", 0);
	size_t n = 0;

	if (text == NULL)
		return;
	while ((uint8_t)text[n] >= ' ' && text[n] != 0x7f)
		n++;
	if (text[n] == '\0' && n <= CITY_MAX_LEN)
		memcpy(site->city, text, n + 1);
	else
		value_fail(r, section, "city", 0,
		    "city is '%.40s', expected at most %d bytes in one line",
		    text, CITY_MAX_LEN);
}

static void
read_sites(struct reading *r, cfg_t *section, struct service *s)
{
	s->n_sites = cfg_size(section, "site");
	s->sites = mem_new((s->n_sites + 1) * sizeof *s->sites);
	s->site_names = mem_new((s->n_sites + 1) * sizeof *s->site_names);
	for (unsigned i = 0; i < s->n_sites; i++) {
		cfg_t *site = cfg_getnsec(section, "site", i);

		/* An identity's {site} never has a dot (schema/identity.h). */
		value_name(
		    r, site, s->sites[i].name, sizeof s->sites[i].name, false);
		read_position(r, site, &s->sites[i]);
		read_scope(r, site, &s->sites[i]);
		read_city(r, site, &s->sites[i]);
		settings_aliases(r, site, &s->sites[i]);
		s->sites[i].capacity =
		    value_count(r, site, "capacity", 0, 1, INT64_C(1) << 53);
		s->site_names[i] = s->sites[i].name;
	}
	if (s->n_sites == 0)
		value_fail(r, section, NULL, 0,
		    "service '%s' has no site, expected one or more like "
		    "site \"ams\" { }",
		    cfg_title(section));
}

static void
read_zone(struct reading *r, cfg_t *section, struct service *s)
{
	if (conf_text(section, "zone", 0) == NULL)
		value_fail(r, section, NULL, 0,
		    "service '%s' has no zone, expected the zone whose SOA is "
		    "asked for, such as zone = \"example.net\"",
		    cfg_title(section));
	value_domain(r, section, "zone", s->zone, sizeof s->zone);
}

static const struct {
	const char *key;
	size_t offset; /* of the field in struct service */
	struct duration_range range;
} durations[] = {
	{ "dns_every", offsetof(struct service, dns_every_us),
	    { 60 * S, S, DAY, false } },
	{ "ping_every", offsetof(struct service, ping_every_us),
	    { 60 * S, S, DAY, true } },
	{ "trace_every", offsetof(struct service, trace_every_us),
	    { 900 * S, S, DAY, true } },
	{ "timeout", offsetof(struct service, timeout_us),
	    { 4 * S, S / 10, 60 * S, false } },
	{ "sick_after", offsetof(struct service, sick_after_us),
	    { 30 * S, S, DAY, false } },
	{ "settle", offsetof(struct service, settle_us),
	    { 300 * S, S, DAY, false } },
	{ "shift_settles", offsetof(struct service, shift_settles_us),
	    { DAY, 60 * S, 365 * DAY, false } },
};

static void
read_durations(struct reading *r, cfg_t *section, struct service *s)
{
	for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
		*(int64_t *)(void *)((char *)s + durations[i].offset) =
		    value_duration(
			r, section, durations[i].key, &durations[i].range);
	s->confirm_after_us[0] = 10 * S;
	s->confirm_after_us[1] = 20 * S;
	s->n_confirm = value_durations(r, section, "confirm_after",
	    s->confirm_after_us, ASSIGNMENT_TRIES_MAX, 2);
	s->retry_after_us[0] = 2 * S;
	s->retry_after_us[1] = 6 * S;
	s->n_retry = value_durations(r, section, "retry_after",
	    s->retry_after_us, ASSIGNMENT_TRIES_MAX, 2);
}

static void
read_service(struct reading *r, cfg_t *section, struct service *s)
{
	value_name(r, section, s->name, sizeof s->name, true);
	if (cfg_size(section, "addresses") == 0)
		value_fail(r, section, NULL, 0,
		    "service '%s' has no addresses, expected one or more like "
		    "addresses = { \"192.0.2.53\" }",
		    cfg_title(section));
	read_zone(r, section, s);
	read_sites(r, section, s);
	settings_identity(r, section, s);
	read_durations(r, section, s);
}

/* A target that is about to be added, and the value that names it. */
struct wanted {
	struct target target;
	cfg_t *section;
	const char *key;
	unsigned i;
};

/* A decoy is not to be anybody's address, whatever the port. */
static bool
is_same(const struct target *old, const struct target *t)
{
	return (old->port == t->port || t->role == ROLE_DECOY) &&
	       addr_equal(&old->address, &t->address);
}

/* A control may be any address that is not the service itself; a site's own
 * address serves as one as it is. */
static void
add_target(struct reading *r, struct services *all, const struct wanted *w)
{
	const struct target *t = &w->target, *old;
	char text[ADDR_TEXT_LEN];

	for (size_t i = 0; r->rc == RC_OK && i < all->n_targets; i++) {
		old = &all->targets[i];
		if (!is_same(old, t))
			continue;
		if (t->role != ROLE_CONTROL || old->role == ROLE_SERVICE)
			value_fail(r, w->section, w->key, w->i,
			    "%s: %s is used twice (service '%s' has it), "
			    "expected every address once",
			    w->key, addr_format(&t->address, text),
			    all->list[old->service].name);
		return;
	}
	if (r->rc != RC_OK)
		return;
	if (all->n_targets == ASSIGNMENT_TARGETS_MAX) {
		value_fail(r, w->section, w->key, w->i,
		    "%s: too many addresses, expected at most %d in all",
		    w->key, ASSIGNMENT_TARGETS_MAX);
		return;
	}
	all->targets =
	    mem_grow(all->targets, all->n_targets + 1, sizeof *all->targets);
	all->targets[all->n_targets++] = *t;
}

static void
add_targets(struct reading *r, struct services *all, struct wanted w)
{
	for (w.i = 0; r->rc == RC_OK && w.i < cfg_size(w.section, w.key);
	     w.i++) {
		w.target.address = value_address(r, w.section, w.key, w.i);
		add_target(r, all, &w);
	}
}

/* Controls come last: they may name any address before them. */
static void
read_targets(struct reading *r, cfg_t *root, struct services *all,
    enum target_role role, const char *key)
{
	for (unsigned i = 0; r->rc == RC_OK && i < all->n; i++) {
		cfg_t *section = cfg_getnsec(root, "service", i);
		struct wanted w = { .section = section, .key = key };

		w.target.role = role;
		w.target.service = i;
		w.target.port =
		    (uint16_t)value_count(r, section, "port", 53, 1, 65535);
		if (role != ROLE_UNICAST) {
			add_targets(r, all, w);
			continue;
		}
		for (unsigned s = 0; s < all->list[i].n_sites; s++) {
			w.section = cfg_getnsec(section, "site", s);
			w.target.site = s;
			add_targets(r, all, w);
		}
	}
}

/* Addresses for documentation (RFC 5737, RFC 3849): nobody has them. */
static const char *const default_decoys[] = { "192.0.2.53", "2001:db8::53" };
#define N_DEFAULT_DECOYS (sizeof default_decoys / sizeof default_decoys[0])

/* Who has one of them in use, in his own laboratory, does without. */
static void
add_default_decoys(struct reading *r, struct services *all)
{
	for (size_t i = 0; i < N_DEFAULT_DECOYS; i++) {
		struct wanted w = { .target = {
					.role = ROLE_DECOY, .port = 53 } };
		bool is_used =
		    addr_parse(&w.target.address, default_decoys[i]) != RC_OK;

		for (size_t k = 0; k < all->n_targets; k++)
			is_used |= is_same(&all->targets[k], &w.target);
		if (!is_used && all->n_targets < ASSIGNMENT_TARGETS_MAX)
			add_target(r, all, &w);
	}
}

/* decoy = { } is given, and says: none. */
static void
read_decoys(struct reading *r, cfg_t *root, struct services *all)
{
	static const struct duration_range every = { 6 * H, 60 * S, DAY,
		false };
	const cfg_opt_t *opt = cfg_getopt(root, "decoy");
	struct wanted w = { .section = root, .key = "decoy" };

	all->decoy_every_us = value_duration(r, root, "decoy_every", &every);
	w.target.role = ROLE_DECOY;
	w.target.port = 53;
	if (all->n == 0)
		return;
	if (opt != NULL && (opt->flags & CFGF_MODIFIED) != 0)
		add_targets(r, all, w);
	else
		add_default_decoys(r, all);
}

void
settings_services(struct reading *r, cfg_t *root, struct services *out)
{
	out->n = cfg_size(root, "service");
	out->list = mem_new((out->n + 1) * sizeof *out->list);
	for (unsigned i = 0; r->rc == RC_OK && i < out->n; i++)
		read_service(r, cfg_getnsec(root, "service", i), &out->list[i]);
	read_targets(r, root, out, ROLE_SERVICE, "addresses");
	read_targets(r, root, out, ROLE_UNICAST, "unicast");
	read_targets(r, root, out, ROLE_CONTROL, "control");
	read_decoys(r, root, out);
}
