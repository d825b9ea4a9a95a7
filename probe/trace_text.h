/*
 * trace_text.h - what a person reads of a path.                      (edge)
 *
 * Uses     probe/trace_table.h, probe/asn.h
 * Used by  probe/measure_text.c
 */
#ifndef PROBE_TRACE_TEXT_H
#define PROBE_TRACE_TEXT_H

#include <stdio.h>

#include "probe/asn.h"
#include "probe/trace_table.h"

/* One line per node: after one round its round trip, after several the
 * figures that mtr(8) gives.  asn may be NULL. */
void
trace_text_print(const struct trace_table *t, const struct asn *asn, FILE *to);

#endif
