/* crowds.c - see crowds.h. */
#include "collector/crowds.h"

#include <stdlib.h>

#include "collector/map.h"
#include "schema/base/mem.h"

/* The groups of the fleet as the nodes of a forest: ASes, probes, prefixes. */
static uint32_t
root_of(uint32_t *parents, size_t node)
{
	while (parents[node] != node) {
		parents[node] = parents[parents[node]];
		node = parents[node];
	}
	return (uint32_t)node;
}

static void
join(uint32_t *parents, size_t a, size_t b)
{
	parents[root_of(parents, a)] = root_of(parents, b);
}

static uint32_t *
grow_forest(const struct fleet *f)
{
	size_t n = f->asns.n + f->probes.n + f->prefixes.n;
	uint32_t *parents = mem_grow(NULL, n, sizeof *parents);

	for (size_t i = 0; i < n; i++)
		parents[i] = (uint32_t)i;
	for (size_t i = 0; i < f->n_members; i++) {
		const struct member *m = f->members[i];
		size_t probe = f->asns.n + m->probe_index;

		join(parents, m->as_index, probe);
		if (m->prefix_index != MAP_NONE)
			join(parents, probe,
			    f->asns.n + f->probes.n + m->prefix_index);
		/* A probe's prefix is that of one of its vantages, or was. */
		if (f->prefix_of_probe[m->probe_index] != MAP_NONE)
			join(parents, probe,
			    f->asns.n + f->probes.n +
				f->prefix_of_probe[m->probe_index]);
	}
	return parents;
}

/* Numbers the trees, in order of their first members. */
static void
number(struct crowds *c, const struct fleet *f, uint32_t *parents)
{
	size_t n = f->asns.n + f->probes.n + f->prefixes.n;
	uint32_t *numbers = mem_new(n * sizeof *numbers); /* and one more */

	c->n = 0;
	for (size_t i = 0; i < f->n_members; i++) {
		uint32_t *x =
		    &numbers[root_of(parents, f->members[i]->as_index)];

		if (*x == 0)
			*x = (uint32_t)++c->n;
		c->of_member[i] = *x - 1;
	}
	free(numbers);
}

struct place {
	uint32_t crowd, member;
	int64_t vantage_id;
};

static int
by_crowd(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->crowd != y->crowd)
		return x->crowd < y->crowd ? -1 : 1;
	return (x->vantage_id > y->vantage_id) -
	       (x->vantage_id < y->vantage_id);
}

static void
sort(struct crowds *c, const struct fleet *f)
{
	struct place *places = mem_grow(NULL, f->n_members, sizeof *places);

	for (size_t i = 0; i < f->n_members; i++)
		places[i] = (struct place){ c->of_member[i], (uint32_t)i,
			f->members[i]->vantage.id };
	if (f->n_members > 0)
		qsort(places, f->n_members, sizeof *places, by_crowd);
	for (size_t i = 0; i < f->n_members; i++) {
		c->members[i] = places[i].member;
		if (i == 0 || places[i].crowd != places[i - 1].crowd)
			c->first[places[i].crowd] = (uint32_t)i;
	}
	c->first[c->n] = (uint32_t)f->n_members;
	free(places);
}

void
crowds_update(struct crowds *c, const struct fleet *f)
{
	uint32_t *parents;

	if (c->of_member != NULL && c->n_news == f->n_news)
		return;
	c->n_news = f->n_news;
	c->of_member =
	    mem_grow(c->of_member, f->n_members, sizeof *c->of_member);
	c->members = mem_grow(c->members, f->n_members, sizeof *c->members);
	parents = grow_forest(f);
	number(c, f, parents);
	free(parents);
	c->first = mem_grow(c->first, c->n + 1, sizeof *c->first);
	sort(c, f);
}

void
crowds_fini(struct crowds *c)
{
	free(c->of_member);
	free(c->first);
	free(c->members);
}
