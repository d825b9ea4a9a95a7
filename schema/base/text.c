/* text.c - see text.h. */
#include "schema/base/text.h"

#include <stdbool.h>

static bool
is_safe(unsigned char c)
{
	return c >= ' ' && c < 0x7f;
}

char *
text_safe(char *out, size_t cap, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	char *to = out, *end = out + cap - 1;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (is_safe(c) && to < end) {
			*to++ = (char)c;
			continue;
		}
		if (end - to < 4)
			break;
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 0xf];
	}
	*to = '\0';
	return out;
}

void
text_print_lines(const char *text, FILE *to)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (is_safe(c) || c == '\n')
			putc(c, to);
		else
			fprintf(to, "\\x%02x", c);
	}
}
