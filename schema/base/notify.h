/*
 * notify.h - tells a supervisor how it stands (sd_notify's protocol). (edge)
 *
 * Used by  catchwater serve, catchwater-probe run
 *
 * systemd names a socket in NOTIFY_SOCKET; without one nothing is done.  The
 * socket is opened once, so that a sandbox may be entered afterwards.
 */
#ifndef SCHEMA_BASE_NOTIFY_H
#define SCHEMA_BASE_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;              /* -1: nobody asked */
	int64_t watchdog_us; /* to be told WATCHDOG=1 as often; 0: never */
};

/* Before there are threads: takes the names out of the environment, for
 * children are not asked. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

/* Sends lines such as "READY=1\nSTATUS=well".  Never waits, and is lost when
 * nobody listens. */
void notify_say(const struct notify *n, const char *lines);

/* "RELOADING=1", with the time that systemd wants beside it. */
void notify_reloading(const struct notify *n);

#endif
