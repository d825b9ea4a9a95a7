#include "collector/detect_drain.h"

/* The drain that explains the first vote, when each has one; else NULL. */
static const struct drain *
explain(const struct detect *d, const struct open_event *o)
{
	const struct drain *first = NULL;

	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];
		const struct drain *x = drains_explain(
		    &d->drains, v->from_site_id, v->to_site_id, v->at_us);

		if (x == NULL)
			return NULL;
		if (first == NULL)
			first = x;
	}
	return first;
}

bool
drain_mark_shift(const struct detect *d, struct open_event *o)
{
	/* Who was told of an opening hears of its end too. */
	o->event.is_planned = !o->is_told && explain(d, o) != NULL;
	return o->event.is_planned;
}

json_t *
drain_add_gates(
    const struct detect *d, const struct open_event *o, json_t *gates)
{
	const struct drain *x = explain(d, o);

	if (x != NULL)
		json_object_set_new(gates, "drain", json_integer(x->id));
	return gates;
}
