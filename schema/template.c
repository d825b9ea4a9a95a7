/* template.c - see template.h. */
#include "schema/template.h"

#include <string.h>

static const struct {
	const char *name;
	enum token_kind kind;
} fields[] = {
	{ "{site}", TOKEN_SITE },
	{ "{instance}", TOKEN_INSTANCE },
	{ "{metro}", TOKEN_METRO },
};

uint8_t
template_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

bool
template_is_field_byte(uint8_t c)
{
	c = template_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

static bool
has_kind(const struct tokens *t, enum token_kind kind)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].kind == kind)
			return true;
	return false;
}

static void
append(struct tokens *t, enum token_kind kind, uint8_t literal)
{
	t->list[t->n++] = (struct token){ kind, literal };
}

/* Appends the field at text; *len says how long it is. */
static enum rc
append_field(struct tokens *t, const char *text, size_t *len, struct err *err)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		*len = strlen(fields[i].name);
		if (strncmp(text, fields[i].name, *len) != 0)
			continue;
		if (has_kind(t, fields[i].kind))
			return err_set(
			    err, RC_MALFORMED, "%s twice", fields[i].name);
		append(t, fields[i].kind, 0);
		return RC_OK;
	}
	return err_set(err, RC_MALFORMED,
	    "at '%s': expected {site}, {instance} or {metro}", text);
}

/* Appends what stands at text; *len says how much of it. */
static enum rc
append_next(struct tokens *t, const char *text, size_t *len, struct err *err)
{
	uint8_t c = (uint8_t)*text;

	*len = 1;
	if (c == '{')
		return append_field(t, text, len, err);
	if (c == '}')
		return err_set(err, RC_MALFORMED, "'}' without '{'");
	if (c < ' ' || c > '~')
		return err_set(err, RC_MALFORMED,
		    "byte 0x%02x; expected printable ASCII", c);
	append(t, c == '*' ? TOKEN_ANY : TOKEN_LITERAL, template_lower(c));
	return RC_OK;
}

enum rc
template_split(struct tokens *out, const char *text, struct err *err)
{
	struct tokens t = { 0 };
	size_t len;

	if (strnlen(text, TEMPLATE_TEXT_MAX + 1) > TEMPLATE_TEXT_MAX)
		return err_set(err, RC_RANGE, "longer than %d characters",
		    TEMPLATE_TEXT_MAX);
	for (; *text != '\0'; text += len) {
		enum rc rc = append_next(&t, text, &len, err);

		if (rc != RC_OK)
			return rc;
	}
	if (!has_kind(&t, TOKEN_SITE))
		return err_set(err, RC_MALFORMED,
		    "no {site}; expected one, as in ns{instance}.{site}");
	*out = t;
	return RC_OK;
}
