/*
 * identity.h - from the bytes a server gives of itself to its site.  (pure)
 *
 * Uses     schema/record.h, schema/template.h
 * Used by  probe/measure (free form), collector/settings, collector/landing
 *
 * A template is text with fields: "ns{instance}.{site}.k.ripe.net".  A field
 * ({site}, {instance}, {metro}) stands for one or more letters, digits, '-'
 * or '_'; '*' stands for any bytes or none; all else is itself, letters in
 * either case.  The whole identity must match.
 */
#ifndef SCHEMA_IDENTITY_H
#define SCHEMA_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "schema/base/err.h"
#include "schema/record.h"
#include "schema/template.h"

#define FIELD_TEXT_MAX 63

struct identity_template {
	char text[TEMPLATE_TEXT_MAX + 1]; /* as it was written, checked */
};

struct identity_match {
	char site[FIELD_TEXT_MAX + 1];     /* lower case; "" when no field */
	char instance[FIELD_TEXT_MAX + 1]; /* as the server wrote it */
	char metro[FIELD_TEXT_MAX + 1];
	size_t site_index; /* into sites[], when sites were given */
};

/* Checks a template.  RC_MALFORMED: unknown field, unclosed brace, a field
 * twice, no {site}; RC_RANGE: too long.  *err says what was expected. */
MUST_USE enum rc identity_template_parse(
    struct identity_template *out, const char *text, struct err *err);

/* RC_RANGE when one identity can match t as two of the n sites; *err names
 * the two and an identity that is both.  Site names are compared without
 * case. */
MUST_USE enum rc identity_template_check(const struct identity_template *t,
    const char *const *sites, size_t n, struct err *err);

/* Matches an identity.  With sites (not NULL), {site} must be one of the n
 * names, and site_index says which; without, it is any field, the shortest
 * that fits, fields from left to right.  RC_NOTFOUND: no match. */
MUST_USE enum rc identity_template_match(struct identity_match *out,
    const struct identity_template *t, const struct identity *id,
    const char *const *sites, size_t n);

#endif
