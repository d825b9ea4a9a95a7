/*
 * doc_same.h - does the scanner read what jansson reads?             (pure)
 *
 * Used by  tests/unit/test_doc.c, tests/fuzz/fuzz_wire.c
 */
#ifndef TESTS_UNIT_DOC_SAME_H
#define TESTS_UNIT_DOC_SAME_H

#include <stdbool.h>
#include <string.h>

#include "schema/doc.h"

static inline bool
doc_same_value(const struct doc_value *a, const struct doc_value *b)
{
	if (a->type != b->type || a->n != b->n || a->end != b->end ||
	    (a->key == NULL) != (b->key == NULL) ||
	    (a->key != NULL && strcmp(a->key, b->key) != 0))
		return false;
	if (a->type == DOC_TEXT)
		return strcmp(a->text, b->text) == 0;
	return a->integer == b->integer; /* or key_marks */
}

/* True when the scanner leaves the text to jansson, too; *is_plain says. */
static inline bool
doc_same(const char *text, size_t len, bool *is_plain)
{
	struct doc a = { 0 }, b = { 0 };
	bool same = true;

	*is_plain = doc_scan(&a, text, len);
	if (*is_plain)
		same = doc_parse(&b, text, len, NULL) == RC_OK && a.n == b.n;
	for (size_t i = 0; *is_plain && same && i < a.n; i++)
		same = doc_same_value(&a.values[i], &b.values[i]);
	doc_fini(&a);
	doc_fini(&b);
	return same;
}

#endif
