/*
 * atlas_place.h - the vantage behind a response of RIPE Atlas.       (pure)
 *
 * Uses     collector/ingest_foreign.h (values), collector/settings.h
 * Used by  collector/import_atlas.c
 */
#ifndef COLLECTOR_ATLAS_PLACE_H
#define COLLECTOR_ATLAS_PLACE_H

#include <jansson.h>

#include "collector/ingest_foreign.h"
#include "collector/settings.h"

/* Probe 4089 is "atlas-4089", whatever it measured; its family is the
 * target's.  AS and place come from the address that the Atlas controllers
 * saw, by the geo databases, and before that from the fields of the result
 * that the settings name. */
void atlas_vantage(struct foreign_vantage *out, const json_t *result,
    const json_t *response, const struct observation *o,
    const struct atlas_settings *fields);

#endif
