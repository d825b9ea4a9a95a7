/* service.c - see service.h. */
#include "collector/service.h"

#include <stdlib.h>
#include <string.h>

const struct target *
services_find_target(
    const struct services *s, const struct addr *address, uint16_t port)
{
	for (size_t i = 0; i < s->n_targets; i++) {
		const struct target *t = &s->targets[i];

		if (t->port == port && addr_equal(&t->address, address))
			return t;
	}
	return NULL;
}

const struct target *
services_target_by_id(const struct services *s, int64_t target_id)
{
	for (size_t i = 0; i < s->n_targets; i++) {
		if (s->targets[i].id == target_id)
			return &s->targets[i];
	}
	return NULL;
}

static const struct site *
find_site(const struct service *s, int64_t site_id)
{
	for (size_t i = 0; i < s->n_sites; i++) {
		if (s->sites[i].id == site_id)
			return &s->sites[i];
	}
	return NULL;
}

const struct site *
services_site_by_id(
    const struct services *s, int64_t site_id, const struct service **service)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct site *site = find_site(&s->list[i], site_id);

		if (site == NULL)
			continue;
		if (service != NULL)
			*service = &s->list[i];
		return site;
	}
	return NULL;
}

const char *
target_role_name(enum target_role r)
{
	switch (r) {
	case ROLE_SERVICE:
		return "service";
	case ROLE_UNICAST:
		return "unicast";
	case ROLE_CONTROL:
		return "control";
	case ROLE_DECOY:
		return "decoy";
	}
	return "?";
}

static const char *const method_names[N_METHODS] = {
	[METHOD_NSID] = "nsid",
	[METHOD_CHAOS] = "chaos",
	[METHOD_TXT] = "txt",
};

const char *
identity_method_name(enum identity_method m)
{
	return (unsigned)m < N_METHODS ? method_names[m] : "?";
}

enum rc
identity_method_from_name(enum identity_method *out, const char *name)
{
	for (unsigned i = 0; i < N_METHODS; i++) {
		if (strcmp(name, method_names[i]) != 0)
			continue;
		*out = (enum identity_method)i;
		return RC_OK;
	}
	return RC_MALFORMED;
}

static void
free_rules(struct service *s)
{
	for (size_t i = 0; s->rules != NULL && i < s->n_templates; i++) {
		for (size_t k = 0; k < s->rules[i].n; k++)
			free(s->rules[i].names[k]);
		free(s->rules[i].names);
		free(s->rules[i].sites);
	}
	free(s->rules);
}

static void
free_sites(struct service *s)
{
	for (size_t i = 0; i < s->n_sites; i++) {
		for (size_t k = 0; k < s->sites[i].n_aliases; k++)
			free(s->sites[i].aliases[k]);
		free(s->sites[i].aliases);
		free(s->sites[i].local_to);
	}
	free(s->sites);
}

void
services_fini(struct services *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free_rules(&s->list[i]);
		free(s->list[i].templates);
		free_sites(&s->list[i]);
		free(s->list[i].site_names);
		free(s->list[i].memo);
	}
	free(s->list);
	free(s->targets);
	*s = (struct services){ 0 };
}
