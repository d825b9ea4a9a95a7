/* availability.c - see availability.h. */
#include "collector/availability.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

#define PPM 1000000

struct availability_cell {
	float share;     /* answered, of those asked */
	uint32_t rtt_us; /* the median; 0: none */
	uint32_t n;      /* asked */
};

void
availability_init(struct availability *a, size_t n_servers, size_t k,
    int64_t from_us, int64_t to_us)
{
	*a = (struct availability){ .from_us = from_us,
		.n_servers = n_servers,
		.n_intervals = (size_t)((to_us - from_us) / ROLLUP_SLOT_US),
		.k = k != 0 ? k : (2 * (n_servers - 1) + 2) / 3 };
	if (a->k == 0)
		a->k = 1;
	a->servers = mem_new((n_servers + 1) * sizeof *a->servers);
	a->cells = mem_new((n_servers * a->n_intervals + 1) * sizeof *a->cells);
}

void
availability_fini(struct availability *a)
{
	for (size_t i = 0; i < a->n_servers; i++)
		sketch_fini(&a->servers[i].rtt);
	sketch_fini(&a->rtt);
	free(a->servers);
	free(a->cells);
	*a = (struct availability){ 0 };
}

void
availability_add(struct availability *a, size_t server, int64_t at_us,
    int64_t length_us, const struct rollup_slot *s)
{
	int64_t first = (at_us - a->from_us) / ROLLUP_SLOT_US;
	struct availability_server *of = &a->servers[server];

	if (s->n == 0 || at_us < a->from_us || first >= (int64_t)a->n_intervals)
		return;
	of->n += s->n;
	of->n_answered += s->n - s->n_lost;
	sketch_merge(&of->rtt, &s->rtt);
	for (size_t i = (size_t)first, n = (size_t)(length_us / ROLLUP_SLOT_US);
	     n > 0 && i < a->n_intervals; i++, n--) {
		struct availability_cell *c =
		    &a->cells[i * a->n_servers + server];

		c->share = (float)(s->n - s->n_lost) / (float)s->n;
		c->rtt_us = s->rtt.n > 0
				? (uint32_t)sketch_quantile_us(&s->rtt, 500)
				: 0;
		c->n = 1;
	}
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* One interval in which the vantage asked every server. */
static void
judge(struct availability *a, const struct availability_cell *cells,
    uint32_t *rtts)
{
	double answered = 0;
	size_t n = 0;

	for (size_t i = 0; i < a->n_servers; i++) {
		answered += (double)cells[i].share;
		if (cells[i].rtt_us > 0)
			rtts[n++] = cells[i].rtt_us;
	}
	a->n_judged++;
	a->answered += answered < (double)a->k ? answered : (double)a->k;
	qsort(rtts, n, sizeof *rtts, by_size);
	for (size_t i = 0; i < n && i < a->k; i++)
		sketch_add(&a->rtt, rtts[i], 1);
}

void
availability_end_vantage(struct availability *a)
{
	uint32_t *rtts = mem_new((a->n_servers + 1) * sizeof *rtts);

	for (size_t t = 0; t < a->n_intervals; t++) {
		struct availability_cell *cells = &a->cells[t * a->n_servers];
		size_t n = 0;

		for (size_t i = 0; i < a->n_servers; i++)
			n += cells[i].n;
		if (n == a->n_servers)
			judge(a, cells, rtts);
		else
			a->n_partial += n > 0;
		memset(cells, 0, a->n_servers * sizeof *cells);
	}
	free(rtts);
}

int64_t
availability_server_ppm(const struct availability_server *s)
{
	return s->n == 0 ? -1 : (int64_t)(s->n_answered * PPM / s->n);
}

int64_t
availability_system_ppm(const struct availability *a)
{
	double all = (double)a->n_judged * (double)a->k;

	return a->n_judged == 0 ? -1 : (int64_t)(a->answered / all * PPM);
}
