/*
 * log.h - one line to standard error, with a journal priority.       (edge)
 *
 * Used by  wiring and main only
 *
 * "<N>text key=value": systemd's journal reads the <N> prefix and hides it;
 * on a terminal it is left out.
 */
#ifndef SCHEMA_BASE_LOG_H
#define SCHEMA_BASE_LOG_H

#include "schema/base/err.h"

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
