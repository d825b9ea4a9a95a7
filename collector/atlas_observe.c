/* atlas_observe.c - a decoded response as an observation of ours (atlas.h).
 *
 * A CHAOS question is the whole measurement there, and one half of it here: its
 * answer stands in both halves, so that identity and service are judged as
 * those of our own probes are. */
#include <math.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/atlas.h"
#include "collector/atlas_json.h"
#include "schema/base/clock.h"

#define DNS_PORT 53
#define RTT_MAX_MS 600000.0
#define OPTION_NSID 3
#define OPTION_EDE 15

/* The errors that a probe names by a key; all others are its own. */
static const struct {
	const char *key;
	enum outcome outcome;
} errors[] = {
	{ "timeout", OUTCOME_TIMEOUT },
	{ "TUCONNECT", OUTCOME_REFUSED },
	{ "TU_READ_ERR", OUTCOME_RESET },
	{ "TUREADERR", OUTCOME_RESET },
	{ "idmismatch", OUTCOME_MISMATCH },
};

static enum outcome
outcome_of_error(const json_t *error)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (json_object_get(error, errors[i].key) != NULL)
			return errors[i].outcome;
	return OUTCOME_SEND_FAILED;
}

static bool
rtt_at(const json_t *o, const char *key, int64_t *us)
{
	double ms;

	if (!atlas_real(o, key, &ms) || ms < 0 || ms > RTT_MAX_MS)
		return false;
	*us = (int64_t)lround(ms * 1000);
	return true;
}

/* A count as a field of limited size holds it. */
static int64_t
count_at(const json_t *o, const char *key, int64_t max)
{
	int64_t v;

	if (!atlas_int(o, key, &v) || v < 0)
		return 0;
	return v > max ? max : v;
}

/* DNS. */

/* Appends the bytes of a text whose characters are bytes. */
static size_t
add_latin(uint8_t *to, size_t len, size_t cap, const json_t *text)
{
	const char *s = json_string_value(text);
	size_t n = json_string_length(text);

	for (size_t i = 0; i < n && len < cap; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c >= 0x80 && i + 1 < n)
			c = (uint8_t)(c << 6 | ((uint8_t)s[++i] & 0x3f));
		to[len++] = c;
	}
	return len;
}

static void
read_txt(const json_t *answer, struct identity *out)
{
	uint8_t text[IDENTITY_MAX + 1]; /* one more, to see that it was cut */
	const json_t *part;
	size_t i, len = 0;

	if (out->is_present)
		return;
	json_array_foreach(json_object_get(answer, "data"), i, part) len =
	    add_latin(text, len, sizeof text, part);
	identity_set(out, text, len);
}

static void
read_option(const json_t *option, struct dns_result *d)
{
	const char *hex = atlas_text(option, "data");
	uint8_t bytes[IDENTITY_MAX + 1];
	size_t len = 0;

	if (hex != NULL)
		(void)sodium_hex2bin(
		    bytes, sizeof bytes, hex, strlen(hex), NULL, &len, NULL);
	switch (count_at(option, "code", UINT16_MAX)) {
	case OPTION_NSID:
		if (!d->nsid.is_present)
			identity_set(&d->nsid, bytes, len);
		return;
	case OPTION_EDE:
		if (len >= 2 && d->n_ede < EDE_MAX)
			d->ede[d->n_ede++] =
			    (uint16_t)(bytes[0] << 8 | bytes[1]);
		return;
	default:
		return;
	}
}

static bool
is_type(const json_t *record, const char *type)
{
	const char *text = atlas_text(record, "type");

	return text != NULL && strcmp(text, type) == 0;
}

static void
read_answers(const json_t *reply, struct dns_result *d, struct identity *txt)
{
	const json_t *record;
	size_t i;

	json_array_foreach(json_object_get(reply, "answers"), i, record)
	{
		if (is_type(record, "TXT"))
			read_txt(record, txt);
		if (!is_type(record, "SOA") || d->has_serial)
			continue;
		d->has_serial = true;
		d->serial = (uint32_t)count_at(record, "serial", UINT32_MAX);
	}
}

/* Whether a question asks for an identity, and by which name. */
static bool
asks_identity(const json_t *question, enum chaos_name *out)
{
	static const char *const given[] = { "identity.", "id.server.",
		"hostname.", "whoami." };
	const char *name = atlas_text(question, "name");
	const char *class = atlas_text(question, "class");

	if (name == NULL || class == NULL || !is_type(question, "TXT"))
		return false;
	*out = CHAOS_HOSTNAME_BIND;
	if (strcasecmp(name, "hostname.bind.") == 0)
		return true;
	*out = CHAOS_ID_SERVER;
	if (strcasecmp(name, "id.server.") == 0)
		return true;
	*out = CHAOS_GIVEN;
	for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
		if (strcmp(class, "IN") == 0 &&
		    strncasecmp(name, given[i], strlen(given[i])) == 0)
			return true;
	return false;
}

static void
read_flags(const json_t *reply, struct observation *o)
{
	const json_t *header = json_object_get(reply, "header");
	const json_t *edns = json_object_get(reply, "edns");
	struct dns_result *d = &o->dns;

	d->is_aa = json_is_true(json_object_get(header, "aa"));
	d->is_tc = json_is_true(json_object_get(header, "tc"));
	d->is_ra = json_is_true(json_object_get(header, "ra"));
	d->rcode = (uint16_t)(count_at(reply, "flags", UINT16_MAX) & 15);
	d->rcode |=
	    (uint16_t)(count_at(edns, "extended_return_code", 255) << 4);
	d->size_bytes = (uint16_t)count_at(reply, "length", UINT16_MAX);
	o->outcome = d->rcode == 0 ? OUTCOME_OK : OUTCOME_RCODE;
	if (json_is_true(json_object_get(reply, "is_malformed")))
		o->outcome = OUTCOME_MALFORMED;
}

static void
read_reply(const json_t *reply, struct observation *o)
{
	const json_t *options =
	    json_object_get(json_object_get(reply, "edns"), "options");
	struct chaos *c = &o->dns.chaos;
	struct identity txt = { .is_present = false };
	enum chaos_name name;
	const json_t *option;
	size_t i;

	read_flags(reply, o);
	if (!outcome_is_answer(o->outcome))
		return;
	json_array_foreach(options, i, option) read_option(option, &o->dns);
	read_answers(reply, &o->dns, &txt);
	c->is_asked = asks_identity(
	    json_array_get(json_object_get(reply, "questions"), 0), &name);
	if (!c->is_asked)
		return;
	c->name = (uint8_t)name;
	c->outcome = o->outcome;
	c->rcode = o->dns.rcode;
	c->rtt_us = o->dns.rtt_us;
	c->txt = txt;
	c->nsid = o->dns.nsid;
}

static const char *
observe_dns(const json_t *r, struct observation *o)
{
	const json_t *reply = json_object_get(r, "reply");
	const json_t *error = json_object_get(r, "error");

	o->kind = KIND_DNS;
	o->port = DNS_PORT;
	if (o->proto == PROTO_ICMP)
		o->proto = PROTO_UDP;
	if (!json_is_null(error)) {
		o->outcome = outcome_of_error(error);
		return NULL;
	}
	if (!json_is_object(reply))
		return "the answer's bytes are missing";
	if (!rtt_at(r, "response_time", &o->dns.rtt_us))
		return "the round trip is missing or out of range";
	read_reply(reply, o);
	return NULL;
}

/* Ping. */

static void
read_packet(const json_t *p, struct ping_result *g)
{
	int64_t ttl;

	if (!g->has_reply_ttl && atlas_int(p, "ttl", &ttl) && ttl > 0 &&
	    ttl <= UINT8_MAX) {
		g->has_reply_ttl = true;
		g->reply_ttl = (uint8_t)ttl;
	}
}

static const char *
observe_ping(const json_t *r, struct observation *o)
{
	struct ping_result *g = &o->ping;
	const json_t *p;
	size_t i;

	o->kind = KIND_PING;
	if (o->proto == PROTO_UDP)
		o->proto = PROTO_ICMP;
	g->n_sent = (uint16_t)count_at(r, "packets_sent", UINT16_MAX);
	g->n_received = (uint16_t)count_at(r, "packets_received", UINT16_MAX);
	json_array_foreach(json_object_get(r, "packets"), i, p)
	    read_packet(p, g);
	if (g->n_sent == 0) {
		o->outcome = OUTCOME_SEND_FAILED;
		return NULL;
	}
	o->outcome = g->n_received > 0 ? OUTCOME_OK : OUTCOME_TIMEOUT;
	if (g->n_received == 0)
		return NULL;
	if (!rtt_at(r, "rtt_min", &g->rtt_min_us))
		return "the round trip is missing or out of range";
	/* Firmware 0 said no more than the extremes and the mean. */
	if (!rtt_at(r, "rtt_median", &g->rtt_median_us) &&
	    !rtt_at(r, "rtt_average", &g->rtt_median_us))
		g->rtt_median_us = g->rtt_min_us;
	return NULL;
}

/* Traceroute. */

/* ICMP type and code of the letters that Atlas and traceroute(8) write, for
 * IPv4 (RFC 792, RFC 1812) and IPv6 (RFC 4443). */
static const struct {
	const char *letter;
	uint8_t type4, code4, type6, code6;
} letters[] = {
	{ "N", 3, 0, 1, 0 },
	{ "H", 3, 1, 1, 3 },
	{ "P", 3, 2, 4, 1 },
	{ "p", 3, 3, 1, 4 },
	{ "A", 3, 13, 1, 1 },
};
#define TIME_EXCEEDED_4 11
#define TIME_EXCEEDED_6 3
#define UNREACHABLE_4 3
#define UNREACHABLE_6 1

static void
set_icmp(struct hop *h, const json_t *p, bool is_v6)
{
	const json_t *err = json_object_get(p, "icmp_error");
	const char *letter = json_string_value(err);

	h->icmp_type = is_v6 ? TIME_EXCEEDED_6 : TIME_EXCEEDED_4;
	if (err == NULL)
		return;
	h->icmp_type = is_v6 ? UNREACHABLE_6 : UNREACHABLE_4;
	if (json_is_integer(err))
		h->icmp_code = (uint8_t)json_integer_value(err);
	for (size_t i = 0;
	     letter != NULL && i < sizeof letters / sizeof letters[0]; i++) {
		if (strcmp(letters[i].letter, letter) != 0)
			continue;
		h->icmp_type = is_v6 ? letters[i].type6 : letters[i].type4;
		h->icmp_code = is_v6 ? letters[i].code6 : letters[i].code4;
	}
}

static void
set_labels(struct hop *h, const json_t *p)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(p, "mpls"), i, entry)
	{
		struct mpls_label *l = &h->labels[h->n_labels];

		if (h->n_labels == HOP_LABELS)
			return;
		l->label = (uint32_t)count_at(entry, "label", 0xfffff);
		l->tc = (uint8_t)count_at(entry, "exp", 7);
		l->ttl = (uint8_t)count_at(entry, "ttl", 255);
		l->is_bottom = count_at(entry, "s", 1) != 0;
		h->n_labels++;
	}
}

/* False: no answer that has an address and a round trip. */
static bool
read_hop(const json_t *p, const struct observation *o, struct hop *h)
{
	const char *origin = atlas_text(p, "origin");

	if (origin == NULL || addr_parse(&h->address, origin) != RC_OK ||
	    h->address.family != o->target.family ||
	    !rtt_at(p, "rtt", &h->rtt_us)) {
		h->address = (struct addr){ .family = 0 };
		return false;
	}
	h->reply_ttl = (uint8_t)count_at(p, "ttl", 255);
	h->is_target = addr_equal(&h->address, &o->target) &&
		       json_object_get(p, "icmp_error") == NULL;
	if (!h->is_target)
		set_icmp(h, p, o->target.family == 6);
	set_labels(h, p);
	return true;
}

/* Is the address in the hops of this TTL already? */
static bool
is_known(const struct trace_result *t, size_t first, const struct hop *h)
{
	for (size_t i = first; i < t->n_hops; i++)
		if (addr_equal(&t->hops[i].address, &h->address))
			return true;
	return false;
}

/* The distinct addresses that answered one TTL, or one silent hop. */
static void
read_ttl(const json_t *hop, uint8_t ttl, struct observation *o)
{
	struct trace_result *t = &o->trace;
	size_t first = t->n_hops, i;
	const json_t *p;

	json_array_foreach(json_object_get(hop, "packets"), i, p)
	{
		struct hop h = { .ttl = ttl,
			.attempt = (uint8_t)(i < 254 ? i + 1 : 255) };

		if (t->n_hops == HOP_MAX || !read_hop(p, o, &h) ||
		    is_known(t, first, &h))
			continue;
		t->hops[t->n_hops++] = h;
		t->is_reached |= h.is_target;
	}
	if (t->n_hops == first && t->n_hops < HOP_MAX)
		t->hops[t->n_hops++] = (struct hop){ .ttl = ttl, .attempt = 1 };
}

static const char *
observe_trace(const json_t *r, struct observation *o)
{
	bool is_failed = !json_is_null(json_object_get(r, "error"));
	const json_t *hop;
	int64_t index;
	size_t i;

	o->kind = KIND_TRACE;
	if (o->proto == PROTO_UDP) /* datagrams that are no questions */
		o->proto = PROTO_PLAIN;
	json_array_foreach(json_object_get(r, "hops"), i, hop)
	{
		/* The last try of all has the TTL 255. */
		is_failed |= json_object_get(hop, "error") != NULL;
		if (atlas_int(hop, "index", &index) && index >= 1 &&
		    index <= TRACE_TTL_MAX &&
		    json_object_get(hop, "error") == NULL)
			read_ttl(hop, (uint8_t)index, o);
	}
	o->outcome = o->trace.is_reached ? OUTCOME_OK : OUTCOME_TIMEOUT;
	if (o->trace.n_hops == 0 && is_failed)
		o->outcome = OUTCOME_SEND_FAILED;
	return NULL;
}

/* All. */

static enum proto
proto_of(const json_t *r)
{
	const char *text = atlas_text(r, "protocol");

	if (text != NULL && strcasecmp(text, "TCP") == 0)
		return PROTO_TCP;
	if (text != NULL && strcasecmp(text, "ICMP") == 0)
		return PROTO_ICMP;
	return PROTO_UDP;
}

const char *
atlas_observe(const json_t *r, struct observation *o)
{
	const char *type = atlas_text(r, "type");
	const char *target = atlas_text(r, "destination_address");
	const char *source = atlas_text(r, "source_address");
	int64_t created = count_at(r, "created", INT64_MAX / US_PER_S);

	*o = (struct observation){ .at_us = created * US_PER_S,
		.why = WHY_ROUND,
		.stamp = STAMP_USER,
		.proto = proto_of(r) };
	if (target == NULL || addr_parse(&o->target, target) != RC_OK)
		return "there is no destination address";
	if (source == NULL || addr_parse(&o->source, source) != RC_OK ||
	    o->source.family != o->target.family)
		o->source = (struct addr){ .family = 0 };
	if (type != NULL && strcmp(type, "dns") == 0)
		return observe_dns(r, o);
	if (type != NULL && strcmp(type, "ping") == 0)
		return observe_ping(r, o);
	return observe_trace(r, o);
}
