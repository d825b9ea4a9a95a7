/*
 * chunk_parts.h - what packing and unpacking a chunk have in common. (pure)
 *
 * Used by  chunk.c, chunk_build.c
 */
#ifndef COLLECTOR_CHUNK_PARTS_H
#define COLLECTOR_CHUNK_PARTS_H

#define CHUNK_VERSION 1

/* How ids and times of receipt are told: as columns; or by runs of rows of one
 * vantage that were received at once with ids that rise as their numbers do. */
enum { CHUNK_BY_COLUMN, CHUNK_BY_RUN };

/* How texts are told: by their lengths and bytes; as packed lines. */
enum { CHUNK_TEXT_PLAIN, CHUNK_TEXT_LINES };

/* The columns that no row is without. */
#define CHUNK_ALWAYS ((UINT64_C(1) << (CHUNK_OUTCOME + 1)) - 1)

#endif
