/*
 * catchment_rows.h - landings counted by site, or by something else. (pure)
 *
 * Uses     collector/report.h, store_report.h
 * Used by  collector/catchment.c
 *
 * A vantage that is dark, unknown, unobserved or quarantined is in a group of
 * its own, in parentheses, so that shares are those of what landed.
 */
#ifndef COLLECTOR_CATCHMENT_ROWS_H
#define COLLECTOR_CATCHMENT_ROWS_H

#include "collector/report.h"
#include "collector/store_report.h"

enum by { BY_SITE, BY_ASN, BY_COUNTRY, BY_FAMILY };
#define N_BY 4
extern const char *const catchment_by_names[N_BY];

/* Initialises *r (release with report_fini) and fills it, service by service,
 * each with a total.  sites: those to show even when nobody lands there; empty
 * unless the groups are sites. */
void catchment_fill(struct report *r, const struct landed_list *list,
    enum by by, const struct site_list *sites);

#endif
