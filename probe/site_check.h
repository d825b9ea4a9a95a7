/*
 * site_check.h - is the local service healthy?  Asks it.              (edge)
 *
 * Uses     probe/dnsmsg, child, site_settings
 * Used by  probe/site
 *
 * A real question (SOA with NSID, and CHAOS where an identity is wanted and no
 * NSID came) to every address of the family at once.  Healthy is a service
 * that answers on each of them, as it should.
 */
#ifndef PROBE_SITE_CHECK_H
#define PROBE_SITE_CHECK_H

#include "probe/dnsmsg.h"
#include "probe/site_settings.h"
#include "schema/site_report.h"

/* Fills in healthy (for_us is not touched) and the serial, of the family that
 * out names: nothing where there is nothing to ask. */
void site_check(struct site_family *out, const struct site_settings *s);

/* What an answer to the SOA question says against the service; NULL: nothing.
 * Lends. */
const char *
site_judge_answer(const struct dnsmsg_reply *r, const struct site_settings *s);

/* Is that the identity which the site should give?  Yes when none is wanted. */
bool site_is_identity(const struct identity *id, const struct site_settings *s);

#endif
