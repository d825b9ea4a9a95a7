/* metrics.c - see metrics.h. */
#include "collector/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "schema/base/clock.h"

/* In the order of enum metric; rows of one family stand together. */
static const struct {
	const char *family; /* without its _total */
	const char *help;
	const char *label; /* NULL: none */
} rows[METRIC_N] = {
	[METRIC_BATCHES] = { "catchwater_batches",
	    "Signed batches that are on disk.", NULL },
	[METRIC_OBSERVATIONS] = { "catchwater_observations",
	    "Observations stored.", NULL },
	[METRIC_REPLAYED] = { "catchwater_observations_replayed",
	    "Observations dropped because they were stored before.", NULL },
	[METRIC_UNKNOWN_TARGET] = { "catchwater_observations_unknown_target",
	    "Observations dropped because their target is not configured.",
	    NULL },
	[METRIC_COMMITS] = { "catchwater_commits", "Transactions made durable.",
	    NULL },
	[METRIC_COMMIT_FAILURES] = { "catchwater_commit_failures",
	    "Transactions that could not be made durable.", NULL },
	[METRIC_REBUILDS] = { "catchwater_detector_rebuilds",
	    "Times the detector was rebuilt from the store.", NULL },
	[METRIC_ENROLLED] = { "catchwater_enrolled", "Probes that enrolled.",
	    NULL },
	[METRIC_SITE_REPORTS] = { "catchwater_site_reports",
	    "Reports of sites about themselves that are on disk.", NULL },
#define REFUSED(what) \
	{ \
		"catchwater_refused", "Requests refused, by reason.", what \
	}
	[METRIC_REFUSED_TOO_LARGE] = REFUSED("too_large"),
	[METRIC_REFUSED_ENCODING] = REFUSED("encoding"),
	[METRIC_REFUSED_NO_SIGNATURE] = REFUSED("no_signature"),
	[METRIC_REFUSED_DIGEST] = REFUSED("digest"),
	[METRIC_REFUSED_UNKNOWN_PROBE] = REFUSED("unknown_probe"),
	[METRIC_REFUSED_REVOKED] = REFUSED("revoked"),
	[METRIC_REFUSED_SIGNATURE] = REFUSED("signature"),
	[METRIC_REFUSED_MALFORMED] = REFUSED("malformed"),
	[METRIC_REFUSED_OTHER_PROBE] = REFUSED("other_probe"),
	[METRIC_REFUSED_OTHER_SITE] = REFUSED("other_site"),
	[METRIC_REFUSED_TOKEN] = REFUSED("token"),
	[METRIC_REFUSED_TOO_OFTEN] = REFUSED("too_often"),
	[METRIC_REFUSED_OVERLOAD] = REFUSED("overload"),
	[METRIC_REFUSED_NOT_STORED] = REFUSED("not_stored"),
};

void
metrics_add(struct metrics *m, enum metric which, uint64_t n)
{
	atomic_fetch_add_explicit(&m->counts[which], n, memory_order_relaxed);
}

uint64_t
metrics_get(struct metrics *m, enum metric which)
{
	return atomic_load_explicit(&m->counts[which], memory_order_relaxed);
}

void
metrics_note_heard(struct metrics *m)
{
	atomic_store_explicit(
	    &m->heard_mono_us, clock_mono_us(), memory_order_relaxed);
}

int64_t
metrics_heard_us(struct metrics *m)
{
	return atomic_load_explicit(&m->heard_mono_us, memory_order_relaxed);
}

static void
write_head(FILE *to, const char *family, const char *type, const char *help)
{
	fprintf(to, "# TYPE %s %s\n# HELP %s %s\n", family, type, family, help);
}

static void
write_counter(struct metrics *m, enum metric which, FILE *to)
{
	const char *label = rows[which].label;

	if (which == 0 ||
	    strcmp(rows[which - 1].family, rows[which].family) != 0)
		write_head(to, rows[which].family, "counter", rows[which].help);
	if (label != NULL)
		fprintf(to, "%s_total{reason=\"%s\"} %" PRIu64 "\n",
		    rows[which].family, label, metrics_get(m, which));
	else
		fprintf(to, "%s_total %" PRIu64 "\n", rows[which].family,
		    metrics_get(m, which));
}

void
metrics_write(struct metrics *m, const struct metrics_gauges *gauges, FILE *to)
{
	for (unsigned i = 0; i < METRIC_N; i++)
		write_counter(m, (enum metric)i, to);
	write_head(to, "catchwater_queue_depth", "gauge",
	    "Batches that wait for the writer.");
	fprintf(to, "catchwater_queue_depth %zu\n", gauges->queue_depth);
	write_head(to, "catchwater_open_events", "gauge", "Events now open.");
	fprintf(to, "catchwater_open_events %" PRId64 "\n# EOF\n",
	    gauges->open_events);
}
