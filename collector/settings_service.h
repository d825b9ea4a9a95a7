/*
 * settings_service.h - the service sections of the configuration.    (pure)
 *
 * Uses     collector/settings_value.h, collector/service.h
 * Used by  collector/settings.c
 */
#ifndef COLLECTOR_SETTINGS_SERVICE_H
#define COLLECTOR_SETTINGS_SERVICE_H

#include "collector/service.h"
#include "collector/settings_value.h"

/* The rows of a service section, for conf_read. */
extern cfg_opt_t settings_service_rows[];

/* Reads every service and its targets, and the decoys.  Fills *out, also on failure: release
 * with services_fini. */
void settings_services(struct reading *r, cfg_t *root, struct services *out);

#endif
