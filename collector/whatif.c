/* whatif.c - see whatif.h. */
#include "collector/whatif.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

static const char *const bases[WHATIF_BASES] = { "itself", "its AS",
	"its country", "anybody", "unknown" };

/* One move away from the site. */
struct away {
	const struct landed *from, *to;
};

struct aways {
	size_t n, cap;
	struct away *list;
};

const char *
whatif_basis_name(enum whatif_basis b)
{
	return bases[b];
}

static bool
is_same_place(const struct landed *a, const struct landed *b)
{
	return a->vantage_id == b->vantage_id && a->target_id == b->target_id;
}

static bool
is_stable(const struct landed *l)
{
	return l->is_trusted && strcmp(l->state, "stable") == 0;
}

/* A later move of a vantage on an address takes the place of its earlier one. */
static void
add_move(struct aways *m, const struct landed *from, const struct landed *to)
{
	if (m->n > 0 && is_same_place(m->list[m->n - 1].from, from)) {
		m->list[m->n - 1] = (struct away){ from, to };
		return;
	}
	if (m->n == m->cap) {
		m->cap = 2 * m->cap + 16;
		m->list = mem_grow(m->list, m->cap, sizeof *m->list);
	}
	m->list[m->n++] = (struct away){ from, to };
}

/* From each stay at the site to the next stay of the same vantage and address,
 * over what was dark or unknown in between. */
static void
learn(struct aways *m, int64_t site_id, const struct landed_list *journal,
    bool (*may)(void *ctx, int64_t site_id), void *ctx)
{
	for (size_t i = 0; i < journal->n; i++) {
		const struct landed *from = &journal->rows[i];
		size_t k = i + 1;

		if (!is_stable(from) || from->site_id != site_id)
			continue;
		while (k < journal->n &&
		       is_same_place(from, &journal->rows[k]) &&
		       !is_stable(&journal->rows[k]))
			k++;
		if (k < journal->n && is_same_place(from, &journal->rows[k]) &&
		    journal->rows[k].site_id != site_id &&
		    may(ctx, journal->rows[k].site_id))
			add_move(m, from, &journal->rows[k]);
	}
}

/* Is the move evidence of this kind for where l goes? */
static bool
is_like(const struct away *m, const struct landed *l, enum whatif_basis basis)
{
	if (strcmp(m->from->service, l->service) != 0 ||
	    m->from->family != l->family)
		return false;
	switch (basis) {
	case WHATIF_ITSELF:
		return is_same_place(m->from, l);
	case WHATIF_AS:
		return l->asn != 0 && m->from->asn == l->asn;
	case WHATIF_COUNTRY:
		return l->country[0] != '\0' &&
		       strcmp(m->from->country, l->country) == 0;
	case WHATIF_ANYBODY:
		return true;
	case WHATIF_UNKNOWN:
		return false;
	}
	return false;
}

/* Where most of those moves went; NULL: there is none.  Of equal ones the
 * lower id.  counts: by site id, all 0 before and after. */
static const struct landed *
most(const struct aways *m, size_t *counts, const struct landed *l,
    enum whatif_basis basis)
{
	const struct landed *best = NULL;

	for (size_t i = 0; i < m->n; i++) {
		if (is_like(&m->list[i], l, basis))
			counts[m->list[i].to->site_id]++;
	}
	for (size_t i = 0; i < m->n; i++) {
		const struct landed *to = m->list[i].to;

		if (counts[to->site_id] > 0 &&
		    (best == NULL ||
			counts[to->site_id] > counts[best->site_id] ||
			(counts[to->site_id] == counts[best->site_id] &&
			    to->site_id < best->site_id)))
			best = to;
	}
	for (size_t i = 0; i < m->n; i++)
		counts[m->list[i].to->site_id] = 0;
	return best;
}

static size_t *
counts_for(const struct aways *m)
{
	int64_t last_id = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->list[i].to->site_id > last_id)
			last_id = m->list[i].to->site_id;
	return mem_new(((size_t)last_id + 1) * sizeof(size_t));
}

static struct whatif_answer
answer(const struct aways *m, size_t *counts, const struct landed *l)
{
	for (int b = WHATIF_ITSELF; b < WHATIF_UNKNOWN; b++) {
		const struct landed *to =
		    most(m, counts, l, (enum whatif_basis)b);

		if (to != NULL)
			return (struct whatif_answer){ l, to->site_id, to->site,
				(enum whatif_basis)b };
	}
	return (struct whatif_answer){ l, 0, NULL, WHATIF_UNKNOWN };
}

void
whatif_ask(struct whatif *w, int64_t site_id, const struct landed_list *now,
    const struct landed_list *journal, bool (*may)(void *ctx, int64_t site_id),
    void *ctx)
{
	struct aways moves = { 0 };
	size_t *counts;

	*w = (struct whatif){ 0 };
	w->list = mem_new((now->n + 1) * sizeof *w->list);
	learn(&moves, site_id, journal, may, ctx);
	counts = counts_for(&moves);
	for (size_t i = 0; i < now->n; i++)
		if (is_stable(&now->rows[i]) && now->rows[i].site_id == site_id)
			w->list[w->n++] = answer(&moves, counts, &now->rows[i]);
	w->n_moves = moves.n;
	free(counts);
	free(moves.list);
}

void
whatif_fini(struct whatif *w)
{
	free(w->list);
	*w = (struct whatif){ 0 };
}
