/* The words of detect.h; the detector itself is detect_fold.c. */
#include "collector/detect.h"

#include <string.h>

static const char *const landing_states[] = { "stable", "dark", "unknown" };
static const char *const event_kinds[EVENT_KINDS] = { "shift", "blackhole",
	"mismatch", "impostor", "intercepted", "leak", "flapping", "stale",
	"split", "latency", "silent", "unknown_identity" };
static const char *const severities[] = { "info", "notice", "warning", "major",
	"critical" };
static const char *const distrusts[DISTRUSTS] = { "peers", "own_address",
	"light" };
static const char *const tris[] = { "unknown", "no", "yes" };

#define N(words) (sizeof(words) / sizeof *(words))

static const char *
word(const char *const *words, size_t n, unsigned i)
{
	return i < n ? words[i] : "?";
}

/* n when there is no such word. */
static unsigned
find_word(const char *const *words, size_t n, const char *name)
{
	unsigned i = 0;

	while (i < n && strcmp(words[i], name) != 0)
		i++;
	return i;
}

uint64_t
vantage_prefix(const struct addr *seen)
{
	size_t n = seen->family == 4 ? 3 : 6;
	uint64_t v = seen->family;

	if (seen->family == 0 || addr_is_loopback(seen))
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | seen->bytes[i];
	return v;
}

struct times
times_of_service(const struct service *s)
{
	return (struct times){ s->id, s->dns_every_us, s->shift_settles_us,
		s->round_us, s->round_before_us, s->n_agree };
}

const char *
landing_state_name(enum landing_state s)
{
	return word(landing_states, N(landing_states), s);
}

const char *
event_kind_name(enum event_kind k)
{
	return word(event_kinds, N(event_kinds), k);
}

const char *
severity_name(enum severity s)
{
	return word(severities, N(severities), s);
}

const char *
tri_name(enum tri t)
{
	return word(tris, N(tris), t);
}

enum rc
event_kind_from_name(enum event_kind *out, const char *name)
{
	unsigned i = find_word(event_kinds, N(event_kinds), name);

	if (i == N(event_kinds))
		return RC_MALFORMED;
	*out = (enum event_kind)i;
	return RC_OK;
}

enum rc
severity_from_name(enum severity *out, const char *name)
{
	unsigned i = find_word(severities, N(severities), name);

	if (i == N(severities))
		return RC_MALFORMED;
	*out = (enum severity)i;
	return RC_OK;
}

enum rc
landing_state_from_name(enum landing_state *out, const char *name)
{
	unsigned i = find_word(landing_states, N(landing_states), name);

	if (i == N(landing_states))
		return RC_MALFORMED;
	*out = (enum landing_state)i;
	return RC_OK;
}

enum rc
tri_from_name(enum tri *out, const char *name)
{
	unsigned i = find_word(tris, N(tris), name);

	if (i == N(tris))
		return RC_MALFORMED;
	*out = (enum tri)i;
	return RC_OK;
}

const char *
distrust_name(enum distrust r)
{
	return word(distrusts, N(distrusts), r);
}

enum rc
distrust_from_name(enum distrust *out, const char *name)
{
	unsigned i = find_word(distrusts, N(distrusts), name);

	if (i == N(distrusts))
		return RC_MALFORMED;
	*out = (enum distrust)i;
	return RC_OK;
}
