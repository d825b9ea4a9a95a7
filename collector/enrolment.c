/* enrolment.c - see enrolment.h. */
#include "collector/enrolment.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char NAME_CHARS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789._-";

void
token_hash(const char *token, uint8_t hash[static TOKEN_HASH_BYTES])
{
	crypto_generichash(hash, TOKEN_HASH_BYTES, (const uint8_t *)token,
	    strlen(token), NULL, 0);
}

/* *out: the string at key, or NULL when there is none. */
static enum rc
get_text(const char **out, const json_t *root, const char *key, struct err *err)
{
	const json_t *v = json_object_get(root, key);

	*out = NULL;
	if (v == NULL)
		return RC_OK;
	*out = json_string_value(v);
	if (*out == NULL)
		return err_set(err, RC_MALFORMED, "%s: expected text", key);
	return RC_OK;
}

static enum rc
get_key(struct probe_row *p, const json_t *root, struct err *err)
{
	const char *hex;
	size_t len = 0;
	enum rc rc = get_text(&hex, root, "public_key", err);

	if (rc != RC_OK)
		return rc;
	if (hex == NULL || strlen(hex) != 2 * sizeof p->public_key ||
	    sodium_hex2bin(p->public_key, sizeof p->public_key, hex,
		strlen(hex), NULL, &len, NULL) != 0 ||
	    len != sizeof p->public_key)
		return err_set(err, RC_MALFORMED,
		    "public_key: expected 64 hexadecimal digits");
	signature_probe_id(p->public_key, p->id);
	return RC_OK;
}

static enum rc
get_token(struct enrolment *e, const json_t *root, struct err *err)
{
	const char *token;
	enum rc rc = get_text(&token, root, "token", err);

	if (rc != RC_OK)
		return rc;
	if (token == NULL)
		return err_set(err, RC_MALFORMED, "token: expected text");
	token_hash(token, e->token_hash);
	return RC_OK;
}

static enum rc
get_name(struct probe_row *p, const json_t *root, struct err *err)
{
	const char *name;
	enum rc rc = get_text(&name, root, "name", err);

	if (rc != RC_OK)
		return rc;
	if (name == NULL)
		name = p->id;
	if (name[0] == '\0' || strlen(name) > NAME_MAX_LEN ||
	    strspn(name, NAME_CHARS) != strlen(name))
		return err_set(err, RC_RANGE,
		    "name: expected 1 to %d letters, digits, '.', '_' or '-'",
		    NAME_MAX_LEN);
	snprintf(p->name, sizeof p->name, "%s", name);
	return RC_OK;
}

static enum rc
get_version(struct probe_row *p, const json_t *root, struct err *err)
{
	const char *version;
	enum rc rc = get_text(&version, root, "version", err);

	if (rc != RC_OK || version == NULL)
		return rc;
	if (strlen(version) >= sizeof p->version ||
	    strspn(version, NAME_CHARS) != strlen(version))
		return err_set(err, RC_RANGE,
		    "version: expected at most %zu "
		    "letters, digits, '.', '_' or '-'",
		    sizeof p->version - 1);
	snprintf(p->version, sizeof p->version, "%s", version);
	return RC_OK;
}

static enum rc
get_country(struct whereabouts *w, const json_t *root, struct err *err)
{
	const char *country;
	enum rc rc = get_text(&country, root, "country", err);

	if (rc != RC_OK || country == NULL)
		return rc;
	if (strlen(country) != 2 ||
	    strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
		return err_set(err, RC_RANGE,
		    "country: expected two capital letters (ISO 3166)");
	snprintf(w->country, sizeof w->country, "%s", country);
	return RC_OK;
}

static enum rc
get_position(struct whereabouts *w, const json_t *root, struct err *err)
{
	const json_t *lat = json_object_get(root, "lat");
	const json_t *lon = json_object_get(root, "lon");

	if (lat == NULL && lon == NULL)
		return RC_OK;
	w->latitude = json_number_value(lat);
	w->longitude = json_number_value(lon);
	if (!json_is_number(lat) || !json_is_number(lon) || w->latitude < -90 ||
	    w->latitude > 90 || w->longitude < -180 || w->longitude > 180)
		return err_set(err, RC_RANGE,
		    "lat, lon: expected both, in degrees from -90 to 90 and "
		    "from -180 to 180");
	w->has_position = true;
	return RC_OK;
}

static enum rc
get_asn(struct whereabouts *w, const json_t *root, struct err *err)
{
	const json_t *v = json_object_get(root, "asn");

	if (v == NULL)
		return RC_OK;
	if (!json_is_integer(v) || json_integer_value(v) < 1 ||
	    json_integer_value(v) > UINT32_MAX)
		return err_set(
		    err, RC_RANGE, "asn: expected a number from 1 to 2^32-1");
	w->asn = (uint32_t)json_integer_value(v);
	return RC_OK;
}

static enum rc
decode(struct enrolment *e, const json_t *root, struct err *err)
{
	enum rc rc = get_key(&e->probe, root, err);

	if (rc == RC_OK)
		rc = get_token(e, root, err);
	if (rc == RC_OK)
		rc = get_name(&e->probe, root, err);
	if (rc == RC_OK)
		rc = get_version(&e->probe, root, err);
	if (rc == RC_OK)
		rc = get_country(&e->probe.declared, root, err);
	if (rc == RC_OK)
		rc = get_position(&e->probe.declared, root, err);
	if (rc == RC_OK)
		rc = get_asn(&e->probe.declared, root, err);
	return rc;
}

enum rc
enrolment_decode(
    struct enrolment *out, const char *body, size_t len, struct err *err)
{
	struct enrolment e = { 0 };
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	enum rc rc;

	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(err, RC_MALFORMED, "expected a JSON object");
	}
	rc = decode(&e, root, err);
	json_decref(root);
	if (rc == RC_OK)
		*out = e;
	return rc;
}
