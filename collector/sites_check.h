/*
 * sites_check.h - the sites' verdicts as a monitoring plugin says it. (pure)
 *
 * Uses     collector/store_report.h
 * Used by  the subcommand sites
 *
 * One line and an exit status in the convention of Nagios and its heirs
 * (Monitoring Plugins Development Guidelines: OK 0, WARNING 1, CRITICAL 2,
 * UNKNOWN 3, "text | label=value ...").  A collector that has heard nothing
 * of late knows nothing, whatever it last knew.
 */
#ifndef COLLECTOR_SITES_CHECK_H
#define COLLECTOR_SITES_CHECK_H

#include <stdint.h>
#include <stdio.h>

#include "collector/store_report.h"

enum check_level { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

struct sites_check {
	const struct site_list *sites;
	int64_t received_us;      /* the last batch; 0: none ever */
	int64_t now_us, stale_us; /* what is older tells nothing */
};

enum check_level verdict_level(const char *verdict);

/* Prints the line; the exit status. */
int sites_check_print(const struct sites_check *c, FILE *to);

#endif
