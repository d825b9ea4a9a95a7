/*
 * conf_scan.h - do the strings and comments of a file end?           (pure)
 *
 * Used by  collector/conf.c
 *
 * libConfuse would say so at the end of the file, and would carry the open
 * string over into the next file it reads.
 */
#ifndef COLLECTOR_CONF_SCAN_H
#define COLLECTOR_CONF_SCAN_H

#include <stddef.h>

#include "schema/base/err.h"

/* RC_MALFORMED with the line (from 1) and the reason in *err: an unclosed
 * string or comment, a line break or an escape with digits in a string, a
 * control character. */
MUST_USE enum rc
conf_scan(const char *text, size_t len, int *line, struct err *err);

#endif
