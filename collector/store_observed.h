/*
 * store_observed.h - all observations, packed or not, as one table.  (edge)
 *
 * Uses     store_sqlite.h, store_chunk
 * Used by  store; by name, every statement that reads observations which may
 *          be packed
 *
 * On each connection there is a table `observed` with the columns of
 * observation, to be read: in order of id, by any bounds on it.  A chunk that
 * cannot be read ends the statement with an error that names it.
 */
#ifndef COLLECTOR_STORE_OBSERVED_H
#define COLLECTOR_STORE_OBSERVED_H

#include "collector/store.h"

/* Makes the table known to a connection just opened.  RC_DB. */
MUST_USE enum rc store_observed_open(struct store *st, struct err *err);

#endif
