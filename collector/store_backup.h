/*
 * store_backup.h - a copy of a database that is at work.             (edge)
 *
 * Uses     sqlite3
 * Used by  the subcommand backup
 */
#ifndef COLLECTOR_STORE_BACKUP_H
#define COLLECTOR_STORE_BACKUP_H

#include <stdint.h>

#include "schema/base/err.h"

struct backed_up {
	int64_t n_bytes; /* of the copy */
	int64_t schema;  /* its version */
};

/* Copies the database at from, as it is at one moment, to the new file to,
 * which appears only once it is whole: copied in one read transaction (so a
 * collector goes on writing meanwhile), checked (integrity and references),
 * and on disk.  The copy is one file, without -wal or -shm, readable by its
 * owner.  Of any schema version.  RC_RANGE: to is there already; nothing is
 * ever overwritten.  RC_NOTFOUND: from is not there.  RC_SYS, RC_DB. */
MUST_USE enum rc store_backup(
    const char *from, const char *to, struct backed_up *out, struct err *err);

#endif
