/* metrics.c - see metrics.h. */
#include "collector/metrics.h"

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

static const struct histogram_bound ingest_bounds[HISTOGRAM_BOUNDS] = {
	{ 5 * US_PER_MS, "0.005" },
	{ 20 * US_PER_MS, "0.02" },
	{ 100 * US_PER_MS, "0.1" },
	{ 500 * US_PER_MS, "0.5" },
	{ 1 * US_PER_S, "1.0" },
	{ 2 * US_PER_S, "2.0" },
	{ 5 * US_PER_S, "5.0" },
	{ 30 * US_PER_S, "30.0" },
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

void
metrics_note_ingest(struct metrics *m, int64_t took_us)
{
	histogram_add(&m->ingest, ingest_bounds, took_us);
}

static void
write_counter(struct metrics *m, enum metric which, struct exposition *e)
{
	const struct exposition_label reason = { "reason", rows[which].label };

	if (which == 0 ||
	    strcmp(rows[which - 1].family, rows[which].family) != 0)
		exposition_family(e, rows[which].family, EXPOSITION_COUNTER,
		    rows[which].help);
	exposition_int(e, &reason, rows[which].label != NULL,
	    (int64_t)metrics_get(m, which));
}

static void
write_moments(struct metrics *m, struct exposition *e)
{
	int64_t ends_us = atomic_load(&m->certificate_ends_us);
	int64_t heard_us = metrics_heard_us(m);

	if (heard_us != 0) {
		exposition_family(e, "catchwater_heard_timestamp_seconds",
		    EXPOSITION_GAUGE,
		    "When something of a probe or a site was last stored.");
		exposition_real(e, NULL, 0,
		    (double)clock_steady_at(heard_us) / (double)US_PER_S);
	}
	if (ends_us != 0) {
		exposition_family(e,
		    "catchwater_certificate_end_timestamp_seconds",
		    EXPOSITION_GAUGE,
		    "When the TLS certificate that is shown ends.");
		exposition_int(e, NULL, 0, ends_us / US_PER_S);
	}
}

void
metrics_write(struct metrics *m, struct exposition *e)
{
	for (unsigned i = 0; i < METRIC_N; i++)
		write_counter(m, (enum metric)i, e);
	exposition_family(e, "catchwater_ingest_seconds", EXPOSITION_HISTOGRAM,
	    "From the receipt of a batch until it is on disk.");
	histogram_write(&m->ingest, ingest_bounds, e, NULL, 0);
	write_moments(m, e);
	if (m->rtts != NULL)
		rtts_write(m->rtts, e);
}
