/*
 * hop_text.h - a trace's hops as the database keeps them, JSON.      (pure)
 *
 * Uses     schema/record.h, jansson
 * Used by  store_observation, store_detail
 *
 * A path is the first replies alone: an extra reply is no link of it.  All
 * three give text: release with free().
 */
#ifndef COLLECTOR_HOP_TEXT_H
#define COLLECTOR_HOP_TEXT_H

#include "schema/record.h"

/* The path without times: what trace_path_hash tells apart. */
char *hop_text_path(const struct trace_result *t);

/* The times of the path, hop by hop: microseconds, or null for a silent one. */
char *hop_text_rtts(const struct trace_result *t);

/* The hops that say more than the path does: extra replies, duplicates, and
 * what came only to a later packet.  NULL: there are none. */
char *hop_text_notes(const struct trace_result *t);

#endif
