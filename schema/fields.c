/* fields.c - see fields.h. */
#include "schema/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fields
fields_root(const struct doc *doc, struct fields_fault *fault)
{
	return (struct fields){
		.doc = doc, .object = &doc->values[0], .fault = fault
	};
}

/* Writes "a.b[3]." of what f is; returns the end. */
static char *
write_path(const struct fields *f, char *to, const char *end)
{
	int n;

	if (f->parent == NULL)
		return to;
	to = write_path(f->parent, to, end);
	n = f->is_element
		? snprintf(to, (size_t)(end - to), "%s[%zu].", f->key, f->i)
		: snprintf(to, (size_t)(end - to), "%s.", f->key);
	return n < end - to ? to + n : to + strlen(to);
}

void
fields_fail(struct fields *f, enum rc rc, const char *key, const char *what)
{
	char path[80] = "";

	if (f->fault->rc != RC_OK)
		return; /* the first cause wins */
	(void)write_path(f, path, path + sizeof path);
	f->fault->rc = err_set(f->fault->err, rc, "%s%s: %s", path, key, what);
}

static void
fail_range(struct fields *f, const char *key, int64_t min, int64_t max)
{
	char what[64];

	snprintf(
	    what, sizeof what, "outside %" PRId64 " to %" PRId64, min, max);
	fields_fail(f, RC_RANGE, key, what);
}

/* Lends the member, or NULL. */
static const struct doc_value *
look(const struct fields *f, const char *key)
{
	if (f->fault->rc != RC_OK || f->object == NULL)
		return NULL;
	return doc_member(f->doc, f->object, key, f->at);
}

static bool
is_a(const struct doc_value *v, enum doc_type type)
{
	return v->type == type || (type == DOC_TRUE && v->type == DOC_FALSE);
}

/* The member when it is there and of the type, else NULL and, unless it is
 * optional and absent, a fault. */
static const struct doc_value *
find(struct fields *f, const char *key, enum doc_type type, bool is_optional)
{
	static const char *const expected[] = {
		[DOC_OBJECT] = "missing, or not an object",
		[DOC_ARRAY] = "missing, or not an array",
		[DOC_TEXT] = "missing, or not a string",
		[DOC_INTEGER] = "missing, or not an integer",
		[DOC_TRUE] = "not a boolean",
	};
	const struct doc_value *v = look(f, key);

	if (v != NULL)
		f->at = v->end;
	if (v != NULL ? is_a(v, type) : is_optional)
		return v;
	fields_fail(f, RC_MALFORMED, key, expected[type]);
	return NULL;
}

static int64_t
in_range(struct fields *f, const char *key, int64_t v, int64_t min, int64_t max)
{
	if (v >= min && v <= max)
		return v;
	fail_range(f, key, min, max);
	return 0;
}

int64_t
fields_int(struct fields *f, const char *key, int64_t min, int64_t max)
{
	const struct doc_value *v = find(f, key, DOC_INTEGER, false);

	return v == NULL ? 0 : in_range(f, key, v->integer, min, max);
}

bool
fields_int_if(
    struct fields *f, const char *key, int64_t min, int64_t max, int64_t *out)
{
	const struct doc_value *v = find(f, key, DOC_INTEGER, true);

	if (v == NULL)
		return false;
	*out = in_range(f, key, v->integer, min, max);
	return f->fault->rc == RC_OK;
}

const char *
fields_text(struct fields *f, const char *key)
{
	const struct doc_value *v = find(f, key, DOC_TEXT, false);

	return v == NULL ? "" : v->text;
}

const char *
fields_text_if(struct fields *f, const char *key)
{
	const struct doc_value *v = find(f, key, DOC_TEXT, true);

	return v == NULL ? NULL : v->text;
}

bool
fields_bool(struct fields *f, const char *key)
{
	const struct doc_value *v = find(f, key, DOC_TRUE, true);

	return v != NULL && v->type == DOC_TRUE;
}

bool
fields_has(const struct fields *f, const char *key)
{
	return look(f, key) != NULL;
}

struct fields
fields_object(struct fields *f, const char *key)
{
	return (struct fields){ .doc = f->doc,
		.object = find(f, key, DOC_OBJECT, false),
		.fault = f->fault,
		.parent = f,
		.key = key };
}

size_t
fields_count(struct fields *f, const char *key, size_t max)
{
	const struct doc_value *list = find(f, key, DOC_ARRAY, true);

	if (list == NULL || list->n <= max)
		return list == NULL ? 0 : list->n;
	fields_fail(f, RC_LIMIT, key, "too many elements");
	return 0;
}

/* Element i of a list, or NULL; quick when they are asked for in order. */
static const struct doc_value *
element(struct fields *f, const char *key, size_t i)
{
	const struct doc_value *list = find(f, key, DOC_ARRAY, false);

	if (list == NULL || i >= list->n)
		return NULL;
	if (list != f->list || i < f->list_i) {
		f->list = list;
		f->list_i = 0;
		f->list_at = doc_place(f->doc, list) + 1;
	}
	for (; f->list_i < i; f->list_i++)
		f->list_at = f->doc->values[f->list_at].end;
	return &f->doc->values[f->list_at];
}

struct fields
fields_element(struct fields *f, const char *key, size_t i)
{
	const struct doc_value *v = element(f, key, i);

	if (v != NULL && v->type != DOC_OBJECT)
		v = NULL;
	if (v == NULL)
		fields_fail(
		    f, RC_MALFORMED, key, "an element is not an object");
	return (struct fields){ .doc = f->doc,
		.object = v,
		.fault = f->fault,
		.parent = f,
		.key = key,
		.is_element = true,
		.i = i };
}

int64_t
fields_element_int(
    struct fields *f, const char *key, size_t i, int64_t min, int64_t max)
{
	const struct doc_value *v = element(f, key, i);

	if (v != NULL && v->type == DOC_INTEGER)
		return in_range(f, key, v->integer, min, max);
	fields_fail(f, RC_MALFORMED, key, "an element is not an integer");
	return 0;
}

void
fields_put(json_t *to, const char *key, json_t *value)
{
	if (json_object_set_new(to, key, value) != 0)
		abort(); /* out of memory, or text of ours that is not UTF-8 */
}

void
fields_put_int(json_t *to, const char *key, int64_t v)
{
	fields_put(to, key, json_integer(v));
}

void
fields_put_text(json_t *to, const char *key, const char *text)
{
	fields_put(to, key, json_string(text));
}
