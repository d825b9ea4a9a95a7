/*
 * acl.h - the host's own word on what may be measured.               (pure)
 *
 * Uses     schema/base/addr.h
 * Used by  probe/lists, doctor
 *
 * One prefix or address per line; '#' starts a comment.  No assignment
 * overrides a list.
 */
#ifndef PROBE_ACL_H
#define PROBE_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

#define ACL_PREFIXES_MAX 4096

struct acl_prefix {
	struct addr address;
	uint8_t n_bits;
};

struct acl {
	size_t n;
	struct acl_prefix *prefixes;
};

/* Reads the text of a list; name is for errors: "name:line: what, expected
 * what".  Gives *out: release with acl_fini.  RC_MALFORMED, RC_LIMIT. */
MUST_USE enum rc acl_parse(struct acl *out, const char *text, size_t len,
    const char *name, struct err *err);
void acl_fini(struct acl *acl); /* NULL is fine */

/* Is the address inside one of the prefixes? */
bool acl_contains(const struct acl *acl, const struct addr *a);

/* May it be measured?  Either list may be NULL: none given.  What is denied
 * stays denied; an allow list that is given, even an empty one, denies all
 * that it does not hold. */
bool acl_permits(
    const struct acl *allow, const struct acl *deny, const struct addr *a);

#endif
