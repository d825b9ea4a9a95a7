/* lookup.c - see lookup.h. */
#include "collector/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/base/options.h"

/* "ams, nyc, sin", as many as fit. */
static void
join_names(char *buf, size_t cap, const char *const *names, size_t n)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used + strlen(names[i]) + 8 < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s",
		    i > 0 ? ", " : "", names[i]);
	if (n > 0 && used == 0)
		snprintf(buf, cap, "...");
}

enum rc
unknown_word(struct err *err, const char *what, const char *word,
    const char *const *names, size_t n)
{
	const char *near = options_suggest(word, names, n);
	char list[140];

	if (near != NULL)
		return err_set(err, RC_NOTFOUND,
		    "no %s '%.64s'; did you mean '%.64s'?", what, word, near);
	if (n == 0)
		return err_set(err, RC_NOTFOUND,
		    "no %s '%.64s'; there is none in the database", what, word);
	join_names(list, sizeof list, names, n);
	return err_set(
	    err, RC_NOTFOUND, "no %s '%.64s'; there are: %s", what, word, list);
}

static bool
is_listed(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

enum rc
lookup_name(struct store *st, enum names_of of, const char *what,
    const char *word, struct err *err)
{
	struct names names = { 0 };
	enum rc rc = RC_OK;

	if (word != NULL)
		rc = store_names(st, of, &names, err);
	if (rc == RC_OK && word != NULL &&
	    !is_listed(word, (const char *const *)names.list, names.n))
		rc = unknown_word(
		    err, what, word, (const char *const *)names.list, names.n);
	names_fini(&names);
	return rc;
}

/* Cuts "/4" or "/6" off a copy of the text. */
static uint8_t
cut_family(char *text)
{
	size_t n = strlen(text);
	uint8_t family;

	if (n < 3 || text[n - 2] != '/' ||
	    (text[n - 1] != '4' && text[n - 1] != '6'))
		return 0;
	family = (uint8_t)(text[n - 1] - '0');
	text[n - 2] = '\0';
	return family;
}

enum rc
lookup_probe(
    struct store *st, const char *text, struct probe_ref *out, struct err *err)
{
	struct vantage_list list = { 0 };
	char word[NAME_MAX_LEN + 4];
	uint8_t family;
	enum rc rc = store_vantages(st, &list, err);

	if (rc != RC_OK)
		return rc;
	snprintf(word, sizeof word, "%s", text);
	family = cut_family(word);
	rc = RC_NOTFOUND;
	for (size_t i = 0; rc != RC_OK && i < list.n; i++) {
		const struct vantage_info *v = &list.rows[i];

		if (strcmp(v->probe, word) != 0 &&
		    strcmp(v->probe_id, word) != 0)
			continue;
		memcpy(out->id, v->probe_id, sizeof out->id);
		memcpy(out->name, v->probe, sizeof out->name);
		out->family = family;
		rc = RC_OK;
	}
	free(list.rows);
	return rc == RC_OK ? rc
			   : lookup_name(st, NAMES_PROBE, "vantage", word, err);
}

static enum rc
several_services(
    const struct site_list *sites, const char *site, struct err *err)
{
	const char *first = NULL, *second = NULL;

	for (size_t i = 0; i < sites->n; i++) {
		const struct site_now *s = &sites->rows[i];

		if (strcmp(s->site, site) != 0)
			continue;
		if (first == NULL)
			first = s->service;
		else if (strcmp(first, s->service) != 0)
			second = s->service;
	}
	return err_set(err, RC_RANGE,
	    "site '%.40s' is in several services; say which with --service "
	    "%.64s or --service %.64s",
	    site, first, second);
}

/* The sites to choose from, each name once. */
static enum rc
unknown_site(const struct site_list *sites, const char *service,
    const char *site, struct err *err)
{
	const char **names = mem_new((sites->n + 1) * sizeof *names);
	size_t n = 0;
	enum rc rc;

	for (size_t i = 0; i < sites->n; i++)
		if ((service == NULL ||
			strcmp(sites->rows[i].service, service) == 0) &&
		    !is_listed(sites->rows[i].site, names, n))
			names[n++] = sites->rows[i].site;
	rc = unknown_word(err, "site", site, names, n);
	free(names);
	return rc;
}

enum rc
lookup_site(struct store *st, const char *service, const char *site,
    int64_t *site_id, struct err *err)
{
	struct site_list sites = { 0 };
	int64_t found = 0;
	bool is_double = false;
	enum rc rc = lookup_name(st, NAMES_SERVICE, "service", service, err);

	if (rc == RC_OK)
		rc = store_sites(st, &sites, err);
	for (size_t i = 0; rc == RC_OK && i < sites.n; i++) {
		const struct site_now *s = &sites.rows[i];

		if (strcmp(s->site, site) != 0 ||
		    (service != NULL && strcmp(s->service, service) != 0))
			continue;
		is_double = is_double || (found != 0 && found != s->site_id);
		found = s->site_id;
	}
	if (rc == RC_OK && is_double)
		rc = several_services(&sites, site, err);
	else if (rc == RC_OK && found == 0)
		rc = unknown_site(&sites, service, site, err);
	if (rc == RC_OK)
		*site_id = found;
	free(sites.rows);
	return rc;
}
