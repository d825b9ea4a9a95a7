/*
 * engine_dns_udp.h - the DNS measurement over UDP.                 (wiring)
 *
 * Uses     probe/engine_dns.h, engine_dns_tcp.h, engine_port.h
 * Used by  probe/engine.c
 */
#ifndef PROBE_ENGINE_DNS_UDP_H
#define PROBE_ENGINE_DNS_UDP_H

#include "probe/engine_core.h"

/* Prepares the ask.  RC_MALFORMED: the zone is no name. */
MUST_USE enum rc dns_udp_begin(struct ask *a);

#endif
