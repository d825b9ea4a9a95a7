/* log.c - see log.h. */
#include "schema/base/log.h"

#include <stdio.h>
#include <unistd.h>

#include "schema/base/text.h"

static void PRINTF_LIKE(2, 0)
    write_line(int priority, const char *fmt, va_list ap)
{
	char raw[1000], line[1024];
	size_t used = 0;

	if (!isatty(STDERR_FILENO))
		used = (size_t)snprintf(line, sizeof line, "<%d>", priority);
	vsnprintf(raw, sizeof raw, fmt, ap);
	text_safe(line + used, sizeof line - used, raw);
	fprintf(stderr, "%s\n", line);
}

#define DEFINE_LOG(name, priority) \
	void name(const char *fmt, ...) \
	{ \
		va_list ap; \
\
		va_start(ap, fmt); \
		write_line(priority, fmt, ap); \
		va_end(ap); \
	}

DEFINE_LOG(log_error, 3)
DEFINE_LOG(log_warn, 4)
DEFINE_LOG(log_info, 6)
