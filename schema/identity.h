/*
 * identity.h - from the bytes a server gives of itself to its site.  (pure)
 *
 * Uses     schema/record.h, schema/template.h
 * Used by  probe/measure (free form), collector/settings, collector/interpret
 *
 * A template is text with fields: "ns{instance}.{site}.k.ripe.net".  A field
 * ({site}, {instance}, {metro}) stands for one or more letters, digits, '-'
 * or '_', {number} for digits; '*' stands for any bytes or none; all else is
 * itself, letters in either case.  The whole identity must match.
 *
 * The site is what {site} captured, or without {site} what {metro} did.  Where
 * the site is called otherwise, the template says so behind an arrow:
 * "{site}.cf.example -> {site}-cf", "oldname* -> ams".  "{instance}m* -> ?" is
 * opaque: an identity of the service that does not tell the site.
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
	char site[3 * TEMPLATE_TEXT_MAX]; /* the site, lower case; "": opaque */
	char instance[FIELD_TEXT_MAX + 1]; /* as the server wrote it */
	char metro[FIELD_TEXT_MAX + 1];
	bool is_opaque;
	size_t name_index; /* into names[], when they were given */
};

/* One template of a service and what may stand in its field. */
struct identity_rule {
	const struct identity_template *form; /* lent */
	unsigned methods; /* bits: which identities it is for */
	size_t n;
	char **names;
	size_t *sites; /* names[i] means sites[i] */
};

struct identity_clash {
	size_t rules[2]; /* the earlier, the later (or the same) */
	size_t sites[2];
	char example[IDENTITY_MAX + 1]; /* is both */
};

/* Checks a template.  RC_MALFORMED: unknown field, unclosed brace, a field
 * twice, no {site}, a bad target; RC_RANGE: too long.  *err says what was
 * expected. */
MUST_USE enum rc identity_template_parse(
    struct identity_template *out, const char *text, struct err *err);

/* Writes what the field must capture for the template to mean the site of
 * this name; "" when it has no field.  RC_NOTFOUND: it never means it. */
MUST_USE enum rc identity_template_name(char out[static FIELD_TEXT_MAX + 1],
    const struct identity_template *t, const char *name);

/* Is the template more than fields and stars?  One that is not says nothing of
 * whose an identity is. */
bool identity_template_is_form(const struct identity_template *t);

bool identity_template_is_opaque(const struct identity_template *t);

/* Can one identity be two sites by rules that share a method?  RC_RANGE, and
 * *out tells how.  A field counts as of any length here.  An identity that an
 * earlier template writes out whole is that template's, and no clash. */
MUST_USE enum rc identity_find_clash(
    struct identity_clash *out, const struct identity_rule *rules, size_t n);

/* Matches an identity.  With names (not NULL), the field that tells the site
 * must be one of the n, and name_index says which (0 when there is no field,
 * which needs n > 0); without, it is any field.  Where a template can be read
 * in two ways, every field from left to right is the shortest that fits.
 * RC_NOTFOUND: no match. */
MUST_USE enum rc identity_template_match(struct identity_match *out,
    const struct identity_template *t, const struct identity *id,
    const char *const *names, size_t n);

#endif
