/*
 * measure_text.h - what a person reads about one measured address.   (edge)
 *
 * Uses     probe/summary.h, probe/trace_text.h
 * Used by  probe/measure_rounds.c
 */
#ifndef PROBE_MEASURE_TEXT_H
#define PROBE_MEASURE_TEXT_H

#include <stdio.h>

#include "probe/summary.h"

/* Prints the block of one target.  Bytes from the network are printed only
 * as identity_format writes them. */
void summary_print(const struct summary *s, FILE *to);

#endif
