/*
 * settings_identity.h - how a service section tells its sites apart. (pure)
 *
 * Uses     collector/settings_value.h, collector/service.h, schema/identity.h
 * Used by  collector/settings_service.c
 *
 * identity holds templates for every method, nsid, chaos and txt those for one
 * method alone, which come first.  Templates by which one identity could be two
 * sites are refused.
 */
#ifndef COLLECTOR_SETTINGS_IDENTITY_H
#define COLLECTOR_SETTINGS_IDENTITY_H

#include "collector/service.h"
#include "collector/settings_value.h"

/* Rows of a service section, and of a site's. */
#define SETTINGS_IDENTITY_ROWS \
	CONF_LIST("identity"), CONF_LIST("nsid"), CONF_LIST("chaos"), \
	    CONF_LIST("txt"), CONF_LIST("method"), CONF_TEXT("txt_name")
#define SETTINGS_ALIAS_ROWS CONF_LIST("alias")

/* Reads a site's other names into *site. */
void settings_aliases(struct reading *r, cfg_t *section, struct site *site);

/* Reads templates and methods; the service has its sites already. */
void settings_identity(struct reading *r, cfg_t *section, struct service *s);

#endif
