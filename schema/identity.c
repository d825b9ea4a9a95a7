/*
 * identity.c - see identity.h.
 *
 * Matching is in two steps, so that no identity, however hostile, costs more
 * than tokens x bytes x field length: first, from the end, which tokens can
 * match which rest of the identity; then one walk from the start that never
 * has to turn back.
 */
#include "schema/identity.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct matcher {
	struct tokens tokens;
	const struct identity *id;
	const char *const *names; /* NULL: any */
	size_t n_names;
	/* Can the tokens from t on match the bytes from i on? */
	bool can[TEMPLATE_TEXT_MAX + 1][IDENTITY_MAX + 1];
};

enum rc
identity_template_parse(
    struct identity_template *out, const char *text, struct err *err)
{
	struct tokens unused;
	enum rc rc = template_split(&unused, text, err);

	if (rc == RC_OK)
		memcpy(out->text, text, strlen(text) + 1);
	return rc;
}

enum rc
identity_template_name(char out[static FIELD_TEXT_MAX + 1],
    const struct identity_template *t, const char *name)
{
	size_t n = strlen(name), before, after;
	struct tokens tokens;

	if (template_split(&tokens, t->text, NULL) != RC_OK || tokens.is_opaque)
		return RC_NOTFOUND;
	before = strlen(tokens.before);
	after = strlen(tokens.after);
	out[0] = '\0';
	if (!tokens.has_key)
		return strcasecmp(tokens.before, name) == 0 ? RC_OK
							    : RC_NOTFOUND;
	if (n <= before + after || n - before - after > FIELD_TEXT_MAX ||
	    strncasecmp(name, tokens.before, before) != 0 ||
	    strcasecmp(name + n - after, tokens.after) != 0)
		return RC_NOTFOUND;
	memcpy(out, name + before, n - before - after);
	out[n - before - after] = '\0';
	return RC_OK;
}

bool
identity_template_is_form(const struct identity_template *t)
{
	struct tokens tokens;

	return template_split(&tokens, t->text, NULL) == RC_OK &&
	       template_has_literal(&tokens);
}

bool
identity_template_is_opaque(const struct identity_template *t)
{
	struct tokens tokens;

	return template_split(&tokens, t->text, NULL) == RC_OK &&
	       tokens.is_opaque;
}

/* Do the bytes from i on start with this name? */
static bool
starts_with(const struct identity *id, size_t i, const char *name)
{
	for (; *name != '\0'; name++, i++)
		if (i >= id->len || template_lower(id->bytes[i]) !=
					template_lower((uint8_t)*name))
			return false;
	return true;
}

/* Does what follows token t match after any field at i?  (The cheap question
 * before the dear one.) */
static bool
can_follow(const struct matcher *m, size_t t, size_t i)
{
	for (size_t len = 1; len <= FIELD_TEXT_MAX && i + len <= m->id->len;
	     len++)
		if (m->can[t + 1][i + len])
			return true;
	return false;
}

/* The shortest name that stands at i and after which what follows token t
 * matches; n_names when there is none. */
static size_t
find_name(const struct matcher *m, size_t t, size_t i, size_t *len)
{
	size_t best = m->n_names;

	*len = 0;
	if (!can_follow(m, t, i))
		return best;
	for (size_t s = 0; s < m->n_names; s++) {
		size_t n;

		if (!starts_with(m->id, i, m->names[s]))
			continue;
		n = strlen(m->names[s]);
		if (n > 0 && n <= FIELD_TEXT_MAX && m->can[t + 1][i + n] &&
		    (best == m->n_names || n < *len)) {
			best = s;
			*len = n;
		}
	}
	return best;
}

/* Is token t the field that must be one of the names? */
static bool
is_named(const struct matcher *m, size_t t)
{
	return m->names != NULL && m->tokens.has_key &&
	       m->tokens.list[t].kind == m->tokens.key;
}

/* The shortest length of field t at i after which the rest still matches; 0
 * when there is none. */
static size_t
field_len(const struct matcher *m, size_t t, size_t i)
{
	size_t len = 0;

	if (is_named(m, t)) {
		(void)find_name(m, t, i, &len);
		return len;
	}
	while (len < FIELD_TEXT_MAX && i + len < m->id->len &&
	       template_takes(m->tokens.list[t].kind, m->id->bytes[i + len]))
		if (m->can[t + 1][i + ++len])
			return len;
	return 0;
}

static bool
can_match(const struct matcher *m, size_t t, size_t i)
{
	const struct token *token = &m->tokens.list[t];

	switch (token->kind) {
	case TOKEN_LITERAL:
		return i < m->id->len &&
		       template_lower(m->id->bytes[i]) == token->literal &&
		       m->can[t + 1][i + 1];
	case TOKEN_ANY:
		return m->can[t + 1][i] || (i < m->id->len && m->can[t][i + 1]);
	case TOKEN_SITE:
	case TOKEN_INSTANCE:
	case TOKEN_METRO:
	case TOKEN_NUMBER:
		return field_len(m, t, i) > 0;
	}
	return false;
}

static void
fill_can(struct matcher *m)
{
	size_t n = m->tokens.n;

	for (size_t i = 0; i <= m->id->len; i++)
		m->can[n][i] = i == m->id->len;
	for (size_t t = n; t-- > 0;)
		for (size_t i = m->id->len + 1u; i-- > 0;)
			m->can[t][i] = can_match(m, t, i);
}

static void
copy_field(
    char *to, const struct identity *id, size_t i, size_t len, bool is_lower)
{
	for (size_t k = 0; k < len; k++) {
		uint8_t c = id->bytes[i + k];

		to[k] = (char)(is_lower ? template_lower(c) : c);
	}
	to[len] = '\0';
}

/* Copies field t, found at i; returns its length. */
static size_t
take_field(
    struct identity_match *out, const struct matcher *m, size_t t, size_t i)
{
	const struct tokens *tokens = &m->tokens;
	enum token_kind kind = tokens->list[t].kind;
	size_t len = field_len(m, t, i);
	char key[FIELD_TEXT_MAX + 1];

	if (kind == TOKEN_INSTANCE)
		copy_field(out->instance, m->id, i, len, false);
	if (kind == TOKEN_METRO)
		copy_field(out->metro, m->id, i, len, false);
	if (!tokens->has_key || kind != tokens->key)
		return len;
	copy_field(key, m->id, i, len, true);
	snprintf(out->site, sizeof out->site, "%s%s%s", tokens->before, key,
	    tokens->after);
	if (m->names != NULL)
		out->name_index = find_name(m, t, i, &len);
	return len;
}

/* Walks along the matching cells, each token as short as can be. */
static void
walk(struct identity_match *out, const struct matcher *m)
{
	size_t i = 0;

	for (size_t t = 0; t < m->tokens.n; t++) {
		enum token_kind kind = m->tokens.list[t].kind;
		size_t len = 1;

		if (kind == TOKEN_ANY) {
			for (len = 0; !m->can[t + 1][i + len];)
				len++;
		} else if (kind != TOKEN_LITERAL) {
			len = take_field(out, m, t, i);
		}
		i += len;
	}
}

enum rc
identity_template_match(struct identity_match *out,
    const struct identity_template *t, const struct identity *id,
    const char *const *names, size_t n)
{
	struct matcher m;

	if (!id->is_present || id->is_cut)
		return RC_NOTFOUND; /* a cut one is not the whole identity */
	m.id = id;
	m.names = names;
	m.n_names = n;
	if (template_split(&m.tokens, t->text, NULL) != RC_OK)
		return RC_NOTFOUND;
	if (names != NULL && n == 0 && !m.tokens.is_opaque)
		return RC_NOTFOUND;
	fill_can(&m);
	if (!m.can[0][0])
		return RC_NOTFOUND;
	*out = (struct identity_match){ .is_opaque = m.tokens.is_opaque };
	if (!m.tokens.has_key)
		snprintf(out->site, sizeof out->site, "%s", m.tokens.before);
	walk(out, &m);
	return RC_OK;
}
