/*
 * file.h - whole files: read with a limit, replaced atomically.      (edge)
 *
 * Used by  probe state (key, assignment), collector settings
 */
#ifndef SCHEMA_BASE_FILE_H
#define SCHEMA_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "schema/base/err.h"

/* Reads a file of at most max bytes.  Gives *out, NUL-terminated for
 * convenience: release with free().  RC_NOTFOUND: no such file.  RC_LIMIT:
 * larger.  RC_SYS. */
MUST_USE enum rc file_read(
    const char *path, size_t max, char **out, size_t *len, struct err *err);

/* Writes path whole or not at all: temporary file beside it, fsync, rename,
 * fsync of the directory.  RC_SYS. */
MUST_USE enum rc file_replace(const char *path, mode_t mode, const void *bytes,
    size_t len, struct err *err);

/* Writes all len bytes to fd, through interruptions and short writes.  RC_SYS. */
MUST_USE enum rc
file_write_all(int fd, const void *bytes, size_t len, struct err *err);

#endif
