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
	TOKEN_METRO
};

struct token {
	enum token_kind kind;
	uint8_t literal; /* lower case */
};

struct tokens {
	size_t n;
	struct token list[TEMPLATE_TEXT_MAX];
};

/* Splits a template's text.  RC_MALFORMED, RC_RANGE: see
 * identity_template_parse. */
MUST_USE enum rc
template_split(struct tokens *out, const char *text, struct err *err);

/* ASCII only, whatever the locale. */
uint8_t template_lower(uint8_t c);

/* May c stand in a field? */
bool template_is_field_byte(uint8_t c);

#endif
