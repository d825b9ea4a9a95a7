/*
 * agenda.h - numbers, each with the moment when it is due.           (pure)
 *
 * Used by  collector/roll
 *
 * A binary heap.  Equal moments come in any order.
 */
#ifndef COLLECTOR_AGENDA_H
#define COLLECTOR_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agenda_item {
	int64_t at_us;
	size_t what;
};

struct agenda { /* {0} is an empty one */
	struct agenda_item *list;
	size_t n, cap;
};

void agenda_add(struct agenda *a, int64_t at_us, size_t what);

/* Takes the next item that is due at now_us.  False: none is. */
bool agenda_take(struct agenda *a, int64_t now_us, struct agenda_item *out);

void agenda_fini(struct agenda *a);

#endif
