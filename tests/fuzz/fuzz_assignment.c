/*
 * fuzz_assignment.c - any bytes as what a collector asks a probe to measure.
 *
 * Holds: what is read can be written, and is read again as the same; every
 * target is found by its address, and no period is one that would flood.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/assignment.h"
#include "schema/base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_period(int64_t us)
{
	assert(us == 0 || (us >= US_PER_S && us <= 86400 * US_PER_S));
}

static void
check(const struct assignment *a)
{
	assert(a->n_targets <= ASSIGNMENT_TARGETS_MAX);
	for (size_t i = 0; i < a->n_targets; i++) {
		const struct assigned_target *t = &a->targets[i];

		check_period(t->dns_every_us);
		check_period(t->ping_every_us);
		check_period(t->trace_every_us);
		assert(assignment_find(a, &t->address, t->port) <= i);
		assert(t->zone[strlen(t->zone) - 1] == '.');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assignment a, again;
	struct err err = ERR_NONE;
	char *written, *rewritten;

	if (assignment_decode(&a, (const char *)data, size, &err) != RC_OK) {
		assert(err.text[0] != '\0');
		return 0;
	}
	check(&a);
	written = assignment_encode(&a);
	assert(
	    assignment_decode(&again, written, strlen(written), &err) == RC_OK);
	rewritten = assignment_encode(&again);
	assert(strcmp(written, rewritten) == 0);
	assert(strcmp(a.etag, again.etag) == 0);
	free(written);
	free(rewritten);
	assignment_fini(&a);
	assignment_fini(&again);
	return 0;
}
