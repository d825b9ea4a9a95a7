/*
 * asn.h - whose network an address is in.                            (edge)
 *
 * Uses     libmaxminddb
 * Used by  probe/measure.c and its printing
 */
#ifndef PROBE_ASN_H
#define PROBE_ASN_H

#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

#define ASN_NAME_MAX 63

struct asn;

struct asn_entry {
	uint32_t number;
	char name[ASN_NAME_MAX + 1]; /* printable UTF-8, perhaps cut; or "" */
};

/* Opens a database in MaxMind DB format, of the ASN kind.  Gives *out:
 * release with asn_close.  RC_NOTFOUND, RC_MALFORMED. */
MUST_USE enum rc asn_open(struct asn **out, const char *path, struct err *err);
void asn_close(struct asn *a); /* NULL is fine */

/* RC_NOTFOUND: the database does not know, or a is NULL. */
MUST_USE enum rc asn_find(
    const struct asn *a, const struct addr *address, struct asn_entry *out);

#endif
