#include "collector/map.h"

#include <stdlib.h>

#include "schema/base/mem.h"

/* The finaliser of splitmix64: every bit of the key reaches the low ones. */
static size_t
hash(uint64_t a, uint64_t b)
{
	uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) + b;

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (size_t)(x ^ (x >> 31));
}

static struct map_slot *
find_slot(const struct map *m, uint64_t a, uint64_t b)
{
	for (size_t i = hash(a, b);; i++) {
		struct map_slot *s = &m->slots[i & (m->cap - 1)];

		if (s->value == MAP_NONE || (s->a == a && s->b == b))
			return s;
	}
}

size_t
map_get(const struct map *m, uint64_t a, uint64_t b)
{
	return m->cap == 0 ? MAP_NONE : find_slot(m, a, b)->value;
}

static void
double_size(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap == 0 ? 64 : old.cap * 2;
	m->slots = mem_grow(NULL, m->cap, sizeof *m->slots);
	for (size_t i = 0; i < m->cap; i++)
		m->slots[i].value = MAP_NONE;
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i].value != MAP_NONE)
			*find_slot(m, old.slots[i].a, old.slots[i].b) =
			    old.slots[i];
	}
	free(old.slots);
}

void
map_add(struct map *m, uint64_t a, uint64_t b, size_t value)
{
	if ((m->n + 1) * 4 > m->cap * 3)
		double_size(m);
	*find_slot(m, a, b) = (struct map_slot){ a, b, value };
	m->n++;
}

void
map_fini(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}
