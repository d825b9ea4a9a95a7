/*
 * conf_scan.h - do strings, comments and braces of a file end?       (pure)
 *
 * Used by  collector/conf.c
 *
 * libConfuse takes an open brace for closed, says that a string is open at the
 * end of the file, and carries it over into the next file that it reads.  It
 * also counts the line of a comment three times: comments become blanks here.
 */
#ifndef COLLECTOR_CONF_SCAN_H
#define COLLECTOR_CONF_SCAN_H

#include <stddef.h>

#include "schema/base/err.h"

/* RC_MALFORMED with the line (from 1) and the reason in *err: an unclosed
 * string, comment or brace, a line break or an escape with digits in a string, a
 * control character. */
MUST_USE enum rc conf_scan(char *text, size_t len, int *line, struct err *err);

#endif
