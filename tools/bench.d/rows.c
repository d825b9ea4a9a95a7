/*
 * rows.c - the limit that the collector is measured against: SQLite alone.
 *
 * usage: rows DATABASE BATCHES PER_BATCH
 * Inserts the rows that the collector would store for so many observations,
 * one durable transaction per batch, with its own schema and pragmas.
 * Prints seconds of wall time and of CPU, with a space between.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/sql_text.h"
#include "tools/bench.d/bench.h"

static const char insert[] =
    "INSERT INTO observation (vantage_id, seq, received_us, at_us, target_id,"
    " kind, why, proto, stamp, outcome, site_id, rtt_us, reply_ttl,"
    " source_port, rcode, flags, serial, size_bytes, n_late, n_duplicate,"
    " nsid_id) VALUES (1, ?1, ?2, ?2, 1, 0, 0, 0, 0, 0, 1, ?3, 60, 33000, 0,"
    " 1, 2026112101, 120, 0, 0, 1)";

static const char fixture[] =
    "INSERT INTO service VALUES (1, 's');"
    "INSERT INTO site (id, service_id, name, scope)"
    " VALUES (1, 1, 'ams', 'global');"
    "INSERT INTO target VALUES (1, 'service', 1, NULL, 4, '192.0.2.53', 53);"
    "INSERT INTO probe (id, public_key, name, state, enrolled_us)"
    " VALUES ('0123456789abcdef', zeroblob(32), 'p', 'active', 0);"
    "INSERT INTO vantage (id, probe_id, family, first_us)"
    " VALUES (1, '0123456789abcdef', 4, 0);"
    "INSERT INTO identity VALUES (1, x'6e7331');";

static void
run(sqlite3 *db, const char *sql)
{
	char *text = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK) {
		fprintf(stderr, "rows: %s\n", text);
		exit(EXIT_FAILURE);
	}
}

static void
insert_batch(sqlite3 *db, sqlite3_stmt *s, int64_t first, int64_t n)
{
	run(db, "BEGIN IMMEDIATE");
	for (int64_t seq = first; seq < first + n; seq++) {
		sqlite3_bind_int64(s, 1, seq);
		sqlite3_bind_int64(s, 2, clock_wall_us());
		sqlite3_bind_int64(s, 3, 20000 + seq % 1000);
		sqlite3_step(s);
		sqlite3_reset(s);
	}
	run(db, "COMMIT");
}

int
main(int argc, char **argv)
{
	int64_t batches, per_batch, begun;
	sqlite3_stmt *s;
	sqlite3 *db;

	if (argc != 4) {
		fputs("usage: rows DATABASE BATCHES PER_BATCH\n", stderr);
		return 2;
	}
	batches = atoll(argv[2]);
	per_batch = atoll(argv[3]);
	if (sqlite3_open(argv[1], &db) != SQLITE_OK)
		return EXIT_FAILURE;
	run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
	for (unsigned i = 0; i < sql_n_migrations; i++)
		run(db, sql_migrations[i]);
	run(db, fixture);
	if (sqlite3_prepare_v2(db, insert, -1, &s, NULL) != SQLITE_OK) {
		fprintf(stderr, "rows: %s\n", sqlite3_errmsg(db));
		return EXIT_FAILURE;
	}
	begun = clock_mono_us();
	for (int64_t i = 0; i < batches; i++)
		insert_batch(db, s, 1 + i * per_batch, per_batch);
	printf("%.3f %.3f\n", (double)(clock_mono_us() - begun) / 1e6,
	    bench_cpu_s());
	sqlite3_finalize(s);
	sqlite3_close(db);
	return EXIT_SUCCESS;
}
