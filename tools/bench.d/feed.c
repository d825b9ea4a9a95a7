/*
 * feed.c - observations of a fleet into the store, without a network.
 *
 * usage: feed CONFIG store|ingest OBSERVATIONS SLICE
 * 500 hosts ask every address of the configuration's service every five
 * minutes (an answer and a ping each) and upload at once; one answer in 1000
 * is of another site than before, and so are those that follow.  With
 * "store" they are only stored, with "ingest" they go the collector's whole
 * way behind the network.  Prints for each slice its seconds and CPU seconds;
 * with "ingest", at last, the milliseconds after which a reader sees a vantage
 * at another site, from the commit that says so.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/ingest.h"
#include "collector/landing.h"
#include "collector/settings.h"
#include "collector/store_observation.h"
#include "collector/store_probe.h"
#include "collector/store_report.h"
#include "collector/store_services.h"
#include "schema/base/mem.h"
#include "tools/bench.d/bench.h"

#define HOSTS 500
#define TARGETS_MAX 32
#define ROUND_US (300 * US_PER_S)
#define UPLOADS_PER_COMMIT 128
#define CHURN 1000 /* one answer in as many */
#define START_US (INT64_C(1800000000) * US_PER_S)
#define VISIBLE_MAX_MS 20000

struct feed {
	struct settings settings;
	struct store *store;
	struct ingest *ingest;           /* NULL: only stored */
	struct observation_cache *cache; /* of that */
	struct metrics metrics;
	size_t n_sites, n_targets, per_batch;
	uint64_t seqs[HOSTS];
	size_t sites[HOSTS][TARGETS_MAX]; /* where each lands */
	int64_t vantages[HOSTS];
	uint64_t random;
	struct observation *room; /* of one group */
	struct ingest_job jobs[UPLOADS_PER_COMMIT];
};

static struct feed feed;
static struct err err;

static void
must(enum rc rc)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "feed: %s\n", err.text);
	exit(EXIT_FAILURE);
}

/* splitmix64; the same in every run. */
static uint64_t
draw(uint64_t n)
{
	uint64_t z = feed.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % n;
}

static void
add_probes(const char *database)
{
	static const char sql[] =
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 499) INSERT INTO probe (id, public_key, name, state,"
	    " enrolled_us) SELECT printf('%016x', i), randomblob(32),"
	    " 'p' || i, 'active', 0 FROM n";
	sqlite3 *db;

	if (sqlite3_open(database, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "feed: %s\n", sqlite3_errmsg(db));
		exit(EXIT_FAILURE);
	}
	sqlite3_close(db);
}

static struct observation
answer(size_t host, size_t target, int64_t at_us)
{
	struct observation o = bench_answer(++feed.seqs[host]);
	char name[NAME_MAX_LEN + 8];

	if (draw(CHURN) == 0)
		feed.sites[host][target] = draw(feed.n_sites);
	snprintf(name, sizeof name, "ns1.%s",
	    feed.settings.services.list[0]
		.site_names[feed.sites[host][target]]);
	identity_set(&o.dns.nsid, name, strlen(name));
	o.at_us = at_us;
	o.target = feed.settings.services.targets[target].address;
	o.dns.rtt_us = 10000 + (int64_t)(host * 100 + draw(3000));
	return o;
}

static struct observation
ping(size_t host, size_t target, int64_t at_us)
{
	struct observation o = { .seq = ++feed.seqs[host],
		.at_us = at_us,
		.kind = KIND_PING,
		.proto = PROTO_ICMP,
		.target = feed.settings.services.targets[target].address,
		.source = bench_addr("203.0.113.9") };

	o.ping = (struct ping_result){ .n_sent = 3,
		.n_received = 3,
		.rtt_min_us = 10000 + (int64_t)(host * 100 + draw(1000)),
		.has_reply_ttl = true,
		.reply_ttl = 60 };
	o.ping.rtt_median_us = o.ping.rtt_min_us + (int64_t)draw(1000);
	return o;
}

/* What a host saw until now_us. */
static void
fill_job(struct ingest_job *job, struct observation *list, size_t host,
    int64_t now_us)
{
	struct batch_header *h = &job->batch.header;
	size_t n = 0;

	*h = (struct batch_header){ .version = "bench",
		.first_seq = feed.seqs[host] + 1,
		.has_sent_at = true,
		.sent_at_us = now_us,
		.anchor_at_us = now_us };
	snprintf(h->probe, sizeof h->probe, "%016zx", host);
	for (size_t t = 0; t < feed.n_targets; t++) {
		list[n++] = answer(host, t, now_us - 2 * US_PER_S);
		list[n++] = ping(host, t, now_us - US_PER_S);
	}
	h->last_seq = feed.seqs[host];
	job->batch.n = n;
	job->batch.observations = list;
	job->received_us = now_us;
}

static void
store_only(const struct ingest_job *job, size_t host)
{
	const struct services *s = &feed.settings.services;
	int64_t id;

	for (size_t i = 0; i < job->batch.n; i++) {
		const struct observation *o = &job->batch.observations[i];
		size_t target = i / 2;
		struct observation_context c = { .vantage_id =
						     feed.vantages[host],
			.target_id = s->targets[target].id,
			.site_id =
			    o->kind == KIND_DNS
				? s->list[0].sites[feed.sites[host][target]].id
				: 0,
			.received_us = job->received_us,
			.at_us = o->at_us };

		must(store_observation_put(
		    feed.store, feed.cache, o, &c, &id, &err));
	}
}

/* Hosts first to end - 1, in one transaction. */
static size_t
take(size_t first, size_t end, int64_t now_us)
{
	struct ingest_job *jobs[UPLOADS_PER_COMMIT];

	for (size_t i = first; i < end; i++) {
		jobs[i - first] = &feed.jobs[i - first];
		fill_job(jobs[i - first],
		    &feed.room[(i - first) * feed.per_batch], i, now_us);
	}
	if (feed.ingest != NULL) {
		must(
		    ingest_group(feed.ingest, jobs, end - first, now_us, &err));
		return (end - first) * feed.per_batch;
	}
	must(store_begin(feed.store, &err));
	for (size_t i = first; i < end; i++)
		store_only(jobs[i - first], i);
	must(store_commit(feed.store, &err));
	return (end - first) * feed.per_batch;
}

static int64_t
run(int64_t n, int64_t slice)
{
	int64_t begun_us = clock_mono_us(), done = 0, next = slice;
	int64_t now_us = START_US;
	double cpu_s = bench_cpu_s();

	while (done < n) {
		now_us += ROUND_US;
		for (size_t at = 0; at < HOSTS; at += UPLOADS_PER_COMMIT)
			done += (int64_t)take(at,
			    at + UPLOADS_PER_COMMIT < HOSTS
				? at + UPLOADS_PER_COMMIT
				: HOSTS,
			    now_us);
		if (done < next)
			continue;
		printf("%lld %.3f %.3f\n", (long long)done,
		    (double)(clock_mono_us() - begun_us) / 1e6,
		    bench_cpu_s() - cpu_s);
		fflush(stdout);
		next += slice;
		begun_us = clock_mono_us();
		cpu_s = bench_cpu_s();
	}
	return now_us;
}

/* Does a reader see the first vantage at the site? */
static bool
is_seen(struct store *reader, const char *site, int64_t now_us)
{
	struct landed_filter filter = { 0 };
	struct landed_list list;
	bool seen = false;

	must(store_landed_at(reader, now_us, &filter, &list, &err));
	for (size_t i = 0; i < list.n; i++)
		seen = seen || (strcmp(list.rows[i].probe, "p0") == 0 &&
				   strcmp(list.rows[i].site, site) == 0);
	free(list.rows);
	return seen;
}

/* Moves all of the first host's landings to the last site, where nobody was. */
static int64_t
visible_ms(const char *database, int64_t now_us)
{
	const struct service *s = &feed.settings.services.list[0];
	const char *site = s->site_names[feed.n_sites];
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	struct store *reader;
	int64_t begun_us;
	bool has_written;

	for (size_t t = 0; t < feed.n_targets; t++)
		feed.sites[0][t] = feed.n_sites;
	must(store_open(&reader, database, STORE_READ, &err));
	for (int i = 0; i < LANDING_AGREE; i++) {
		now_us += ROUND_US;
		take(0, 1, now_us);
	}
	begun_us = clock_mono_us();
	while (!is_seen(reader, site, now_us) &&
	       clock_mono_us() - begun_us < VISIBLE_MAX_MS * US_PER_MS) {
		nanosleep(&pause, NULL);
		must(ingest_tick(feed.ingest,
		    now_us + clock_mono_us() - begun_us, &has_written, &err));
	}
	store_close(reader);
	return (clock_mono_us() - begun_us) / US_PER_MS;
}

static void
start(const char *config, bool is_whole)
{
	must(settings_load(&feed.settings, config, &err));
	must(
	    store_open(&feed.store, feed.settings.database, STORE_SERVE, &err));
	feed.n_sites = feed.settings.services.list[0].n_sites - 1;
	while (
	    feed.settings.services.targets[feed.n_targets].role == ROLE_SERVICE)
		feed.n_targets++;
	feed.per_batch = 2 * feed.n_targets;
	feed.room =
	    mem_new(UPLOADS_PER_COMMIT * feed.per_batch * sizeof *feed.room);
	if (feed.n_targets > TARGETS_MAX || feed.n_sites < 1)
		exit(EXIT_FAILURE);
	add_probes(feed.settings.database);
	if (is_whole) {
		must(ingest_open(&feed.ingest, feed.store, &feed.settings, NULL,
		    &feed.metrics, START_US, &err));
		return;
	}
	feed.cache = observation_cache_new();
	must(store_begin(feed.store, &err));
	must(store_sync_services(feed.store, &feed.settings.services, &err));
	for (size_t i = 0; i < HOSTS; i++) {
		struct vantage_row v = { .family = 4 };
		char id[PROBE_ID_LEN + 1];

		snprintf(id, sizeof id, "%016zx", i);
		must(store_vantage_put(feed.store, id, &v, START_US, &err));
		feed.vantages[i] = v.id;
	}
	must(store_commit(feed.store, &err));
}

int
main(int argc, char **argv)
{
	bool is_whole = argc > 2 && strcmp(argv[2], "ingest") == 0;
	int64_t now_us;

	if (argc != 5) {
		fputs("usage: feed CONFIG store|ingest OBSERVATIONS SLICE\n",
		    stderr);
		return 2;
	}
	start(argv[1], is_whole);
	now_us = run(atoll(argv[3]), atoll(argv[4]));
	if (is_whole)
		printf("%lld\n",
		    (long long)visible_ms(feed.settings.database, now_us));
	ingest_close(feed.ingest);
	observation_cache_free(feed.cache);
	store_close(feed.store);
	settings_fini(&feed.settings);
	free(feed.room);
	return EXIT_SUCCESS;
}
