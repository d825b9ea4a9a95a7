/* atlas_trace.c - a traceroute of RIPE Atlas (atlas.h).
 *
 * Keys: paris_id, packet_size, end_time (Unix seconds), total_hops, error,
 * destination_responded, last_hop_responded, last_median_rtt (ms), n_mpls
 * (label stack entries, over all packets), and hops: index, error, packets
 * and late (answers that came after their hop was done, apart).  A packet:
 * origin (null: no answer), rtt, ttl, size, dup, icmp_error ("H", "N" ...),
 * internal_ttl, mtu, tos and option sizes where there are any, icmp_header
 * (version, rfc4884, objects as they were written) and mpls (of the objects
 * of class 1: RFC 4950). */
#include <stdbool.h>
#include <string.h>

#include "collector/atlas.h"
#include "collector/atlas_json.h"

#define PACKETS_MAX 1024 /* of a hop */
#define CLASS_MPLS 1

static const char *const optional[][2] = { { "internal_ttl", "ittl" },
	{ "mtu", "mtu" }, { "tos", "itos" },
	{ "destination_option_size", "dstoptsize" },
	{ "hop_by_hop_option_size", "hbhoptsize" } };

/* What is found on the way. */
struct totals {
	const char *destination;
	json_int_t n_mpls;
	bool destination_responded, has_responded; /* of the last hop */
	json_t *last_median;
};

/* The label stacks of the objects that are such. */
static json_t *
mpls_json(const json_t *objects, struct totals *t)
{
	json_t *out = json_array(), *entry;
	const json_t *object;
	size_t i, k;
	int64_t class;

	json_array_foreach(objects, i, object)
	{
		if (!atlas_int(object, "class", &class) || class != CLASS_MPLS)
			continue;
		json_array_foreach(json_object_get(object, "mpls"), k, entry)
		    json_array_append(out, entry);
	}
	t->n_mpls += (json_int_t)json_array_size(out);
	return out;
}

static void
add_extension(json_t *out, const json_t *p, struct totals *t)
{
	const json_t *e = json_object_get(p, "icmpext");
	json_t *objects = json_object_get(e, "obj");

	if (!json_is_object(e))
		return;
	json_object_set_new(out, "icmp_header",
	    json_pack("{s:o, s:o, s:o}", "version",
		atlas_count_json(e, "version"), "rfc4884",
		atlas_count_json(e, "rfc4884"), "objects",
		objects == NULL ? json_array() : json_incref(objects)));
	json_object_set_new(out, "mpls", mpls_json(objects, t));
}

static json_t *
packet_json(const json_t *p, struct totals *t)
{
	json_t *out = json_pack("{s:o, s:o, s:o, s:o, s:b}", "origin",
	    atlas_text_json(p, "from"), "rtt", atlas_real_json(p, "rtt"), "ttl",
	    atlas_count_json(p, "ttl"), "size", atlas_count_json(p, "size"),
	    "dup", json_object_get(p, "dup") != NULL);
	json_t *err = json_object_get(p, "err");

	for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++)
		if (json_object_get(p, optional[i][1]) != NULL)
			json_object_set_new(out, optional[i][0],
			    atlas_count_json(p, optional[i][1]));
	if (err != NULL)
		json_object_set(out, "icmp_error", err);
	if (json_object_get(p, "error") != NULL)
		json_object_set(out, "error", json_object_get(p, "error"));
	add_extension(out, p, t);
	return out;
}

static void
note_packet(const json_t *p, struct totals *t)
{
	const char *from = atlas_text(p, "from");

	t->has_responded |= json_object_get(p, "rtt") != NULL;
	t->destination_responded |= from != NULL && t->destination != NULL &&
				    strcmp(from, t->destination) == 0;
}

static void
read_packets(const json_t *list, json_t *hop, struct totals *t)
{
	json_t *packets = json_array(), *late = json_array();
	double rtts[PACKETS_MAX];
	const json_t *p;
	size_t i, n = 0;

	json_object_set_new(hop, "packets", packets);
	json_object_set_new(hop, "late", late);
	t->has_responded = t->destination_responded = false;
	json_array_foreach(list, i, p)
	{
		if (!json_is_object(p) || i >= PACKETS_MAX)
			continue;
		if (json_object_get(p, "late") != NULL) {
			json_array_append_new(late, packet_json(p, t));
			continue;
		}
		json_array_append_new(packets, packet_json(p, t));
		note_packet(p, t);
		n += atlas_real(p, "rtt", &rtts[n]);
	}
	if (n == 0)
		return;
	json_decref(t->last_median);
	t->last_median = atlas_median_json(rtts, n);
}

static json_t *
hop_json(const json_t *h, struct totals *t)
{
	json_t *hop = json_pack("{s:o}", "index", atlas_count_json(h, "hop"));

	read_packets(json_object_get(h, "result"), hop, t);
	if (json_object_get(h, "error") != NULL)
		json_object_set(hop, "error", json_object_get(h, "error"));
	return hop;
}

const char *
atlas_trace(const json_t *part, json_t *r)
{
	struct totals t = { .destination =
				atlas_text(r, "destination_address") };
	const json_t *list = json_object_get(part, "result"), *h;
	json_t *hops, *error = json_object_get(part, "error");
	size_t i;

	if (!json_is_array(list) && error == NULL)
		return "neither a result nor an error";
	hops = json_array();
	json_array_foreach(list, i, h)
	    json_array_append_new(hops, hop_json(h, &t));
	json_object_set_new(r, "paris_id", atlas_count_json(part, "paris_id"));
	json_object_set_new(r, "packet_size", atlas_count_json(part, "size"));
	json_object_set_new(r, "end_time", atlas_count_json(part, "endtime"));
	json_object_set_new(
	    r, "total_hops", json_integer((json_int_t)json_array_size(hops)));
	json_object_set_new(r, "hops", hops);
	json_object_set_new(
	    r, "destination_responded", json_boolean(t.destination_responded));
	json_object_set_new(
	    r, "last_hop_responded", json_boolean(t.has_responded));
	json_object_set_new(r, "last_median_rtt",
	    t.last_median == NULL ? json_null() : t.last_median);
	json_object_set_new(r, "n_mpls", json_integer(t.n_mpls));
	json_object_set_new(
	    r, "error", error == NULL ? json_null() : json_incref(error));
	return NULL;
}
