/*
 * store_verify_chunk.h - can every packed observation be read?       (edge)
 *
 * Uses     store_sqlite.h, store_chunk, block
 * Used by  store_verify
 */
#ifndef COLLECTOR_STORE_VERIFY_CHUNK_H
#define COLLECTOR_STORE_VERIFY_CHUNK_H

#include "collector/store.h"
#include "collector/store_verify_rollup.h"

/* Unpacks every column of every chunk, and looks whether blocks follow one
 * another and hold what their rows say.  RC_DB. */
MUST_USE enum rc store_verify_chunks(
    struct store *st, store_verify_fault *fault, void *ctx, struct err *err);

#endif
