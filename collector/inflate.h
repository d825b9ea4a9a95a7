/*
 * inflate.h - zstd bodies, unpacked within bounds.                   (pure)
 *
 * Uses     zstd
 * Used by  api
 */
#ifndef COLLECTOR_INFLATE_H
#define COLLECTOR_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

/* Unpacks the zstd frames (RFC 8878) in bytes to at most max bytes, with a
 * window of at most 8 MB (RFC 8878 section 3.1.1.1.2).  Gives *out: release
 * with free().  RC_MALFORMED: not whole zstd frames.  RC_LIMIT: larger. */
MUST_USE enum rc inflate_zstd(
    char **out, size_t *out_len, const void *bytes, size_t len, size_t max);

#endif
