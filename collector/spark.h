/*
 * spark.h - a series of numbers as a row of small bars.              (pure)
 *
 * Used by  the subcommand history
 *
 * The lowest and the highest number span the eight heights; where a step has
 * no number there is a blank.  More steps than there is room for are taken
 * together, and the highest of them is shown: a spike is never averaged away.
 */
#ifndef COLLECTOR_SPARK_H
#define COLLECTOR_SPARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SPARK_NONE INT64_MIN /* of a step without a number */

/* is_utf8: with the block elements of Unicode, else with ASCII. */
void spark_print(
    const int64_t *values, size_t n, size_t width, bool is_utf8, FILE *to);

#endif
