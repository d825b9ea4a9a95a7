/*
 * identity.c - see identity.h.
 *
 * Matching is in two steps, so that no identity, however hostile, costs more
 * than tokens x bytes x field length: first, from the end, which tokens can
 * match which rest of the identity; then one walk from the start that never
 * has to turn back.
 */
#include "schema/identity.h"

#include <string.h>

struct matcher {
	struct tokens tokens;
	const struct identity *id;
	const char *const *sites; /* NULL: any */
	size_t n_sites;
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

/* Do the bytes from i on start with this site's name? */
static bool
starts_with(const struct identity *id, size_t i, const char *site)
{
	for (; *site != '\0'; site++, i++)
		if (i >= id->len || template_lower(id->bytes[i]) !=
					template_lower((uint8_t)*site))
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

/* The site with the shortest name that stands at i and after which what
 * follows token t matches; n_sites when there is none. */
static size_t
find_site(const struct matcher *m, size_t t, size_t i, size_t *len)
{
	size_t best = m->n_sites;

	*len = 0;
	if (!can_follow(m, t, i))
		return best;
	for (size_t s = 0; s < m->n_sites; s++) {
		size_t n;

		if (!starts_with(m->id, i, m->sites[s]))
			continue;
		n = strlen(m->sites[s]);
		if (n > 0 && n <= FIELD_TEXT_MAX && m->can[t + 1][i + n] &&
		    (best == m->n_sites || n < *len)) {
			best = s;
			*len = n;
		}
	}
	return best;
}

/* The shortest length of field t at i after which the rest still matches; 0
 * when there is none. */
static size_t
field_len(const struct matcher *m, size_t t, size_t i)
{
	size_t len = 0;

	if (m->tokens.list[t].kind == TOKEN_SITE && m->sites != NULL) {
		(void)find_site(m, t, i, &len);
		return len;
	}
	while (len < FIELD_TEXT_MAX && i + len < m->id->len &&
	       template_is_field_byte(m->id->bytes[i + len]))
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

/* Copies field t, found at i; returns its length. */
static size_t
take_field(
    struct identity_match *out, const struct matcher *m, size_t t, size_t i)
{
	enum token_kind kind = m->tokens.list[t].kind;
	char *to = kind == TOKEN_SITE       ? out->site
		   : kind == TOKEN_INSTANCE ? out->instance
					    : out->metro;
	size_t len = field_len(m, t, i);

	for (size_t k = 0; k < len; k++) {
		uint8_t c = m->id->bytes[i + k];

		to[k] = (char)(kind == TOKEN_SITE ? template_lower(c) : c);
	}
	if (kind == TOKEN_SITE && m->sites != NULL)
		out->site_index = find_site(m, t, i, &len);
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
    const char *const *sites, size_t n)
{
	struct matcher m;

	if (!id->is_present || id->is_cut)
		return RC_NOTFOUND; /* a cut one is not the whole identity */
	m.id = id;
	m.sites = sites;
	m.n_sites = n;
	if (template_split(&m.tokens, t->text, NULL) != RC_OK)
		return RC_NOTFOUND;
	fill_can(&m);
	if (!m.can[0][0])
		return RC_NOTFOUND;
	*out = (struct identity_match){ 0 };
	walk(out, &m);
	return RC_OK;
}
