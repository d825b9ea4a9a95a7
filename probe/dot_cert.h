/*
 * dot_cert.h - what a server's certificate says, and whether it is good.
 *                                                                    (edge)
 * Uses     GnuTLS, schema/record.h
 * Used by  probe/dot_conn.c
 */
#ifndef PROBE_DOT_CERT_H
#define PROBE_DOT_CERT_H

#include <gnutls/gnutls.h>

#include "schema/record.h"

/* Fills the version and all about the certificate of a session whose
 * handshake is complete.  A certificate that does not hold is described all
 * the same: fault names every reason.  name: that it is to have, an address
 * or a host's; "" asks for the chain alone.  Texts are printable ASCII, '?'
 * for anything else: they come from a stranger. */
void dot_cert_read(
    struct tls_result *out, gnutls_session_t session, const char *name);

#endif
