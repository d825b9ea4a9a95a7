/* dot_cert.c - see dot_cert.h. */
#include "probe/dot_cert.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/addr.h"
#include "schema/base/clock.h"

#define YEAR_9999_S INT64_C(253402300799) /* its end: RFC 5280's last */

static const struct {
	unsigned status; /* gnutls_certificate_status_t */
	const char *words;
} faults[] = {
	{ GNUTLS_CERT_UNEXPECTED_OWNER, "name differs" },
	{ GNUTLS_CERT_EXPIRED, "expired" },
	{ GNUTLS_CERT_NOT_ACTIVATED, "not valid yet" },
	{ GNUTLS_CERT_REVOKED, "revoked" },
	{ GNUTLS_CERT_SIGNATURE_FAILURE, "bad signature" },
	{ GNUTLS_CERT_SIGNER_NOT_FOUND, "issuer unknown" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, "issuer is no authority" },
	{ GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "beyond issuer's limits" },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, "weak algorithm" },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, "not for servers" },
};

/* A text of bounded length, filled piece by piece. */
struct text {
	char *bytes; /* TLS_TEXT_MAX + 1 */
	size_t len;
};

static void
add(struct text *t, const char *from, size_t n)
{
	for (size_t i = 0; i < n && t->len < TLS_TEXT_MAX; i++) {
		unsigned char c = (unsigned char)from[i];

		t->bytes[t->len++] =
		    (char)(c >= ' ' && c <= '~' ? c : (unsigned char)'?');
	}
	t->bytes[t->len] = '\0';
}

static void
add_fault(struct text *t, const char *words)
{
	if (t->len > 0)
		add(t, ", ", 2);
	add(t, words, strlen(words));
}

/* Checks the chain and the name, and says what is wrong with them. */
static void
verify(struct tls_result *out, gnutls_session_t session, gnutls_x509_crt_t cert,
    const char *name)
{
	struct text t = { .bytes = out->fault };
	unsigned status = 0;
	int rc = gnutls_certificate_verify_peers3(
	    session, name[0] != '\0' ? name : NULL, &status);

	if (rc != 0) {
		add_fault(&t, gnutls_strerror(rc));
		return;
	}
	out->is_verified = status == 0;
	if ((status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0 && cert != NULL &&
	    gnutls_x509_crt_check_issuer(cert, cert) != 0) {
		add_fault(&t, "self-signed");
		status &= ~(unsigned)GNUTLS_CERT_SIGNER_NOT_FOUND;
	}
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		if ((status & faults[i].status) != 0)
			add_fault(&t, faults[i].words);
	if (!out->is_verified && t.len == 0)
		add_fault(&t, "not valid");
}

static void
read_dn(char *out, int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned),
    gnutls_x509_crt_t cert)
{
	struct text t = { .bytes = out };
	gnutls_datum_t dn;

	if (get(cert, &dn, 0) != 0)
		return;
	add(&t, (const char *)dn.data, dn.size);
	gnutls_free(dn.data);
}

/* Adds one alternative name, after a blank.  A blank inside is none. */
static void
add_name(struct text *t, char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] == ' ')
			name[i] = '?';
	if (t->len > 0)
		add(t, " ", 1);
	add(t, name, n);
}

static void
read_names(char *out, gnutls_x509_crt_t cert)
{
	struct text t = { .bytes = out };

	for (unsigned i = 0; t.len < TLS_TEXT_MAX; i++) {
		char name[256], text[ADDR_TEXT_LEN];
		size_t n = sizeof name;
		struct addr a = { 0 };
		int type = gnutls_x509_crt_get_subject_alt_name(
		    cert, i, name, &n, NULL);

		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			return;
		if (type == GNUTLS_SAN_DNSNAME)
			add_name(&t, name, n);
		if (type != GNUTLS_SAN_IPADDRESS || (n != 4 && n != 16))
			continue;
		a.family = n == 4 ? 4 : 6;
		memcpy(a.bytes, name, n);
		addr_format(&a, text);
		add_name(&t, text, strlen(text));
	}
}

static void
read_cert(struct tls_result *out, gnutls_x509_crt_t cert)
{
	time_t end = gnutls_x509_crt_get_expiration_time(cert);

	if (end > 0 && end <= YEAR_9999_S)
		out->not_after_us = (int64_t)end * US_PER_S;
	read_dn(out->subject, gnutls_x509_crt_get_dn3, cert);
	read_dn(out->issuer, gnutls_x509_crt_get_issuer_dn3, cert);
	read_names(out->names, cert);
}

/* Gives the first certificate of the chain, or NULL. */
static gnutls_x509_crt_t
own_cert(gnutls_session_t session, struct tls_result *out)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	size_t len = sizeof out->fingerprint;
	gnutls_x509_crt_t cert;

	if (chain == NULL || n == 0 ||
	    gnutls_fingerprint(
		GNUTLS_DIG_SHA256, &chain[0], out->fingerprint, &len) != 0 ||
	    gnutls_x509_crt_init(&cert) != 0)
		return NULL;
	if (gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0)
		return cert;
	gnutls_x509_crt_deinit(cert);
	return NULL;
}

void
dot_cert_read(
    struct tls_result *out, gnutls_session_t session, const char *name)
{
	gnutls_x509_crt_t cert = own_cert(session, out);

	out->version =
	    gnutls_protocol_get_version(session) == GNUTLS_TLS1_2 ? 2 : 3;
	verify(out, session, cert, name);
	if (cert == NULL)
		return;
	read_cert(out, cert);
	gnutls_x509_crt_deinit(cert);
}
