/* test_selfcheck.c - when the collector says that it is not well. */
#include "tests/unit/serve_rig.h"

#include "collector/selfcheck.h"

#define S US_PER_S
#define GIB ((uint64_t)1 << 30)

/* A collector that is well, at 1000 s. */
static const struct self_sample good = {
	.now_us = 1000 * S,
	.writer = { .progress_mono_us = 999 * S, .ticked_mono_us = 999 * S },
	.is_counted = true,
	.n_probes = 3,
	.heard_us = 990 * S,
	.silent_after_us = 300 * S,
	.is_measured = true,
	.free_bytes = 50 * GIB,
	.disk_bytes = 100 * GIB,
	.disk_low_percent = 5,
};

static struct self_sample
changed(void (*change)(struct self_sample *s))
{
	struct self_sample s = good;

	change(&s);
	return s;
}

#define CHANGE(name, ...) \
	static void name(struct self_sample *s) \
	{ \
		__VA_ARGS__; \
	}

CHANGE(nothing, (void)s)
CHANGE(fault, s->writer.fault = (struct err){ RC_DB, 0, "database is full" })
CHANGE(full_disk, s->free_bytes = 100 * 1024)
CHANGE(unreadable, s->is_counted = false)
CHANGE(no_tick, s->writer.ticked_mono_us = 980 * S)
CHANGE(idle_but_nothing_waits, s->writer.progress_mono_us = 980 * S)
CHANGE(stuck_queue, s->writer.progress_mono_us = 980 * S; s->queue_depth = 7)
CHANGE(moving_queue, s->queue_depth = 1024)
CHANGE(silence, s->heard_us = 699 * S)
CHANGE(one_silent_probe, s->heard_us = 699 * S; s->n_probes = 1)
CHANGE(nobody_enrolled, s->heard_us = 0; s->n_probes = 0)
CHANGE(silence_of_its_own, s->heard_us = 0;
       s->writer.fault = (struct err){ RC_DB, 0, "database is full" })
CHANGE(low_disk, s->free_bytes = 4 * GIB)
CHANGE(disk_unknown, s->is_measured = false; s->free_bytes = 0)
CHANGE(disk_not_minded, s->free_bytes = GIB; s->disk_low_percent = 0)

#define NONE SELF_PARTS

static const struct {
	const char *name;
	void (*change)(struct self_sample *s);
	enum self_part sick; /* the only part that is; NONE */
	bool is_healthy;
	const char *why;
} cases[] = {
	{ "all is well", nothing, NONE, true, "" },
	{ "a transaction failed", fault, SELF_STORE, false,
	    "the last transaction failed: database is full" },
	{ "unreadable", unreadable, SELF_STORE, false,
	    "the database cannot be read" },
	{ "no tick", no_tick, SELF_DETECTOR, false,
	    "the detector has not ticked for 20 s" },
	{ "idle", idle_but_nothing_waits, NONE, true, "" },
	{ "a queue that stands", stuck_queue, SELF_QUEUE, false,
	    "7 batches wait, and none was taken for 20 s" },
	{ "a full queue that moves", moving_queue, NONE, true, "" },
	{ "silence", silence, SELF_HEARD, false,
	    "nothing was heard for 301 s of 3 enrolled probes" },
	{ "one silent probe", one_silent_probe, SELF_HEARD, false,
	    "nothing was heard for 301 s of 1 enrolled probe" },
	{ "nobody enrolled", nobody_enrolled, NONE, true, "" },
	{ "its own silence", silence_of_its_own, SELF_STORE, false,
	    "the last transaction failed: database is full" },
	{ "little room", low_disk, SELF_DISK, true,
	    "the disk is nearly full: 4096 of 102400 MiB are free, less than "
	    "5 %" },
	{ "unknown disk", disk_unknown, NONE, true, "" },
	{ "disk not minded", disk_not_minded, NONE, true, "" },
};

static void
each_fault_is_told_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct self_sample s = changed(cases[i].change);
		struct self_report r;

		self_judge(&r, &s);
		T_CHECK(self_is_healthy(&r) == cases[i].is_healthy, "%s",
		    cases[i].name);
		for (unsigned p = 0; p < SELF_PARTS; p++) {
			T_CHECK(r.is_well[p] == (p != cases[i].sick),
			    "%s: %s %s", cases[i].name, self_part_name(p),
			    r.why[p]);
			if (p == cases[i].sick)
				assert_string_equal(r.why[p], cases[i].why);
		}
	}
}

static void
a_full_disk_is_both_full_and_nearly_full(void **state)
{
	struct self_sample s = changed(full_disk);
	struct self_report r;

	(void)state;
	self_judge(&r, &s);
	assert_string_equal(
	    r.why[SELF_STORE], "the disk is full: 100 KiB are free");
	assert_false(r.is_well[SELF_DISK]);
}

/* Nothing comes in: whether the store can be written is found out all the
 * same. */
static void
a_store_that_cannot_be_written_is_found_out_without_batches(void **state)
{
	struct rig *r = rig_new();
	bool has_written = false;
	struct err err = ERR_NONE;
	int n = 0;

	(void)state;
	for (int64_t s = 1; s <= 60; s++) {
		T_CHECK(ingest_tick(r->ingest, RIG_NOW + s * S, &has_written,
			    &err) == RC_OK,
		    "%s", err.text);
		n += has_written;
	}
	assert_in_range(n, 5, 7); /* not every second: disks wear out */
	sqlite3_exec(
	    store_handle(r->store), "PRAGMA query_only = 1", NULL, NULL, NULL);
	for (int64_t s = 61; s <= 70 && err.rc == RC_OK; s++)
		(void)!ingest_tick(
		    r->ingest, RIG_NOW + s * S, &has_written, &err);
	assert_int_equal(err.rc, RC_DB);
	/* From then on it is tried every second. */
	sqlite3_exec(
	    store_handle(r->store), "PRAGMA query_only = 0", NULL, NULL, NULL);
	assert_int_equal(
	    ingest_tick(r->ingest, RIG_NOW + 72 * S, &has_written, &err),
	    RC_OK);
	assert_true(has_written);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_told_and_nothing_else),
		cmocka_unit_test(a_full_disk_is_both_full_and_nearly_full),
		cmocka_unit_test(
		    a_store_that_cannot_be_written_is_found_out_without_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
