/* selfcheck.c - see selfcheck.h. */
#include "collector/selfcheck.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "collector/store_probe.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define STALLED_US (10 * US_PER_S)
#define COUNT_EVERY_US (10 * US_PER_S)
/* With less, what is stored fits only where something was before. */
#define FULL_BYTES (4u << 20)
#define UPLOADS_MISSED 3

struct selfcheck {
	struct selfcheck_parts parts;
	char *database;
	pthread_mutex_t lock; /* of what is below */
	struct store *store;
	int64_t silent_after_us;
	unsigned disk_low_percent;
	int64_t began_us; /* of the silence that counts */
	int64_t counted_us;
	bool is_counted;
	size_t n_probes;
};

static const char *const names[SELF_PARTS] = { "store", "detector", "queue",
	"heard", "disk" };

const char *
self_part_name(enum self_part p)
{
	return (unsigned)p < SELF_PARTS ? names[p] : "?";
}

static long long
seconds(int64_t us)
{
	return (long long)(us / US_PER_S);
}

static void
judge_store(struct self_report *out, const struct self_sample *s)
{
	char *why = out->why[SELF_STORE];

	if (s->writer.fault.rc != RC_OK)
		snprintf(why, SELF_WHY_LEN, "the last transaction failed: %s",
		    s->writer.fault.text);
	else if (s->is_measured && s->free_bytes < FULL_BYTES)
		snprintf(why, SELF_WHY_LEN,
		    "the disk is full: %" PRIu64 " KiB are free",
		    s->free_bytes / 1024);
	else if (!s->is_counted)
		snprintf(why, SELF_WHY_LEN, "the database cannot be read");
}

static void
judge_writer(struct self_report *out, const struct self_sample *s)
{
	int64_t tick_us = s->now_us - s->writer.ticked_mono_us;
	int64_t idle_us = s->now_us - s->writer.progress_mono_us;

	if (tick_us > STALLED_US)
		snprintf(out->why[SELF_DETECTOR], SELF_WHY_LEN,
		    "the detector has not ticked for %lld s", seconds(tick_us));
	if (idle_us > STALLED_US && s->queue_depth > 0)
		snprintf(out->why[SELF_QUEUE], SELF_WHY_LEN,
		    "%zu batches wait, and none was taken for %lld s",
		    s->queue_depth, seconds(idle_us));
}

/* Nobody is blamed for a silence that is the collector's own. */
static void
judge_heard(struct self_report *out, const struct self_sample *s)
{
	int64_t silence_us = s->now_us - s->heard_us;

	if (s->n_probes > 0 && silence_us > s->silent_after_us &&
	    out->why[SELF_STORE][0] == '\0' &&
	    out->why[SELF_DETECTOR][0] == '\0')
		snprintf(out->why[SELF_HEARD], SELF_WHY_LEN,
		    "nothing was heard for %lld s of %zu enrolled probe%s",
		    seconds(silence_us), s->n_probes,
		    s->n_probes == 1 ? "" : "s");
}

static void
judge_disk(struct self_report *out, const struct self_sample *s)
{
	if (s->is_measured && s->disk_bytes > 0 &&
	    s->free_bytes < s->disk_bytes / 100 * s->disk_low_percent)
		snprintf(out->why[SELF_DISK], SELF_WHY_LEN,
		    "the disk is nearly full: %" PRIu64 " of %" PRIu64
		    " MiB are free, less than %u %%",
		    s->free_bytes >> 20, s->disk_bytes >> 20,
		    s->disk_low_percent);
}

void
self_judge(struct self_report *out, const struct self_sample *s)
{
	memset(out, 0, sizeof *out);
	out->sample = *s;
	judge_store(out, s);
	judge_writer(out, s);
	judge_heard(out, s);
	judge_disk(out, s);
	for (unsigned i = 0; i < SELF_PARTS; i++)
		out->is_well[i] = out->why[i][0] == '\0';
}

bool
self_is_healthy(const struct self_report *r)
{
	for (unsigned i = 0; i < SELF_PARTS; i++)
		if (i != SELF_DISK && !r->is_well[i])
			return false;
	return true;
}

enum rc
selfcheck_open(struct selfcheck **out, const struct selfcheck_parts *parts,
    struct err *err)
{
	struct selfcheck *c = mem_new(sizeof *c);
	enum rc rc;

	pthread_mutex_init(&c->lock, NULL);
	c->parts = *parts;
	c->database = mem_strdup(parts->settings->database);
	c->began_us = clock_mono_us();
	selfcheck_set_settings(c, parts->settings);
	rc = store_open(&c->store, c->database, STORE_READ, err);
	if (rc == RC_OK)
		*out = c;
	else
		selfcheck_close(c);
	return rc;
}

void
selfcheck_close(struct selfcheck *c)
{
	if (c == NULL)
		return;
	store_close(c->store);
	pthread_mutex_destroy(&c->lock);
	free(c->database);
	free(c);
}

void
selfcheck_set_settings(struct selfcheck *c, const struct settings *s)
{
	int64_t least_us = UPLOADS_MISSED * s->upload_every_us;

	pthread_mutex_lock(&c->lock);
	c->silent_after_us =
	    s->silent_after_us > least_us ? s->silent_after_us : least_us;
	c->disk_low_percent = s->disk_low_percent;
	pthread_mutex_unlock(&c->lock);
}

static void
count_probes(struct selfcheck *c, int64_t now_us)
{
	size_t rank; /* not asked for */

	if (c->is_counted && now_us - c->counted_us < COUNT_EVERY_US)
		return;
	c->is_counted =
	    store_probe_rank(c->store, "", &rank, &c->n_probes, NULL) == RC_OK;
	c->counted_us = now_us;
}

static void
measure_disk(const struct selfcheck *c, struct self_sample *s)
{
	struct statvfs v;

	s->is_measured = statvfs(c->database, &v) == 0;
	if (!s->is_measured)
		return;
	s->free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	s->disk_bytes = (uint64_t)v.f_blocks * v.f_frsize;
}

void
selfcheck_look(struct selfcheck *c, struct self_report *out)
{
	struct self_sample s = { .queue_depth = queue_depth(c->parts.queue) };

	writer_look(c->parts.writer, &s.writer);
	measure_disk(c, &s);
	s.now_us = clock_mono_us();
	s.heard_us = s.last_heard_us = metrics_heard_us(c->parts.metrics);
	pthread_mutex_lock(&c->lock);
	count_probes(c, s.now_us);
	s.is_counted = c->is_counted;
	s.n_probes = c->n_probes;
	s.silent_after_us = c->silent_after_us;
	s.disk_low_percent = c->disk_low_percent;
	if (s.heard_us < c->began_us)
		s.heard_us = c->began_us;
	self_judge(out, &s);
	if (!out->is_well[SELF_STORE] || !out->is_well[SELF_DETECTOR] ||
	    s.n_probes == 0)
		c->began_us = s.now_us;
	pthread_mutex_unlock(&c->lock);
}
