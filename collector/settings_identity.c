/* settings_identity.c - see settings_identity.h. */
#include "collector/settings_identity.h"

#include <string.h>
#include <strings.h>

#include "collector/interpret.h"
#include "schema/base/mem.h"

#define ALL_METHODS ((1u << N_METHODS) - 1)

/* The keys that hold templates, in the order in which they are tried. */
static const struct {
	const char *key;
	unsigned methods;
} lists[] = {
	{ "nsid", 1u << METHOD_NSID },
	{ "chaos", 1u << METHOD_CHAOS },
	{ "txt", 1u << METHOD_TXT },
	{ "identity", ALL_METHODS },
};
#define N_LISTS (sizeof lists / sizeof lists[0])

/* Where template i of the service stands. */
struct place {
	const char *key;
	unsigned i;
};

static struct place
place_of(cfg_t *section, size_t template)
{
	size_t list = 0;

	while (template >= cfg_size(section, lists[list].key))
		template -= cfg_size(section, lists[list++].key);
	return (struct place){ lists[list].key, (unsigned)template };
}

/* ---- other names of a site ---- */

static bool
is_alias(const char *text)
{
	size_t n = 0;

	while (text[n] > ' ' && text[n] <= '~' && text[n] != '"')
		n++;
	return n > 0 && n <= FIELD_TEXT_MAX && text[n] == '\0';
}

void
settings_aliases(struct reading *r, cfg_t *section, struct site *site)
{
	site->n_aliases = cfg_size(section, "alias");
	site->aliases = mem_new((site->n_aliases + 1) * sizeof *site->aliases);
	for (unsigned i = 0; i < site->n_aliases; i++) {
		const char *text = conf_text(section, "alias", i);

		site->aliases[i] = mem_strdup(text);
		if (!is_alias(text))
			value_fail(r, section, "alias", i,
			    "alias is '%.40s', expected up to %d printable "
			    "characters as they stand in identities",
			    text, FIELD_TEXT_MAX);
	}
}

/* Name k of a site: its own, then the aliases. */
static const char *
site_text(const struct site *site, size_t k)
{
	return k == 0 ? site->name : site->aliases[k - 1];
}

/* Do two sites have a name in common?  It would tell nothing. */
static void
check_aliases(struct reading *r, cfg_t *section, const struct service *s,
    size_t site, size_t alias)
{
	const char *text = s->sites[site].aliases[alias];
	cfg_t *where = cfg_getnsec(section, "site", (unsigned)site);

	for (size_t i = 0; i < s->n_sites; i++)
		for (size_t k = 0; i != site && k <= s->sites[i].n_aliases; k++)
			if (strcasecmp(site_text(&s->sites[i], k), text) == 0)
				value_fail(r, where, "alias", (unsigned)alias,
				    "alias '%s' is also a name of site '%s', "
				    "expected every name once",
				    text, s->sites[i].name);
}

/* ---- templates ---- */

static void
add_name(struct identity_rule *rule, const char *name, size_t site)
{
	rule->names = mem_grow(rule->names, rule->n + 1, sizeof *rule->names);
	rule->sites = mem_grow(rule->sites, rule->n + 1, sizeof *rule->sites);
	rule->names[rule->n] = mem_strdup(name);
	rule->sites[rule->n++] = site;
}

/* Notes what the template's field must capture to mean each site. */
static void
add_names(struct identity_rule *rule, const struct service *s)
{
	char name[FIELD_TEXT_MAX + 1];

	for (size_t i = 0; i < s->n_sites; i++)
		for (size_t k = 0; k <= s->sites[i].n_aliases; k++)
			if (identity_template_name(name, rule->form,
				site_text(&s->sites[i], k)) == RC_OK)
				add_name(rule, name, i);
}

static void
read_template(struct reading *r, cfg_t *section, struct service *s, size_t i)
{
	struct identity_template *t = &s->templates[i];
	struct identity_rule *rule = &s->rules[i];
	struct place at = place_of(section, i);
	struct err err = ERR_NONE;

	rule->form = t;
	for (size_t k = 0; k < N_LISTS; k++)
		if (strcmp(lists[k].key, at.key) == 0)
			rule->methods = lists[k].methods;
	if (identity_template_parse(
		t, conf_text(section, at.key, at.i), &err) != RC_OK) {
		value_fail(
		    r, section, at.key, at.i, "%s: %s", at.key, err.text);
		return;
	}
	add_names(rule, s);
	if (rule->n == 0 && !identity_template_is_opaque(t))
		value_fail(r, section, at.key, at.i,
		    "%s: \"%s\" means no site of service '%s', expected a "
		    "site or an alias of that name",
		    at.key, t->text, s->name);
}

/* Says which two templates one identity would be two sites by. */
static void
fail_clash(struct reading *r, cfg_t *section, const struct service *s,
    const struct identity_clash *c)
{
	struct place at = place_of(section, c->rules[1]);
	struct place before = place_of(section, c->rules[0]);
	bool is_one = c->rules[0] == c->rules[1];
	bool is_turned = is_one && c->sites[0] > c->sites[1];
	const char *one = s->sites[c->sites[is_turned]].name;
	const char *other = s->sites[c->sites[!is_turned]].name;

	if (is_one)
		value_fail(r, section, at.key, at.i,
		    "%s: cannot tell %s from %s: \"%.60s\" may be either, "
		    "expected text between the fields, or an arrow",
		    at.key, one, other, c->example);
	else
		value_fail(r, section, at.key, at.i,
		    "%s: \"%.60s\" is %s by this template and %s by that of "
		    "line %d, expected no identity to match both",
		    at.key, c->example, other, one,
		    conf_line(r->conf, section, before.key, before.i));
}

static void
read_templates(struct reading *r, cfg_t *section, struct service *s)
{
	struct identity_clash clash;

	for (size_t i = 0; i < N_LISTS; i++)
		s->n_templates += cfg_size(section, lists[i].key);
	s->memo = interpret_memo_new();
	s->templates = mem_new((s->n_templates + 1) * sizeof *s->templates);
	s->rules = mem_new((s->n_templates + 1) * sizeof *s->rules);
	for (size_t i = 0; r->rc == RC_OK && i < s->n_templates; i++)
		read_template(r, section, s, i);
	if (r->rc == RC_OK &&
	    identity_find_clash(&clash, s->rules, s->n_templates) != RC_OK)
		fail_clash(r, section, s, &clash);
	if (s->n_templates == 0)
		value_fail(r, section, NULL, 0,
		    "service '%s' has no identity, expected a template such "
		    "as identity = { \"{instance}.{site}.example.net\" }",
		    cfg_title(section));
}

/* ---- methods ---- */

static bool
has_method(const struct service *s, enum identity_method method)
{
	for (size_t i = 0; i < s->n_methods; i++)
		if (s->methods[i] == method)
			return true;
	return false;
}

static void
read_methods(struct reading *r, cfg_t *section, struct service *s)
{
	for (unsigned i = 0; i < cfg_size(section, "method"); i++) {
		const char *word = conf_text(section, "method", i);
		enum identity_method method = METHOD_NSID;

		if (identity_method_from_name(&method, word) != RC_OK ||
		    has_method(s, method)) {
			value_fail(r, section, "method", i,
			    "method is '%.40s', expected \"nsid\", \"chaos\" "
			    "and \"txt\", each at most once",
			    word);
			return;
		}
		s->methods[s->n_methods++] = method;
	}
	if (has_method(s, METHOD_TXT) && s->txt_name[0] == '\0')
		value_fail(r, section, "method", 0,
		    "method \"txt\" wants a name to ask for, expected "
		    "txt_name = \"identity.example.net\"");
}

void
settings_identity(struct reading *r, cfg_t *section, struct service *s)
{
	for (size_t i = 0; r->rc == RC_OK && i < s->n_sites; i++)
		for (size_t k = 0; k < s->sites[i].n_aliases; k++)
			check_aliases(r, section, s, i, k);
	read_templates(r, section, s);
	value_domain(r, section, "txt_name", s->txt_name, sizeof s->txt_name);
	read_methods(r, section, s);
}
