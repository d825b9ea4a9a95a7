/*
 * ede.h - what extended DNS errors are called.                       (pure)
 *
 * Used by  probe/measure_text.c
 */
#ifndef PROBE_EDE_H
#define PROBE_EDE_H

#include <stdint.h>

/* The name in IANA's registry (RFC 8914 section 5.2 and later), in lower case
 * but for names; "not in the registry" for what was not there in 2025. */
const char *ede_name(uint16_t code);

#endif
