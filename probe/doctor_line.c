/* doctor_line.c - see doctor_line.h. */
#include "probe/doctor_line.h"

#include <stdio.h>

#define LAYOUT "%-5s %-12s "

void
doctor_line_v(
    const char *verdict, const char *step, const char *fmt, va_list ap)
{
	printf(LAYOUT, verdict, step);
	vprintf(fmt, ap);
	putchar('\n');
}

void
doctor_line(const char *verdict, const char *step, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	doctor_line_v(verdict, step, fmt, ap);
	va_end(ap);
}

void
doctor_more(const char *fmt, ...)
{
	va_list ap;

	printf(LAYOUT, "", "");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}
