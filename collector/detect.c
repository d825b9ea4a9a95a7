/* The words of detect.h; the detector itself is detect_fold.c. */
#include "collector/detect.h"

#include "schema/base/names.h"

static const char *const landing_states[] = { "stable", "dark", "unknown" };
static const char *const event_kinds[EVENT_KINDS] = { "shift", "blackhole",
	"mismatch", "impostor", "intercepted", "leak", "flapping", "stale",
	"split", "latency", "silent", "unknown_identity" };
static const char *const severities[] = { "info", "notice", "warning", "major",
	"critical" };
static const char *const distrusts[DISTRUSTS] = { "peers", "own_address",
	"light" };
static const char *const tris[] = { "unknown", "no", "yes" };

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

NAMES_DEFINE(enum landing_state, landing_states, landing_state_name,
    landing_state_from_name)
NAMES_DEFINE(
    enum event_kind, event_kinds, event_kind_name, event_kind_from_name)
NAMES_DEFINE(enum severity, severities, severity_name, severity_from_name)
NAMES_DEFINE(enum tri, tris, tri_name, tri_from_name)
NAMES_DEFINE(enum distrust, distrusts, distrust_name, distrust_from_name)
