/*
 * state.h - the probe's state directory.                             (edge)
 *
 * Uses     schema/base/file.h, schema/signature.h, schema/assignment.h
 * Used by  probe/run, doctor, enroll, upload, leave, reach
 *
 * DIR (0700) holds: key (0600, the secret), probe.json (who this probe is, and
 * its collector), assignment.json, spool/, run.lock and upload.lock, and the
 * host's own lists allow and deny.
 */
#ifndef PROBE_STATE_H
#define PROBE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "schema/assignment.h"
#include "schema/base/err.h"
#include "schema/record.h"
#include "schema/signature.h"

#define STATE_PATH_MAX 1024
#define STATE_DIR_MAX 960 /* leaves room for the names inside */
#define STATE_URL_MAX 256
#define STATE_NAME_MAX 64

struct enrolment { /* probe.json */
	char probe[PROBE_ID_LEN + 1];
	char collector[STATE_URL_MAX];
	char name[STATE_NAME_MAX + 1];
	char ca_file[STATE_PATH_MAX]; /* "": the system's authorities */
};

/* Says once, at start, where the user keeps state: the values of
 * $XDG_STATE_HOME and $HOME (NULL is fine), which only main may read.  Lends
 * both for the life of the process. */
void state_set_home(const char *xdg_state_home, const char *home);

/* Chooses the directory: option when not NULL; else
 * /var/lib/catchwater-probe as root, else under the user's state home.
 * RC_RANGE: too long.  RC_NOTFOUND: no home. */
MUST_USE enum rc state_choose(
    char dir[static STATE_DIR_MAX], const char *option, struct err *err);

/* Writes "dir/name". */
void
state_path(char out[static STATE_PATH_MAX], const char *dir, const char *name);

/* Makes the directory and its spool, with parents.  RC_SYS. */
MUST_USE enum rc state_make(const char *dir, struct err *err);

/* Is it there, ours, and closed to others?  RC_NOTFOUND, RC_RANGE, RC_SYS;
 * *err says what to do. */
MUST_USE enum rc state_check(const char *dir, struct err *err);

/* RC_NOTFOUND: not enrolled.  RC_MALFORMED, RC_SYS. */
MUST_USE enum rc
state_read_enrolment(struct enrolment *out, const char *dir, struct err *err);
MUST_USE enum rc state_write_enrolment(
    const struct enrolment *e, const char *dir, struct err *err);

/* RC_RANGE: the file is open to others, *err says what to do.  RC_NOTFOUND,
 * RC_MALFORMED, RC_SYS. */
MUST_USE enum rc
state_read_key(struct signing_key *out, const char *dir, struct err *err);
MUST_USE enum rc state_write_key(
    const struct signing_key *key, const char *dir, struct err *err);

/* RC_NOTFOUND: none came yet.  RC_MALFORMED, RC_RANGE, RC_LIMIT, RC_SYS. */
MUST_USE enum rc
state_read_assignment(struct assignment *out, const char *dir, struct err *err);
MUST_USE enum rc state_write_assignment(
    const char *body, size_t len, const char *dir, struct err *err);

/* Locks "dir/name" for the life of *fd (close it to unlock) and writes our
 * process id to it.  RC_LIMIT: another process has it; *err names it. */
MUST_USE enum rc
state_lock(int *fd, const char *dir, const char *name, struct err *err);

/* Erases the key, the spool and all that came from the collector; the host's
 * own lists stay.  RC_SYS. */
MUST_USE enum rc state_erase(const char *dir, struct err *err);

#define STATE_RUN_LOCK "run.lock"
#define STATE_UPLOAD_LOCK "upload.lock"
#define STATE_SPOOL "spool"

#endif
