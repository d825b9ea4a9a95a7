/*
 * fields.h - members of JSON objects: written, and read with care.   (pure)
 *
 * Uses     schema/doc.h, jansson (to write)
 * Used by  wire_decode, assignment, site_report, the probe's forms of output
 *
 * Reading is sticky like rbuf: after the first fault, reads give harmless values (0, "",
 * false, no members) and the caller checks once at the end.  The text of the
 * fault names the JSON path ("hops[3].labels[0].tc: ..."); no byte of the
 * input is repeated in it.
 */
#ifndef SCHEMA_FIELDS_H
#define SCHEMA_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"
#include "schema/doc.h"

struct fields_fault { /* shared by the readers of one document */
	enum rc rc;
	struct err *err; /* may be NULL */
};

struct fields {
	const struct doc *doc;          /* lent */
	const struct doc_value *object; /* NULL: it was not there */
	struct fields_fault *fault;
	/* Where keys are looked for first: they mostly come as they are read. */
	uint32_t at;
	/* The array whose elements are being read, and the next of them. */
	const struct doc_value *list;
	uint32_t list_at;
	size_t list_i;
	/* What of the document this is; only told when something is wrong. */
	const struct fields *parent; /* NULL: the whole */
	const char *key;
	bool is_element;
	size_t i;
};

/* A reader of the whole document. */
struct fields fields_root(const struct doc *doc, struct fields_fault *fault);

/* Marks f as faulty, in the words "<path of key>: <what>". */
void
fields_fail(struct fields *f, enum rc rc, const char *key, const char *what);

/* An integer from min to max, which must be there. */
int64_t fields_int(struct fields *f, const char *key, int64_t min, int64_t max);

/* The same, when it is there: else false, and *out is left alone. */
bool fields_int_if(
    struct fields *f, const char *key, int64_t min, int64_t max, int64_t *out);

/* Lends a string, which must be there. */
const char *fields_text(struct fields *f, const char *key);

/* Lends a string, or NULL when it is not there. */
const char *fields_text_if(struct fields *f, const char *key);

/* A boolean; false when it is not there. */
bool fields_bool(struct fields *f, const char *key);

/* Is there such a member? */
bool fields_has(const struct fields *f, const char *key);

/* A reader of a member that is an object and must be there; f must outlive
 * it, and so below. */
struct fields fields_object(struct fields *f, const char *key);

/* The length of an array of at most max elements (else RC_LIMIT); 0 when it
 * is not there. */
size_t fields_count(struct fields *f, const char *key, size_t max);

/* Element i of an array: an object, or an integer from min to max. */
struct fields fields_element(struct fields *f, const char *key, size_t i);
int64_t fields_element_int(
    struct fields *f, const char *key, size_t i, int64_t min, int64_t max);

/* Write one member; abort when memory is out.  fields_put takes value. */
void fields_put(json_t *to, const char *key, json_t *value);
void fields_put_int(json_t *to, const char *key, int64_t v);
void fields_put_text(json_t *to, const char *key, const char *text);

#endif
