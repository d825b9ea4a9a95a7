/* atlas_decode.c - a result's common fields, and its responses (atlas.h). */
#include <string.h>

#include "collector/atlas.h"
#include "collector/atlas_json.h"
#include "schema/base/addr.h"

#define CREATED_MAX (INT64_C(1) << 33) /* the year 2242: fits microseconds */

typedef const char *decode_kind(const json_t *result, json_t *response);

static const struct {
	const char *type;
	decode_kind *decode;
} kinds[] = {
	{ "dns", atlas_dns },
	{ "traceroute", atlas_trace },
	{ "ping", atlas_ping },
};

static uint8_t
family_of(const json_t *result, const char *key)
{
	const char *text = atlas_text(result, key);
	struct addr a;

	return text != NULL && addr_parse(&a, text) == RC_OK ? a.family : 0;
}

/* As written, else as the addresses tell. */
static json_t *
family_json(const json_t *part)
{
	int64_t af;

	if (!atlas_int(part, "af", &af) && !atlas_int(part, "pf", &af))
		af = family_of(part, "dst_addr");
	if (af == 0)
		af = family_of(part, "src_addr");
	return af == 4 || af == 6 ? json_integer(af) : json_null();
}

static json_t *
first_text(const json_t *a, const char *key, const json_t *b, const char * or)
{
	const char *text = atlas_text(a, key);

	return text != NULL ? json_string(text) : atlas_text_json(b, or);
}

/* part: the result itself, or one of its resultset. */
static json_t *
common_json(const json_t *result, const json_t *part, int64_t created)
{
	json_t *r = json_object();
	const json_t *lts =
	    json_object_get(part, "lts") != NULL ? part : result;

	json_object_set(r, "type", json_object_get(result, "type"));
	json_object_set_new(r, "firmware", atlas_count_json(result, "fw"));
	json_object_set_new(
	    r, "measurement_id", atlas_count_json(result, "msm_id"));
	json_object_set_new(
	    r, "group_id", atlas_count_json(result, "group_id"));
	json_object_set_new(r, "probe_id", atlas_count_json(result, "prb_id"));
	json_object_set_new(r, "created", json_integer(created));
	json_object_set_new(
	    r, "seconds_since_sync", atlas_count_json(lts, "lts"));
	json_object_set_new(
	    r, "origin", first_text(part, "from", result, "from"));
	json_object_set_new(r, "source_address",
	    first_text(part, "src_addr", result, "src_addr"));
	json_object_set_new(r, "destination_address",
	    first_text(part, "dst_addr", part, "addr"));
	json_object_set_new(
	    r, "destination_name", first_text(part, "dst_name", part, "name"));
	json_object_set_new(r, "af", family_json(part));
	json_object_set_new(r, "protocol", atlas_text_json(part, "proto"));
	return r;
}

static bool
created_at(const json_t *part, const json_t *result, int64_t *at)
{
	if (!atlas_int(part, "time", at) && !atlas_int(part, "timestamp", at) &&
	    !atlas_int(result, "timestamp", at))
		return false;
	return *at >= 0 && *at < CREATED_MAX;
}

/* Appends the response of one part. */
static const char *
decode_part(
    json_t *list, const json_t *result, const json_t *part, decode_kind *decode)
{
	json_t *response;
	const char *why;
	int64_t at;

	if (!json_is_object(part))
		return "resultset: not an object";
	if (!created_at(part, result, &at))
		return "timestamp: missing or out of range";
	response = common_json(result, part, at);
	why = decode(part, response);
	if (why == NULL)
		json_array_append(list, response);
	json_decref(response);
	return why;
}

static decode_kind *
find_kind(const json_t *result)
{
	const char *type = atlas_text(result, "type");

	for (size_t i = 0; type != NULL && i < sizeof kinds / sizeof kinds[0];
	     i++)
		if (strcmp(kinds[i].type, type) == 0)
			return kinds[i].decode;
	return NULL;
}

/* Appends the responses of a result to the list. */
static const char *
decode_result(json_t *list, const json_t *result)
{
	decode_kind *decode = find_kind(result);
	const json_t *set = json_object_get(result, "resultset"), *part;
	const char *why = NULL;
	int64_t probe;
	size_t i;

	if (!json_is_object(result))
		return "not an object";
	if (decode == NULL)
		return "type: not dns, traceroute or ping";
	if (!atlas_int(result, "prb_id", &probe) || probe < 0)
		return "prb_id: missing or out of range";
	if (set == NULL)
		return decode_part(list, result, result, decode);
	if (!json_is_array(set))
		return "resultset: not a list";
	json_array_foreach(set, i, part)
	{
		if (why == NULL)
			why = decode_part(list, result, part, decode);
	}
	return why;
}

const char *
atlas_decode(const char *text, size_t len, atlas_take *take, void *ctx)
{
	json_t *result =
	    json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	json_t *list, *response;
	const char *why;
	size_t i;

	if (result == NULL)
		return "not JSON";
	list = json_array();
	why = decode_result(list, result);
	if (why == NULL) {
		json_array_foreach(list, i, response)
		    take(ctx, result, response);
	}
	json_decref(list);
	json_decref(result);
	return why;
}
