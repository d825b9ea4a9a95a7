/*
 * mda_text.h - the paths that multipath detection found.             (edge)
 *
 * Uses     probe/mda.h, probe/asn.h, schema/fields.h
 * Used by  probe/measure_mda.c
 */
#ifndef PROBE_MDA_TEXT_H
#define PROBE_MDA_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "probe/asn.h"
#include "probe/mda.h"
#include "schema/record.h"

/* Did the target itself answer? */
bool mda_text_is_reached(const struct mda *m);

/* One line per node, with the nodes that follow it.  source_port is that of
 * flow 0; asn may be NULL. */
void mda_text_print(const struct mda *m, enum proto proto, uint16_t source_port,
    const struct asn *asn, FILE *to);

/* Puts the same into an object. */
void mda_text_put(
    const struct mda *m, enum proto proto, uint16_t source_port, json_t *to);

#endif
