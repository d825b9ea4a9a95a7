/* json_stream.c - see json_stream.h. */
#include "collector/json_stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "schema/base/mem.h"

#define READ_BYTES (256 << 10)

struct json_stream {
	gzFile file;
	const char *path;
	char *in; /* what was read and not taken: from pos to n */
	size_t pos, n;
	char *value;
	size_t len, cap;
	bool is_begun, is_array, is_over;
	bool needs_comma; /* in the array: a value stands before */
};

/* What is known at a byte of the value being read. */
struct scan {
	unsigned depth;
	bool is_string, is_escaped;
	bool is_scalar; /* neither list, object nor string */
	bool is_long;
	bool is_done;
};

enum rc
json_stream_open(struct json_stream **out, const char *path, struct err *err)
{
	gzFile file;
	struct json_stream *s;

	errno = 0;
	file = gzopen(path, "rbe");
	if (file == NULL)
		return err_sys(err, "open %s", path);
	gzbuffer(file, READ_BYTES);
	s = mem_new(sizeof *s);
	s->file = file;
	s->path = path;
	s->in = mem_grow(NULL, READ_BYTES, 1);
	*out = s;
	return RC_OK;
}

void
json_stream_close(struct json_stream *s)
{
	if (s == NULL)
		return;
	gzclose(s->file);
	free(s->in);
	free(s->value);
	free(s);
}

int64_t
json_stream_position(const struct json_stream *s)
{
	return gzoffset(s->file);
}

/* RC_NOTFOUND: the end of the file. */
static enum rc
fill(struct json_stream *s, struct err *err)
{
	int got, fault = Z_OK;
	const char *why;

	if (s->pos < s->n)
		return RC_OK;
	errno = 0;
	got = gzread(s->file, s->in, READ_BYTES);
	why = gzerror(s->file, &fault);
	if (got < 0 || (got == 0 && fault != Z_OK && fault != Z_STREAM_END)) {
		s->is_over = true;
		return err_set(err, RC_SYS, "%s: %s", s->path,
		    fault == Z_ERRNO ? strerror(errno)
		    : fault == Z_BUF_ERROR
			? "the packed file ends before its end"
			: why);
	}
	s->pos = 0;
	s->n = (size_t)got;
	return got == 0 ? RC_NOTFOUND : RC_OK;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The first byte that is no blank, left where it is.  RC_NOTFOUND. */
static enum rc
skip_blanks(struct json_stream *s, char *c, struct err *err)
{
	enum rc rc;

	while ((rc = fill(s, err)) == RC_OK) {
		*c = s->in[s->pos];
		if (!is_blank(*c))
			return RC_OK;
		s->pos++;
	}
	return rc;
}

static enum rc
broken(struct json_stream *s, const char *what, struct err *err)
{
	s->is_over = true;
	return err_set(err, RC_MALFORMED, "%s: %s", s->path, what);
}

/* Moves to the first byte of the next value. */
static enum rc
find_value(struct json_stream *s, struct err *err)
{
	char c;
	enum rc rc = skip_blanks(s, &c, err);

	if (rc == RC_OK && !s->is_begun) {
		s->is_begun = true;
		s->is_array = c == '[';
		s->pos += s->is_array;
		if (s->is_array)
			rc = skip_blanks(s, &c, err);
	}
	if (!s->is_array || (rc != RC_OK && rc != RC_NOTFOUND))
		return rc;
	if (rc == RC_NOTFOUND)
		return broken(
		    s, "the list has no end: is the file whole?", err);
	if (c == ']') {
		s->is_over = true;
		return RC_NOTFOUND;
	}
	if (!s->needs_comma)
		return RC_OK;
	if (c != ',')
		return broken(s, "no comma between two values", err);
	s->pos++;
	rc = skip_blanks(s, &c, err);
	return rc == RC_NOTFOUND
		   ? broken(s, "the list has no end: is the file whole?", err)
		   : rc;
}

/* Takes one byte into account. */
static void
scan_byte(struct scan *c, char byte)
{
	if (c->is_string) {
		if (c->is_escaped)
			c->is_escaped = false;
		else if (byte == '\\')
			c->is_escaped = true;
		else if (byte == '"')
			c->is_string = false;
		c->is_done = !c->is_string && c->depth == 0;
	} else if (byte == '"') {
		c->is_string = true;
	} else if (byte == '{' || byte == '[') {
		c->depth++;
	} else if (byte == '}' || byte == ']') {
		c->depth -= c->depth > 0;
		c->is_done = c->depth == 0;
	} else if (c->depth == 0) {
		c->is_scalar = true;
	}
}

static void
keep(struct json_stream *s, struct scan *c, size_t n)
{
	if (c->is_long || n > JSON_STREAM_VALUE_MAX - s->len) {
		c->is_long = true;
		return;
	}
	if (s->len + n > s->cap) {
		s->cap = 2 * (s->len + n);
		s->value = mem_grow(s->value, s->cap, 1);
	}
	memcpy(s->value + s->len, s->in + s->pos, n);
	s->len += n;
}

/* Does a byte end a number or a word that stands alone? */
static bool
ends_scalar(const struct scan *c, char byte)
{
	return c->is_scalar && c->depth == 0 && !c->is_string &&
	       (is_blank(byte) || byte == ',' || byte == ']');
}

/* Takes what is in the buffer of the value. */
static void
take_buffer(struct json_stream *s, struct scan *c)
{
	size_t i = s->pos;

	while (i < s->n && !c->is_done) {
		c->is_done = ends_scalar(c, s->in[i]);
		if (!c->is_done)
			scan_byte(c, s->in[i++]);
	}
	keep(s, c, i - s->pos);
	s->pos = i;
}

enum rc
json_stream_next(
    struct json_stream *s, const char **text, size_t *len, struct err *err)
{
	struct scan c = { 0 };
	enum rc rc = s->is_over ? RC_NOTFOUND : find_value(s, err);

	if (rc != RC_OK)
		return rc;
	s->len = 0;
	while (!c.is_done && (rc = fill(s, err)) == RC_OK)
		take_buffer(s, &c);
	if (rc == RC_NOTFOUND && !(c.is_scalar && !s->is_array))
		return broken(s, "the file ends within a value", err);
	if (rc != RC_OK && rc != RC_NOTFOUND)
		return rc;
	s->needs_comma = true;
	if (c.is_long)
		return err_set(err, RC_LIMIT, "%s: a value is over %d bytes",
		    s->path, JSON_STREAM_VALUE_MAX);
	*text = s->value;
	*len = s->len;
	return RC_OK;
}
