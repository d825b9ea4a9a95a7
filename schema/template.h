/*
 * template.h - an identity template as a row of tokens.              (pure)
 *
 * Used by  identity, identity_check
 */
#ifndef SCHEMA_TEMPLATE_H
#define SCHEMA_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define TEMPLATE_TEXT_MAX 128

enum token_kind {
	TOKEN_LITERAL, /* one byte, letters in either case */
	TOKEN_ANY,     /* '*': any bytes or none */
	TOKEN_SITE,    /* the fields: one or more field bytes */
	TOKEN_INSTANCE,
	TOKEN_METRO,
	TOKEN_NUMBER /* one or more digits */
};

struct token {
	enum token_kind kind;
	uint8_t literal; /* lower case */
};

/* What a template says of the site: the text before, the field, the text
 * after.  Without a field the site is `before` alone; an opaque one says
 * nothing of it. */
struct tokens {
	size_t n;
	struct token list[TEMPLATE_TEXT_MAX];
	bool is_opaque, has_key;
	enum token_kind key; /* TOKEN_SITE or TOKEN_METRO */
	char before[TEMPLATE_TEXT_MAX + 1];
	char after[TEMPLATE_TEXT_MAX + 1];
};

/* Splits a template's text.  RC_MALFORMED, RC_RANGE: see
 * identity_template_parse. */
MUST_USE enum rc
template_split(struct tokens *out, const char *text, struct err *err);

/* Is it one identity, written out whole? */
bool template_is_whole(const struct tokens *t);

/* Is there any text in it that is not a field or '*'? */
bool template_has_literal(const struct tokens *t);

/* ASCII only, whatever the locale. */
uint8_t template_lower(uint8_t c);

/* May c stand in a field of this kind? */
bool template_takes(enum token_kind kind, uint8_t c);

#endif
