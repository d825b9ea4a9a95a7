/*
 * random_observation.h - any observation a probe may send.           (pure)
 *
 * Used by  tests/unit/test_wire.c
 *
 * The seed is printed, and may be set: CATCHWATER_SEED=1234.
 */
#ifndef TESTS_UNIT_RANDOM_OBSERVATION_H
#define TESTS_UNIT_RANDOM_OBSERVATION_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schema/record.h"

struct random {
	uint64_t state;
};

static inline struct random
random_seeded(void)
{
	const char *text = getenv("CATCHWATER_SEED");
	uint64_t seed =
	    text != NULL ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);

	printf("seed: CATCHWATER_SEED=%llu\n", (unsigned long long)seed);
	return (struct random){ seed };
}

/* From min to max (splitmix64); the ends come more often than their share. */
static inline int64_t
pick(struct random *r, int64_t min, int64_t max)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	if (z % 16 == 0)
		return min;
	if (z % 16 == 1)
		return max;
	return (int64_t)((uint64_t)min +
			 z / 16 % ((uint64_t)max - (uint64_t)min + 1));
}

static inline bool
coin(struct random *r)
{
	return pick(r, 0, 99) < 50;
}

static inline void
random_addr(struct random *r, struct addr *a, uint8_t family)
{
	a->family = family;
	for (int i = 0; i < (family == 4 ? 4 : 16); i++)
		a->bytes[i] = (uint8_t)pick(r, 0, 255);
}

static inline void
random_identity(struct random *r, struct identity *id)
{
	uint8_t bytes[IDENTITY_MAX + 1];
	size_t n = (size_t)pick(r, 0, sizeof bytes);

	if (coin(r))
		return;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)pick(r, 0, 255);
	identity_set(id, bytes, n);
}

static inline void
random_chaos(struct random *r, struct chaos *c)
{
	c->is_asked = coin(r);
	if (!c->is_asked)
		return;
	c->name = (uint8_t)pick(r, 0, CHAOS_GIVEN);
	c->outcome = (enum outcome)pick(r, 0, OUTCOME_SEND_FAILED);
	if (outcome_is_answer(c->outcome))
		c->rtt_us = pick(r, 0, 600000000);
	if (c->outcome == OUTCOME_RCODE)
		c->rcode = (uint16_t)pick(r, 1, 4095);
	random_identity(r, &c->txt);
	random_identity(r, &c->nsid);
}

static inline void
random_zoneversion(struct random *r, struct zoneversion *z)
{
	z->is_present = coin(r);
	if (!z->is_present)
		return;
	z->n_labels = (uint8_t)pick(r, 0, 255);
	z->type = (uint8_t)pick(r, 0, 255);
	z->len = (uint8_t)pick(r, 0, ZONEVERSION_MAX);
	for (int i = 0; i < z->len; i++)
		z->bytes[i] = (uint8_t)pick(r, 0, 255);
}

static inline void
random_second(struct random *r, struct second_answer *s)
{
	s->is_present = coin(r);
	if (!s->is_present)
		return;
	s->is_different = coin(r);
	s->rcode = (uint16_t)pick(r, 0, 4095);
	s->rtt_us = pick(r, 0, 600000000);
	random_identity(r, &s->nsid);
}

static inline void
random_text(struct random *r, char text[TLS_TEXT_MAX + 1], int min, int max)
{
	int n = (int)pick(r, 0, TLS_TEXT_MAX);

	for (int i = 0; i < n; i++)
		text[i] = (char)pick(r, min, max);
}

static inline void
random_tls(struct random *r, struct tls_result *t)
{
	t->is_present = coin(r);
	if (!t->is_present)
		return;
	t->is_verified = coin(r);
	t->version = coin(r) ? 2 : 3;
	for (size_t i = 0; i < sizeof t->fingerprint; i++)
		t->fingerprint[i] = (uint8_t)pick(r, 0, 255);
	t->connect_us = pick(r, 0, 600000000);
	t->handshake_us = pick(r, 0, 600000000);
	t->not_after_us = pick(r, 0, INT64_C(253402300799999999));
	random_text(r, t->subject, 1, 127);
	random_text(r, t->issuer, -128, -1);
	random_text(r, t->names, 1, 127);
	random_text(r, t->fault, ' ', '~');
}

static inline void
random_dns(struct random *r, struct observation *o)
{
	struct dns_result *d = &o->dns;

	d->source_port = (uint16_t)pick(r, 0, 65535);
	if (o->outcome == OUTCOME_RCODE)
		d->rcode = (uint16_t)pick(r, 1, 4095);
	if (outcome_is_answer(o->outcome) || o->outcome == OUTCOME_REFUSED ||
	    o->outcome == OUTCOME_UNREACHABLE)
		d->rtt_us = pick(r, 0, 600000000);
	d->has_reply_ttl = coin(r);
	d->reply_ttl = (uint8_t)(d->has_reply_ttl ? pick(r, 0, 255) : 0);
	d->is_aa = coin(r);
	d->is_tc = coin(r);
	d->is_ra = coin(r);
	d->is_truncated_udp = coin(r);
	d->has_serial = coin(r);
	d->serial = (uint32_t)(d->has_serial ? pick(r, 0, UINT32_MAX) : 0);
	d->size_bytes = (uint16_t)pick(r, 0, 65535);
	d->n_ede = (uint8_t)pick(r, 0, EDE_MAX);
	for (int i = 0; i < d->n_ede; i++)
		d->ede[i] = (uint16_t)pick(r, 0, 65535);
	d->n_late = (uint8_t)pick(r, 0, 255);
	d->n_duplicate = (uint8_t)pick(r, 0, 255);
	random_identity(r, &d->nsid);
	random_chaos(r, &d->chaos);
	random_zoneversion(r, &d->zoneversion);
	random_second(r, &d->second);
	if (o->proto == PROTO_TLS)
		random_tls(r, &d->tls);
}

static inline void
random_ping(struct random *r, struct observation *o)
{
	struct ping_result *p = &o->ping;
	bool is_ok = o->outcome == OUTCOME_OK;

	p->n_sent = (uint16_t)pick(r, is_ok, 65535);
	p->n_received = (uint16_t)pick(r, is_ok, p->n_sent);
	if (p->n_received > 0) {
		p->rtt_min_us = pick(r, 0, 600000000);
		p->rtt_median_us = pick(r, p->rtt_min_us, 600000000);
	}
	p->has_reply_ttl = coin(r);
	p->reply_ttl = (uint8_t)(p->has_reply_ttl ? pick(r, 0, 255) : 0);
}

static inline void
random_hop(struct random *r, struct hop *h, uint8_t family)
{
	h->ttl = (uint8_t)pick(r, 1, TRACE_TTL_MAX);
	h->attempt = (uint8_t)pick(r, 1, 255);
	if (pick(r, 0, 3) == 0)
		return;
	random_addr(r, &h->address, family);
	h->rtt_us = pick(r, 0, 600000000);
	h->reply_ttl = (uint8_t)pick(r, 0, 255);
	h->is_target = coin(r);
	if (!h->is_target) {
		h->icmp_type = (uint8_t)pick(r, 0, 255);
		h->icmp_code = (uint8_t)pick(r, 0, 255);
	}
	h->is_extra = coin(r);
	h->n_duplicate = (uint8_t)pick(r, 0, 255);
	h->n_labels = (uint8_t)pick(r, 0, HOP_LABELS);
	for (int i = 0; i < h->n_labels; i++) {
		h->labels[i].label = (uint32_t)pick(r, 0, 0xfffff);
		h->labels[i].tc = (uint8_t)pick(r, 0, 7);
		h->labels[i].ttl = (uint8_t)pick(r, 0, 255);
		h->labels[i].is_bottom = coin(r);
	}
}

/* Links that can be: between two TTLs of one address each. */
static inline void
random_links(struct random *r, struct trace_result *t)
{
	for (unsigned i = 0; i < t->n_hops; i++) {
		struct hop *h = &t->hops[i];

		h->is_linked = t->n_queries > 1 && coin(r);
		if (trace_link_from(t, i) == NULL)
			h->is_linked = false;
	}
}

static inline void
random_trace(struct random *r, struct observation *o)
{
	struct trace_result *t = &o->trace;

	t->source_port = (uint16_t)pick(r, 0, 65535);
	t->is_reached = coin(r);
	t->n_hops = (uint8_t)pick(r, 0, HOP_MAX);
	for (int i = 0; i < t->n_hops; i++)
		random_hop(r, &t->hops[i], o->target.family);
	t->n_queries = (uint8_t)pick(r, 1, 255);
	random_links(r, t);
	random_identity(r, &t->nsid);
}

static inline enum proto
random_proto(struct random *r, enum kind kind)
{
	static const enum proto dns[] = { PROTO_UDP, PROTO_TCP, PROTO_TLS };
	static const enum proto ping[] = { PROTO_ICMP, PROTO_TCP };
	static const enum proto trace[] = { PROTO_UDP, PROTO_PLAIN, PROTO_ICMP,
		PROTO_TCP };

	return kind == KIND_DNS    ? dns[pick(r, 0, 2)]
	       : kind == KIND_PING ? ping[pick(r, 0, 1)]
				   : trace[pick(r, 0, 3)];
}

/* Fills *o, padding too, so that observations compare with memcmp. */
static inline void
random_observation(struct random *r, struct observation *o)
{
	memset(o, 0, sizeof *o);
	o->seq = (uint64_t)pick(r, 1, INT64_MAX - 1);
	o->at_us = pick(r, 946684800000000, 4102444800000000);
	o->kind = (enum kind)pick(r, 0, KIND_TRACE);
	o->why = (enum why)pick(r, 0, WHY_DECOY);
	o->stamp = (enum stamp)pick(r, 0, STAMP_RECEIVE);
	o->outcome = (enum outcome)pick(r, 0, OUTCOME_SEND_FAILED);
	o->proto = random_proto(r, o->kind);
	random_addr(r, &o->target, coin(r) ? 4 : 6);
	if (o->proto != PROTO_ICMP)
		o->port = (uint16_t)pick(r, 1, 65535);
	if (coin(r))
		random_addr(r, &o->source, o->target.family);
	if (o->kind == KIND_DNS)
		random_dns(r, o);
	else if (o->kind == KIND_PING)
		random_ping(r, o);
	else
		random_trace(r, o);
}

/* The common part of the two longest: every number with all its digits. */
static inline void
longest_common(struct observation *o, enum kind kind)
{
	memset(o, 0, sizeof *o);
	o->seq = INT64_MAX;
	o->at_us = 4102444800000000;
	o->kind = kind;
	o->why = WHY_CONFIRM;
	o->stamp = STAMP_RECEIVE;
	o->outcome = OUTCOME_RCODE;
	o->target.family = o->source.family = 6;
	memset(o->target.bytes, 0xff, 16);
	memset(o->source.bytes, 0xff, 16);
	o->port = 65535;
}

static inline void
longest_identity(struct identity *id)
{
	uint8_t bytes[IDENTITY_MAX + 1];

	memset(bytes, 0xff, sizeof bytes);
	identity_set(id, bytes, sizeof bytes);
}

static inline void
longest_trace(struct observation *o)
{
	struct trace_result *t = &o->trace;

	longest_common(o, KIND_TRACE);
	t->source_port = 65535;
	t->is_reached = true;
	t->n_queries = 255;
	t->n_hops = HOP_MAX;
	for (int i = 0; i < HOP_MAX; i++) {
		struct hop *h = &t->hops[i];

		h->ttl = (uint8_t)(1 + i / 2);
		h->attempt = h->n_duplicate = 255;
		h->is_extra = i % 2 == 1;
		h->is_linked = !h->is_extra && i > 0;
		h->address = o->target;
		h->rtt_us = 600000000;
		h->reply_ttl = h->icmp_type = h->icmp_code = 255;
		h->n_labels = HOP_LABELS;
		for (int k = 0; k < HOP_LABELS; k++) {
			h->labels[k].label = 0xfffff;
			h->labels[k].tc = 7;
			h->labels[k].ttl = 255;
			h->labels[k].is_bottom = true;
		}
	}
	longest_identity(&t->nsid);
}

static inline void
longest_dns(struct observation *o)
{
	struct dns_result *d = &o->dns;

	longest_common(o, KIND_DNS);
	d->source_port = d->size_bytes = 65535;
	d->rcode = d->chaos.rcode = 4095;
	d->rtt_us = d->chaos.rtt_us = 600000000;
	d->has_reply_ttl = d->has_serial = true;
	d->reply_ttl = d->n_late = d->n_duplicate = 255;
	d->is_aa = d->is_tc = d->is_ra = d->is_truncated_udp = true;
	d->serial = UINT32_MAX;
	d->n_ede = EDE_MAX;
	for (int i = 0; i < EDE_MAX; i++)
		d->ede[i] = 65535;
	longest_identity(&d->nsid);
	d->chaos.is_asked = true;
	d->chaos.outcome = OUTCOME_RCODE;
	longest_identity(&d->chaos.txt);
	longest_identity(&d->chaos.nsid);
	d->zoneversion.is_present = d->second.is_present = true;
	d->zoneversion.len = ZONEVERSION_MAX;
	longest_identity(&d->second.nsid);
	o->proto = PROTO_TLS;
	d->tls.is_present = d->tls.is_verified = true;
	d->tls.version = 3;
	d->tls.not_after_us = INT64_C(253402300799999999);
	memset(d->tls.subject, 0xff, TLS_TEXT_MAX);
	memset(d->tls.issuer, 0xff, TLS_TEXT_MAX);
	memset(d->tls.names, 0xff, TLS_TEXT_MAX);
	memset(d->tls.fault, '"', TLS_TEXT_MAX);
}

#endif
