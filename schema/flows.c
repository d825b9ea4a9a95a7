/* flows.c - see flows.h. */
#include "schema/flows.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/mem.h"
#include "schema/base/names.h"
#include "schema/base/power.h"

#define SECOND INT64_C(1000000)
#define CALM_REPEATS 20
#define RETURNS_MIN 2 /* within together_us each */
#define STAY 3        /* answers: a change, and two that confirm it */

/* Equal ways are told from one, by a flow asked again, with chance 0.05. */
#define REPEAT_SHARE 0.5
#define REPEAT_ERROR 0.05

const struct flow_params flow_defaults = {
	.together_us = 60 * SECOND,
	.instant_us = 5 * SECOND,
	.recent_us = 30 * 60 * SECOND,
	.window_us = 6 * 3600 * SECOND,
	.share = 0.4,
	.error = 0.05,
};

void
flows_init(struct flows *f, const struct flow_params *p, uint16_t n)
{
	*f = (struct flows){ .params = p == NULL ? &flow_defaults : p,
		.max_seen = n };
}

void
flows_fini(struct flows *f)
{
	free(f->seen);
	if (f->n_keys > 1)
		free(f->keys.list);
}

static bool
is_same_flow(const struct flow_seen *s, bool is_fixed, uint16_t flow)
{
	return s->is_fixed == is_fixed && (is_fixed || s->flow == flow);
}

static bool
is_key_in_use(const struct flows *f, unsigned key)
{
	for (size_t i = 0; i < f->n_seen; i++) {
		if (f->seen[i].key == key)
			return true;
	}
	return false;
}

static uint64_t *
keys_of(struct flows *f)
{
	return f->n_keys > 1 ? f->keys.list : &f->keys.one;
}

static void
add_key(struct flows *f, uint64_t key)
{
	uint64_t first = f->keys.one;
	unsigned n = f->n_keys;

	if (n == 1)
		f->keys.list = NULL;
	if (n > 0 && (n & (n - 1)) == 0) /* full */
		f->keys.list =
		    mem_grow(f->keys.list, 2U * n, sizeof *f->keys.list);
	if (n == 1)
		f->keys.list[0] = first;
	f->n_keys++;
	keys_of(f)[n] = key;
}

/* Finds or gives the key's index: a free one, one that nothing refers to any
 * more, or the last. */
static uint8_t
key_index(struct flows *f, uint64_t key)
{
	uint8_t i;

	for (i = 0; i < f->n_keys; i++) {
		if (keys_of(f)[i] == key)
			return i;
	}
	if (f->n_keys < FLOWS_KEYS_MAX) {
		add_key(f, key);
		return (uint8_t)(f->n_keys - 1);
	}
	for (i = 0; i < FLOWS_KEYS_MAX - 1; i++) {
		if (!is_key_in_use(f, i))
			break;
	}
	keys_of(f)[i] = key;
	return i;
}

static void
drop(struct flows *f, size_t i)
{
	f->n_seen = (uint16_t)(f->n_seen - 1);
	memmove(
	    &f->seen[i], &f->seen[i + 1], (f->n_seen - i) * sizeof f->seen[i]);
}

static void
widen(struct flows *f)
{
	unsigned cap = f->cap_seen == 0 ? 1 : 2U * f->cap_seen;

	f->cap_seen = (uint16_t)(cap < f->max_seen ? cap : f->max_seen);
	f->seen = mem_grow(f->seen, f->cap_seen, sizeof *f->seen);
}

/* Forgets what is too old, and the oldest when there may be no more. */
static void
make_room(struct flows *f, int64_t now_us)
{
	size_t oldest = 0;

	for (size_t i = f->n_seen; i > 0; i--) {
		if (f->seen[i - 1].last_us < now_us - f->params->window_us)
			drop(f, i - 1);
	}
	if (f->n_seen < f->cap_seen)
		return;
	if (f->cap_seen < f->max_seen) {
		widen(f);
		return;
	}
	for (size_t i = 1; i < f->n_seen; i++) {
		if (f->seen[i].last_us < f->seen[oldest].last_us)
			oldest = i;
	}
	drop(f, oldest);
}

static void
put(struct flows *f, const struct flow_seen *s)
{
	size_t i;

	make_room(f, s->last_us);
	for (i = f->n_seen; i > 0 && f->seen[i - 1].first_us > s->first_us; i--)
		f->seen[i] = f->seen[i - 1];
	f->seen[i] = *s;
	f->n_seen++;
}

int
flows_add(struct flows *f, const struct flow_answer *a)
{
	struct flow_seen *s = NULL;
	uint8_t key;

	if (!outcome_is_answer(a->outcome) || a->key == 0)
		return -1;
	key = key_index(f, a->key);
	for (size_t i = f->n_seen; i > 0 && s == NULL; i--) {
		if (is_same_flow(
			&f->seen[i - 1], a->is_fixed_flow, a->source_port))
			s = &f->seen[i - 1];
	}
	if (s != NULL && a->at_us <= s->last_us)
		return key;
	if (s != NULL && s->key == key) {
		s->last_us = a->at_us;
		s->n++;
	} else {
		put(f, &(struct flow_seen){ .first_us = a->at_us,
			   .last_us = a->at_us,
			   .n = 1,
			   .flow = a->source_port,
			   .is_fixed = a->is_fixed_flow,
			   .key = key });
	}
	return key;
}

/* The position of the entry of the same flow before the i-th, or -1. */
static int
before(const struct flows *f, size_t i)
{
	const struct flow_seen *s = &f->seen[i];

	while (i-- > 0) {
		if (is_same_flow(&f->seen[i], s->is_fixed, s->flow))
			return (int)i;
	}
	return -1;
}

/* Since when answers can be compared: the last change that is not recent. */
static int64_t
epoch(const struct flows *f, int64_t recent_us)
{
	int64_t from_us = INT64_MIN;

	for (size_t i = 0; i < f->n_seen; i++) {
		if (f->seen[i].first_us < recent_us && before(f, i) >= 0)
			from_us = f->seen[i].first_us;
	}
	return from_us;
}

/* How a flow came to the i-th entry. */
struct way {
	bool is_change;
	bool is_return;  /* to a key it had left within together_us */
	bool is_instant; /* within instant_us, to and fro */
	bool is_stay;    /* it had stayed where it was in between */
};

static struct way
way_to(const struct flows *f, size_t i, int64_t from_us)
{
	const struct flow_seen *s = &f->seen[i];
	struct way w = { 0 };
	int64_t left_us = 0;

	for (int k = before(f, i); k >= 0 && f->seen[k].last_us >= from_us;
	     k = before(f, (size_t)k)) {
		const struct flow_seen *old = &f->seen[k];

		if (old->key == s->key) {
			w.is_return =
			    w.is_change && !w.is_stay &&
			    s->first_us - left_us <= f->params->together_us;
			w.is_instant =
			    w.is_change &&
			    s->first_us - old->last_us <= f->params->instant_us;
			return w;
		}
		left_us = old->first_us;
		w.is_change = true;
		w.is_stay |= old->n >= STAY;
	}
	return w;
}

/* Did another flow meet another key than the i-th entry's at its time? */
static bool
is_contradicted(const struct flows *f, size_t i, int64_t from_us)
{
	const struct flow_seen *s = &f->seen[i];

	for (size_t k = 0; k < f->n_seen; k++) {
		const struct flow_seen *o = &f->seen[k];

		if (o->key != s->key && o->last_us >= from_us &&
		    !is_same_flow(o, s->is_fixed, s->flow) &&
		    o->first_us <= s->last_us + f->params->together_us &&
		    s->first_us <= o->last_us + f->params->together_us)
			return true;
	}
	return false;
}

static enum flow_class
classify(const struct flows *f, const struct flow_verdict *v,
    bool is_per_packet, bool is_contradiction)
{
	if (is_per_packet)
		return FLOWS_PER_PACKET;
	if (v->n_changes > 0)
		return FLOWS_MOVING;
	if (is_contradiction &&
	    v->n_repeats >= flows_needed(REPEAT_SHARE, REPEAT_ERROR))
		return FLOWS_PER_FLOW;
	if (v->n_keys == 1 &&
	    v->n_flows >= flows_needed(f->params->share, f->params->error))
		return FLOWS_SINGLE;
	return FLOWS_UNKNOWN;
}

static int64_t
newest(const struct flows *f)
{
	int64_t last_us = INT64_MIN;

	for (size_t i = 0; i < f->n_seen; i++) {
		if (f->seen[i].last_us > last_us)
			last_us = f->seen[i].last_us;
	}
	return last_us;
}

void
flows_judge(const struct flows *f, struct flow_verdict *out)
{
	bool has_key[FLOWS_KEYS_MAX] = { false };
	bool is_instant = false, is_contradiction = false;
	unsigned n_returns = 0;
	int64_t from_us;

	*out = (struct flow_verdict){ 0 };
	if (f->n_seen == 0)
		return;
	from_us = epoch(f, newest(f) - f->params->recent_us);
	for (size_t i = 0; i < f->n_seen; i++) {
		const struct flow_seen *s = &f->seen[i];
		struct way w;

		if (s->last_us < from_us)
			continue;
		w = way_to(f, i, from_us);
		n_returns += w.is_return;
		is_instant |= w.is_instant;
		is_contradiction |= is_contradicted(f, i, from_us);
		out->n_changes += w.is_change;
		out->n_answers += s->n;
		out->n_keys += !has_key[s->key];
		has_key[s->key] = true;
		out->n_flows +=
		    before(f, i) < 0 || f->seen[before(f, i)].last_us < from_us;
	}
	out->n_repeats = out->n_answers - out->n_flows;
	out->class = classify(
	    f, out, is_instant || n_returns >= RETURNS_MIN, is_contradiction);
}

double
flows_missed_share(const struct flow_params *p, const struct flow_verdict *v)
{
	if (p == NULL)
		p = &flow_defaults;
	return v->n_flows == 0 ? 1 : 1 - power_root(p->error, v->n_flows);
}

enum flow_class
flows_next(enum flow_class old, const struct flow_verdict *v)
{
	bool is_calm = v->n_changes == 0 && v->n_repeats >= CALM_REPEATS;

	if (v->class != FLOWS_UNKNOWN)
		return v->class;
	if (is_calm && (old == FLOWS_PER_PACKET || old == FLOWS_MOVING))
		return FLOWS_UNKNOWN;
	return old;
}

unsigned
flows_of_key(const struct flows *f, unsigned key)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->n_seen; i++) {
		bool is_first = f->seen[i].key == key;

		for (int k = before(f, i); is_first && k >= 0;
		     k = before(f, (size_t)k))
			is_first = f->seen[k].key != key;
		n += is_first;
	}
	return n;
}

uint64_t
flow_key(const void *bytes, size_t n)
{
	uint64_t h;

	if (n == 0)
		return 0;
	h = bytes_hash(BYTES_HASH_START, bytes, n);
	return h == 0 ? 1 : h;
}

unsigned
flows_needed(double s, double e)
{
	return power_reach(1 - s, e);
}

static const char *const class_names[] = {
	[FLOWS_UNKNOWN] = "unknown",
	[FLOWS_SINGLE] = "single",
	[FLOWS_PER_FLOW] = "per_flow",
	[FLOWS_PER_PACKET] = "per_packet",
	[FLOWS_MOVING] = "moving",
};

NAMES_DEFINE(
    enum flow_class, class_names, flow_class_name, flow_class_from_name)
