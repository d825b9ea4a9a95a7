#include "collector/ways.h"

#include "schema/base/bytes.h"
#include "schema/base/clock.h"

#define DAY_US (86400 * US_PER_S)

static bool
is_believed(const struct ways *w)
{
	size_t n_vantages = 0, n_alone = 0;

	for (size_t i = 0; i < w->n; i++) {
		n_vantages += w->list[i].n;
		n_alone += w->list[i].n == 1;
	}
	return n_vantages >= 2 && n_alone * 5 <= n_vantages;
}

enum standing_of_way
ways_compare(const struct ways *w, const struct track *t, int64_t since_us)
{
	const struct way_seen *seen = witness_way_seen(&t->witness);

	if (seen->at_us < since_us || seen->router.family == 0)
		return WAY_SAYS_NOTHING;
	if (seen->taught_id == w->site_id)
		return WAY_AS_BEFORE;
	for (size_t i = 0; i < w->n; i++) {
		const struct known_way *k = &w->list[i];

		if (k->n >= 2 && (addr_equal(&k->router, &seen->router) ||
				     (seen->asn != 0 && seen->asn == k->asn)))
			return WAY_AS_BEFORE;
	}
	return is_believed(w) ? WAY_NEW : WAY_SAYS_NOTHING;
}

static struct known_way *
find(struct ways *w, const struct addr *router)
{
	for (size_t i = 0; i < w->n; i++)
		if (addr_equal(&w->list[i].router, router))
			return &w->list[i];
	return NULL;
}

static struct known_way *
add(struct ways *w)
{
	struct known_way *oldest = &w->list[0];

	if (w->n < WAYS_MAX)
		return &w->list[w->n++];
	for (size_t i = 1; i < w->n; i++)
		if (w->list[i].last_us < oldest->last_us)
			oldest = &w->list[i];
	return oldest;
}

bool
ways_learn(struct ways *w, struct track *t)
{
	struct way_seen *seen = t->witness.way;
	struct known_way *k;
	bool is_new;

	if (seen == NULL)
		return false;
	k = find(w, &seen->router);
	is_new = k == NULL || seen->taught_id != w->site_id;

	if (!is_new && seen->at_us - k->last_us < DAY_US)
		return false;
	if (k == NULL) {
		k = add(w);
		*k = (struct known_way){ .router = seen->router };
	}
	k->asn = seen->asn;
	k->last_us = seen->at_us;
	if (is_new && k->n < UINT16_MAX)
		k->n++;
	seen->taught_id = w->site_id;
	return true;
}

size_t
ways_encode(const struct ways *w, uint8_t out[static WAYS_BYTES_MAX])
{
	struct wbuf to = wbuf_over(out, WAYS_BYTES_MAX);

	for (size_t i = 0; i < w->n; i++) {
		addr_encode(&w->list[i].router, &to);
		wbuf_u32(&to, w->list[i].asn);
		wbuf_u16(&to, w->list[i].n);
		wbuf_i64(&to, w->list[i].last_us);
	}
	return to.len;
}

void
ways_decode(struct ways *w, const void *bytes, size_t len)
{
	struct rbuf from = rbuf_over(bytes, len);

	w->n = 0;
	while (rbuf_left(&from) > 0 && w->n < WAYS_MAX) {
		struct known_way k = { .router = addr_decode(&from) };

		k.asn = rbuf_u32(&from);
		k.n = rbuf_u16(&from);
		k.last_us = rbuf_i64(&from);
		if (!from.is_bad)
			w->list[w->n++] = k;
	}
}
