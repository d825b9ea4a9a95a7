/*
 * store_news.h - has anything changed that people look at?           (edge)
 *
 * Uses     store_sqlite.h
 * Used by  desk
 */
#ifndef COLLECTOR_STORE_NEWS_H
#define COLLECTOR_STORE_NEWS_H

#include <stdint.h>

#include "collector/store.h"

/* Each number is another one when that has changed. */
struct news {
	int64_t landings, sites;
	int64_t events, events_us; /* the newest one; the latest word of any */
	int64_t version;           /* the database's, at the last reading */
};

/* As it is now, into what the last call on this connection gave (at first:
 * zeros).  Next to nothing is read when nobody has written since.  RC_DB. */
MUST_USE enum rc store_news(struct store *st, struct news *io, struct err *err);

#endif
