/*
 * engine_ping.h - the ping measurement: ICMP echo or TCP connect.  (wiring)
 *
 * Uses     probe/engine_icmp.h, engine_stream.h
 * Used by  probe/engine.c
 */
#ifndef PROBE_ENGINE_PING_H
#define PROBE_ENGINE_PING_H

#include "probe/engine_core.h"

/* Prepares the ask; TCP too where there is no ICMP socket. */
void ping_begin(struct ask *a);

#endif
