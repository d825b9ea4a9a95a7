/*
 * engine_dns_tls.h - the DNS measurement over TLS, by the child.   (wiring)
 *
 * Uses     probe/engine_dns.h, tls_child.h
 * Used by  probe/engine.c
 *
 * All names of the identity half are asked at once on the one connection: a
 * further question after the answer would need another, which may land
 * elsewhere.
 */
#ifndef PROBE_ENGINE_DNS_TLS_H
#define PROBE_ENGINE_DNS_TLS_H

#include "probe/engine_core.h"

/* Prepares the ask.  RC_MALFORMED: the zone is no name. */
MUST_USE enum rc dns_tls_begin(struct ask *a);

#endif
