/* atlas_dns.c - a DNS response of RIPE Atlas (atlas.h).
 *
 * Keys: subid, submax, response_time (ms), size (bytes, as the probe counted),
 * error (as it was written), query and reply (dns_json.h; null when the probe
 * did not send the bytes), told (what the probe itself read of the answer:
 * type, name, data). */
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/atlas.h"
#include "collector/atlas_json.h"
#include "collector/dns_json.h"
#include "schema/base/mem.h"

#define MESSAGE_MAX 65535 /* bytes of a DNS message */

/* The message in base 64 at the key; null without.  *why: it is none. */
static json_t *
message_json(const json_t *part, const char *key, const char **why)
{
	const json_t *v = json_object_get(part, key);
	const char *text = json_string_value(v);
	uint8_t *bytes;
	size_t len = 0, n = json_string_length(v);
	json_t *out = NULL;

	if (text == NULL || n == 0)
		return json_null();
	bytes = mem_new(MESSAGE_MAX);
	if (sodium_base642bin(bytes, MESSAGE_MAX, text, n, "\r\n ", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) == 0)
		out = dns_json(bytes, len);
	else
		*why = "abuf: not base 64 of a DNS message";
	free(bytes);
	return out == NULL ? json_null() : out;
}

/* One text, or a list of them. */
static json_t *
data_json(const json_t *rdata)
{
	if (json_is_array(rdata))
		return json_deep_copy(rdata);
	return json_is_string(rdata) ? json_pack("[O]", rdata) : json_null();
}

static json_t *
told_json(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "answers"), *a;
	json_t *out;
	size_t i;

	if (!json_is_array(list))
		return json_null();
	out = json_array();
	json_array_foreach(list, i, a)
	{
		json_t *told = json_object();

		json_object_set(told, "type", json_object_get(a, "TYPE"));
		json_object_set(told, "name", json_object_get(a, "NAME"));
		json_object_set_new(
		    told, "data", data_json(json_object_get(a, "RDATA")));
		json_array_append_new(out, told);
	}
	return out;
}

const char *
atlas_dns(const json_t *part, json_t *r)
{
	const json_t *answer = json_object_get(part, "result");
	const json_t *error = json_object_get(part, "error");
	const char *why = NULL;

	if (!json_is_object(answer) && error == NULL)
		return "neither a result nor an error";
	json_object_set_new(r, "subid", atlas_count_json(part, "subid"));
	json_object_set_new(r, "submax", atlas_count_json(part, "submax"));
	json_object_set_new(r, "response_time", atlas_real_json(answer, "rt"));
	json_object_set_new(r, "size", atlas_count_json(answer, "size"));
	json_object_set_new(
	    r, "error", error == NULL ? json_null() : json_deep_copy(error));
	json_object_set_new(r, "query", message_json(part, "qbuf", &why));
	json_object_set_new(r, "reply", message_json(answer, "abuf", &why));
	json_object_set_new(r, "told", told_json(answer));
	return why;
}
