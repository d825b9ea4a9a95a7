/* progress.c - see progress.h. */
#include "schema/base/progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "schema/base/clock.h"
#include "schema/base/terminal.h"
#include "schema/base/text.h"

#define EVERY_US (US_PER_S / 5)
#define WHAT_LEN 60

static int64_t shown_us;
static bool is_shown;

void
progress_show(const char *what, int64_t n, int64_t total)
{
	int64_t now_us = clock_mono_us();
	char safe[TEXT_SAFE_LEN(WHAT_LEN)];

	if (now_us - shown_us < EVERY_US || !terminal_is(stderr))
		return;
	shown_us = now_us;
	is_shown = true;
	fprintf(stderr, "\r\x1b[K%.*s: %" PRId64, WHAT_LEN,
	    text_safe(safe, sizeof safe, what), n);
	if (total > 0)
		fprintf(stderr, " of %" PRId64 ", %" PRId64 "%%", total,
		    n >= total ? 100 : n * 100 / total);
}

void
progress_end(void)
{
	if (is_shown)
		fputs("\r\x1b[K", stderr);
	is_shown = false;
	shown_us = 0;
}
