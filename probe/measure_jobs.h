/*
 * measure_jobs.h - the targets of the command line, all at once.   (wiring)
 *
 * Uses     probe/measure_core.h
 * Used by  probe/measure_*.c: the kinds of job
 *
 * Every address of every target is a job.  All run at once; what is found is
 * printed in the order of the command line, and refreshed in place with
 * --watch.
 */
#ifndef PROBE_MEASURE_JOBS_H
#define PROBE_MEASURE_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "probe/measure_core.h"
#include "schema/base/addr.h"

struct target;

struct job { /* the first member of a kind's own struct */
	struct measure *measure;
	struct target *target;
	struct addr address;
	uint16_t source_port; /* of the fixed flow */
	bool is_over;
};

struct job_kind {
	size_t size; /* of the kind's own struct, which is zeroed */
	void (*begin)(struct job *j);
	/* The whole of what is known, for a person. */
	void (*print)(const struct job *j, FILE *to);
	/* The same as lines of JSON, when it is over.  NULL: the kind wrote
	 * them as it went. */
	void (*print_json)(const struct job *j);
	bool (*is_answered)(const struct job *j);
	/* What one job finds tells of others: printed when all are over. */
	bool is_together;
};

extern const struct job_kind measure_rounds_kind;
extern const struct job_kind measure_flows_kind;
extern const struct job_kind measure_mda_kind;
extern const struct job_kind measure_middlebox_kind;

/* Lends the target as the operator wrote it. */
const char *job_name(const struct job *j);

/* The target's place on the command line, from 0. */
unsigned job_index(const struct job *j);

/* The first line of a block: address, name, port, and where from. */
void job_print_head(
    const struct job *j, uint16_t port, const struct addr *source, FILE *to);

/* The same as keys of an object. */
void job_put_head(const struct job *j, json_t *to, const char *kind,
    uint16_t port, const struct addr *source);

/* Nothing is under way any more. */
void job_over(struct job *j);

#endif
