#include "collector/service.h"

#include <stdlib.h>

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

void
services_fini(struct services *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		for (size_t k = 0; k < s->list[i].n_sites; k++)
			free(s->list[i].sites[k].local_to);
		free(s->list[i].templates);
		free(s->list[i].sites);
		free(s->list[i].site_names);
	}
	free(s->list);
	free(s->targets);
	*s = (struct services){ 0 };
}
