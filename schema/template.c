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
	{ "{number}", TOKEN_NUMBER },
};

uint8_t
template_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

bool
template_takes(enum token_kind kind, uint8_t c)
{
	c = template_lower(c);
	return (c >= '0' && c <= '9') ||
	       (kind != TOKEN_NUMBER &&
		   ((c >= 'a' && c <= 'z') || c == '-' || c == '_'));
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
		if (fields[i].kind != TOKEN_NUMBER &&
		    has_kind(t, fields[i].kind))
			return err_set(
			    err, RC_MALFORMED, "%s twice", fields[i].name);
		append(t, fields[i].kind, 0);
		return RC_OK;
	}
	return err_set(err, RC_MALFORMED,
	    "at '%s': expected {site}, {instance}, {metro} or {number}", text);
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

/* Splits what stands on the left of the arrow, n characters. */
static enum rc
split_form(struct tokens *t, const char *text, size_t n, struct err *err)
{
	const char *end = text + n;
	size_t len;

	for (; text < end; text += len) {
		enum rc rc = append_next(t, text, &len, err);

		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* Without an arrow the site is {site}, or the one of {metro}. */
static enum rc
take_own_key(struct tokens *t, struct err *err)
{
	t->has_key = true;
	t->key = has_kind(t, TOKEN_SITE) ? TOKEN_SITE : TOKEN_METRO;
	if (has_kind(t, t->key))
		return RC_OK;
	return err_set(err, RC_MALFORMED,
	    "no {site}; expected one, as in ns{instance}.{site}, or which "
	    "site it is, as in \"old-name -> ams\"");
}

/* Reads the right of the arrow: a name with or without a field, or '?'. */
static enum rc
split_target(struct tokens *t, const char *text, struct err *err)
{
	struct tokens right = { 0 };
	enum rc rc = split_form(&right, text, strlen(text), err);
	char *to = t->before;

	if (rc != RC_OK)
		return rc;
	t->is_opaque = strcmp(text, "?") == 0;
	for (size_t i = 0; i < right.n && !t->is_opaque; i++) {
		const struct token *token = &right.list[i];

		if (token->kind == TOKEN_LITERAL) {
			*to++ = (char)token->literal;
			continue;
		}
		if (t->has_key || !has_kind(t, token->kind) ||
		    (token->kind != TOKEN_SITE && token->kind != TOKEN_METRO))
			return err_set(err, RC_MALFORMED,
			    "'%s': expected a site's name, in it {site} or "
			    "{metro} as on the left, or ?",
			    text);
		t->has_key = true;
		t->key = token->kind;
		to = t->after;
	}
	if (right.n == 0)
		return err_set(
		    err, RC_MALFORMED, "nothing behind '->'; expected a site");
	return RC_OK;
}

enum rc
template_split(struct tokens *out, const char *text, struct err *err)
{
	static const char arrow[] = " -> ";
	struct tokens t = { 0 };
	const char *target;
	enum rc rc;

	if (strnlen(text, TEMPLATE_TEXT_MAX + 1) > TEMPLATE_TEXT_MAX)
		return err_set(err, RC_RANGE, "longer than %d characters",
		    TEMPLATE_TEXT_MAX);
	target = strstr(text, arrow);
	rc = split_form(&t, text,
	    target != NULL ? (size_t)(target - text) : strlen(text), err);
	if (rc == RC_OK && target == NULL)
		rc = take_own_key(&t, err);
	else if (rc == RC_OK)
		rc = split_target(&t, target + strlen(arrow), err);
	if (rc == RC_OK)
		*out = t;
	return rc;
}

bool
template_is_whole(const struct tokens *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].kind != TOKEN_LITERAL)
			return false;
	return true;
}

bool
template_has_literal(const struct tokens *t)
{
	return has_kind(t, TOKEN_LITERAL);
}
