/*
 * engine_dns_tcp.h - the DNS measurement over one TCP connection.  (wiring)
 *
 * Uses     probe/engine_dns.h, engine_stream.h
 * Used by  probe/engine.c, engine_dns_udp.c
 */
#ifndef PROBE_ENGINE_DNS_TCP_H
#define PROBE_ENGINE_DNS_TCP_H

#include "probe/engine_core.h"

/* Prepares the ask; also after a truncated answer over UDP, whose flow it has
 * left.  RC_MALFORMED: the zone is no name. */
MUST_USE enum rc dns_tcp_begin(struct ask *a);

#endif
