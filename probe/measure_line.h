/*
 * measure_line.h - one observation as one short line, for a person. (pure)
 *
 * Uses     schema/record.h, probe/site_forms.h
 * Used by  probe/measure_many.c
 */
#ifndef PROBE_MEASURE_LINE_H
#define PROBE_MEASURE_LINE_H

#include "schema/identity.h"
#include "schema/record.h"

#define LINE_TEXT_MAX (IDENTITY_TEXT_LEN + 256)
#define LINE_SITES 64

struct line_sites { /* the sites of the identities seen last */
	struct {
		struct identity identity;
		char site[FIELD_TEXT_MAX + 1]; /* "": no template matches */
	} rows[LINE_SITES];
};

/* Writes address, kind, round trip or outcome, site and identity, with a line
 * feed; returns the length.  own: see site_forms_match; always the same with
 * the same sites. */
size_t line_format(char buf[static LINE_TEXT_MAX], const struct observation *o,
    const struct identity_template *own, struct line_sites *sites);

#endif
