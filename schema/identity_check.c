/*
 * identity_check.c - can one identity be two sites?  See identity.h.
 *
 * A template with its site filled in is an automaton.  Two of them run side by
 * side over pairs of positions, breadth first; where both end together, the
 * bytes on the way there are an identity that is both sites, and the shortest.
 *
 * First a field is one byte and then any number: few positions, and if there
 * is no common identity even so, there is none.  Only else it is exact: one
 * byte that must be there and FIELD_TEXT_MAX - 1 that may.
 */
#include "schema/identity.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

#define STEPS_MAX (TEMPLATE_TEXT_MAX + 3 * FIELD_TEXT_MAX)
#define PAIRS_MAX ((STEPS_MAX + 1) * (STEPS_MAX + 1))

enum step_kind { STEP_BYTE, STEP_FIELD, STEP_ANY };

struct step {
	enum step_kind kind;
	uint8_t byte;     /* lower case */
	bool is_optional; /* may be passed without a byte */
	bool is_repeated; /* may take another byte */
};

struct automaton {
	size_t n;
	struct step steps[STEPS_MAX];
};

/* How a pair of positions was first reached. */
struct origin {
	uint32_t from;
	uint32_t round; /* in which search: else it is not reached */
	uint16_t len;   /* bytes up to here */
	uint8_t byte;   /* the last of them; 0: none was consumed */
};

struct search {
	struct automaton a, b;
	uint32_t round;         /* one for each pair of sites */
	uint16_t len;           /* bytes consumed so far */
	struct origin *origins; /* PAIRS_MAX */
	uint32_t *now, *next;   /* pairs at this length and at the next */
	size_t n_now, n_next;
};

static void
append(struct automaton *m, struct step step)
{
	m->steps[m->n++] = step;
}

static void
append_site(struct automaton *m, const char *site)
{
	for (; *site != '\0'; site++)
		append(m, (struct step){ .kind = STEP_BYTE,
			      .byte = template_lower((uint8_t)*site) });
}

static void
append_field(struct automaton *m, bool is_exact)
{
	append(m, (struct step){ .kind = STEP_FIELD });
	if (!is_exact)
		append(m, (struct step){ .kind = STEP_FIELD,
			      .is_optional = true,
			      .is_repeated = true });
	for (size_t i = 1; is_exact && i < FIELD_TEXT_MAX; i++)
		append(m,
		    (struct step){ .kind = STEP_FIELD, .is_optional = true });
}

/* Fills m with the template for one site. */
static void
expand(struct automaton *m, const struct tokens *t, const char *site,
    bool is_exact)
{
	m->n = 0;
	for (size_t i = 0; i < t->n; i++) {
		switch (t->list[i].kind) {
		case TOKEN_LITERAL:
			append(m, (struct step){ .kind = STEP_BYTE,
				      .byte = t->list[i].literal });
			break;
		case TOKEN_ANY:
			append(m, (struct step){ .kind = STEP_ANY,
				      .is_optional = true,
				      .is_repeated = true });
			break;
		case TOKEN_SITE:
			append_site(m, site);
			break;
		case TOKEN_INSTANCE:
		case TOKEN_METRO:
			append_field(m, is_exact);
			break;
		}
	}
}

static bool
step_takes(const struct step *s, uint8_t c)
{
	return s->kind == STEP_ANY || (s->kind == STEP_BYTE && s->byte == c) ||
	       (s->kind == STEP_FIELD && template_is_field_byte(c));
}

/* A byte that both steps take; 0 when there is none. */
static uint8_t
common_byte(const struct step *a, const struct step *b)
{
	uint8_t c = a->kind == STEP_BYTE   ? a->byte
		    : b->kind == STEP_BYTE ? b->byte
					   : '1';

	return step_takes(a, c) && step_takes(b, c) ? c : 0;
}

/* Reaches the pair (p, q), with the byte or without (0), unless it has been
 * reached before. */
static void
reach(struct search *s, size_t p, size_t q, uint32_t from, uint8_t byte)
{
	uint32_t pair = (uint32_t)(p * (STEPS_MAX + 1) + q);
	struct origin *o = &s->origins[pair];

	if (o->round == s->round)
		return;
	*o = (struct origin){ from, s->round, s->len, byte };
	if (byte == 0) {
		s->now[s->n_now++] = pair;
	} else {
		o->len++;
		s->next[s->n_next++] = pair;
	}
}

/* Passes what is optional. */
static void
follow_free(struct search *s, uint32_t pair)
{
	size_t p = pair / (STEPS_MAX + 1), q = pair % (STEPS_MAX + 1);

	if (p < s->a.n && s->a.steps[p].is_optional)
		reach(s, p + 1, q, pair, 0);
	if (q < s->b.n && s->b.steps[q].is_optional)
		reach(s, p, q + 1, pair, 0);
}

/* Consumes one byte on both sides. */
static void
follow_byte(struct search *s, uint32_t pair)
{
	size_t p = pair / (STEPS_MAX + 1), q = pair % (STEPS_MAX + 1);
	const struct step *a = &s->a.steps[p], *b = &s->b.steps[q];
	uint8_t c;

	if (p == s->a.n || q == s->b.n)
		return;
	c = common_byte(a, b);
	if (c != 0)
		reach(s, p + !a->is_repeated, q + !b->is_repeated, pair, c);
}

/* Goes on by one byte.  All free ways come first, so that every pair is
 * reached by its shortest way. */
static void
advance(struct search *s)
{
	uint32_t *list = s->now;

	for (size_t i = 0; i < s->n_now; i++) /* n_now grows on the way */
		follow_free(s, s->now[i]);
	for (size_t i = 0; i < s->n_now; i++)
		follow_byte(s, s->now[i]);
	s->now = s->next;
	s->n_now = s->n_next;
	s->next = list;
	s->n_next = 0;
	s->len++;
}

/* Writes the bytes on the way to pair. */
static void
trace_back(const struct search *s, uint32_t pair, char *out)
{
	out[s->origins[pair].len] = '\0';
	while (s->origins[pair].len > 0) {
		const struct origin *o = &s->origins[pair];

		if (o->byte != 0)
			out[o->len - 1] = (char)o->byte;
		pair = o->from;
	}
}

/* Writes an identity that is both automata's.  RC_NOTFOUND: there is none. */
static enum rc
find_common(struct search *s, char out[static IDENTITY_MAX + 1])
{
	uint32_t pair = (uint32_t)(s->a.n * (STEPS_MAX + 1) + s->b.n);
	const struct origin *end = &s->origins[pair];

	s->round++;
	s->len = 0;
	s->n_now = s->n_next = 0;
	reach(s, 0, 0, 0, 0);
	while (s->n_now > 0 && s->len <= IDENTITY_MAX && end->round != s->round)
		advance(s);
	if (end->round != s->round || end->len > IDENTITY_MAX)
		return RC_NOTFOUND;
	trace_back(s, pair, out);
	return RC_OK;
}

/* Writes an identity that may be either site.  RC_NOTFOUND. */
static enum rc
compare(struct search *s, const struct tokens *t, const char *one,
    const char *other, char out[static IDENTITY_MAX + 1])
{
	enum rc rc = RC_OK;

	for (int is_exact = 0; is_exact <= 1 && rc == RC_OK; is_exact++) {
		expand(&s->a, t, one, is_exact);
		expand(&s->b, t, other, is_exact);
		rc = find_common(s, out);
	}
	return rc;
}

/* Compares site i with those before it. */
static enum rc
check_site(struct search *s, const struct tokens *t, const char *const *sites,
    size_t i, struct err *err)
{
	char example[IDENTITY_MAX + 1];

	if (strlen(sites[i]) > FIELD_TEXT_MAX)
		return err_set(err, RC_RANGE,
		    "site %.40s...: longer than %d characters", sites[i],
		    FIELD_TEXT_MAX);
	for (size_t k = 0; k < i; k++)
		if (compare(s, t, sites[k], sites[i], example) == RC_OK)
			return err_set(err, RC_RANGE,
			    "cannot tell %s from %s: \"%s\" may be either",
			    sites[k], sites[i], example);
	return RC_OK;
}

enum rc
identity_template_check(const struct identity_template *t,
    const char *const *sites, size_t n, struct err *err)
{
	struct search *s;
	struct tokens tokens;
	enum rc rc = template_split(&tokens, t->text, err);

	if (rc != RC_OK)
		return rc;
	s = mem_new(sizeof *s);
	s->origins = mem_new(PAIRS_MAX * sizeof *s->origins);
	s->now = mem_new(PAIRS_MAX * sizeof *s->now);
	s->next = mem_new(PAIRS_MAX * sizeof *s->next);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = check_site(s, &tokens, sites, i, err);
	free(s->next);
	free(s->now);
	free(s->origins);
	free(s);
	return rc;
}
