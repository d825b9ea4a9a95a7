/*
 * doctor_line.h - one line of doctor's.                              (edge)
 *
 * Used by  probe/doctor*.c
 */
#ifndef PROBE_DOCTOR_LINE_H
#define PROBE_DOCTOR_LINE_H

#include <stdarg.h>

#include "schema/base/err.h"

/* Prints verdict ("ok", "warn", "FAIL"), the step and what there is to say. */
void doctor_line(const char *verdict, const char *step, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void doctor_line_v(const char *verdict, const char *step, const char *fmt,
    va_list ap) PRINTF_LIKE(3, 0);

/* Prints a line that goes on with the one before. */
void doctor_more(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
