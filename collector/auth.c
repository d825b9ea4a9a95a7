/* auth.c - see auth.h. */
#include "collector/auth.h"

#include <stdbool.h>
#include <string.h>

static bool
is_complete(const struct auth_request *r)
{
	return r->content_digest != NULL && r->seq != NULL &&
	       r->input != NULL && r->signature != NULL;
}

/* Signature of a request whose headers are all there. */
static enum auth
verify(const struct auth_request *r,
    const uint8_t public[static SIGNATURE_PUBLIC_BYTES])
{
	struct signed_request signed_request = {
		.method = r->method,
		.path = r->path,
		.content_digest = r->content_digest,
		.seq = r->seq,
	};

	if (signature_check_digest(r->content_digest, r->body, r->len) != RC_OK)
		return AUTH_DIGEST;
	if (signature_verify(&signed_request, r->input, r->signature, public) !=
	    RC_OK)
		return AUTH_SIGNATURE;
	return AUTH_OK;
}

enum auth
auth_check(const struct auth_request *r, auth_find *find, void *ctx,
    struct probe_row *probe)
{
	char keyid[PROBE_ID_LEN + 1];
	struct probe_row found;
	enum auth auth;
	enum rc rc;

	if (!is_complete(r) || signature_keyid(r->input, keyid) != RC_OK)
		return AUTH_NO_SIGNATURE;
	rc = find(ctx, keyid, &found);
	if (rc != RC_OK)
		return rc == RC_NOTFOUND ? AUTH_UNKNOWN : AUTH_STORE;
	if (found.state == PROBE_REVOKED)
		return AUTH_REVOKED;
	if (found.state == PROBE_LEFT)
		return AUTH_LEFT;
	auth = verify(r, found.public_key);
	if (auth == AUTH_OK)
		*probe = found;
	return auth;
}

enum auth
auth_check_key(const struct auth_request *r,
    const uint8_t public[static SIGNATURE_PUBLIC_BYTES])
{
	char keyid[PROBE_ID_LEN + 1], id[PROBE_ID_LEN + 1];

	if (!is_complete(r) || signature_keyid(r->input, keyid) != RC_OK)
		return AUTH_NO_SIGNATURE;
	signature_probe_id(public, id);
	if (strcmp(id, keyid) != 0)
		return AUTH_SIGNATURE;
	return verify(r, public);
}

const char *
auth_text(enum auth a)
{
	switch (a) {
	case AUTH_OK:
		return "signed";
	case AUTH_NO_SIGNATURE:
		return "the request is not signed: Signature-Input, Signature, "
		       "Content-Digest and Catchwater-Seq are needed";
	case AUTH_DIGEST:
		return "Content-Digest is not that of the body";
	case AUTH_UNKNOWN:
		return "no probe with this id has enrolled";
	case AUTH_REVOKED:
		return "the probe has been revoked";
	case AUTH_LEFT:
		return "the probe has left";
	case AUTH_SIGNATURE:
		return "the signature is not that of the probe's key";
	case AUTH_STORE:
		break;
	}
	return "the probe cannot be looked up just now";
}
