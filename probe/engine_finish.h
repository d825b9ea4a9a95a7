/*
 * engine_finish.h - the end of a measurement.                      (wiring)
 *
 * Uses     probe/engine_port.h
 * Used by  probe/engine_dns.c, engine_ping.c, engine_trace.c
 */
#ifndef PROBE_ENGINE_FINISH_H
#define PROBE_ENGINE_FINISH_H

#include "probe/engine_core.h"

/* Hands over the observation, whose kind's part is *part (NULL: empty).  The
 * ask is gone afterwards. */
void ask_finish(struct ask *a, enum outcome outcome, const void *part);

#endif
