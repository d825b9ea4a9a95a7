/* trust.c - see trust.h. */
#include "collector/trust.h"

#include <jansson.h>
#include <string.h>

#include "schema/base/bytes.h"

#define VERSION 1
#define PPM 1000000
#define DAY_US (86400 * US_PER_S)
#define DAY (86400 * US_PER_S / TRUST_EVERY_US) /* judgements */
#define SMOOTH 26 /* (1 - 1/26)^18 is half: three hours of judgements */
#define NOTHING_PPM 1000
#define PORT_AGAIN_US (6 * 3600 * US_PER_S)

static const uint32_t limits_ppm[DISTRUSTS] = {
	[DISTRUST_PEERS] = 400000,
	[DISTRUST_OWN_ADDRESS] = 400000,
	[DISTRUST_LIGHT] = 200000,
};

static const char *const compared_words[DISTRUSTS] = {
	[DISTRUST_PEERS] = "targets",
	[DISTRUST_OWN_ADDRESS] = "own_addresses",
	[DISTRUST_LIGHT] = "landings",
};

static void
count_up(uint16_t *n)
{
	if (*n < UINT16_MAX)
		++*n;
}

static void
smooth(struct standing *s, const struct finding *f)
{
	int64_t seen = (int64_t)f->n_contradicted * PPM / f->n_compared;
	int64_t share = s->share_ppm;

	share += (seen - share) / SMOOTH;
	if (seen == 0 && share < NOTHING_PPM)
		share = 0;
	s->share_ppm = (uint32_t)share;
}

void
trust_judge(struct trust *t, enum distrust reason, const struct finding *f)
{
	struct standing *s = &t->standing[reason];
	bool is_reason = t->since_us != 0 && t->reason == reason;

	t->finding[reason] = *f;
	if (f->n_compared == 0) {
		if (is_reason || s->n_over > 0)
			count_up(&s->n_none);
		if (s->n_none > DAY)
			s->n_over = 0;
		if (s->n_over == 0 && !is_reason)
			s->n_none = 0;
		return;
	}
	smooth(s, f);
	s->n_none = 0;
	if (s->share_ppm > limits_ppm[reason])
		count_up(&s->n_over);
	else
		s->n_over = 0;
	if (is_reason && s->share_ppm < limits_ppm[reason] / 2)
		count_up(&s->n_under);
	else
		s->n_under = 0;
}

void
trust_restore(struct trust *t)
{
	struct standing *s = &t->standing[t->reason];

	s->n_over = s->n_under = s->n_none = 0;
	t->since_us = 0;
}

const char *
trust_ending(const struct trust *t)
{
	return t->standing[t->reason].n_under >= DAY ? "believable"
						     : "unjudged";
}

static enum trust_verdict
decide_end(const struct trust *t)
{
	const struct standing *s = &t->standing[t->reason];

	return s->n_under >= DAY || s->n_none >= 7 * DAY ? TRUST_RESTORED
							 : TRUST_AS_BEFORE;
}

enum trust_verdict
trust_decide(struct trust *t, int64_t now_us, bool is_held)
{
	if (t->since_us != 0)
		return decide_end(t);
	for (unsigned i = 0; i < DISTRUSTS; i++) {
		struct standing *s = &t->standing[i];

		if (now_us - s->forgiven_us >= TRUST_FORGIVEN_US)
			s->forgiven_us = 0;
		if (is_held || s->n_over < DAY || s->forgiven_us != 0)
			continue;
		t->reason = (enum distrust)i;
		t->since_us = now_us;
		s->n_none = s->n_under = 0;
		return TRUST_WITHHELD;
	}
	return TRUST_AS_BEFORE;
}

void
trust_forgive(struct trust *t, int64_t at_us)
{
	t->standing[t->reason].forgiven_us = at_us;
	trust_restore(t);
}

/* Source ports. */

static size_t
find_port(const struct trust *t, int64_t target_id)
{
	size_t i = 0;

	while (i < t->n_ports && t->ports[i].target_id != target_id)
		i++;
	return i;
}

/* A place for one more: a new one, or that of the oldest. */
static size_t
place_for_port(struct trust *t)
{
	size_t oldest = 0;

	if (t->n_ports < TRUST_PORTS_MAX)
		return t->n_ports++;
	for (size_t i = 1; i < t->n_ports; i++)
		if (t->ports[i].at_us < t->ports[oldest].at_us)
			oldest = i;
	return oldest;
}

bool
trust_note_port(struct trust *t, int64_t target_id, int64_t at_us)
{
	size_t i = find_port(t, target_id);

	if (i == t->n_ports)
		i = place_for_port(t);
	else if (at_us - t->ports[i].at_us < PORT_AGAIN_US)
		return false;
	t->ports[i] = (struct port_news){ target_id, at_us };
	return true;
}

bool
trust_is_balanced(const struct trust *t, int64_t target_id, int64_t now_us)
{
	size_t i = find_port(t, target_id);

	return i < t->n_ports && now_us - t->ports[i].at_us < DAY_US;
}

/* Memory. */

bool
trust_is_plain(const struct trust *t)
{
	for (size_t i = 0; i < DISTRUSTS; i++)
		if (t->standing[i].share_ppm != 0 ||
		    t->standing[i].forgiven_us != 0)
			return false;
	return t->since_us == 0 && t->n_ports == 0;
}

void
trust_numbers(const struct trust *t, char out[static QUARANTINE_TEXT_MAX])
{
	const struct standing *s = &t->standing[t->reason];
	const struct finding *f = &t->finding[t->reason];
	double limit = (double)limits_ppm[t->reason] / PPM;
	json_t *json = json_object();
	size_t n;

	if (t->since_us != 0) {
		json_decref(json);
		json = json_pack("{s:f, s:f, s:f, s:I, s:I, s:I, s:I}", "share",
		    (double)s->share_ppm / PPM, "limit", limit, "ends_below",
		    limit / 2, compared_words[t->reason],
		    (json_int_t)f->n_compared, "contradicted",
		    (json_int_t)f->n_contradicted, "witnesses",
		    (json_int_t)f->n_witnesses, "believable_us",
		    (json_int_t)(s->n_under * TRUST_EVERY_US));
	}
	n = json_dumpb(json, out, QUARANTINE_TEXT_MAX - 1,
	    JSON_COMPACT | JSON_REAL_PRECISION(3));
	out[n < QUARANTINE_TEXT_MAX ? n : 0] = '\0';
	json_decref(json);
}

size_t
trust_encode(const struct trust *t, uint8_t out[static TRUST_BYTES_MAX])
{
	struct wbuf w = wbuf_over(out, TRUST_BYTES_MAX);

	wbuf_u8(&w, VERSION);
	for (size_t i = 0; i < DISTRUSTS; i++) {
		const struct standing *s = &t->standing[i];

		wbuf_u32(&w, s->share_ppm);
		wbuf_u16(&w, s->n_over);
		wbuf_u16(&w, s->n_under);
		wbuf_u16(&w, s->n_none);
		wbuf_i64(&w, s->forgiven_us);
	}
	wbuf_i64(&w, t->since_us);
	wbuf_u8(&w, (uint8_t)t->reason);
	wbuf_u8(&w, (uint8_t)t->n_ports);
	for (size_t i = 0; i < t->n_ports; i++) {
		wbuf_i64(&w, t->ports[i].target_id);
		wbuf_i64(&w, t->ports[i].at_us);
	}
	return w.len;
}

enum rc
trust_decode(struct trust *t, const uint8_t *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct trust got = { 0 };
	uint8_t version = rbuf_u8(&r), reason;

	for (size_t i = 0; i < DISTRUSTS; i++) {
		struct standing *s = &got.standing[i];

		s->share_ppm = rbuf_u32(&r);
		s->n_over = rbuf_u16(&r);
		s->n_under = rbuf_u16(&r);
		s->n_none = rbuf_u16(&r);
		s->forgiven_us = rbuf_i64(&r);
	}
	got.since_us = rbuf_i64(&r);
	reason = rbuf_u8(&r);
	got.n_ports = rbuf_u8(&r);
	if (version != VERSION || reason >= DISTRUSTS ||
	    got.n_ports > TRUST_PORTS_MAX)
		return RC_MALFORMED;
	got.reason = (enum distrust)reason;
	for (size_t i = 0; i < got.n_ports; i++) {
		got.ports[i].target_id = rbuf_i64(&r);
		got.ports[i].at_us = rbuf_i64(&r);
	}
	if (r.is_bad || rbuf_left(&r) != 0)
		return RC_MALFORMED;
	*t = got;
	return RC_OK;
}
