/* atlas_ping.c - a ping of RIPE Atlas (atlas.h).
 *
 * Keys: packets_sent, packets_received, duplicates, rtt_min, rtt_average,
 * rtt_median, rtt_max (ms), packet_size (bytes of payload), step (s), and
 * packets: rtt (null: no answer), dup, ttl, source_address, error. */
#include <stdbool.h>
#include <string.h>

#include "collector/atlas.h"
#include "collector/atlas_json.h"

#define PACKETS_MAX 4096
/* Before this firmware, size counted the 8 bytes of the ICMP header too. */
#define FIRMWARE_SIZE 4570

static json_t *
packet_json(const json_t *part, const json_t *p)
{
	bool is_answer = json_object_get(p, "rtt") != NULL;
	const char *source = atlas_text(p, "srcaddr");
	json_t *ttl = atlas_count_json(
	    json_object_get(p, "ttl") != NULL ? p : part, "ttl");
	json_t *out = json_pack("{s:o, s:b, s:o, s:o}", "rtt",
	    atlas_real_json(p, "rtt"), "dup", json_object_get(p, "dup") != NULL,
	    "ttl", is_answer ? json_incref(ttl) : json_null(), "source_address",
	    source != NULL ? json_string(source)
			   : atlas_text_json(part, "src_addr"));

	json_decref(ttl);
	if (json_object_get(p, "error") != NULL)
		json_object_set(out, "error", json_object_get(p, "error"));
	return out;
}

/* The list of packets; *median: of those that are no duplicates. */
static json_t *
packets_json(const json_t *part, json_t **median)
{
	const json_t *list = json_object_get(part, "result"), *p;
	json_t *out = json_array();
	double rtts[PACKETS_MAX];
	size_t i, n = 0;

	json_array_foreach(list, i, p)
	{
		if (!json_is_object(p) || i >= PACKETS_MAX)
			continue;
		json_array_append_new(out, packet_json(part, p));
		if (json_object_get(p, "dup") == NULL &&
		    atlas_real(p, "rtt", &rtts[n]))
			n++;
	}
	*median = atlas_median_json(rtts, n);
	return out;
}

static json_t *
size_json(const json_t *part, const json_t *r)
{
	int64_t size, firmware;

	if (!atlas_int(part, "size", &size) || size < 0)
		return json_null();
	if (atlas_int(r, "firmware", &firmware) && firmware < FIRMWARE_SIZE &&
	    size >= 8)
		size -= 8;
	return json_integer(size);
}

const char *
atlas_ping(const json_t *part, json_t *r)
{
	static const char *const counts[][2] = { { "packets_sent", "sent" },
		{ "packets_received", "rcvd" }, { "duplicates", "dup" },
		{ "step", "step" } };
	static const char *const rtts[][2] = { { "rtt_min", "min" },
		{ "rtt_average", "avg" }, { "rtt_max", "max" } };
	const json_t *result = json_object_get(part, "result");
	json_t *median = NULL;

	if (json_object_get(part, "sent") == NULL && !json_is_array(result))
		return "neither counts nor a result";
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		json_object_set_new(
		    r, counts[i][0], atlas_count_json(part, counts[i][1]));
	for (size_t i = 0; i < sizeof rtts / sizeof rtts[0]; i++)
		json_object_set_new(
		    r, rtts[i][0], atlas_real_json(part, rtts[i][1]));
	json_object_set_new(r, "packet_size", size_json(part, r));
	json_object_set_new(r, "packets", packets_json(part, &median));
	json_object_set_new(r, "rtt_median", median);
	if (json_object_get(part, "error") != NULL)
		json_object_set(r, "error", json_object_get(part, "error"));
	return NULL;
}
