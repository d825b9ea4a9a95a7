/*
 * drain_report.h - a drain in words, and as JSON.                    (pure)
 *
 * Uses     collector/drain_view.h, report.h
 * Used by  the subcommand drain
 */
#ifndef COLLECTOR_DRAIN_REPORT_H
#define COLLECTOR_DRAIN_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "collector/drain_view.h"

struct drain_about { /* which drain; all lent */
	const char *service, *site;
	const struct drain *drain; /* NULL: not begun */
	bool is_over;
	int64_t now_us;
};

void
drain_print(const struct drain_about *a, const struct drain_view *v, FILE *to);

/* Gives the value: schema/README.md, "Drains". */
json_t *drain_json(const struct drain_about *a, const struct drain_view *v);

#endif
