/*
 * store_services.h - the configured services as rows with ids.       (edge)
 *
 * Uses     store_sqlite.h, collector/service.h
 * Used by  ingest, the subcommands that work on a running configuration
 */
#ifndef COLLECTOR_STORE_SERVICES_H
#define COLLECTOR_STORE_SERVICES_H

#include "collector/service.h"
#include "collector/store.h"

/* Makes a row of every service, site and target, or brings the row that is
 * there up to date, and fills in the ids.  What is no longer configured stays:
 * history refers to it.  Opens no transaction of its own.  RC_DB. */
MUST_USE enum rc
store_sync_services(struct store *st, struct services *s, struct err *err);

/* Gives the ids of what is stored already, and writes nothing: the others get
 * ids that no row has.  RC_DB. */
MUST_USE enum rc
store_find_services(struct store *st, struct services *s, struct err *err);

#endif
