/*
 * identity_check.c - can one identity be two sites?  See identity.h.
 *
 * A template is an automaton; where the site stands, it has the tree of the
 * names that may stand there.  For each name of one template, its automaton
 * with that name alone and the other template's with all names of other sites
 * run side by side over pairs of steps, breadth first; where both end together,
 * the bytes on the way there are an identity that is both sites, and the
 * shortest.
 */
#include "schema/identity.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

#define END 0           /* the step behind the last one */
#define NONE UINT32_MAX /* no step */
#define NO_NAME SIZE_MAX

enum step_kind { STEP_END, STEP_BYTE, STEP_FIELD, STEP_ANY };

struct step {
	enum step_kind kind;
	enum token_kind field; /* STEP_FIELD: which bytes */
	uint8_t byte;          /* STEP_BYTE: lower case */
	bool is_optional;      /* may be passed without a byte */
	bool is_repeated;      /* may take another byte */
	uint32_t next;         /* in the tree: the first longer name, or NONE */
	uint32_t other;  /* in the tree: another byte in its place, or NONE */
	uint32_t behind; /* where a name ends: what follows the field */
	size_t name;     /* that ends here; NO_NAME */
};

struct automaton {
	size_t n, cap;
	uint32_t start;
	struct step *steps;
};

/* How a pair of steps was first reached. */
struct visit {
	uint32_t p, q;
	uint32_t from;
	size_t name; /* of the second automaton, passed on the way */
	uint16_t len;
	uint8_t byte; /* the last; 0: none was consumed */
};

struct search {
	const struct identity_rule *rule; /* the second automaton's */
	struct automaton a, b;
	size_t site; /* whose names do not count in b */
	size_t n, cap;
	struct visit *visits;
	size_t n_slots;  /* a power of two */
	uint32_t *slots; /* index into visits + 1, by pair */
};

/* ---- automata ---- */

static uint32_t
add_step(struct automaton *m, struct step step)
{
	if (m->n == m->cap) {
		m->cap = m->cap == 0 ? 64 : 2 * m->cap;
		m->steps = mem_grow(m->steps, m->cap, sizeof *m->steps);
	}
	if (step.name == 0)
		step.name = NO_NAME;
	m->steps[m->n] = step;
	return (uint32_t)m->n++;
}

/* The step of this byte among the steps at *first; made when it is missing. */
static uint32_t
find_or_add(struct automaton *m, uint32_t *first, uint8_t byte)
{
	const struct step step = { .kind = STEP_BYTE,
		.byte = byte,
		.next = NONE,
		.other = *first,
		.behind = NONE };

	for (uint32_t i = *first; i != NONE; i = m->steps[i].other)
		if (m->steps[i].byte == byte)
			return i;
	*first = (uint32_t)m->n; /* it may lie among the steps, which move */
	return add_step(m, step);
}

/* Puts a name into the tree at *root; what follows the field is `behind`. */
static void
add_name(struct automaton *m, uint32_t *root, const char *name, size_t index,
    uint32_t behind)
{
	uint32_t at = NONE;

	for (; *name != '\0'; name++) {
		uint8_t byte = template_lower((uint8_t)*name);

		at = at == NONE ? find_or_add(m, root, byte)
				: find_or_add(m, &m->steps[at].next, byte);
	}
	if (at == NONE)
		return;
	m->steps[at].behind = behind;
	m->steps[at].name = index;
}

/* One byte and then any number. */
static uint32_t
add_field(struct automaton *m, enum token_kind kind, uint32_t next)
{
	next = add_step(m, (struct step){ .kind = STEP_FIELD,
			       .field = kind,
			       .is_optional = true,
			       .is_repeated = true,
			       .next = next,
			       .other = NONE,
			       .behind = NONE });
	return add_step(m, (struct step){ .kind = STEP_FIELD,
			       .field = kind,
			       .next = next,
			       .other = NONE,
			       .behind = NONE });
}

static uint32_t
add_token(struct automaton *m, const struct token *token, uint32_t next)
{
	struct step step = { .kind = STEP_BYTE,
		.byte = token->literal,
		.next = next,
		.other = NONE,
		.behind = NONE };

	if (token->kind != TOKEN_LITERAL && token->kind != TOKEN_ANY)
		return add_field(m, token->kind, next);
	if (token->kind == TOKEN_ANY) {
		step.kind = STEP_ANY;
		step.is_optional = step.is_repeated = true;
	}
	return add_step(m, step);
}

/* Fills m with a rule's template, for its names [from, to). */
static void
build(struct automaton *m, const struct identity_rule *rule, size_t from,
    size_t to)
{
	struct tokens tokens;
	uint32_t next;

	m->n = 0;
	next = add_step(m, (struct step){ .kind = STEP_END,
			       .next = NONE,
			       .other = NONE,
			       .behind = NONE });
	if (template_split(&tokens, rule->form->text, NULL) != RC_OK)
		tokens.n = 0; /* it was checked when it was read */
	for (size_t t = tokens.n; t-- > 0;) {
		uint32_t root = NONE;

		if (!tokens.has_key || tokens.list[t].kind != tokens.key) {
			next = add_token(m, &tokens.list[t], next);
			continue;
		}
		for (size_t i = from; i < to; i++)
			add_name(m, &root, rule->names[i], i, next);
		next = root;
		if (root == NONE)
			break;
	}
	m->start = next;
}

/* ---- the search ---- */

static size_t
slot_of(const struct search *s, uint32_t p, uint32_t q)
{
	uint64_t hash =
	    (((uint64_t)p << 32) | q) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(hash >> 32) & (s->n_slots - 1);
}

static void
put_slot(struct search *s, size_t visit)
{
	const struct visit *v = &s->visits[visit];
	size_t i = slot_of(s, v->p, v->q);

	while (s->slots[i] != 0)
		i = (i + 1) & (s->n_slots - 1);
	s->slots[i] = (uint32_t)visit + 1;
}

static void
grow_slots(struct search *s)
{
	s->n_slots = s->n_slots == 0 ? 1024 : 2 * s->n_slots;
	free(s->slots);
	s->slots = mem_new(s->n_slots * sizeof *s->slots);
	for (size_t i = 0; i < s->n; i++)
		put_slot(s, i);
}

static bool
is_visited(const struct search *s, uint32_t p, uint32_t q)
{
	for (size_t i = slot_of(s, p, q); s->slots[i] != 0;
	     i = (i + 1) & (s->n_slots - 1)) {
		const struct visit *v = &s->visits[s->slots[i] - 1];

		if (v->p == p && v->q == q)
			return true;
	}
	return false;
}

/* Reaches the pair (p, q), with the byte or without (0), unless it has been
 * reached before. */
static void
reach(struct search *s, uint32_t p, uint32_t q, uint32_t from, uint8_t byte,
    size_t name)
{
	struct visit v = { p, q, from, name, 0, byte };

	if (p == NONE || q == NONE || is_visited(s, p, q))
		return;
	if (s->n > 0) {
		v.len = (uint16_t)(s->visits[from].len + (byte != 0));
		if (name == NO_NAME)
			v.name = s->visits[from].name;
	}
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 256 : 2 * s->cap;
		s->visits = mem_grow(s->visits, s->cap, sizeof *s->visits);
	}
	s->visits[s->n++] = v;
	if (2 * s->n > s->n_slots)
		grow_slots(s);
	else
		put_slot(s, s->n - 1);
}

/* Passes what is optional, and looks at other names. */
static void
follow_free(struct search *s, uint32_t i)
{
	uint32_t p = s->visits[i].p, q = s->visits[i].q;
	const struct step *a = &s->a.steps[p], *b = &s->b.steps[q];

	if (a->is_optional)
		reach(s, a->next, q, i, 0, NO_NAME);
	if (b->is_optional)
		reach(s, p, b->next, i, 0, NO_NAME);
	reach(s, a->other, q, i, 0, NO_NAME);
	reach(s, p, b->other, i, 0, NO_NAME);
}

static bool
step_takes(const struct step *s, uint8_t c)
{
	return s->kind == STEP_ANY || (s->kind == STEP_BYTE && s->byte == c) ||
	       (s->kind == STEP_FIELD && template_takes(s->field, c));
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

/* Consumes one byte on both sides. */
static void
follow_byte(struct search *s, uint32_t i)
{
	uint32_t p = s->visits[i].p, q = s->visits[i].q;
	const struct step *a = &s->a.steps[p], *b = &s->b.steps[q];
	uint8_t c = common_byte(a, b);
	uint32_t p_next[2] = { a->is_repeated ? p : a->next, a->behind };
	uint32_t q_next = b->is_repeated ? q : b->next;

	for (size_t k = 0; c != 0 && k < 2; k++) {
		reach(s, p_next[k], q_next, i, c, NO_NAME);
		if (b->name != NO_NAME && s->rule->sites[b->name] != s->site)
			reach(s, p_next[k], b->behind, i, c, b->name);
	}
}

/* Finds the way to the end of both; its visit, or NONE. */
static uint32_t
find_end(struct search *s)
{
	size_t begin = 0, mid;

	s->n = 0;
	if (s->n_slots == 0)
		grow_slots(s);
	memset(s->slots, 0, s->n_slots * sizeof *s->slots);
	reach(s, s->a.start, s->b.start, 0, 0, NO_NAME);
	for (; begin < s->n && s->visits[begin].len <= IDENTITY_MAX;
	     begin = mid) {
		for (size_t i = begin; i < s->n; i++) { /* n grows */
			if (s->visits[i].p == END && s->visits[i].q == END)
				return (uint32_t)i;
			follow_free(s, (uint32_t)i);
		}
		mid = s->n;
		for (size_t i = begin; i < mid; i++)
			follow_byte(s, (uint32_t)i);
	}
	return NONE;
}

/* Writes the bytes on the way to a visit. */
static void
trace_back(const struct search *s, uint32_t i, char *out)
{
	out[s->visits[i].len] = '\0';
	while (s->visits[i].len > 0) {
		const struct visit *v = &s->visits[i];

		if (v->byte != 0)
			out[v->len - 1] = (char)v->byte;
		i = v->from;
	}
}

/* A rule without a field in its template has one name, and always means it. */
static bool
has_field(const struct identity_rule *rule)
{
	struct tokens tokens;

	return template_split(&tokens, rule->form->text, NULL) == RC_OK &&
	       tokens.has_key;
}

/* Compares name i of rules[x], alone, with all of rules[y]. */
static enum rc
compare_name(struct search *s, struct identity_clash *out,
    const struct identity_rule *rules, size_t x, size_t y, size_t i)
{
	uint32_t end;
	size_t name;

	s->rule = &rules[y];
	s->site = rules[x].sites[i];
	build(&s->a, &rules[x], i, i + 1);
	if (s->a.start == NONE || s->b.start == NONE ||
	    (!has_field(&rules[y]) && rules[y].sites[0] == s->site))
		return RC_OK;
	end = find_end(s);
	if (end == NONE)
		return RC_OK;
	name = s->visits[end].name;
	out->rules[0] = y;
	out->rules[1] = x;
	out->sites[0] = rules[y].sites[name == NO_NAME ? 0 : name];
	out->sites[1] = s->site;
	trace_back(s, end, out->example);
	return RC_RANGE;
}

/* Compares the rules x and y (y before x, or the same). */
static enum rc
compare_rules(struct search *s, struct identity_clash *out,
    const struct identity_rule *rules, size_t x, size_t y)
{
	struct tokens tokens;
	enum rc rc = RC_OK;

	if ((rules[x].methods & rules[y].methods) == 0 || rules[x].n == 0 ||
	    rules[y].n == 0)
		return RC_OK;
	if (x != y &&
	    template_split(&tokens, rules[y].form->text, NULL) == RC_OK &&
	    template_is_whole(&tokens))
		return RC_OK; /* an exception, said first */
	build(&s->b, &rules[y], 0, rules[y].n);
	for (size_t i = 0; rc == RC_OK && i < rules[x].n; i++)
		rc = compare_name(s, out, rules, x, y, i);
	return rc;
}

enum rc
identity_find_clash(
    struct identity_clash *out, const struct identity_rule *rules, size_t n)
{
	struct search s = { 0 };
	enum rc rc = RC_OK;

	for (size_t x = 0; rc == RC_OK && x < n; x++)
		for (size_t y = 0; rc == RC_OK && y <= x; y++)
			rc = compare_rules(&s, out, rules, x, y);
	free(s.a.steps);
	free(s.b.steps);
	free(s.visits);
	free(s.slots);
	return rc;
}
