/*
 * batch.h - a part of the backlog, as the body of a request.         (pure)
 *
 * Uses     schema/wire.h, schema/pack.h, probe/backlog.h, zstd
 * Used by  probe/upload
 */
#ifndef PROBE_BATCH_H
#define PROBE_BATCH_H

#include <stddef.h>

#include "probe/backlog.h"
#include "schema/record.h"

/* Puts the header line before the backlog's lines, packs and compresses both
 * (pack.h, zstd).  Gives *out: release with free().  Returns its length. */
size_t batch_pack(char **out, const struct batch_header *header,
    const struct backlog *backlog);

#endif
