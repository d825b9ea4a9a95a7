/* confidence.c - see confidence.h. */
#include "collector/confidence.h"

#include <stdio.h>
#include <string.h>

static const char *const confidences[] = { "ok", "suspect", "unknown_identity",
	"failed" };
static const char *const doubts[N_DOUBTS] = { "method", "rtt", "path" };

static const struct site *
find_site(const struct service *s, int64_t id)
{
	for (size_t i = 0; i < s->n_sites; i++)
		if (s->sites[i].id == id)
			return &s->sites[i];
	return NULL;
}

/* The site that another method names, when it is another; 0. */
static int64_t
find_other(const struct service *s, const struct observation *o,
    const struct interpretation *m)
{
	for (unsigned i = 0; i < N_METHODS; i++) {
		enum identity_method method = (enum identity_method)i;
		struct interpretation other = interpret_by(s, o, method);

		if (method != m->method && other.site_id != 0 &&
		    other.site_id != m->site_id)
			return other.site_id;
	}
	return 0;
}

struct belief
confidence_of_answer(const struct service *s, const struct observation *o,
    const struct interpretation *m, const struct position *vantage)
{
	struct belief b = { .confidence = CONFIDENCE_FAILED };
	const struct site *site = find_site(s, m->site_id);

	if (m->has_identity)
		b.confidence = CONFIDENCE_UNKNOWN_IDENTITY;
	if (site == NULL)
		return b;
	b.other_site_id = find_other(s, o, m);
	if (b.other_site_id != 0)
		b.doubts |= DOUBT_METHOD;
	if (site->has_position && vantage->is_known) {
		const struct position at = { true, site->latitude,
			site->longitude };

		b.least_rtt_us =
		    (int64_t)(position_km(&at, vantage) * FIBRE_US_PER_KM);
		if (o->dns.rtt_us + FIBRE_SLACK_US < b.least_rtt_us)
			b.doubts |= DOUBT_RTT;
	}
	b.confidence = b.doubts != 0 ? CONFIDENCE_SUSPECT : CONFIDENCE_OK;
	return b;
}

enum confidence
confidence_of_landing(const char *state, int64_t n, int64_t n_doubted)
{
	if (strcmp(state, "unknown") == 0)
		return CONFIDENCE_UNKNOWN_IDENTITY;
	if (strcmp(state, "stable") != 0)
		return CONFIDENCE_FAILED;
	/* One damaged answer in ten is noise; more are a finding. */
	return n_doubted > 0 && 10 * n_doubted >= n ? CONFIDENCE_SUSPECT
						    : CONFIDENCE_OK;
}

const char *
confidence_name(enum confidence c)
{
	return (unsigned)c < sizeof confidences / sizeof confidences[0]
		   ? confidences[c]
		   : "?";
}

const char *
doubt_name(unsigned bit)
{
	for (unsigned i = 0; i < N_DOUBTS; i++)
		if (bit == 1u << i)
			return doubts[i];
	return "?";
}

const char *
doubts_text(unsigned bits, char buf[static DOUBTS_TEXT_LEN])
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < N_DOUBTS; i++)
		if ((bits & 1u << i) != 0)
			n += (size_t)snprintf(buf + n, DOUBTS_TEXT_LEN - n,
			    "%s%s", n > 0 ? "," : "", doubts[i]);
	return buf;
}
