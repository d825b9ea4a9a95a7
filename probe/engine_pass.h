/*
 * engine_pass.h - wakes what is due, and sends, in passes.         (wiring)
 *
 * Uses     probe/engine_port.h
 * Used by  probe/engine.c
 *
 * A pass reads what came, wakes what is due, lets those send whose turn it is,
 * and sends it all at once.  While somebody waits for the right to send, passes
 * follow each other at the slot's distance and nothing else wakes us: the
 * kernel stamps what comes meanwhile, so waiting falsifies nothing, and a
 * wake-up costs more than a packet.
 */
#ifndef PROBE_ENGINE_PASS_H
#define PROBE_ENGINE_PASS_H

#include "probe/engine_core.h"

/* Wakes what is due and sends; after something was read. */
void engine_pass(struct engine *e);

/* Sees to it that a pass follows when it is due. */
void engine_arm(struct engine *e);

#endif
