/*
 * assign.h - what each probe of the fleet is asked to measure.       (pure)
 *
 * Uses     collector/service.h, schema/assignment.h
 * Used by  api
 */
#ifndef COLLECTOR_ASSIGN_H
#define COLLECTOR_ASSIGN_H

#include <stddef.h>
#include <stdint.h>

#include "collector/service.h"
#include "schema/assignment.h"

/* Fills *out for the probe that is number rank (from 0) of n: every target of
 * both families, with phases such that the fleet's rounds of one target are
 * spread evenly over its period, and one probe's targets evenly over its
 * share of it.  At most ASSIGNMENT_TARGETS_MAX targets, the services'
 * addresses first, decoys last.  Release *out with assignment_fini. */
void assign(struct assignment *out, const struct services *services,
    int64_t upload_every_us, size_t rank, size_t n);

#endif
