#include "probe/bird.h"

#include <string.h>

#define CODE_TABLE_HEAD 2002
#define CODE_PROTOCOL 1002
#define CODE_ROUTE 1007
#define CODE_OK 0

/* ---- lines ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The code that begins a line, -1: none does. */
static int
read_code(const char *line, size_t len)
{
	int code = 0;

	if (len < 5 || (line[4] != ' ' && line[4] != '-'))
		return -1;
	for (size_t i = 0; i < 4; i++) {
		if (!is_digit(line[i]))
			return -1;
		code = 10 * code + (line[i] - '0');
	}
	return code;
}

enum rc
bird_next(struct bird_cursor *c, struct bird_line *line)
{
	const char *start = c->text + c->pos;
	const char *end = memchr(start, '\n', c->len - c->pos);
	size_t len;
	int code;

	if (end == NULL)
		return RC_AGAIN;
	len = (size_t)(end - start);
	code = read_code(start, len);
	*line = (struct bird_line){ .code = c->code };
	if (code >= 0) {
		line->code = (unsigned)code;
		line->is_last = start[4] == ' ';
		line->text = start + 5;
		line->len = len - 5;
	} else if (len > 0 && (start[0] == ' ' || start[0] == '+')) {
		line->text = start + 1;
		line->len = start[0] == '+' ? 0 : len - 1;
	} else {
		return RC_MALFORMED;
	}
	c->code = line->code;
	c->pos += len + 1;
	return RC_OK;
}

enum rc
bird_reply(const char *text, size_t len, size_t *used, unsigned *code)
{
	struct bird_cursor c = { .text = text, .len = len };
	struct bird_line line;
	enum rc rc;

	while ((rc = bird_next(&c, &line)) == RC_OK) {
		if (!line.is_last)
			continue;
		*used = c.pos;
		*code = line.code;
		return RC_OK;
	}
	return rc;
}

/* ---- words ---- */

struct word {
	const char *text;
	size_t len;
};

/* The next word of a line, which loses it; "" at the end. */
static struct word
next_word(struct bird_line *line)
{
	struct word w;

	while (line->len > 0 && (*line->text == ' ' || *line->text == '\t')) {
		line->text++;
		line->len--;
	}
	w = (struct word){ .text = line->text };
	while (
	    w.len < line->len && w.text[w.len] != ' ' && w.text[w.len] != '\t')
		w.len++;
	line->text += w.len;
	line->len -= w.len;
	return w;
}

static bool
is_word(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->text, text, w->len) == 0;
}

/* Copies what fits and is printable. */
static void
copy_word(char *to, size_t cap, const struct word *w)
{
	size_t n = 0;

	for (; n < w->len && n < cap - 1; n++)
		to[n] =
		    (char)(w->text[n] > 0x20 && w->text[n] < 0x7f ? w->text[n]
								  : '?');
	to[n] = '\0';
}

bool
bird_is_plain_name(const char *name)
{
	size_t n =
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789_-.:");

	return n > 0 && n < BIRD_NAME_LEN && name[n] == '\0';
}

/* ---- protocols ---- */

/* "up1  BGP  ---  up  2026-11-21 17:07:46  Established": the time is one word
 * or two, and of what stands behind it only the state matters. */
static void
read_session(struct bird_session *s, struct bird_line *line)
{
	static const char established[] = "Established";
	struct word w;

	(void)next_word(line); /* the table */
	w = next_word(line);
	s->is_up = is_word(&w, "up");
	copy_word(s->info, sizeof s->info, &w);
	while ((w = next_word(line)).len > 0) {
		if (is_digit(w.text[0]))
			continue;
		copy_word(s->info, sizeof s->info, &w);
		break;
	}
	s->is_up = s->is_up && strcmp(s->info, established) == 0;
}

static enum rc
add_session(struct bird_sessions *out, struct bird_line *line)
{
	struct word name = next_word(line), kind = next_word(line);
	struct bird_session *s;

	if (!is_word(&kind, "BGP"))
		return RC_OK;
	if (out->n == BIRD_SESSIONS_MAX)
		return RC_LIMIT;
	if (name.len >= BIRD_NAME_LEN)
		return RC_MALFORMED;
	s = &out->list[out->n++];
	*s = (struct bird_session){ 0 };
	copy_word(s->name, sizeof s->name, &name);
	read_session(s, line);
	return RC_OK;
}

enum rc
bird_read_sessions(struct bird_sessions *out, const char *text, size_t len)
{
	struct bird_cursor c = { .text = text, .len = len };
	struct bird_line line;
	bool has_head = false;
	enum rc rc;

	out->n = 0;
	while ((rc = bird_next(&c, &line)) == RC_OK) {
		if (line.is_last)
			return has_head && line.code == CODE_OK ? RC_OK
								: RC_MALFORMED;
		has_head = has_head || line.code == CODE_TABLE_HEAD;
		if (line.code == CODE_PROTOCOL)
			rc = add_session(out, &line);
		if (rc != RC_OK)
			return rc;
	}
	return RC_MALFORMED;
}

/* ---- routes ---- */

/* "192.0.2.0/24  unreachable [anycast4 17:07:45.757] * (200)": the prefix begins
 * the line; further routes to it and what belongs to them are indented. */
static bool
is_of_prefix(struct bird_line *line, const struct prefix *p)
{
	struct prefix found;
	struct word w;

	if (line->code != CODE_ROUTE || line->len == 0 || *line->text == ' ' ||
	    *line->text == '\t')
		return false;
	w = next_word(line);
	return prefix_parse(&found, w.text, w.len) == RC_OK &&
	       prefix_equal(&found, p);
}

enum rc
bird_read_route(
    bool *has_prefix, const struct prefix *p, const char *text, size_t len)
{
	struct bird_cursor c = { .text = text, .len = len };
	struct bird_line line;
	bool is_found = false;

	while (bird_next(&c, &line) == RC_OK) {
		is_found = is_found || is_of_prefix(&line, p);
		if (!line.is_last)
			continue;
		if (line.code != CODE_OK && line.code != BIRD_NO_NETWORK)
			return RC_MALFORMED;
		*has_prefix = is_found && line.code == CODE_OK;
		return RC_OK;
	}
	return RC_MALFORMED;
}
