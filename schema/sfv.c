/* sfv.c - see sfv.h. */
#include "schema/sfv.h"

#include <sodium.h>
#include <string.h>

bool
sfv_peek(const struct sfv *s, char c)
{
	return s->len > 0 && *s->at == c;
}

static void
advance(struct sfv *s, size_t n)
{
	s->at += n;
	s->len -= n;
}

bool
sfv_accept(struct sfv *s, char c)
{
	bool is_there = sfv_peek(s, c);

	if (is_there)
		advance(s, 1);
	return is_there;
}

void
sfv_skip_spaces(struct sfv *s)
{
	while (sfv_accept(s, ' '))
		;
}

bool
sfv_is(struct sfv s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

enum rc
sfv_open(struct sfv *s, const char *header, size_t max)
{
	*s = (struct sfv){ header, strnlen(header, max) };
	if (s->len == max)
		return RC_MALFORMED;
	sfv_skip_spaces(s);
	while (s->len > 0 && s->at[s->len - 1] == ' ')
		s->len--;
	return RC_OK;
}

/* Takes the bytes before the next stop, and the stop. */
static enum rc
take_until(struct sfv *out, struct sfv *s, char stop)
{
	const char *at = memchr(s->at, stop, s->len);

	if (at == NULL)
		return RC_MALFORMED;
	*out = (struct sfv){ s->at, (size_t)(at - s->at) };
	advance(s, out->len + 1);
	return RC_OK;
}

/* The length of what stands in front and consists of these characters. */
static size_t
count_of(const struct sfv *s, const char *characters)
{
	size_t n = 0;

	while (n < s->len && s->at[n] != '\0' &&
	       strchr(characters, s->at[n]) != NULL)
		n++;
	return n;
}

enum rc
sfv_take_key(struct sfv *out, struct sfv *s)
{
	size_t n = count_of(s, "abcdefghijklmnopqrstuvwxyz*0123456789_-.");

	if (count_of(s, "abcdefghijklmnopqrstuvwxyz*") == 0)
		return RC_MALFORMED;
	*out = (struct sfv){ s->at, n };
	advance(s, n);
	return RC_OK;
}

enum rc
sfv_take_string(struct sfv *out, struct sfv *s)
{
	if (!sfv_accept(s, '"') || take_until(out, s, '"') != RC_OK)
		return RC_MALFORMED;
	for (size_t i = 0; i < out->len; i++)
		if (out->at[i] < ' ' || out->at[i] > '~' || out->at[i] == '\\')
			return RC_MALFORMED;
	return RC_OK;
}

enum rc
sfv_take_integer(struct sfv *s)
{
	size_t n = count_of(s, "0123456789");

	advance(s, n);
	return n > 0 && n <= 15 ? RC_OK : RC_MALFORMED;
}

enum rc
sfv_take_bytes(uint8_t *out, size_t n, struct sfv *s)
{
	struct sfv text;
	size_t got;

	if (!sfv_accept(s, ':') || take_until(&text, s, ':') != RC_OK ||
	    sodium_base642bin(out, n, text.at, text.len, NULL, &got, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		return RC_MALFORMED;
	return got == n ? RC_OK : RC_MALFORMED;
}

enum rc
sfv_skip_bytes(struct sfv *s)
{
	struct sfv text;

	return sfv_accept(s, ':') ? take_until(&text, s, ':') : RC_MALFORMED;
}
