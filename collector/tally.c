/* tally.c - see tally.h. */
#include "collector/tally.h"

#include <stdio.h>
#include <string.h>

void
tally_add(struct tally *t, const char *why, int64_t n)
{
	size_t i = 0;

	while (i < t->n &&
	       strncmp(t->rows[i].why, why, sizeof t->rows[i].why - 1) != 0)
		i++;
	if (i == TALLY_MAX)
		i--;
	if (i == t->n) {
		snprintf(t->rows[i].why, sizeof t->rows[i].why, "%s", why);
		t->rows[i].count = 0;
		t->n++;
	}
	t->rows[i].count += n;
}

void
tally_sum(struct tally *into, const struct tally *more)
{
	for (size_t i = 0; i < more->n; i++)
		tally_add(into, more->rows[i].why, more->rows[i].count);
}

int64_t
tally_total(const struct tally *t)
{
	int64_t sum = 0;

	for (size_t i = 0; i < t->n; i++)
		sum += t->rows[i].count;
	return sum;
}

json_t *
tally_json(const struct tally *t)
{
	json_t *out = json_object();

	for (size_t i = 0; i < t->n; i++)
		json_object_set_new(
		    out, t->rows[i].why, json_integer(t->rows[i].count));
	return out;
}

void
tally_read(struct tally *out, const json_t *object)
{
	const char *why;
	json_t *count;

	*out = (struct tally){ 0 };
	/* jansson's iterator wants it writable, and does not write. */
	for (void *i = json_object_iter((json_t *)(uintptr_t)object); i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)object, i)) {
		why = json_object_iter_key(i);
		count = json_object_iter_value(i);
		if (json_is_integer(count))
			tally_add(out, why, json_integer_value(count));
	}
}
