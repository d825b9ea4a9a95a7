/*
 * site_forms.h - the site in an identity, when nobody said how to read it. (pure)
 *
 * Uses     schema/identity.h
 * Used by  probe/measure_text.c, measure_line.c and other printing
 */
#ifndef PROBE_SITE_FORMS_H
#define PROBE_SITE_FORMS_H

#include "schema/identity.h"

/* Matches against the operator's template, or, when own is NULL, against the
 * forms that large services document or use.  Lends the text of the template
 * that matched; NULL: none. */
const char *site_forms_match(const struct identity_template *own,
    const struct identity *id, struct identity_match *match);

/* The site, or, when no template matches, the identity itself, as
 * identity_format writes it; "" when there is none.  Returns buf. */
const char *site_forms_name(const struct identity_template *own,
    const struct identity *id, char buf[static IDENTITY_TEXT_LEN]);

#endif
