/* agenda.c - see agenda.h. */
#include "collector/agenda.h"

#include <stdlib.h>

#include "schema/base/mem.h"

void
agenda_add(struct agenda *a, int64_t at_us, size_t what)
{
	size_t i = a->n++;

	if (i == a->cap) {
		a->cap = a->cap == 0 ? 64 : 2 * a->cap;
		a->list = mem_grow(a->list, a->cap, sizeof *a->list);
	}
	while (i > 0 && a->list[(i - 1) / 2].at_us > at_us) {
		a->list[i] = a->list[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	a->list[i] = (struct agenda_item){ at_us, what };
}

/* Puts an item where the first one was. */
static void
sift_down(struct agenda *a, struct agenda_item item)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < a->n) {
		if (child + 1 < a->n &&
		    a->list[child + 1].at_us < a->list[child].at_us)
			child++;
		if (a->list[child].at_us >= item.at_us)
			break;
		a->list[i] = a->list[child];
		i = child;
	}
	a->list[i] = item;
}

bool
agenda_take(struct agenda *a, int64_t now_us, struct agenda_item *out)
{
	if (a->n == 0 || a->list[0].at_us > now_us)
		return false;
	*out = a->list[0];
	a->n--;
	if (a->n > 0)
		sift_down(a, a->list[a->n]);
	return true;
}

void
agenda_fini(struct agenda *a)
{
	free(a->list);
	*a = (struct agenda){ 0 };
}
