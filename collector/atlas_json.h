/*
 * atlas_json.h - fields of RIPE Atlas results, in all their spellings. (pure)
 *
 * Uses     jansson
 * Used by  collector/atlas_*.c
 *
 * Firmwares wrote numbers as numbers and as strings, and -1 or "" for what
 * they did not know.
 */
#ifndef COLLECTOR_ATLAS_JSON_H
#define COLLECTOR_ATLAS_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The number at a key, whole (digits in a string too).  False: none. */
bool atlas_int(const json_t *object, const char *key, int64_t *out);

/* The same for any number. */
bool atlas_real(const json_t *object, const char *key, double *out);

/* Lends a text that is not empty; NULL: none. */
const char *atlas_text(const json_t *object, const char *key);

/* Give what stands at the key as a whole number from 0 on, as a number from 0
 * on, or as a text; null without. */
json_t *atlas_count_json(const json_t *object, const char *key);
json_t *atlas_real_json(const json_t *object, const char *key);
json_t *atlas_text_json(const json_t *object, const char *key);

/* Gives the median of n numbers, which it sorts; null for none. */
json_t *atlas_median_json(double *list, size_t n);

#endif
