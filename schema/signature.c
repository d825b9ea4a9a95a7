/* signature.c - see signature.h. */
#include "schema/signature.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/sfv.h"

#define BASE_MAX 4096 /* four values and their names fit */
#define LABEL "sig1"
#define N_COVERED 4
#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* What a signature covers, in the order in which we write it. */
static const char *const covered[N_COVERED] = { "@method", "@path",
	"content-digest", "catchwater-seq" };

struct signature_input {
	struct sfv label;
	struct sfv parameters;   /* from "(" to the end, as received */
	size_t order[N_COVERED]; /* indices into covered[], as received */
	struct sfv keyid;
};

void
signature_new_key(struct signing_key *key)
{
	if (sodium_init() < 0)
		abort();
	crypto_sign_keypair(key->public, key->secret);
}

void
signature_probe_id(const uint8_t public[static SIGNATURE_PUBLIC_BYTES],
    char id[static PROBE_ID_LEN + 1])
{
	uint8_t hash[crypto_generichash_BYTES];

	crypto_generichash(
	    hash, sizeof hash, public, SIGNATURE_PUBLIC_BYTES, NULL, 0);
	sodium_bin2hex(id, PROBE_ID_LEN + 1, hash, PROBE_ID_LEN / 2);
}

static void
put_text(struct wbuf *w, const char *text)
{
	wbuf_put(w, text, strlen(text));
}

static void
put_span(struct wbuf *w, struct sfv s)
{
	wbuf_put(w, s.at, s.len);
}

/* A byte sequence of RFC 8941 section 3.3.5. */
static void
put_bytes(struct wbuf *w, const uint8_t *bytes, size_t len)
{
	char text[sodium_base64_ENCODED_LEN(crypto_hash_sha512_BYTES, BASE64)];

	put_text(w, ":");
	put_text(w, sodium_bin2base64(text, sizeof text, bytes, len, BASE64));
	put_text(w, ":");
}

/* Ends the text with a NUL.  RC_LIMIT when it did not fit. */
static enum rc
finish(struct wbuf *w)
{
	wbuf_u8(w, '\0');
	return w->is_bad ? RC_LIMIT : RC_OK;
}

void
signature_digest(
    const void *body, size_t len, char out[static SIGNATURE_HEADER_MAX])
{
	uint8_t hash[crypto_hash_sha512_BYTES];
	struct wbuf w = wbuf_over(out, SIGNATURE_HEADER_MAX);

	crypto_hash_sha512(hash, body, len);
	put_text(&w, "sha-512=");
	put_bytes(&w, hash, sizeof hash);
	(void)finish(&w); /* about 100 bytes: fits */
}

static void
put_base(struct wbuf *w, const struct signature_component *components, size_t n,
    struct sfv parameters)
{
	for (size_t i = 0; i < n; i++) {
		put_text(w, "\"");
		put_text(w, components[i].name);
		put_text(w, "\": ");
		put_text(w, components[i].value);
		put_text(w, "\n");
	}
	put_text(w, "\"@signature-params\": ");
	put_span(w, parameters);
}

enum rc
signature_base(char *out, size_t cap,
    const struct signature_component *components, size_t n,
    const char *parameters)
{
	struct wbuf w = wbuf_over(out, cap);

	put_base(
	    &w, components, n, (struct sfv){ parameters, strlen(parameters) });
	return finish(&w);
}

/* A value that may stand in a header and in a signature base. */
static bool
is_clean(const char *text)
{
	size_t n = 0;

	while (text[n] >= ' ' && text[n] <= '~' && n < SIGNATURE_HEADER_MAX)
		n++;
	return text[n] == '\0' && n < SIGNATURE_HEADER_MAX;
}

static bool
is_clean_request(const struct signed_request *req)
{
	return is_clean(req->method) && is_clean(req->path) &&
	       is_clean(req->content_digest) && is_clean(req->seq);
}

/* The signature base of req with its components in the given order. */
static struct wbuf
base_of(const struct signed_request *req, const size_t order[N_COVERED],
    struct sfv parameters, char buf[BASE_MAX])
{
	const char *const values[N_COVERED] = { req->method, req->path,
		req->content_digest, req->seq };
	struct signature_component c[N_COVERED];
	struct wbuf w = wbuf_over(buf, BASE_MAX);

	for (size_t i = 0; i < N_COVERED; i++)
		c[i] = (struct signature_component){ covered[order[i]],
			values[order[i]] };
	put_base(&w, c, N_COVERED, parameters);
	return w;
}

static enum rc
write_input(char out[static SIGNATURE_HEADER_MAX], const char *keyid)
{
	struct wbuf w = wbuf_over(out, SIGNATURE_HEADER_MAX);

	put_text(&w, LABEL "=(");
	for (size_t i = 0; i < N_COVERED; i++) {
		put_text(&w, i == 0 ? "\"" : " \"");
		put_text(&w, covered[i]);
		put_text(&w, "\"");
	}
	put_text(&w, ");keyid=\"");
	put_text(&w, keyid);
	put_text(&w, "\";alg=\"ed25519\"");
	return finish(&w);
}

enum rc
signature_sign(struct signature_headers *out, const struct signed_request *req,
    const struct signing_key *key, const char *keyid)
{
	static const size_t order[N_COVERED] = { 0, 1, 2, 3 };
	struct signature_headers h;
	uint8_t signature[crypto_sign_BYTES];
	char buf[BASE_MAX];
	struct sfv parameters = { h.input + sizeof LABEL, 0 };
	struct wbuf base, w = wbuf_over(h.signature, sizeof h.signature);

	if (!is_clean_request(req) || !is_clean(keyid) ||
	    strpbrk(keyid, "\"\\") != NULL ||
	    write_input(h.input, keyid) != RC_OK)
		return RC_RANGE;
	parameters.len = strlen(parameters.at);
	base = base_of(req, order, parameters, buf);
	if (base.is_bad)
		return RC_RANGE;
	crypto_sign_detached(
	    signature, NULL, base.bytes, base.len, key->secret);
	put_text(&w, LABEL "=");
	put_bytes(&w, signature, sizeof signature);
	(void)finish(&w); /* about 100 bytes: fits */
	*out = h;
	return RC_OK;
}

/* One quoted name of the inner list, which may not have parameters. */
static enum rc
take_component(struct sfv *s, size_t *index)
{
	struct sfv name;

	if (sfv_take_string(&name, s) != RC_OK ||
	    (!sfv_peek(s, ' ') && !sfv_peek(s, ')')))
		return RC_MALFORMED;
	for (*index = 0; *index < N_COVERED; ++*index)
		if (sfv_is(name, covered[*index]))
			return RC_OK;
	return RC_MALFORMED;
}

/* All components that we cover, each once, in any order. */
static enum rc
take_components(struct sfv *s, size_t order[N_COVERED])
{
	bool seen[N_COVERED] = { false };

	if (!sfv_accept(s, '('))
		return RC_MALFORMED;
	for (size_t i = 0; i < N_COVERED; i++) {
		sfv_skip_spaces(s);
		if (take_component(s, &order[i]) != RC_OK || seen[order[i]])
			return RC_MALFORMED;
		seen[order[i]] = true;
	}
	sfv_skip_spaces(s);
	return sfv_accept(s, ')') ? RC_OK : RC_MALFORMED;
}

/* One ;key=value.  Refuses "expires", which no clock of ours may judge. */
static enum rc
take_parameter(struct sfv *s, struct signature_input *in, bool *has_alg)
{
	struct sfv key, value = { 0 };

	sfv_skip_spaces(s);
	if (sfv_take_key(&key, s) != RC_OK || !sfv_accept(s, '='))
		return RC_MALFORMED;
	if (sfv_is(key, "created"))
		return sfv_take_integer(s);
	if (sfv_take_string(&value, s) != RC_OK)
		return RC_MALFORMED;
	if (sfv_is(key, "keyid") && in->keyid.at == NULL) {
		in->keyid = value;
		return RC_OK;
	}
	if (sfv_is(key, "alg") && !*has_alg && sfv_is(value, "ed25519")) {
		*has_alg = true;
		return RC_OK;
	}
	return sfv_is(key, "nonce") || sfv_is(key, "tag") ? RC_OK
							  : RC_MALFORMED;
}

static enum rc
parse_input(struct signature_input *in, const char *header)
{
	bool has_alg = false;
	struct sfv s;

	*in = (struct signature_input){ 0 };
	if (sfv_open(&s, header, SIGNATURE_HEADER_MAX) != RC_OK ||
	    sfv_take_key(&in->label, &s) != RC_OK || !sfv_accept(&s, '='))
		return RC_MALFORMED;
	in->parameters = s;
	if (take_components(&s, in->order) != RC_OK)
		return RC_MALFORMED;
	while (sfv_accept(&s, ';'))
		if (take_parameter(&s, in, &has_alg) != RC_OK)
			return RC_MALFORMED;
	return s.len == 0 && in->keyid.len == PROBE_ID_LEN ? RC_OK
							   : RC_MALFORMED;
}

enum rc
signature_keyid(const char *input, char keyid[static PROBE_ID_LEN + 1])
{
	char text[PROBE_ID_LEN + 1] = "";
	struct signature_input in;

	if (parse_input(&in, input) != RC_OK)
		return RC_MALFORMED;
	memcpy(text, in.keyid.at, PROBE_ID_LEN);
	if (strspn(text, "0123456789abcdef") != PROBE_ID_LEN)
		return RC_MALFORMED;
	memcpy(keyid, text, sizeof text);
	return RC_OK;
}

/* label=:base64: with the label of the input. */
static enum rc
parse_signature(
    uint8_t out[crypto_sign_BYTES], const char *header, struct sfv label)
{
	struct sfv s, key;

	if (sfv_open(&s, header, SIGNATURE_HEADER_MAX) != RC_OK ||
	    sfv_take_key(&key, &s) != RC_OK || key.len != label.len ||
	    memcmp(key.at, label.at, key.len) != 0 || !sfv_accept(&s, '=') ||
	    sfv_take_bytes(out, crypto_sign_BYTES, &s) != RC_OK)
		return RC_MALFORMED;
	return s.len == 0 ? RC_OK : RC_MALFORMED;
}

enum rc
signature_verify(const struct signed_request *req, const char *input,
    const char *signature, const uint8_t public[static SIGNATURE_PUBLIC_BYTES])
{
	uint8_t bytes[crypto_sign_BYTES];
	struct signature_input in;
	char buf[BASE_MAX];
	struct wbuf base;

	if (!is_clean_request(req) || parse_input(&in, input) != RC_OK ||
	    parse_signature(bytes, signature, in.label) != RC_OK)
		return RC_MALFORMED;
	base = base_of(req, in.order, in.parameters, buf);
	if (base.is_bad)
		return RC_MALFORMED;
	return crypto_sign_verify_detached(
		   bytes, base.bytes, base.len, public) == 0
		   ? RC_OK
		   : RC_PEER;
}

/* Content-Digest (RFC 9530). */

/* One algorithm=:base64: of the header.  *n_known counts those we know. */
static enum rc
check_member(struct sfv *s, const void *body, size_t len, unsigned *n_known)
{
	uint8_t hash[crypto_hash_sha512_BYTES], claimed[sizeof hash];
	struct sfv key;
	size_t n;

	if (sfv_take_key(&key, s) != RC_OK || !sfv_accept(s, '='))
		return RC_MALFORMED;
	if (sfv_is(key, "sha-512")) {
		n = crypto_hash_sha512_BYTES;
		crypto_hash_sha512(hash, body, len);
	} else if (sfv_is(key, "sha-256")) {
		n = crypto_hash_sha256_BYTES;
		crypto_hash_sha256(hash, body, len);
	} else {
		return sfv_skip_bytes(s);
	}
	if (sfv_take_bytes(claimed, n, s) != RC_OK)
		return RC_MALFORMED;
	++*n_known;
	return sodium_memcmp(hash, claimed, n) == 0 ? RC_OK : RC_PEER;
}

enum rc
signature_check_digest(const char *header, const void *body, size_t len)
{
	enum rc worst = RC_OK;
	unsigned n_known = 0;
	struct sfv s;

	if (sfv_open(&s, header, SIGNATURE_HEADER_MAX) != RC_OK)
		return RC_MALFORMED;
	do {
		enum rc rc;

		sfv_skip_spaces(&s);
		rc = check_member(&s, body, len, &n_known);
		if (rc == RC_MALFORMED)
			return RC_MALFORMED;
		if (rc == RC_PEER)
			worst = RC_PEER;
		sfv_skip_spaces(&s);
	} while (sfv_accept(&s, ','));
	return s.len == 0 && n_known > 0 ? worst : RC_MALFORMED;
}
