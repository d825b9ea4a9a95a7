/* terminal.c - see terminal.h. */
#include "schema/base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool
terminal_is(FILE *f)
{
	int fd = fileno(f);

	return fd >= 0 && isatty(fd) == 1;
}

static bool
is_given(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0';
}

bool
terminal_has_colour(FILE *f)
{
	return terminal_is(f) && !is_given("NO_COLOR") && is_given("TERM") &&
	       strcmp(getenv("TERM"), "dumb") != 0;
}

int
terminal_width(FILE *f)
{
	struct winsize size;

	if (!terminal_is(f) || ioctl(fileno(f), TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

bool
terminal_has_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);

		if (value == NULL || value[0] == '\0')
			continue;
		return strcasestr(value, "utf-8") != NULL ||
		       strcasestr(value, "utf8") != NULL;
	}
	return false;
}
