/*
 * alert_settings.h - an alert: who is told of what, when and how.    (pure)
 *
 * Uses     collector/detect.h, service.h (the values)
 * Used by  settings (has them), settings_alert (fills), alert and what sends
 *
 * A plain value of the configuration.
 */
#ifndef COLLECTOR_ALERT_SETTINGS_H
#define COLLECTOR_ALERT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"

enum alert_channel {
	CHANNEL_WEBHOOK,
	CHANNEL_ALERTMANAGER,
	CHANNEL_SMTP,
	CHANNEL_EXEC,
	CHANNEL_SYSLOG
};
#define CHANNELS 5

struct alert_settings {
	char name[NAME_MAX_LEN + 1];
	enum alert_channel channel;
	char *to;   /* URL; syslog: or a path; exec: NULL */
	char *chat; /* webhook: the template's text or name; NULL: our JSON */
	char *from; /* smtp */
	size_t n_recipients;
	char **recipients;          /* smtp */
	bool needs_tls;             /* smtp://: STARTTLS */
	char **words;               /* exec: the program, its arguments, NULL */
	int facility;               /* syslog */
	char *user, *password_file; /* NULL: without */
	unsigned kinds;             /* bit 1 << enum event_kind */
	enum severity at_least;
	bool tells_itself;  /* what is wrong with the collector, too */
	int64_t timeout_us; /* of one attempt */
	int64_t give_up_after_us;
	int64_t open_for_us;     /* told when it has been open for so long */
	int64_t repeat_every_us; /* while it is open; 0: never */
	int64_t group_wait_us;   /* what comes within it goes out together */
	bool
	    tells_drained; /* of a site in drain what the drain explains, too */
};

#endif
