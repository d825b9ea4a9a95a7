#include "collector/drain_view.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

bool
landed_is_at(const struct landed *l, const char *site)
{
	return l != NULL && strcmp(l->state, "stable") == 0 &&
	       strcmp(l->site, site) == 0;
}

static bool
is_stable(const struct landed *l)
{
	return l != NULL && strcmp(l->state, "stable") == 0;
}

static const struct landed *
find_landed(const struct landed_list *list, const struct landed *like)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->rows[i].vantage_id == like->vantage_id &&
		    list->rows[i].target_id == like->target_id)
			return &list->rows[i];
	return NULL;
}

static const struct drain_step *
find_step(const struct drain_step_list *list, const struct landed *like)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->rows[i].vantage_id == like->vantage_id &&
		    list->rows[i].target_id == like->target_id)
			return &list->rows[i];
	return NULL;
}

/* ---- one by one ---- */

static int64_t
time_after(int64_t at_us, int64_t since_us)
{
	return at_us > since_us ? at_us - since_us : 0;
}

static void
add_drained(struct drain_view *v, const struct drain_facts *f,
    const struct landed *before)
{
	const struct drain_step *last = find_step(f->last, before);
	const struct drain_step *moved = find_step(f->moved, before);
	const struct drain_step *back = find_step(f->back, before);
	struct drained *d = &v->list[v->n++];

	*d = (struct drained){ .before = before,
		.now = find_landed(f->now, before),
		.expected = last == NULL ? NULL : last->site };
	v->n_by_journal += last != NULL;
	v->n_staying += landed_is_at(d->now, f->site);
	if (f->drain == NULL)
		return;
	d->has_left = moved != NULL;
	if (d->has_left)
		d->left_after_us = time_after(moved->at_us, f->drain->since_us);
	d->is_back = d->has_left && back != NULL;
	if (d->is_back)
		d->back_after_us = time_after(back->at_us, f->drain->ended_us);
	v->n_left += d->has_left;
	v->n_back += d->is_back;
}

static int
compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
time_leaving(struct drain_view *v)
{
	int64_t *times = mem_new((v->n + 1) * sizeof *times);
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		if (v->list[i].has_left)
			times[n++] = v->list[i].left_after_us;
	qsort(times, n, sizeof *times, compare_times);
	if (n > 0) {
		v->median_us = times[n / 2];
		v->last_us = times[n - 1];
	}
	free(times);
}

/* ---- where to ---- */

static struct drain_destination *
need_destination(struct drain_view *v, const char *site)
{
	for (size_t i = 0; i < v->n_destinations; i++)
		if (strcmp(v->destinations[i].site, site) == 0)
			return &v->destinations[i];
	v->destinations = mem_grow(
	    v->destinations, v->n_destinations + 1, sizeof *v->destinations);
	v->destinations[v->n_destinations] =
	    (struct drain_destination){ .site = site };
	return &v->destinations[v->n_destinations++];
}

/* Networks that no earlier row of the same kind has; unknown ones count by
 * their vantage. */
static bool
is_new_network(const struct drain_view *v, size_t i, const char *site)
{
	const struct landed *l = v->list[i].before;

	for (size_t k = 0; k < i; k++) {
		const struct landed *o = v->list[k].before;

		if (site != NULL && !landed_is_at(v->list[k].now, site))
			continue;
		if (l->asn != 0 ? o->asn == l->asn
				: strcmp(o->probe_id, l->probe_id) == 0)
			return false;
	}
	return true;
}

static void
count_destinations(struct drain_view *v, const char *site)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct landed *now = v->list[i].now;
		struct drain_destination *d;

		v->n_asns += is_new_network(v, i, NULL);
		if (!is_stable(now) || strcmp(now->site, site) == 0)
			continue;
		d = need_destination(v, now->site);
		d->n_vantages++;
		d->n_asns += is_new_network(v, i, now->site);
	}
}

/* The share of a site among those who were not on the drained one: where those
 * go of whom the journal knows nothing. */
static void
expect_spread(struct drain_view *v, const struct drain_facts *f, double share)
{
	size_t n = 0;

	for (size_t i = 0; i < f->before->n; i++)
		n += is_stable(&f->before->rows[i]) &&
		     strcmp(f->before->rows[i].site, f->site) != 0;
	for (size_t i = 0; n > 0 && i < f->before->n; i++) {
		const struct landed *l = &f->before->rows[i];

		if (is_stable(l) && strcmp(l->site, f->site) != 0)
			need_destination(v, l->site)->expected +=
			    share / (double)n;
	}
}

/* What the operator expects, else what the journal does. */
static void
expect(struct drain_view *v, const struct drain_facts *f)
{
	double each = v->n == 0 ? 0 : 1.0 / (double)v->n;

	for (size_t i = 0; i < f->n_expected; i++)
		need_destination(v, f->expected[i].site)->expected =
		    f->expected[i].share;
	if (f->n_expected > 0)
		return;
	for (size_t i = 0; i < v->n; i++)
		if (v->list[i].expected != NULL)
			need_destination(v, v->list[i].expected)->expected +=
			    each;
	expect_spread(v, f, each * (double)(v->n - v->n_by_journal));
}

/* ---- by network ---- */

static struct drain_network *
need_network(struct drain_view *v, int64_t asn)
{
	for (size_t i = 0; i < v->n_networks; i++)
		if (v->networks[i].asn == asn)
			return &v->networks[i];
	v->networks[v->n_networks] = (struct drain_network){ .asn = asn };
	return &v->networks[v->n_networks++];
}

static int
compare_networks(const void *a, const void *b)
{
	const struct drain_network *x = a, *y = b;

	if (x->n_vantages != y->n_vantages)
		return x->n_vantages > y->n_vantages ? -1 : 1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

static void
count_networks(struct drain_view *v)
{
	v->networks = mem_new((v->n + 1) * sizeof *v->networks);
	for (size_t i = 0; i < v->n; i++) {
		struct drain_network *n =
		    need_network(v, v->list[i].before->asn);

		n->n_vantages++;
		n->n_left += v->list[i].has_left;
	}
	qsort(
	    v->networks, v->n_networks, sizeof *v->networks, compare_networks);
}

/* ---- all of it ---- */

static void
compare_all(struct drain_view *v, const struct drain_facts *f)
{
	size_t n_same = 0, n_known = 0;

	for (size_t i = 0; i < f->before->n; i++) {
		const struct landed *l = &f->before->rows[i];
		const struct landed *now = find_landed(f->now, l);

		if (!l->is_trusted || !is_stable(l) || !is_stable(now))
			continue;
		n_known++;
		n_same += strcmp(l->site, now->site) == 0;
	}
	v->n_known = n_known;
	v->has_similarity = n_known > 0;
	if (n_known > 0)
		v->similarity = (double)n_same / (double)n_known;
}

void
drain_view_make(struct drain_view *out, const struct drain_facts *f)
{
	*out = (struct drain_view){ .list = mem_new((f->before->n + 1) *
						    sizeof *out->list) };
	for (size_t i = 0; i < f->before->n; i++) {
		const struct landed *l = &f->before->rows[i];

		if (l->is_trusted && landed_is_at(l, f->site))
			add_drained(out, f, l);
	}
	time_leaving(out);
	expect(out, f);
	count_networks(out);
	count_destinations(out, f->site);
	compare_all(out, f);
}

void
drain_view_fini(struct drain_view *v)
{
	free(v->list);
	free(v->destinations);
	free(v->networks);
	*v = (struct drain_view){ 0 };
}
