/*
 * landing_changes.h - catchwater landing --changes.                (wiring)
 *
 * Uses     store_change, report_command
 * Used by  landing_report
 */
#ifndef COLLECTOR_LANDING_CHANGES_H
#define COLLECTOR_LANDING_CHANGES_H

#include "collector/report_command.h"

/* Prints the changes of site of a probe (its id; NULL: of all) after since_us.
 * family 0: both.  RC_DB. */
MUST_USE enum rc report_changes(struct store *st, const struct where *where,
    const char *probe_id, uint8_t family, int64_t since_us, struct err *err);

#endif
