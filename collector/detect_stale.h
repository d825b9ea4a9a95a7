/*
 * detect_stale.h - a site that serves an old zone.                   (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_part (the table)
 *
 * Serials are those of the SOA in the answers, compared as RFC 1982 says.  The
 * zone has a serial once two networks were given it, or a newer one; when
 * that was is remembered (memo).  A site is behind since the oldest serial
 * newer than its own was first given, and stale once that is stale_after
 * ago: 65 minutes unless configured, RSSAC047's threshold of publication
 * latency.
 *
 * Open when two networks, and half of those that say, were lately given so old
 * a serial by the site: landing there, or at its own address.  Resolved when
 * none is any more, for two periods.  Where no answer has a serial: nothing.
 */
#ifndef COLLECTOR_DETECT_STALE_H
#define COLLECTOR_DETECT_STALE_H

#include "collector/detect_part.h"

extern const struct detect_part stale_part;

#endif
