/* lines.c - see lines.h. */
#include "probe/lines.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
begin(struct lines *l)
{
	uint64_t number = l->number;

	*l = (struct lines){ .number = number + 1 };
}

static void
spoil(struct lines *l, const char *why)
{
	if (!l->is_bad)
		l->why = why;
	l->is_bad = true;
}

static void
add(struct lines *l, char c)
{
	if (l->is_comment)
		return;
	if (c == '#')
		l->is_comment = true;
	else if (is_blank(c))
		l->is_after_word = l->len > 0;
	else if (l->is_after_word)
		spoil(l, "more than one word");
	else if ((unsigned char)c < ' ' || (unsigned char)c > '~')
		spoil(l, "bytes that are not printable ASCII");
	else if (l->len == LINES_WORD_MAX)
		spoil(l, "longer than a domain name");
	else
		l->word[l->len++] = c;
}

static enum lines_state
end_line(struct lines *l)
{
	l->is_over = true;
	if (l->is_bad)
		return LINES_BAD;
	return l->len > 0 ? LINES_WORD : LINES_MORE;
}

enum lines_state
lines_take(struct lines *l, const char **from, const char *end)
{
	if (l->number == 0 || l->is_over)
		begin(l);
	while (*from < end) {
		char c = *(*from)++;
		enum lines_state state;

		if (c != '\n') {
			add(l, c);
			continue;
		}
		state = end_line(l);
		if (state != LINES_MORE)
			return state;
		begin(l);
	}
	return LINES_MORE;
}

enum lines_state
lines_end(struct lines *l)
{
	return l->number == 0 || l->is_over ? LINES_MORE : end_line(l);
}

bool
lines_is_name(const char *word)
{
	static const char digits[] = "0123456789";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";
	size_t len = strlen(word), last = len, n_label = 0;

	if (len > 0 && word[len - 1] == '.')
		last--; /* the root's dot */
	for (size_t i = 0; i < last; i++) {
		if (strchr(digits, word[i]) == NULL &&
		    strchr(others, word[i]) == NULL)
			return false;
		n_label = word[i] == '.' ? 0 : n_label + 1;
		if (n_label > 63 ||
		    (word[i] == '.' && (i == 0 || word[i - 1] == '.')))
			return false;
	}
	return n_label > 0 && strspn(word + last - n_label, digits) < n_label;
}
