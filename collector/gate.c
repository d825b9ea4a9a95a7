/* gate.c - see gate.h. */
#include "collector/gate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "collector/geo.h"
#include "collector/rate.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define MINUTE (60 * US_PER_S)
#define HOUR (3600 * US_PER_S)
#define V6_NET_BYTES 8 /* what one customer has at least */

struct origin { /* what is counted of where a request comes from */
	struct rate *by_address, *by_asn;
};

/* What follows from the settings. */
struct terms {
	struct geo *geo;
	struct origin requests, enrolments;
	struct rate *by_probe;
};

struct gate {
	pthread_mutex_t lock;
	struct terms terms;
};

static enum rc
make_terms(struct terms *t, const struct settings *settings, struct err *err)
{
	const struct limit_settings *l = &settings->limits;
	enum rc rc = geo_open(&t->geo, settings->geo_asn, NULL, err);

	if (rc != RC_OK)
		return rc;
	t->by_probe = rate_new(l->requests_per_probe, MINUTE);
	t->requests = (struct origin){
		rate_new(l->requests_per_address, MINUTE),
		rate_new(l->requests_per_asn, MINUTE),
	};
	t->enrolments = (struct origin){
		rate_new(l->enrolments_per_address, HOUR),
		rate_new(l->enrolments_per_asn, HOUR),
	};
	return RC_OK;
}

static void
free_terms(struct terms *t)
{
	rate_free(t->by_probe);
	rate_free(t->requests.by_address);
	rate_free(t->requests.by_asn);
	rate_free(t->enrolments.by_address);
	rate_free(t->enrolments.by_asn);
	geo_close(t->geo);
}

enum rc
gate_open(struct gate **out, const struct settings *settings, struct err *err)
{
	struct gate *g = mem_new(sizeof *g);
	enum rc rc = make_terms(&g->terms, settings, err);

	if (rc != RC_OK) {
		free(g);
		return rc;
	}
	pthread_mutex_init(&g->lock, NULL);
	*out = g;
	return RC_OK;
}

enum rc
gate_reload(struct gate *g, const struct settings *settings, struct err *err)
{
	struct terms old, fresh;
	enum rc rc = make_terms(&fresh, settings, err);

	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&g->lock);
	old = g->terms;
	g->terms = fresh;
	pthread_mutex_unlock(&g->lock);
	free_terms(&old);
	return RC_OK;
}

void
gate_close(struct gate *g)
{
	if (g == NULL)
		return;
	free_terms(&g->terms);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

static unsigned
in_seconds(int64_t wait_us)
{
	return (unsigned)((wait_us + US_PER_S - 1) / US_PER_S);
}

/* Who is refused by his address is not counted for his network. */
static int64_t
take(struct gate *g, const struct origin *o, const struct addr *from,
    int64_t now_us)
{
	struct addr net = *from;
	struct whereabouts where = { 0 };
	int64_t wait_us;

	if (from->family == 6)
		memset(net.bytes + V6_NET_BYTES, 0,
		    sizeof net.bytes - V6_NET_BYTES);
	wait_us = rate_take(o->by_address, &net, sizeof net, now_us);
	if (wait_us > 0)
		return wait_us;
	geo_look_up(g->terms.geo, from, &where);
	if (where.asn == 0)
		return 0;
	return rate_take(o->by_asn, &where.asn, sizeof where.asn, now_us);
}

static unsigned
take_origin(struct gate *g, const struct origin *o, const struct addr *from,
    int64_t now_us)
{
	int64_t wait_us;

	if (addr_is_loopback(from))
		return 0;
	pthread_mutex_lock(&g->lock);
	wait_us = take(g, o, from, now_us);
	pthread_mutex_unlock(&g->lock);
	return in_seconds(wait_us);
}

unsigned
gate_request(struct gate *g, const struct addr *from, int64_t now_us)
{
	return take_origin(g, &g->terms.requests, from, now_us);
}

unsigned
gate_enrolment(struct gate *g, const struct addr *from, int64_t now_us)
{
	return take_origin(g, &g->terms.enrolments, from, now_us);
}

unsigned
gate_probe(struct gate *g, const char *id, int64_t now_us)
{
	int64_t wait_us;

	pthread_mutex_lock(&g->lock);
	wait_us = rate_take(g->terms.by_probe, id, strlen(id), now_us);
	pthread_mutex_unlock(&g->lock);
	return in_seconds(wait_us);
}
