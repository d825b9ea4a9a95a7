/*
 * lists.h - the host's allow and deny lists, as files.               (edge)
 *
 * Uses     probe/acl, schema/base/file.h
 * Used by  probe/resident, doctor
 */
#ifndef PROBE_LISTS_H
#define PROBE_LISTS_H

#include <stdbool.h>
#include <time.h>

#include "probe/acl.h"
#include "probe/state.h"
#include "schema/base/err.h"

struct list_file {
	char path[STATE_PATH_MAX];
	bool is_required; /* named by the operator: it must exist */
	bool is_given;    /* it was there when last loaded */
	struct timespec mtime;
	struct acl acl;
};

struct lists {
	struct list_file allow, deny;
};

/* Names the files: those given (NULL: none), else dir/allow and dir/deny where
 * they exist.  Loads nothing yet.  Release with lists_fini. */
void lists_init(
    struct lists *l, const char *dir, const char *allow, const char *deny);
void lists_fini(struct lists *l); /* NULL is fine */

/* Reads both files.  On an error *l stays what it was: RC_MALFORMED with file
 * and line, RC_NOTFOUND, RC_LIMIT, RC_SYS. */
MUST_USE enum rc lists_load(struct lists *l, struct err *err);

/* Has one of the files changed, come or gone since? */
bool lists_are_stale(const struct lists *l);

bool lists_permit(const struct lists *l, const struct addr *a);

#endif
