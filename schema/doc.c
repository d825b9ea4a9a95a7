/* doc.c - see doc.h. */
#include "schema/doc.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

uint32_t
doc_add(struct doc *d, const char *key, uint64_t head, enum doc_type type)
{
	struct doc_value *v;

	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 32 : 2 * d->cap;
		d->values = mem_grow(d->values, d->cap, sizeof *d->values);
	}
	v = &d->values[d->n++];
	*v = (struct doc_value){ .key = key,
		.key_head = head,
		.end = (uint32_t)d->n,
		.type = type };
	return (uint32_t)(d->n - 1);
}

uint32_t
doc_place(const struct doc *d, const struct doc_value *v)
{
	return (uint32_t)(v - d->values);
}

static const struct doc_value *
look_through(const struct doc *d, const struct doc_value *object,
    const char *key, uint64_t head)
{
	const struct doc_value *v = object + 1;

	if ((object->key_marks & doc_mark(head)) == 0)
		return NULL;
	for (uint32_t i = 0; i < object->n; i++) {
		if (v->key_head == head && strcmp(v->key, key) == 0)
			return v;
		v = &d->values[v->end];
	}
	return NULL;
}

const struct doc_value *
doc_member(const struct doc *d, const struct doc_value *object, const char *key,
    uint32_t at)
{
	const struct doc_value *v = &d->values[at];

	if (v > object && at < object->end && v->key[0] == key[0] &&
	    strcmp(v->key, key) == 0)
		return v;
	return look_through(d, object, key, doc_head(key));
}

bool
doc_is_new_key(
    const struct doc *d, uint32_t object, const char *key, uint64_t head)
{
	return look_through(d, &d->values[object], key, head) == NULL;
}

static void flatten(struct doc *d, const char *key, json_t *v, unsigned depth);

static void
flatten_members(struct doc *d, uint32_t at, json_t *object, unsigned depth)
{
	const char *key;
	json_t *member;

	json_object_foreach(object, key, member)
	{
		d->values[at].key_marks |= doc_mark(doc_head(key));
		d->values[at].n++;
		flatten(d, key, member, depth + 1);
	}
}

static void
flatten_elements(struct doc *d, uint32_t at, json_t *array, unsigned depth)
{
	json_t *element;
	size_t i;

	json_array_foreach(array, i, element)
	{
		d->values[at].n++;
		flatten(d, NULL, element, depth + 1);
	}
}

static enum doc_type
type_of(const json_t *v, unsigned depth)
{
	static const enum doc_type types[] = {
		[JSON_OBJECT] = DOC_OBJECT,
		[JSON_ARRAY] = DOC_ARRAY,
		[JSON_STRING] = DOC_TEXT,
		[JSON_INTEGER] = DOC_INTEGER,
		[JSON_REAL] = DOC_OTHER,
		[JSON_TRUE] = DOC_TRUE,
		[JSON_FALSE] = DOC_FALSE,
		[JSON_NULL] = DOC_OTHER,
	};
	enum doc_type type = types[json_typeof(v)];

	if (depth >= DOC_DEPTH_MAX && (type == DOC_OBJECT || type == DOC_ARRAY))
		return DOC_OTHER;
	return type;
}

/* Adds a value of jansson's, whose strings stay where they are. */
static void
flatten(struct doc *d, const char *key, json_t *v, unsigned depth)
{
	uint64_t head = key == NULL ? 0 : doc_head(key);
	uint32_t at = doc_add(d, key, head, type_of(v, depth));

	switch (d->values[at].type) {
	case DOC_OBJECT:
		flatten_members(d, at, v, depth);
		break;
	case DOC_ARRAY:
		flatten_elements(d, at, v, depth);
		break;
	case DOC_TEXT:
		d->values[at].text = json_string_value(v);
		break;
	case DOC_INTEGER:
		d->values[at].integer = json_integer_value(v);
		break;
	case DOC_TRUE:
	case DOC_FALSE:
	case DOC_OTHER:
		break;
	}
	d->values[at].end = (uint32_t)d->n;
}

enum rc
doc_parse(struct doc *d, const char *text, size_t len, struct err *err)
{
	json_error_t cause;

	d->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &cause);
	if (d->root == NULL)
		return err_set(
		    err, RC_MALFORMED, "not JSON at byte %d", cause.position);
	if (!json_is_object(d->root))
		return err_set(err, RC_MALFORMED, "not a JSON object");
	flatten(d, NULL, d->root, 0);
	return RC_OK;
}

enum rc
doc_load(struct doc *d, const char *text, size_t len, struct err *err)
{
	enum rc rc;

	json_decref(d->root);
	d->root = NULL;
	d->n = 0;
	if (doc_scan(d, text, len))
		return RC_OK;
	d->n = 0;
	rc = doc_parse(d, text, len, err);
	if (rc != RC_OK)
		doc_fini(d);
	return rc;
}

void
doc_fini(struct doc *d)
{
	json_decref(d->root);
	free(d->values);
	free(d->text);
	*d = (struct doc){ 0 };
}
