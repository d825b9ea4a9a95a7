/* tls_identity.c - see tls_identity.h. */
#include "collector/tls_identity.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"

#define PEM_MAX (256 * 1024)
#define CHAIN_MAX 16 /* certificates; real chains have two or three */

struct tls_identity {
	char *certificate_pem;
	size_t certificate_len;
	uint8_t key_digest[32]; /* of the file: the text itself is not kept */
	int64_t expires_us;
	unsigned n;
	gnutls_pcert_st chain[CHAIN_MAX];
	gnutls_privkey_t key;
};

static gnutls_datum_t
datum(char *text, size_t len)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned)len };
}

static enum rc
refuse(struct err *err, const char *certificate, const char *key, int code)
{
	return err_set(err, RC_PEER,
	    "tls: %.60s with %.60s: %s; are they PEM files that belong "
	    "together?",
	    certificate, key, gnutls_strerror(code));
}

/* GnuTLS compares the two when they enter credentials: these are thrown away
 * again. */
static int
check_pair(const gnutls_datum_t *certificate, const gnutls_datum_t *key)
{
	gnutls_certificate_credentials_t both;
	int code = gnutls_certificate_allocate_credentials(&both);

	if (code < 0)
		return code;
	code = gnutls_certificate_set_x509_key_mem(
	    both, certificate, key, GNUTLS_X509_FMT_PEM);
	gnutls_certificate_free_credentials(both);
	return code < 0 ? code : 0;
}

static int
note_end(struct tls_identity *t, const gnutls_datum_t *certificate)
{
	gnutls_x509_crt_t own;
	int code = gnutls_x509_crt_init(&own);

	if (code < 0)
		return code;
	code = gnutls_x509_crt_import(own, certificate, GNUTLS_X509_FMT_PEM);
	if (code == 0)
		t->expires_us =
		    (int64_t)gnutls_x509_crt_get_expiration_time(own) *
		    US_PER_S;
	gnutls_x509_crt_deinit(own);
	return code;
}

static int
import(struct tls_identity *t, const gnutls_datum_t *certificate,
    const gnutls_datum_t *key)
{
	size_t digest_len = sizeof t->key_digest;
	unsigned n = CHAIN_MAX;
	int code = check_pair(certificate, key);

	if (code == 0)
		code = note_end(t, certificate);
	if (code == 0)
		code = gnutls_fingerprint(
		    GNUTLS_DIG_SHA256, key, t->key_digest, &digest_len);
	if (code == 0)
		code = gnutls_privkey_init(&t->key);
	if (code == 0)
		code = gnutls_privkey_import_x509_raw(
		    t->key, key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (code == 0)
		code = gnutls_pcert_list_import_x509_raw(
		    t->chain, &n, certificate, GNUTLS_X509_FMT_PEM, 0);
	if (code == 0)
		t->n = n;
	return code;
}

enum rc
tls_identity_load(struct tls_identity **out, const char *certificate_path,
    const char *key_path, struct err *err)
{
	struct tls_identity *t = mem_new(sizeof *t);
	gnutls_datum_t certificate, key_text;
	char *key = NULL;
	size_t len = 0;
	enum rc rc = file_read(certificate_path, PEM_MAX, &t->certificate_pem,
	    &t->certificate_len, err);
	int code;

	if (rc != RC_OK)
		rc = err_at(err, rc, "tls: certificate");
	else if ((rc = file_read(key_path, PEM_MAX, &key, &len, err)) != RC_OK)
		rc = err_at(err, rc, "tls: key");
	if (rc == RC_OK) {
		certificate = datum(t->certificate_pem, t->certificate_len);
		key_text = datum(key, len);
		code = import(t, &certificate, &key_text);
		explicit_bzero(key, len);
		if (code != 0)
			rc = refuse(err, certificate_path, key_path, code);
	}
	free(key);
	if (rc == RC_OK)
		*out = t;
	else
		tls_identity_free(t);
	return rc;
}

void
tls_identity_free(struct tls_identity *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < t->n; i++)
		gnutls_pcert_deinit(&t->chain[i]);
	if (t->key != NULL)
		gnutls_privkey_deinit(t->key);
	free(t->certificate_pem);
	free(t);
}

bool
tls_identity_equal(const struct tls_identity *a, const struct tls_identity *b)
{
	return a->certificate_len == b->certificate_len &&
	       memcmp(a->certificate_pem, b->certificate_pem,
		   a->certificate_len) == 0 &&
	       memcmp(a->key_digest, b->key_digest, sizeof a->key_digest) == 0;
}

int64_t
tls_identity_expires_us(const struct tls_identity *t)
{
	return t->expires_us;
}

void
tls_identity_show(struct tls_identity *t, gnutls_pcert_st **chain, unsigned *n,
    gnutls_privkey_t *key)
{
	*chain = t->chain;
	*n = t->n;
	*key = t->key;
}
