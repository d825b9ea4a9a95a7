/*
 * dot_conn.h - one DNS over TLS connection, from SYN to the last reply.
 *                                                                    (edge)
 * Uses     GnuTLS, probe/flow.h, probe/dot_cert.h, probe/tls_line.h
 * Used by  probe/dot.c
 *
 * RFC 7858: TLS 1.2 or 1.3, ALPN "dot"; all queries leave at once, each with
 * its length before it; a certificate that is not good is recorded and the
 * queries go out all the same, for it is the landing that is measured.
 * Nothing here waits: who owns it polls its socket, and steps it.  Each of
 * its three stages (connect, shake hands, be answered) has a deadline of
 * timeout_us that no slow drip of bytes puts off.
 */
#ifndef PROBE_DOT_CONN_H
#define PROBE_DOT_CONN_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

#include "probe/tls_line.h"

struct dot_conn; /* opaque: owns a socket and a session */

/* Starts to connect.  Copies *q; lends the credentials.  Never NULL: one that
 * could not even start is over. */
struct dot_conn *dot_conn_new(const struct tls_question *q, uint32_t id,
    gnutls_certificate_credentials_t credentials);
void dot_conn_free(struct dot_conn *c); /* NULL is fine */

/* Goes on as far as it can.  True: it is over. */
bool dot_conn_step(struct dot_conn *c, int64_t now_mono_us);

/* What to poll for, and until when; has_more: step it again without. */
int dot_conn_fd(const struct dot_conn *c);
short dot_conn_events(const struct dot_conn *c);
int64_t dot_conn_deadline_mono_us(const struct dot_conn *c);
bool dot_conn_has_more(const struct dot_conn *c);

/* When it is over. */
uint32_t dot_conn_id(const struct dot_conn *c);
const struct tls_answer *dot_conn_answer(const struct dot_conn *c);

#endif
