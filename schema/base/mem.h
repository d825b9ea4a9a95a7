/*
 * mem.h - allocation that cannot fail quietly.                       (pure)
 *
 * Used by  everything
 *
 * When memory is out the process aborts: its supervisor restarts it, and
 * what matters is on disk.  Anything sized by a peer is capped before.
 */
#ifndef SCHEMA_BASE_MEM_H
#define SCHEMA_BASE_MEM_H

#include <stddef.h>

/* Gives n zeroed bytes: release with free().  Never NULL. */
void *mem_new(size_t n);

/* Gives an array of n elements of size bytes each, resized from old (NULL is
 * fine), which it takes.  New bytes are not zeroed.  Never NULL. */
void *mem_grow(void *old, size_t n, size_t size);

/* Gives a copy of a string: release with free().  NULL gives NULL. */
char *mem_strdup(const char *s);

#endif
