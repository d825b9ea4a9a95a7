/*
 * availability.h - availability and latency as RSSAC047 defines them. (pure)
 *
 * Uses     collector/rollup.h, sketch.h
 * Used by  the subcommand availability
 *
 * RSSAC047 (RSSAC Advisory on Metrics for the DNS Root Servers and the Root
 * Server System, v2): of n servers, k = ceil(2/3 (n - 1)) are enough.
 *
 *   server   available: answered / asked, over all vantages; at least 96 %.
 *            Latency: the median of all answers; at most 250 ms.
 *   system   available: of each interval of five minutes and vantage, as many
 *            servers as answered but no more than k, of k; at least 99.999 %.
 *            Latency: of each, the k quickest; the median of all of those; at
 *            most 150 ms.
 *
 * There an interval has one question; here it may have several, and a server
 * that answered 4 of 5 counts as 0.8.  Its latency is their median.  What is
 * stored by the hour only counts for each of its twelve intervals.  The system
 * is judged in intervals in which a vantage asked every server.
 */
#ifndef COLLECTOR_AVAILABILITY_H
#define COLLECTOR_AVAILABILITY_H

#include <stddef.h>
#include <stdint.h>

#include "collector/rollup.h"

#define AVAILABILITY_SERVER_PPM 960000
#define AVAILABILITY_SYSTEM_PPM 999990
#define LATENCY_SERVER_US (INT64_C(250) * 1000) /* over UDP */
#define LATENCY_SYSTEM_US (INT64_C(150) * 1000)

struct availability_server {
	uint64_t n, n_answered;
	struct sketch rtt;
};

struct availability {
	int64_t from_us;
	size_t n_servers, n_intervals, k;
	struct availability_server *servers;
	/* the system */
	double answered;              /* of n_judged times k */
	uint64_t n_judged, n_partial; /* intervals of vantages */
	struct sketch rtt;
	/* the vantage under way: by interval and server */
	struct availability_cell *cells;
};

/* k 0: RSSAC047's.  to_us: beyond the last interval.  Release with
 * availability_fini. */
void availability_init(struct availability *a, size_t n_servers, size_t k,
    int64_t from_us, int64_t to_us);
void availability_fini(struct availability *a);

/* What a vantage got from a server in length_us from at_us on: five minutes or
 * an hour.  What is outside is not counted. */
void availability_add(struct availability *a, size_t server, int64_t at_us,
    int64_t length_us, const struct rollup_slot *s);

/* No more comes of this vantage; the next begins. */
void availability_end_vantage(struct availability *a);

/* In millionths; -1: nobody asked. */
int64_t availability_server_ppm(const struct availability_server *s);
int64_t availability_system_ppm(const struct availability *a);

#endif
