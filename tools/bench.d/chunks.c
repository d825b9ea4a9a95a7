/*
 * chunks.c - what a packed observation of a fleet takes in the database.
 *
 * usage: chunks DATABASE VANTAGES TARGETS MINUTES DETAILS
 * Stores the rows that a fleet's questions of so many minutes would be: one
 * question a minute to each target, at a phase of its own, sent within slots of
 * 5 ms; round trips about each pair's own with a tail; the same source port,
 * hop limit, server and size as long as nothing moves; CHAOS each tenth time;
 * two losses in a thousand; an upload of each probe every 30 s.  DETAILS 1: and
 * a ping a minute, and a trace of 12 hops every quarter of an hour.  Then it
 * packs them, with the collector's own code, and prints: observations packed;
 * bytes of the table of chunks and its index, page by page; bytes that a row
 * and its place took before; seconds of CPU packing them; of these, the longest
 * tick.
 */
#include <sqlite3.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "collector/packing.h"
#include "collector/store.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define BEGIN_US (INT64_C(1767225600) * US_PER_S)
#define UPLOAD_S 30
#define SITES 5
#define LATER_US (INT64_C(400) * 86400 * US_PER_S)

static const char INSERT[] =
    "INSERT INTO observation (vantage_id, seq, received_us, at_us, target_id, "
    "kind, why, proto, stamp, outcome, site_id, rtt_us, reply_ttl, "
    "source_port, rcode, flags, serial, size_bytes, nsid_id, chaos_name, "
    "chaos_outcome, chaos_rcode, chaos_rtt_us, chaos_id, n_sent, n_received, "
    "rtt_min_us, is_reached, path_id, hop_rtts) VALUES (?1, ?2, ?3, ?4, ?5, "
    "?6, 0, ?7, 0, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
    "?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)";

struct fleet {
	struct store *store;
	sqlite3_stmt *insert;
	int64_t n_vantages, n_targets;
	int is_detailed;
	uint64_t random;
	int64_t *seq; /* of each vantage */
};

/* splitmix64 of anything. */
static uint64_t
mix(uint64_t z)
{
	z += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* What a pair always has, by what it is for: below n. */
static int64_t
own(int64_t vantage, int64_t target, int64_t what, int64_t n)
{
	return (int64_t)(mix((uint64_t)(vantage * 1000 + target) * 16 +
			     (uint64_t)what) %
			 (uint64_t)n);
}

static int64_t
below(struct fleet *f, int64_t n)
{
	return (int64_t)(mix(f->random++) % (uint64_t)n);
}

static int64_t
tail_us(struct fleet *f, double mean_us)
{
	return (int64_t)(-mean_us * log((double)(1 + below(f, 1000000)) / 1e6));
}

static int64_t
rtt_us(struct fleet *f, int64_t vantage, int64_t target)
{
	int64_t rtt = 2000 + own(vantage, target, 1, 150000) + tail_us(f, 250);

	return below(f, 50) == 0 ? rtt + tail_us(f, 20000) : rtt;
}

static void
run(struct fleet *f, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(store_handle(f->store), sql, NULL, NULL, &why) ==
	    SQLITE_OK)
		return;
	fprintf(stderr, "chunks: %s\n", why);
	exit(EXIT_FAILURE);
}

static void
finish_row(struct fleet *f)
{
	if (sqlite3_step(f->insert) != SQLITE_DONE) {
		fprintf(stderr, "chunks: %s\n",
		    sqlite3_errmsg(store_handle(f->store)));
		exit(EXIT_FAILURE);
	}
	sqlite3_reset(f->insert);
	sqlite3_clear_bindings(f->insert);
}

static void
bind_common(struct fleet *f, int64_t vantage, int64_t target,
    int64_t received_us, int64_t at_us, int kind, int proto)
{
	sqlite3_bind_int64(f->insert, 1, vantage + 1);
	sqlite3_bind_int64(f->insert, 2, ++f->seq[vantage]);
	sqlite3_bind_int64(f->insert, 3, received_us);
	sqlite3_bind_int64(f->insert, 4, at_us);
	sqlite3_bind_int64(f->insert, 5, target + 1);
	sqlite3_bind_int(f->insert, 6, kind);
	sqlite3_bind_int(f->insert, 7, proto);
}

static int64_t
identity_of(int64_t vantage, int64_t target)
{
	return 1 + target * SITES * 3 + own(vantage, target, 2, SITES) * 3 +
	       own(vantage, target, 3, 3);
}

static void
bind_answer(struct fleet *f, int64_t vantage, int64_t target, int64_t minute)
{
	sqlite3_stmt *s = f->insert;

	sqlite3_bind_int(s, 8, 0);
	sqlite3_bind_int64(s, 9, 1 + own(vantage, target, 2, SITES));
	sqlite3_bind_int64(s, 10, rtt_us(f, vantage, target));
	sqlite3_bind_int64(s, 11, 40 + own(vantage, target, 4, 24));
	sqlite3_bind_int(s, 13, 0);
	sqlite3_bind_int(s, 14, 1);
	sqlite3_bind_int64(s, 15, 2026010100 + minute / 30);
	sqlite3_bind_int64(s, 16, 100 + target);
	sqlite3_bind_int64(s, 17, identity_of(vantage, target));
	if (minute % 10 != own(vantage, target, 5, 10))
		return;
	sqlite3_bind_int(s, 18, 0);
	sqlite3_bind_int(s, 19, 0);
	sqlite3_bind_int(s, 20, 0);
	sqlite3_bind_int64(s, 21, rtt_us(f, vantage, target));
	sqlite3_bind_int64(s, 22, identity_of(vantage, target));
}

static void
put_dns(struct fleet *f, int64_t vantage, int64_t target, int64_t received_us,
    int64_t at_us, int64_t minute)
{
	bind_common(f, vantage, target, received_us, at_us, 0, 0);
	sqlite3_bind_int64(
	    f->insert, 12, 32768 + own(vantage, target, 6, 28000));
	if (below(f, 1000) < 2)
		sqlite3_bind_int(f->insert, 8, 2);
	else
		bind_answer(f, vantage, target, minute);
	finish_row(f);
}

static void
put_ping(struct fleet *f, int64_t vantage, int64_t target, int64_t received_us,
    int64_t at_us)
{
	int64_t rtt = rtt_us(f, vantage, target);

	bind_common(f, vantage, target, received_us, at_us + 200000, 1, 2);
	sqlite3_bind_int(f->insert, 8, 0);
	sqlite3_bind_int64(f->insert, 10, rtt);
	sqlite3_bind_int64(f->insert, 11, 40 + own(vantage, target, 4, 24));
	sqlite3_bind_int(f->insert, 23, 3);
	sqlite3_bind_int(f->insert, 24, 3);
	sqlite3_bind_int64(f->insert, 25, rtt - below(f, 200));
	finish_row(f);
}

static void
put_trace(struct fleet *f, int64_t vantage, int64_t target, int64_t received_us,
    int64_t at_us)
{
	char rtts[256];
	int used = 0;

	bind_common(f, vantage, target, received_us, at_us + 400000, 2, 0);
	sqlite3_bind_int(f->insert, 8, 0);
	sqlite3_bind_int(f->insert, 26, 1);
	sqlite3_bind_int64(f->insert, 27, 1 + vantage * f->n_targets + target);
	for (int64_t hop = 0; hop < 12; hop++)
		used += snprintf(rtts + used, sizeof rtts - (size_t)used,
		    "%c%lld", hop == 0 ? '[' : ',',
		    (long long)(rtt_us(f, vantage, target) * (hop + 1) / 12));
	snprintf(rtts + used, sizeof rtts - (size_t)used, "]");
	sqlite3_bind_text(f->insert, 28, rtts, -1, SQLITE_STATIC);
	finish_row(f);
}

/* What a probe measured within the seconds before its upload: target by
 * target, in the order of their phases. */
static void
upload(struct fleet *f, int64_t vantage, int64_t second, int64_t received_us)
{
	for (int64_t at = second - UPLOAD_S; at < second; at++)
		for (int64_t target = 0; target < f->n_targets; target++) {
			int64_t phase = own(vantage, target, 7, 60000);
			int64_t minute = at / 60, at_us;

			if (at < 0 || at % 60 != phase / 1000)
				continue;
			at_us = BEGIN_US + at * US_PER_S +
				phase % 1000 * US_PER_MS + below(f, 5000);
			put_dns(f, vantage, target, received_us, at_us, minute);
			if (!f->is_detailed)
				continue;
			put_ping(f, vantage, target, received_us, at_us);
			if (minute % 15 == own(vantage, target, 8, 15))
				put_trace(
				    f, vantage, target, received_us, at_us);
		}
}

static void
fill(struct fleet *f, int64_t minutes)
{
	for (int64_t second = 0; second < minutes * 60; second++) {
		run(f, "BEGIN");
		for (int64_t v = second % UPLOAD_S; v < f->n_vantages;
		     v += UPLOAD_S)
			upload(f, v, second,
			    BEGIN_US + second * US_PER_S +
				(v / UPLOAD_S * UPLOAD_S * US_PER_S) /
				    f->n_vantages +
				below(f, 1000));
		run(f, "COMMIT");
	}
}

static int64_t
number(struct fleet *f, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n = 0;

	if (sqlite3_prepare_v2(store_handle(f->store), sql, -1, &s, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Returns the longest tick. */
static int64_t
pack(struct fleet *f)
{
	struct packing *p = packing_new();
	struct err err = ERR_NONE;
	int64_t now_us = BEGIN_US + LATER_US, longest_us = 0;

	while (number(f, "SELECT count(*) FROM (SELECT 1 FROM observation "
			 "LIMIT 2)") > 1) {
		int64_t begun_us = clock_mono_us();

		if (packing_tick(p, f->store, INT64_MAX, now_us, &err) !=
		    RC_OK) {
			fprintf(stderr, "chunks: %s\n", err.text);
			exit(EXIT_FAILURE);
		}
		if (clock_mono_us() - begun_us > longest_us)
			longest_us = clock_mono_us() - begun_us;
		now_us += US_PER_S;
	}
	packing_free(p);
	return longest_us;
}

int
main(int argc, char **argv)
{
	struct fleet f = { .random = 20261122 };
	struct err err = ERR_NONE;
	int64_t n, raw_bytes, longest_us;
	double begun;

	if (argc != 6) {
		fputs("usage: chunks DATABASE VANTAGES TARGETS MINUTES "
		      "DETAILS\n",
		    stderr);
		return 2;
	}
	if (store_open(&f.store, argv[1], STORE_SERVE, &err) != RC_OK) {
		fprintf(stderr, "chunks: %s\n", err.text);
		return EXIT_FAILURE;
	}
	f.n_vantages = strtoll(argv[2], NULL, 10);
	f.n_targets = strtoll(argv[3], NULL, 10);
	f.is_detailed = strtoll(argv[5], NULL, 10) != 0;
	f.seq = mem_new((size_t)f.n_vantages * sizeof *f.seq);
	run(&f, "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF");
	f.insert = store_stmt(f.store, INSERT);
	fill(&f, strtoll(argv[4], NULL, 10));
	n = number(&f, "SELECT count(*) FROM observation");
	raw_bytes = number(&f, "SELECT sum(pgsize) FROM dbstat WHERE name = "
			       "'observation'");
	run(&f, "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)");
	begun = cpu_seconds();
	longest_us = pack(&f);
	printf("%lld %lld %lld %f %f\n", (long long)n - 1,
	    (long long)number(&f, "SELECT sum(pgsize) FROM dbstat WHERE name "
				  "LIKE 'chunk%'"),
	    (long long)raw_bytes, cpu_seconds() - begun,
	    (double)longest_us / 1e6);
	free(f.seq);
	store_close(f.store);
	return 0;
}
