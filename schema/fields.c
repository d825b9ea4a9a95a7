/* fields.c - see fields.h. */
#include "schema/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum rc
fields_load(json_t **out, const char *text, size_t len, struct err *err)
{
	json_error_t cause;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &cause);

	if (root == NULL)
		return err_set(
		    err, RC_MALFORMED, "not JSON at byte %d", cause.position);
	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(err, RC_MALFORMED, "not a JSON object");
	}
	*out = root;
	return RC_OK;
}

struct fields
fields_root(const json_t *object, struct fields_fault *fault)
{
	return (struct fields){ .object = object, .fault = fault };
}

void
fields_fail(struct fields *f, enum rc rc, const char *key, const char *what)
{
	if (f->fault->rc != RC_OK)
		return; /* the first cause wins */
	f->fault->rc =
	    err_set(f->fault->err, rc, "%s%s: %s", f->path, key, what);
}

static void
fail_range(struct fields *f, const char *key, int64_t min, int64_t max)
{
	char what[64];

	snprintf(
	    what, sizeof what, "outside %" PRId64 " to %" PRId64, min, max);
	fields_fail(f, RC_RANGE, key, what);
}

/* The member when it is there and of the type, else NULL and, unless it is
 * optional and absent, a fault. */
static const json_t *
find(struct fields *f, const char *key, json_type type, bool is_optional)
{
	static const char *const expected[] = {
		[JSON_OBJECT] = "missing, or not an object",
		[JSON_ARRAY] = "missing, or not an array",
		[JSON_STRING] = "missing, or not a string",
		[JSON_INTEGER] = "missing, or not an integer",
		[JSON_TRUE] = "not a boolean",
	};
	const json_t *v;

	if (f->fault->rc != RC_OK)
		return NULL;
	v = json_object_get(f->object, key);
	if (v == NULL && is_optional)
		return NULL;
	if (v != NULL &&
	    (json_typeof(v) == type || (type == JSON_TRUE && json_is_false(v))))
		return v;
	fields_fail(f, RC_MALFORMED, key, expected[type]);
	return NULL;
}

static int64_t
in_range(struct fields *f, const char *key, const json_t *v, int64_t min,
    int64_t max)
{
	int64_t i = json_integer_value(v);

	if (i >= min && i <= max)
		return i;
	fail_range(f, key, min, max);
	return 0;
}

int64_t
fields_int(struct fields *f, const char *key, int64_t min, int64_t max)
{
	const json_t *v = find(f, key, JSON_INTEGER, false);

	return v == NULL ? 0 : in_range(f, key, v, min, max);
}

bool
fields_int_if(
    struct fields *f, const char *key, int64_t min, int64_t max, int64_t *out)
{
	const json_t *v = find(f, key, JSON_INTEGER, true);

	if (v == NULL)
		return false;
	*out = in_range(f, key, v, min, max);
	return f->fault->rc == RC_OK;
}

const char *
fields_text(struct fields *f, const char *key)
{
	const json_t *v = find(f, key, JSON_STRING, false);

	return v == NULL ? "" : json_string_value(v);
}

const char *
fields_text_if(struct fields *f, const char *key)
{
	const json_t *v = find(f, key, JSON_STRING, true);

	return v == NULL ? NULL : json_string_value(v);
}

bool
fields_bool(struct fields *f, const char *key)
{
	return json_is_true(find(f, key, JSON_TRUE, true));
}

bool
fields_has(const struct fields *f, const char *key)
{
	return f->fault->rc == RC_OK && json_object_get(f->object, key) != NULL;
}

struct fields
fields_object(struct fields *f, const char *key)
{
	struct fields child = { .fault = f->fault };

	child.object = find(f, key, JSON_OBJECT, false);
	snprintf(child.path, sizeof child.path, "%.20s%s.", f->path, key);
	return child;
}

size_t
fields_count(struct fields *f, const char *key, size_t max)
{
	size_t n = json_array_size(find(f, key, JSON_ARRAY, true));

	if (n <= max)
		return n;
	fields_fail(f, RC_LIMIT, key, "too many elements");
	return 0;
}

struct fields
fields_element(struct fields *f, const char *key, size_t i)
{
	struct fields child = { .fault = f->fault };

	child.object = json_array_get(find(f, key, JSON_ARRAY, false), i);
	snprintf(
	    child.path, sizeof child.path, "%.20s%s[%zu].", f->path, key, i);
	if (!json_is_object(child.object))
		fields_fail(
		    f, RC_MALFORMED, key, "an element is not an object");
	return child;
}

int64_t
fields_element_int(
    struct fields *f, const char *key, size_t i, int64_t min, int64_t max)
{
	const json_t *v = json_array_get(find(f, key, JSON_ARRAY, false), i);

	if (json_is_integer(v))
		return in_range(f, key, v, min, max);
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
