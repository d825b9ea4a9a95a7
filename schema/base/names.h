/*
 * names.h - the names of an enum's values, both ways.                (pure)
 *
 * Uses     err.h
 * Used by  schema/record.c, schema/flows.c, collector/detect.c
 */
#ifndef SCHEMA_BASE_NAMES_H
#define SCHEMA_BASE_NAMES_H

#include <stddef.h>
#include <string.h>

#include "schema/base/err.h"

/* RC_MALFORMED: none of the n names. */
static inline enum rc
names_find(unsigned *out, const char *const *names, size_t n, const char *name)
{
	for (unsigned i = 0; i < n; i++) {
		if (names[i][0] == name[0] && strcmp(names[i], name) == 0) {
			*out = i;
			return RC_OK;
		}
	}
	return RC_MALFORMED;
}

/* Defines the pair of functions of one enum, whose values are the places in
 * the table: to_name gives "?" for another, from_name RC_MALFORMED. */
#define NAMES_DEFINE(type, table, to_name, from_name) \
	const char *to_name(type v) \
	{ \
		return (size_t)v < sizeof(table) / sizeof((table)[0]) \
			   ? (table)[v] \
			   : "?"; \
	} \
\
	enum rc from_name(type *out, const char *name) \
	{ \
		unsigned i; \
		enum rc rc = names_find( \
		    &i, table, sizeof(table) / sizeof((table)[0]), name); \
\
		if (rc == RC_OK) \
			*out = (type)i; \
		return rc; \
	}

#endif
