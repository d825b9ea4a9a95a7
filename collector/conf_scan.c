/* conf_scan.c - see conf_scan.h. */
#include "collector/conf_scan.h"

#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 8 /* service { site { list { } } } is 3 */

struct scan {
	char *p, *end;
	int line;
	int depth, opened[DEPTH_MAX]; /* lines of the '{' that are open */
	struct err *err;
};

static bool
starts(const struct scan *s, const char *mark)
{
	size_t n = strlen(mark);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, mark, n) == 0;
}

/* libConfuse would put in a variable of the environment, which may run over
 * the closing quote. */
static enum rc
refuse_variable(struct scan *s)
{
	return err_set(s->err, RC_MALFORMED,
	    "'${' asks for a variable, expected plain text (or '\\${' in "
	    "quotes)");
}

/* From behind the opening quote to behind the closing one. */
static enum rc
skip_string(struct scan *s, char quote)
{
	for (; s->p < s->end && *s->p != '\n'; s->p++) {
		if (*s->p == quote) {
			s->p++;
			return RC_OK;
		}
		if (quote == '"' && starts(s, "${"))
			return refuse_variable(s);
		if (*s->p != '\\' || s->p + 1 == s->end)
			continue;
		s->p++;
		if (*s->p >= '0' && *s->p <= '9')
			return err_set(s->err, RC_MALFORMED,
			    "'\\%c' in a string, expected '\\\\' for a "
			    "backslash",
			    *s->p);
		if (*s->p == '\n')
			break;
	}
	return err_set(s->err, RC_MALFORMED,
	    "the string is not closed, expected %c before the end of the line",
	    quote);
}

/* From within a comment to behind it; blanks what it passes. */
static enum rc
skip_comment(struct scan *s)
{
	int opened = s->line;

	for (; s->p < s->end; s->p++) {
		if (starts(s, "*/")) {
			*s->p++ = ' ';
			*s->p++ = ' ';
			return RC_OK;
		}
		s->line += *s->p == '\n';
		if (*s->p != '\n')
			*s->p = ' ';
	}
	s->line = opened;
	return err_set(s->err, RC_MALFORMED,
	    "the comment is not closed, expected */ before the end of the "
	    "file");
}

static void
skip_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		*s->p++ = ' ';
}

/* What libConfuse reads as one word: "//" within it is no comment. */
static bool
is_bare(char c)
{
	return c != '\0' && strchr(" #\"'\t\n\r={}()+,*", c) == NULL &&
	       (unsigned char)c > ' ' && c != 0x7f;
}

static void
skip_bare(struct scan *s)
{
	while (s->p < s->end && is_bare(*s->p))
		s->p++;
}

static enum rc
count_brace(struct scan *s, char c)
{
	if (c == '{' && s->depth == DEPTH_MAX)
		return err_set(s->err, RC_MALFORMED,
		    "'{' in too many others, expected '}' before it");
	if (c == '{')
		s->opened[s->depth++] = s->line;
	if (c == '}' && s->depth-- == 0)
		return err_set(
		    s->err, RC_MALFORMED, "'}' closes nothing, expected a key");
	return RC_OK;
}

static enum rc
scan_one(struct scan *s)
{
	unsigned char c = (unsigned char)*s->p;

	if (c == '#' || starts(s, "//")) {
		skip_line(s);
		return RC_OK;
	}
	if (starts(s, "/*")) {
		*s->p++ = ' ';
		*s->p++ = ' ';
		return skip_comment(s);
	}
	if (starts(s, "${"))
		return refuse_variable(s);
	if (is_bare((char)c)) {
		skip_bare(s);
		return RC_OK;
	}
	s->p++;
	if (c == '"' || c == '\'')
		return skip_string(s, (char)c);
	if (c == '{' || c == '}')
		return count_brace(s, (char)c);
	s->line += c == '\n';
	if (c == 0x7f || (c < ' ' && c != '\n' && c != '\t' && c != '\r'))
		return err_set(s->err, RC_MALFORMED,
		    "control character \\x%02x, expected text", c);
	return RC_OK;
}

enum rc
conf_scan(char *text, size_t len, int *line, struct err *err)
{
	struct scan s = { text, text + len, 1, 0, { 0 }, err };
	enum rc rc = RC_OK;

	while (rc == RC_OK && s.p < s.end)
		rc = scan_one(&s);
	if (rc == RC_OK && s.depth > 0) {
		s.line = s.opened[s.depth - 1];
		rc = err_set(err, RC_MALFORMED,
		    "the '{' is not closed, expected '}' before the end of the "
		    "file");
	}
	*line = s.line;
	return rc;
}
