/* screen.c - see screen.h; the sequences are those of ECMA-48 and xterm. */
#include "probe/screen.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "schema/base/clock.h"

#define ROWS_UNKNOWN 24

/* The alternate screen, no cursor, long lines cut instead of wrapped. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l";
static const char leave[] = "\033[?7h\033[?25h\033[?1049l";
static const char home[] = "\033[H";
static const char clear_below[] = "\033[J";

static void
put(struct out *out, const char *text)
{
	out_write(out, text, strlen(text));
}

void
screen_open(struct screen *s, struct out *out)
{
	*s = (struct screen){ .is_open = out->is_terminal };
	if (s->is_open)
		put(out, enter);
}

size_t
screen_fit(const char *text, size_t len, unsigned n)
{
	const char *p = text, *end = text + len;

	while (n > 0 && p < end) {
		const char *feed = memchr(p, '\n', (size_t)(end - p));

		p = feed == NULL ? end : feed + 1;
		n--;
	}
	return (size_t)(p - text);
}

static unsigned
n_rows(const struct out *out)
{
	struct winsize size;

	if (ioctl(out->fd, TIOCGWINSZ, &size) != 0 || size.ws_row < 2)
		return ROWS_UNKNOWN;
	return size.ws_row;
}

/* Writes line by line, each clearing what is left of the one before, so that
 * nothing flickers. */
static void
draw(struct out *out, const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	put(out, home);
	while (p < end) {
		size_t n = screen_fit(p, (size_t)(end - p), 1);

		out_write(out, p, n - (p[n - 1] == '\n'));
		put(out, "\033[K\r\n");
		p += n;
	}
	put(out, clear_below);
}

void
screen_show(struct screen *s, struct out *out, const char *text, size_t len)
{
	char now[CLOCK_TEXT_LEN], head[CLOCK_TEXT_LEN + 2];

	if (s->is_open) {
		draw(out, text, screen_fit(text, len, n_rows(out) - 1));
		return;
	}
	snprintf(head, sizeof head, "%s\n", clock_format(clock_wall_us(), now));
	put(out, head);
	out_write(out, text, len);
}

void
screen_close(struct screen *s, struct out *out)
{
	if (s->is_open)
		put(out, leave);
	s->is_open = false;
}
