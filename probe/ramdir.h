/*
 * ramdir.h - the folder in memory where observations wait.           (edge)
 *
 * Uses     probe/spooldir
 * Used by  probe/resident, upload, doctor, privacy, state
 *
 * In /dev/shm, where that is memory: what is there outlives the program, not
 * the power, and wears out no flash.  Its name says whose it is: the probe's
 * id, and which spool.
 */
#ifndef PROBE_RAMDIR_H
#define PROBE_RAMDIR_H

#include <stdbool.h>

#include "probe/spooldir.h"
#include "schema/base/err.h"

/* Has this system such memory, for us to write to? */
bool ramdir_is_possible(void);

/* Writes the folder's path and makes it if it is not there.  RC_NOTFOUND: this
 * system has no memory to share.  RC_RANGE: somebody else has the name.
 * RC_SYS. */
MUST_USE enum rc ramdir_make(char out[static SPOOL_PATH_MAX], const char *probe,
    const char *spool, struct err *err);

/* Writes the folder's path if it is there and ours; else RC_NOTFOUND. */
MUST_USE enum rc ramdir_find(
    char out[static SPOOL_PATH_MAX], const char *probe, const char *spool);

#endif
