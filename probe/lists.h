/*
 * lists.h - the host's allow and deny lists, as files.               (edge)
 *
 * Uses     probe/acl, schema/assignment.h, schema/base/file.h
 * Used by  probe/resident, doctor, privacy
 */
#ifndef PROBE_LISTS_H
#define PROBE_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "probe/acl.h"
#include "probe/state.h"
#include "schema/assignment.h"
#include "schema/base/err.h"

struct list_file {
	char path[STATE_PATH_MAX];
	bool is_required;        /* named by the operator: it must exist */
	bool is_given;           /* it was there when last loaded */
	ino_t inode;             /* these two tell whether it changed */
	struct timespec changed; /* its ctime: no tool turns that back */
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

/* Takes every target out of *a that is not permitted, whatever its role.
 * Returns how many, and sets *first (may be NULL) to the first of them. */
size_t
lists_apply(const struct lists *l, struct assignment *a, struct addr *first);

#endif
