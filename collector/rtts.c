/* rtts.c - see rtts.h. */
#include "collector/rtts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/histogram.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

static const struct histogram_bound bounds[HISTOGRAM_BOUNDS] = {
	{ 5 * US_PER_MS, "0.005" },
	{ 10 * US_PER_MS, "0.01" },
	{ 20 * US_PER_MS, "0.02" },
	{ 50 * US_PER_MS, "0.05" },
	{ 100 * US_PER_MS, "0.1" },
	{ 200 * US_PER_MS, "0.2" },
	{ 500 * US_PER_MS, "0.5" },
	{ 1000 * US_PER_MS, "1.0" },
};

struct slot { /* of one site, or of a service's unknown ones */
	int64_t service_id, site_id;
	char service[NAME_MAX_LEN + 1], site[NAME_MAX_LEN + 1];
	struct histogram of[2]; /* IPv4, IPv6 */
};

struct rtts {
	pthread_mutex_t lock; /* of what follows, while it is made anew */
	size_t n;
	struct slot *slots; /* in order of compare */
};

struct rtts *
rtts_new(void)
{
	struct rtts *r = mem_new(sizeof *r);

	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void
rtts_free(struct rtts *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r->slots);
	free(r);
}

static int
compare(const void *pa, const void *pb)
{
	const struct slot *a = pa, *b = pb;

	if (a->service_id != b->service_id)
		return a->service_id < b->service_id ? -1 : 1;
	return (a->site_id > b->site_id) - (a->site_id < b->site_id);
}

static struct slot *
find(struct slot *slots, size_t n, int64_t service_id, int64_t site_id)
{
	const struct slot key = { .service_id = service_id,
		.site_id = site_id };

	return n == 0 ? NULL : bsearch(&key, slots, n, sizeof key, compare);
}

static void
fill_slot(struct slot *to, const struct service *s, const struct site *site)
{
	to->service_id = s->id;
	to->site_id = site == NULL ? 0 : site->id;
	snprintf(to->service, sizeof to->service, "%s", s->name);
	snprintf(
	    to->site, sizeof to->site, "%s", site == NULL ? "" : site->name);
}

static size_t
make_slots(struct slot **out, const struct services *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->list[i].n_sites + 1;
	*out = mem_new((n + 1) * sizeof **out);
	n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct service *s = &all->list[i];

		for (size_t k = 0; k < s->n_sites; k++)
			fill_slot(&(*out)[n++], s, &s->sites[k]);
		fill_slot(&(*out)[n++], s, NULL);
	}
	qsort(*out, n, sizeof **out, compare);
	return n;
}

void
rtts_set_services(struct rtts *r, const struct services *all)
{
	struct slot *slots, *old;
	size_t n = make_slots(&slots, all);

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->n; i++) {
		struct slot *to =
		    find(slots, n, r->slots[i].service_id, r->slots[i].site_id);

		for (size_t f = 0; to != NULL && f < 2; f++)
			histogram_carry(&to->of[f], &r->slots[i].of[f]);
	}
	old = r->slots;
	r->slots = slots;
	r->n = n;
	pthread_mutex_unlock(&r->lock);
	free(old);
}

void
rtts_add(struct rtts *r, int64_t service_id, int64_t site_id, uint8_t family,
    int64_t rtt_us)
{
	struct slot *to;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	to = find(r->slots, r->n, service_id, site_id);
	if (to != NULL)
		histogram_add(&to->of[family == 6], bounds, rtt_us);
	pthread_mutex_unlock(&r->lock);
}

void
rtts_write(struct rtts *r, struct exposition *e)
{
	exposition_family(e, "catchwater_rtt_seconds", EXPOSITION_HISTOGRAM,
	    "Round trips of DNS answers of service addresses, by the site that "
	    "answered.");
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < 2 * r->n; i++) {
		struct slot *s = &r->slots[i / 2];
		const struct exposition_label labels[] = {
			{ "service", s->service }, { "site", s->site },
			{ "family", i % 2 == 0 ? "4" : "6" }
		};

		if (histogram_count(&s->of[i % 2]) > 0)
			histogram_write(&s->of[i % 2], bounds, e, labels, 3);
	}
	pthread_mutex_unlock(&r->lock);
}
