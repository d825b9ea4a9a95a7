#include "probe/route_json.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define GOBGP_ESTABLISHED 6 /* of its enumeration SessionState */

/* Gives the document, or NULL when the text is not an object or array. */
static json_t *
load(const char *text, size_t len)
{
	return json_loadb(text, len, 0, NULL);
}

static bool
is_prefix(const json_t *v, const struct prefix *p)
{
	const char *text = json_string_value(v);
	struct prefix found;

	return text != NULL &&
	       prefix_parse(&found, text, strlen(text)) == RC_OK &&
	       prefix_equal(&found, p);
}

static enum rc
add_peer(struct route_peers *out, const char *address, bool is_up)
{
	struct addr a;

	if (address == NULL || addr_parse(&a, address) != RC_OK)
		return RC_MALFORMED;
	if (out->n == ROUTE_PEERS_MAX)
		return RC_LIMIT;
	out->list[out->n++] = (struct route_peer){ a, is_up };
	return RC_OK;
}

/* ---- FRR ---- */

/* A peer without an address ("unnumbered") stands there by its interface. */
static enum rc
read_advertised(struct route_peers *out, json_t *peers)
{
	const char *address;
	json_t *peer;
	enum rc rc = RC_OK;

	if (peers == NULL)
		return RC_OK;
	if (!json_is_object(peers))
		return RC_MALFORMED;
	json_object_foreach(peers, address, peer)
	{
		if (add_peer(out, address, true) != RC_OK)
			rc = add_peer(out, "::", true);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

enum rc
route_read_frr(struct route_peers *out, const struct prefix *p,
    const char *text, size_t len)
{
	json_t *root = load(text, len);
	enum rc rc = RC_MALFORMED;

	out->n = 0;
	if (json_is_object(root) && json_object_size(root) == 0)
		rc = RC_OK;
	else if (is_prefix(json_object_get(root, "prefix"), p) &&
		 json_is_array(json_object_get(root, "paths")))
		rc =
		    read_advertised(out, json_object_get(root, "advertisedTo"));
	json_decref(root);
	return rc;
}

/* ---- GoBGP ---- */

static bool
is_established(const json_t *state)
{
	const char *word = json_string_value(state);

	return json_integer_value(state) == GOBGP_ESTABLISHED ||
	       (word != NULL && strcasecmp(word, "established") == 0);
}

static enum rc
read_gobgp_peer(struct route_peers *out, const json_t *peer)
{
	const json_t *state = json_object_get(peer, "state");

	return add_peer(out,
	    json_string_value(json_object_get(state, "neighbor_address")),
	    is_established(json_object_get(state, "session_state")));
}

enum rc
route_read_gobgp_peers(struct route_peers *out, const char *text, size_t len)
{
	json_t *root = load(text, len);
	enum rc rc = json_is_array(root) ? RC_OK : RC_MALFORMED;

	out->n = 0;
	for (size_t i = 0; rc == RC_OK && i < json_array_size(root); i++)
		rc = read_gobgp_peer(out, json_array_get(root, i));
	json_decref(root);
	return rc;
}

enum rc
route_read_gobgp(
    bool *has_prefix, const struct prefix *p, const char *text, size_t len)
{
	json_t *root = load(text, len), *paths;
	enum rc rc = json_is_object(root) ? RC_OK : RC_MALFORMED;
	const char *network;
	bool is_found = false;

	json_object_foreach(root, network, paths)
	{
		struct prefix found;

		if (!json_is_array(paths) ||
		    prefix_parse(&found, network, strlen(network)) != RC_OK)
			rc = RC_MALFORMED; /* {"error": ...} */
		else if (prefix_equal(&found, p) && json_array_size(paths) > 0)
			is_found = true;
	}
	json_decref(root);
	if (rc == RC_OK)
		*has_prefix = is_found;
	return rc;
}
