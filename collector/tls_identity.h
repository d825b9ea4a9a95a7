/*
 * tls_identity.h - the certificate and key a server shows.           (edge)
 *
 * Uses     GnuTLS
 * Used by  serve (reads them), httpd (shows them in handshakes)
 */
#ifndef COLLECTOR_TLS_IDENTITY_H
#define COLLECTOR_TLS_IDENTITY_H

#include <gnutls/abstract.h>
#include <stdbool.h>
#include <stdint.h>

#include "schema/base/err.h"

struct tls_identity;

/* Reads both PEM files and checks that they belong together.  Gives *out:
 * release with tls_identity_free.  RC_SYS: a file cannot be read.  RC_PEER: it
 * is no use. */
MUST_USE enum rc tls_identity_load(struct tls_identity **out,
    const char *certificate_path, const char *key_path, struct err *err);
void tls_identity_free(struct tls_identity *t); /* NULL is fine */

/* Are they the same files' bytes? */
bool
tls_identity_equal(const struct tls_identity *a, const struct tls_identity *b);

/* Unix time when the certificate ends. */
int64_t tls_identity_expires_us(const struct tls_identity *t);

/* Lends what a handshake needs, as a gnutls_certificate_retrieve_function2
 * gives it; t must outlive the handshake. */
void tls_identity_show(struct tls_identity *t, gnutls_pcert_st **chain,
    unsigned *n, gnutls_privkey_t *key);

#endif
