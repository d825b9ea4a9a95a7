/*
 * settings_alert.h - an alert section of the configuration.          (pure)
 *
 * Uses     alert_settings, settings_value, alert_mail, alert_template and
 *          alert_syslog (checks)
 * Used by  settings.c, settings_print.c
 */
#ifndef COLLECTOR_SETTINGS_ALERT_H
#define COLLECTOR_SETTINGS_ALERT_H

#include "collector/alert_settings.h"
#include "collector/settings_value.h"

extern cfg_opt_t settings_alert_rows[];

/* Fills *a from its section. */
void
settings_alert(struct reading *r, cfg_t *section, struct alert_settings *a);
void settings_alert_fini(struct alert_settings *a);

/* The key that says where a channel goes: "webhook" ... */
const char *settings_channel_name(enum alert_channel channel);

#endif
