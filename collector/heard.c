/* heard.c - see heard.h. */
#include "collector/heard.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"

static const char *const names[] = { "start", "restored", "skip", "flush",
	"vantage", "excuse", "announcement", "health", "drain", "times",
	"reread", "release" };
#define N_NAMES (sizeof names / sizeof *names)

void
heard_apply(struct detect *d, const struct heard *h)
{
	switch (h->kind) {
	case HEARD_START:
	case HEARD_REREAD:
		break;
	case HEARD_RESTORED:
		detect_begin(d, h->until_us);
		break;
	case HEARD_SKIP: /* that second itself passes */
		detect_begin(d, h->until_us - US_PER_S);
		break;
	case HEARD_FLUSH:
		detect_flush(d, h->until_us);
		break;
	case HEARD_VANTAGE:
		detect_vantage(d, &h->vantage);
		break;
	case HEARD_EXCUSE:
		detect_excuse(d, h->excuse.vantage_id, h->excuse.target_id,
		    h->excuse.excuse);
		break;
	case HEARD_ANNOUNCEMENT:
		detect_announcement(d, h->announcement.site_id,
		    h->announcement.family, h->announcement.is_up,
		    h->announcement.at_us, h->announcement.lease_until_us);
		break;
	case HEARD_HEALTH:
		detect_health(d, h->announcement.site_id,
		    h->announcement.family, h->announcement.is_up,
		    h->announcement.at_us, h->announcement.lease_until_us);
		break;
	case HEARD_DRAIN:
		detect_drain(d, &h->drain);
		break;
	case HEARD_TIMES:
		detect_retime(d, &h->times);
		break;
	case HEARD_RELEASE:
		detect_release(d, h->release.vantage_id, h->release.at_us);
		break;
	}
}

const char *
heard_kind_name(enum heard_kind k)
{
	return (size_t)k < N_NAMES ? names[k] : "?";
}

static json_t *
times_json(const struct times *t)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:i}", "service",
	    (json_int_t)t->service_id, "dns_every_us",
	    (json_int_t)t->dns_every_us, "shift_settles_us",
	    (json_int_t)t->shift_settles_us, "round_us",
	    (json_int_t)t->round_us, "round_before_us",
	    (json_int_t)t->round_before_us, "agree", t->n_agree);
}

static json_t *
vantage_json(const struct vantage *v)
{
	json_t *o = json_pack("{s:I, s:i, s:I, s:I, s:I, s:b}", "vantage",
	    (json_int_t)v->id, "family", v->family, "asn", (json_int_t)v->asn,
	    "probe", (json_int_t)v->probe, "prefix", (json_int_t)v->prefix,
	    "trusted", v->is_trusted);

	if (v->at.is_known) {
		json_object_set_new(o, "latitude", json_real(v->at.latitude));
		json_object_set_new(o, "longitude", json_real(v->at.longitude));
	}
	return o;
}

static json_t *
body_json(const struct heard *h)
{
	switch (h->kind) {
	case HEARD_START:
	case HEARD_RESTORED:
	case HEARD_SKIP:
	case HEARD_FLUSH:
	case HEARD_REREAD:
		break;
	case HEARD_VANTAGE:
		return vantage_json(&h->vantage);
	case HEARD_EXCUSE:
		return json_pack("{s:I, s:I, s:i}", "vantage",
		    (json_int_t)h->excuse.vantage_id, "target",
		    (json_int_t)h->excuse.target_id, "excuse",
		    h->excuse.excuse);
	case HEARD_DRAIN:
		return json_pack("{s:I, s:I, s:I, s:I, s:I}", "drain",
		    (json_int_t)h->drain.id, "site",
		    (json_int_t)h->drain.site_id, "since_us",
		    (json_int_t)h->drain.since_us, "until_us",
		    (json_int_t)h->drain.until_us, "ended_us",
		    (json_int_t)h->drain.ended_us);
	case HEARD_TIMES:
		return times_json(&h->times);
	case HEARD_RELEASE:
		return json_pack("{s:I, s:I}", "vantage",
		    (json_int_t)h->release.vantage_id, "at_us",
		    (json_int_t)h->release.at_us);
	case HEARD_ANNOUNCEMENT:
	case HEARD_HEALTH:
		return json_pack("{s:I, s:i, s:b, s:I, s:I}", "site",
		    (json_int_t)h->announcement.site_id, "family",
		    h->announcement.family, "up", h->announcement.is_up,
		    "at_us", (json_int_t)h->announcement.at_us,
		    "lease_until_us",
		    (json_int_t)h->announcement.lease_until_us);
	}
	return json_pack("{s:I}", "until_us", (json_int_t)h->until_us);
}

char *
heard_body(const struct heard *h)
{
	json_t *json = body_json(h);
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	if (text == NULL)
		abort(); /* out of memory, as in mem_new */
	return text;
}

static bool
read_vantage(struct vantage *v, json_t *json)
{
	json_int_t id, asn, probe, prefix;
	const json_t *north = json_object_get(json, "latitude");
	const json_t *east = json_object_get(json, "longitude");
	int family, trusted;

	if (json_unpack(json, "{s:I, s:i, s:I, s:I, s:I, s:b}", "vantage", &id,
		"family", &family, "asn", &asn, "probe", &probe, "prefix",
		&prefix, "trusted", &trusted) != 0)
		return false;
	*v = (struct vantage){ .id = id,
		.family = (uint8_t)family,
		.asn = (uint32_t)asn,
		.probe = (uint64_t)probe,
		.prefix = (uint64_t)prefix,
		.is_trusted = trusted != 0 };
	if (json_is_number(north) && json_is_number(east))
		v->at = (struct position){ true, json_number_value(north),
			json_number_value(east) };
	return true;
}

static bool
read_announcement(struct heard *h, json_t *json)
{
	json_int_t site, at, until;
	int family, up;

	if (json_unpack(json, "{s:I, s:i, s:b, s:I, s:I}", "site", &site,
		"family", &family, "up", &up, "at_us", &at, "lease_until_us",
		&until) != 0)
		return false;
	h->announcement.site_id = site;
	h->announcement.family = (uint8_t)family;
	h->announcement.is_up = up != 0;
	h->announcement.at_us = at;
	h->announcement.lease_until_us = until;
	return true;
}

static bool
read_excuse(struct heard *h, json_t *json)
{
	json_int_t vantage, target;
	int excuse;

	if (json_unpack(json, "{s:I, s:I, s:i}", "vantage", &vantage, "target",
		&target, "excuse", &excuse) != 0 ||
	    excuse < EXCUSE_NONE || excuse > EXCUSE_PER_PACKET)
		return false;
	h->excuse.vantage_id = vantage;
	h->excuse.target_id = target;
	h->excuse.excuse = (enum excuse)excuse;
	return true;
}

static bool
read_drain(struct drain *x, json_t *json)
{
	json_int_t id, site, since, until, ended;

	if (json_unpack(json, "{s:I, s:I, s:I, s:I, s:I}", "drain", &id, "site",
		&site, "since_us", &since, "until_us", &until, "ended_us",
		&ended) != 0)
		return false;
	*x = (struct drain){ id, site, since, until, ended };
	return true;
}

static bool
read_times(struct times *t, json_t *json)
{
	json_int_t service, every, settles, round, before;
	int agree;

	if (json_unpack(json, "{s:I, s:I, s:I, s:I, s:I, s:i}", "service",
		&service, "dns_every_us", &every, "shift_settles_us", &settles,
		"round_us", &round, "round_before_us", &before, "agree",
		&agree) != 0 ||
	    every < 0 || settles < 0 || round < 0 || before < 0 || agree < 0 ||
	    agree > UINT8_MAX)
		return false;
	*t = (struct times){ service, every, settles, round, before,
		(uint8_t)agree };
	return true;
}

static bool
read_release(struct heard *h, json_t *json)
{
	json_int_t vantage, at;

	if (json_unpack(
		json, "{s:I, s:I}", "vantage", &vantage, "at_us", &at) != 0)
		return false;
	h->release.vantage_id = vantage;
	h->release.at_us = at;
	return true;
}

static bool
read_until(struct heard *h, json_t *json)
{
	json_int_t until;

	if (json_unpack(json, "{s:I}", "until_us", &until) != 0)
		return false;
	h->until_us = until;
	return true;
}

enum rc
heard_read(struct heard *h, const char *kind, const char *body)
{
	json_t *json = json_loads(body, 0, NULL);
	size_t k = 0;
	bool is_good;

	while (k < N_NAMES && strcmp(names[k], kind) != 0)
		k++;
	h->kind = (enum heard_kind)k;
	if (k == N_NAMES)
		is_good = false;
	else if (h->kind == HEARD_VANTAGE)
		is_good = read_vantage(&h->vantage, json);
	else if (h->kind == HEARD_EXCUSE)
		is_good = read_excuse(h, json);
	else if (h->kind == HEARD_DRAIN)
		is_good = read_drain(&h->drain, json);
	else if (h->kind == HEARD_TIMES)
		is_good = read_times(&h->times, json);
	else if (h->kind == HEARD_RELEASE)
		is_good = read_release(h, json);
	else if (h->kind == HEARD_ANNOUNCEMENT || h->kind == HEARD_HEALTH)
		is_good = read_announcement(h, json);
	else
		is_good = read_until(h, json);
	json_decref(json);
	return is_good ? RC_OK : RC_MALFORMED;
}
