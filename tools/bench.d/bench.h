/*
 * bench.h - what the benchmarks' programs share.                     (edge)
 *
 * Used by  post, rows, parse and the others here
 */
#ifndef TOOLS_BENCH_D_BENCH_H
#define TOOLS_BENCH_D_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "schema/base/clock.h"
#include "schema/record.h"

/* CPU seconds of this process so far, all threads. */
static inline double
bench_cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static inline struct addr
bench_addr(const char *text)
{
	struct addr a;

	if (addr_parse(&a, text) != RC_OK) {
		fprintf(stderr, "no address: %s\n", text);
		exit(EXIT_FAILURE);
	}
	return a;
}

/* An answer of the laboratory's service, as its probes send them. */
static inline struct observation
bench_answer(uint64_t seq)
{
	struct observation o = { .seq = seq,
		.at_us = clock_wall_us(),
		.kind = KIND_DNS,
		.outcome = OUTCOME_OK,
		.port = 53,
		.target = bench_addr("192.0.2.53"),
		.source = bench_addr("203.0.113.9") };

	o.dns = (struct dns_result){ .source_port = 33000,
		.rtt_us = 20000 + (int64_t)(seq % 1000),
		.is_aa = true,
		.has_reply_ttl = true,
		.reply_ttl = 60,
		.has_serial = true,
		.serial = 2026112101,
		.size_bytes = 120 };
	identity_set(&o.dns.nsid, "ns1.ams.anycast.example", 23);
	return o;
}

#endif
