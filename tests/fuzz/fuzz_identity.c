/*
 * fuzz_identity.c - any bytes as templates, sites and identities.
 *
 * Four lines, the fourth to the end: two templates, the names of up to four
 * sites with a blank between, and an identity.
 *
 * Holds: nothing crashes; templates by which no clash was found never make two
 * sites of one identity, and an example of a clash is both; what the names say
 * agrees with free form.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/identity.h"

#define SITES_MAX 4
#define RULES 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trial {
	struct identity_template forms[RULES];
	struct identity_rule rules[RULES];
	size_t n_sites;
	char *sites[SITES_MAX];
};

/* The next line, cut at what fits; NULL at the end. */
static char *
take_line(const char **at, const char *end)
{
	size_t n = 0, kept;
	char *line;

	if (*at == end)
		return NULL;
	while (*at + n < end && (*at)[n] != '\n')
		n++;
	kept = n < 200 ? n : 200;
	line = mem_new(kept + 1);
	memcpy(line, *at, kept);
	*at += n + (*at + n < end);
	return line;
}

static void
take_sites(struct trial *t, char *line)
{
	char *rest = line, *name;

	while (t->n_sites < SITES_MAX && (name = strsep(&rest, " ")) != NULL) {
		bool is_new = name[0] != '\0' && strlen(name) < 64;

		for (size_t i = 0; i < t->n_sites; i++)
			is_new &= strcasecmp(t->sites[i], name) != 0;
		if (is_new)
			t->sites[t->n_sites++] = mem_strdup(name);
	}
}

static void
make_rule(struct trial *t, size_t i)
{
	struct identity_rule *rule = &t->rules[i];
	char name[FIELD_TEXT_MAX + 1];

	rule->form = &t->forms[i];
	rule->methods = 1;
	rule->names = mem_new(SITES_MAX * sizeof *rule->names);
	rule->sites = mem_new(SITES_MAX * sizeof *rule->sites);
	for (size_t k = 0; k < t->n_sites; k++) {
		if (identity_template_name(name, rule->form, t->sites[k]) !=
		    RC_OK)
			continue;
		rule->names[rule->n] = mem_strdup(name);
		rule->sites[rule->n++] = k;
	}
}

/* Every site that the rule can read out of the identity: with one name at a
 * time, so that the shortest does not hide another. */
static unsigned
all_sites(const struct identity_rule *rule, const struct identity *id)
{
	struct identity_match m;
	unsigned sites = 0;

	for (size_t i = 0; i < rule->n; i++) {
		const char *one[] = { rule->names[i] };

		if (identity_template_match(&m, rule->form, id, one, 1) ==
		    RC_OK)
			sites |= 1u << rule->sites[i];
	}
	return sites;
}

static unsigned
count_bits(unsigned bits)
{
	unsigned n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

static void
check_identity(const struct trial *t, const struct identity *id, bool is_clear)
{
	unsigned both = 0;

	for (size_t i = 0; i < RULES; i++) {
		const struct identity_rule *rule = &t->rules[i];
		unsigned sites = all_sites(rule, id);
		struct identity_match m;
		enum rc rc = identity_template_match(&m, rule->form, id,
		    (const char *const *)rule->names, rule->n);

		if (rule->n > 0)
			assert((rc == RC_OK) == (sites != 0));
		if (rule->n > 0 && rc == RC_OK)
			assert(sites & 1u << rule->sites[m.name_index]);
		if (is_clear)
			assert(count_bits(sites) <= 1);
		/* An identity written out whole comes first. */
		if (i == 0 && strpbrk(rule->form->text, "{*") == NULL &&
		    sites != 0)
			return;
		both |= sites;
	}
	if (is_clear)
		assert(count_bits(both) <= 1);
}

static void
check_trial(struct trial *t, const char *identity, size_t len)
{
	struct identity_clash clash;
	struct identity id = { 0 };
	bool is_clear = identity_find_clash(&clash, t->rules, RULES) == RC_OK;

	identity_set(&id, identity, len);
	check_identity(t, &id, is_clear);
	if (is_clear)
		return;
	assert(clash.sites[0] != clash.sites[1]);
	/* A field of more bytes than an identity's may have is no match. */
	identity_set(&id, clash.example, strlen(clash.example));
	if (strlen(clash.example) <= FIELD_TEXT_MAX)
		for (size_t i = 0; i < 2; i++)
			assert(all_sites(&t->rules[clash.rules[i]], &id) &
			       1u << clash.sites[i]);
}

static void
trial_fini(struct trial *t)
{
	for (size_t i = 0; i < RULES; i++) {
		for (size_t k = 0; k < t->rules[i].n; k++)
			free(t->rules[i].names[k]);
		free(t->rules[i].names);
		free(t->rules[i].sites);
	}
	for (size_t i = 0; i < t->n_sites; i++)
		free(t->sites[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct trial t = { 0 };
	char *lines[RULES + 1];
	bool is_good = true;

	for (size_t i = 0; i <= RULES; i++)
		lines[i] = take_line(&at, end);
	for (size_t i = 0; i < RULES; i++)
		is_good &=
		    lines[i] != NULL && identity_template_parse(&t.forms[i],
					    lines[i], NULL) == RC_OK;
	if (is_good && lines[RULES] != NULL) {
		take_sites(&t, lines[RULES]);
		for (size_t i = 0; i < RULES; i++)
			make_rule(&t, i);
		check_trial(&t, at, (size_t)(end - at));
	}
	trial_fini(&t);
	for (size_t i = 0; i <= RULES; i++)
		free(lines[i]);
	return 0;
}
