/*
 * confine.h - what the collector gives up before it takes anything in. (edge)
 *
 * Uses     schema/base/filter.h, Landlock
 * Used by  serve
 *
 * Before the first thread, so that all have it.  No exec gives privileges, and
 * there is none; the system calls go that no part of a collector makes (a list
 * of what is refused, unlike the probe's of what is left: SQLite, libcurl,
 * GnuTLS and libmicrohttpd change with the system they are Debian's of); where
 * the kernel has Landlock, nothing is made, written or removed but where the
 * database is, and in the folders for temporary files.  Reading stays: a
 * reload may name other files.
 */
#ifndef COLLECTOR_CONFINE_H
#define COLLECTOR_CONFINE_H

#include <stdbool.h>

struct confined {
	bool has_filter, has_landlock;
	char filter_reason[160], landlock_reason[160]; /* why not; else "" */
};

/* Where the system cannot, it goes on without, and *out says so. */
void confine_enter(struct confined *out, const char *database);

#endif
