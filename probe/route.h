/*
 * route.h - is the prefix announced?  Asks whoever routes.            (edge)
 *
 * Uses     probe/bird_ask, route_json, child, site_settings
 * Used by  probe/site
 */
#ifndef PROBE_ROUTE_H
#define PROBE_ROUTE_H

#include "probe/site_settings.h"
#include "schema/site_report.h"

/* Fills in what is said and why (for_us is not touched) in a family: nothing
 * where there is no prefix of it, unknown where the router gives no answer that
 * can be read within its time. */
void route_ask(
    struct site_answer *out, const struct site_settings *s, uint8_t family);

/* What the exit status of a command of the operator's says, and the first line
 * that it printed, which becomes the reason. */
void
route_judge_command(struct site_answer *out, int status, const char *printed);

#endif
