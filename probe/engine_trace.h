/*
 * engine_trace.h - the trace measurement: by DNS query, echo or SYN. (wiring)
 *
 * Uses     probe/trace.h, engine_icmp.h, engine_stream.h, engine_syn.h
 * Used by  probe/engine.c
 */
#ifndef PROBE_ENGINE_TRACE_H
#define PROBE_ENGINE_TRACE_H

#include "probe/engine_core.h"

/* Prepares the ask: UDP carries the zone's own DNS question.  ICMP becomes
 * UDP where there is no ICMP socket.  RC_MALFORMED: the zone is no name. */
MUST_USE enum rc trace_begin(struct ask *a);

#endif
