/* test_spool.c - what was written is sent once, whatever happens between. */
#include "probe/spool.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <signal.h>

#include "probe/backlog.h"
#include "probe/spooldir.h"
#include "schema/wire.h"
#include "tests/unit/scratch.h"

static const struct anchor anchor = { "3f1c6a52-0000-4000-8000-000000000001",
	1763700000000000, 8400000 };

static struct observation
some_observation(void)
{
	struct observation o = { .at_us = 1763700001000000,
		.kind = KIND_PING,
		.proto = PROTO_ICMP,
		.outcome = OUTCOME_TIMEOUT };

	o.ping.n_sent = 3;
	assert_int_equal(addr_parse(&o.target, "192.0.2.53"), RC_OK);
	return o;
}

static struct spool *
open_with(struct scratch *d, struct spool_limits limits)
{
	struct err err = ERR_NONE;
	struct spool *s = NULL;

	if (spool_open(&s, d->dir, NULL, &anchor, &limits, &err) != RC_OK)
		fail_msg("%s", err.text);
	return s;
}

static struct spool *
open_spool(struct scratch *d)
{
	return open_with(d, SPOOL_LIMITS_DEFAULT);
}

static void
append(struct spool *s, unsigned n)
{
	struct observation o = some_observation();

	while (n-- > 0)
		assert_int_equal(spool_append(s, &o, NULL), RC_OK);
}

static void
append_and_flush(struct spool *s, unsigned n)
{
	append(s, n);
	assert_int_equal(spool_flush(s, NULL), RC_OK);
}

/* Opens, appends n, flushes, closes. */
static void
one_run(struct scratch *d, unsigned n)
{
	struct spool *s = open_spool(d);

	append_and_flush(s, n);
	spool_close(s);
}

/* Reads the whole backlog after seq; returns how many lines, and checks that
 * every seq comes once. */
static unsigned
count_backlog(struct scratch *d, uint64_t after)
{
	struct backlog b;
	unsigned n = 0;

	while (backlog_read(&b, d->dir, NULL, after, 7, NULL) == RC_OK) {
		T_CHECK(
		    b.first_seq > after, "seq %" PRIu64 " again", b.first_seq);
		T_CHECK(b.last_seq >= b.first_seq, "seqs fall");
		n += b.n_lines;
		after = b.last_seq;
		backlog_fini(&b);
	}
	return n;
}

static char *
newest_name(struct scratch *d, char *out, size_t cap)
{
	struct spooldir list;

	assert_int_equal(spooldir_list(&list, d->dir, NULL), RC_OK);
	assert_true(list.n > 0);
	snprintf(out, cap, "%020" PRIu64 ".jsonl", list.first_seqs[list.n - 1]);
	spooldir_fini(&list);
	return out;
}

static size_t
count_segments(struct scratch *d)
{
	struct spooldir list;
	size_t n;

	assert_int_equal(spooldir_list(&list, d->dir, NULL), RC_OK);
	n = list.n;
	spooldir_fini(&list);
	return n;
}

/* ---- tests ---- */

static void
seqs_go_on_over_runs(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	one_run(&d, 3);
	one_run(&d, 2);
	s = open_spool(&d);
	assert_int_equal(spool_facts(s).next_seq, 6);
	spool_close(s);
	assert_int_equal(count_backlog(&d, 0), 5);
	assert_int_equal(count_backlog(&d, 4), 1);
	scratch_remove(&d);
}

static void
nothing_touches_the_disk_before_a_flush(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	s = open_spool(&d);
	append(s, 10);
	assert_int_equal(count_segments(&d), 0);
	assert_int_equal(spool_flush(s, NULL), RC_OK);
	assert_int_equal(count_backlog(&d, 0), 10);
	spool_close(s);
	scratch_remove(&d);
}

static void
a_batch_is_of_one_segment_and_knows_its_anchor(void **state)
{
	struct scratch d;
	struct backlog b;

	(void)state;
	scratch_make(&d);
	one_run(&d, 3);
	one_run(&d, 3);
	assert_int_equal(backlog_read(&b, d.dir, NULL, 0, 1000, NULL), RC_OK);
	assert_int_equal(b.n_lines, 3);
	assert_string_equal(b.anchor.boot, anchor.boot);
	assert_int_equal(b.anchor.at_us, anchor.at_us);
	assert_int_equal(b.anchor.mono_us, anchor.mono_us);
	backlog_fini(&b);
	scratch_remove(&d);
}

/* What may stand after three good lines when the power goes. */
static void
a_torn_tail_is_cut_and_costs_nothing_else(void **state)
{
	static const struct {
		const char *name;
		const char *tail;
		size_t len;
		unsigned n_cut;
	} cases[] = {
		{ "nothing", "", 0, 0 },
		{ "half a line", "{\"seq\":4,\"at_us\":17", 19, 1 },
		{ "a whole line that is no JSON", "{\"seq\":4,\n", 10, 1 },
		{ "zeros", "\0\0\0\0\0\0\0\0", 8, 1 },
		{ "an old seq again", "{\"seq\":2}\n", 10, 1 },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct scratch d;
		struct spool *s;
		char name[64];

		scratch_make(&d);
		one_run(&d, 3);
		scratch_append(&d, newest_name(&d, name, sizeof name),
		    cases[i].tail, cases[i].len);
		T_CHECK(count_backlog(&d, 0) == 3, "%s: before", cases[i].name);
		s = open_spool(&d);
		T_CHECK(spool_facts(s).n_cut == cases[i].n_cut, "%s: cut %u",
		    cases[i].name, spool_facts(s).n_cut);
		T_CHECK(spool_facts(s).next_seq == 4, "%s: next seq",
		    cases[i].name);
		append_and_flush(s, 2);
		spool_close(s);
		T_CHECK(count_backlog(&d, 0) == 5, "%s: after", cases[i].name);
		s = open_spool(&d);
		T_CHECK(
		    spool_facts(s).n_cut == 0, "%s: cut twice", cases[i].name);
		spool_close(s);
		scratch_remove(&d);
	}
}

/* Cuts a segment of four lines at every length there is. */
static void
a_segment_cut_anywhere_keeps_its_whole_lines(void **state)
{
	struct scratch d;
	char name[64], *text;
	size_t len;

	(void)state;
	scratch_make(&d);
	one_run(&d, 4);
	newest_name(&d, name, sizeof name);
	assert_int_equal(
	    file_read(scratch_path(&d, name), 1 << 20, &text, &len, NULL),
	    RC_OK);
	for (size_t keep = 0; keep <= len; keep++) {
		unsigned n_lines = 0;
		struct spool *s;

		for (size_t i = 0; i < keep; i++)
			n_lines += text[i] == '\n';
		n_lines -= n_lines > 0; /* the header */
		unlink(scratch_path(&d, name));
		scratch_append(&d, name, text, keep);
		s = open_spool(&d);
		/* Not used again, though the disk has lost them. */
		T_CHECK(spool_facts(s).next_seq == 5,
		    "kept %zu bytes: next seq %" PRIu64, keep,
		    spool_facts(s).next_seq);
		spool_close(s);
		T_CHECK(
		    count_backlog(&d, 0) == n_lines, "kept %zu bytes", keep);
	}
	free(text);
	scratch_remove(&d);
}

static void
a_bad_header_costs_the_clock_not_the_lines(void **state)
{
	struct scratch d;
	struct backlog b;
	char name[64], *text;
	size_t len;

	(void)state;
	scratch_make(&d);
	one_run(&d, 3);
	newest_name(&d, name, sizeof name);
	assert_int_equal(
	    file_read(scratch_path(&d, name), 1 << 20, &text, &len, NULL),
	    RC_OK);
	text[3] ^= 0x55;
	unlink(scratch_path(&d, name));
	scratch_append(&d, name, text, len);
	assert_int_equal(backlog_read(&b, d.dir, NULL, 0, 1000, NULL), RC_OK);
	assert_int_equal(b.n_lines, 3);
	assert_string_equal(b.anchor.boot, "");
	assert_false(anchor_holds(&b.anchor));
	backlog_fini(&b);
	free(text);
	scratch_remove(&d);
}

static void
what_is_acked_goes_and_the_rest_stays(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	one_run(&d, 3);
	s = open_spool(&d);
	append_and_flush(s, 4);
	assert_int_equal(spool_ack(s, 2, NULL), RC_OK);
	assert_int_equal(count_segments(&d), 2);
	assert_int_equal(spool_ack(s, 3, NULL), RC_OK);
	assert_int_equal(count_segments(&d), 1);
	/* What is written to stays, and nothing is written for the ack. */
	assert_int_equal(spool_ack(s, 7, NULL), RC_OK);
	assert_int_equal(count_segments(&d), 1);
	assert_int_equal(spooldir_read_count(d.dir, SPOOL_ACKED), 0);
	append_and_flush(s, 1);
	assert_int_equal(spool_facts(s).next_seq, 9);
	assert_int_equal(count_backlog(&d, 7), 1);
	spool_close(s);
	assert_int_equal(spooldir_read_count(d.dir, SPOOL_ACKED), 7);
	assert_int_equal(count_segments(&d), 1);
	scratch_remove(&d);
}

/* The uploader wrote "acked" and the resident died before it deleted. */
static void
a_crash_between_ack_and_delete_sends_nothing_twice(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	one_run(&d, 5);
	assert_int_equal(
	    spooldir_write_count(d.dir, SPOOL_ACKED, 5, NULL), RC_OK);
	assert_int_equal(count_backlog(&d, 5), 0);
	s = open_spool(&d);
	assert_int_equal(spool_facts(s).next_seq, 6);
	assert_int_equal(count_segments(&d), 0);
	spool_close(s);
	scratch_remove(&d);
}

static void
seqs_are_not_used_again_when_all_is_acked_and_deleted(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	s = open_spool(&d);
	append_and_flush(s, 5);
	assert_int_equal(spool_ack(s, 5, NULL), RC_OK);
	spool_close(s);
	s = open_spool(&d);
	assert_int_equal(spool_facts(s).next_seq, 6);
	spool_close(s);
	scratch_remove(&d);
}

/* The state was copied back from an old backup: the collector knows more. */
static void
a_restored_state_goes_on_behind_the_collector(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	s = open_spool(&d);
	append_and_flush(s, 5);
	append(s, 2); /* buffered */
	assert_int_equal(spool_ack(s, 900, NULL), RC_OK);
	assert_int_equal(spool_facts(s).next_seq, 901);
	assert_int_equal(spool_facts(s).n_lost, 7);
	assert_int_equal(count_segments(&d), 0);
	append_and_flush(s, 3);
	assert_int_equal(count_backlog(&d, 900), 3);
	spool_close(s);
	s = open_spool(&d);
	assert_int_equal(spool_facts(s).next_seq, 904);
	assert_int_equal(spool_facts(s).n_lost, 7);
	spool_close(s);
	scratch_remove(&d);
}

static void
a_full_spool_drops_its_oldest_segment_and_counts(void **state)
{
	struct spool_limits limits = { .max_bytes = 6000,
		.segment_bytes = 1000,
		.buffer_bytes = WIRE_LINE_MAX };
	struct scratch d;
	struct spool_facts facts;
	struct spool *s;
	unsigned n_kept;

	(void)state;
	scratch_make(&d);
	s = open_with(&d, limits);
	for (int i = 0; i < 100; i++)
		append_and_flush(s, 1);
	facts = spool_facts(s);
	n_kept = count_backlog(&d, 0);
	T_CHECK(facts.n_bytes <= limits.max_bytes, "%" PRIu64 " bytes",
	    facts.n_bytes);
	T_CHECK(n_kept > 10, "kept only %u", n_kept);
	T_CHECK(facts.n_lost + n_kept == 100, "lost %" PRIu64 " kept %u",
	    facts.n_lost, n_kept);
	assert_int_equal(count_backlog(&d, facts.n_lost), n_kept);
	spool_close(s);
	s = open_with(&d, limits);
	assert_int_equal(spool_facts(s).n_lost, facts.n_lost);
	spool_close(s);
	scratch_remove(&d);
}

static void
a_full_buffer_flushes_by_itself(void **state)
{
	struct spool_limits limits = SPOOL_LIMITS_DEFAULT;
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	limits.buffer_bytes = 2 * WIRE_LINE_MAX;
	s = open_with(&d, limits);
	append(s, 500);
	T_CHECK(count_backlog(&d, 0) > 100, "%u", count_backlog(&d, 0));
	spool_close(s);
	assert_int_equal(count_backlog(&d, 0), 500);
	scratch_remove(&d);
}

/* A file size limit of the process stands for the full disk: writes stop
 * in the middle of a line, as they do there. */
static void
a_full_disk_keeps_the_newest_in_memory_and_recovers(void **state)
{
	struct spool_limits limits = SPOOL_LIMITS_DEFAULT;
	struct rlimit room, full;
	struct scratch d;
	struct spool_facts facts;
	struct spool *s;
	struct observation o = some_observation();
	unsigned n_failed = 0, n_kept;

	(void)state;
	scratch_make(&d);
	limits.buffer_bytes = 2 * WIRE_LINE_MAX;
	s = open_with(&d, limits);
	append_and_flush(s, 5);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &room), 0);
	full = room;
	full.rlim_cur = spool_facts(s).n_bytes + 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	for (int i = 0; i < 2000; i++)
		n_failed += spool_append(s, &o, NULL) != RC_OK;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &room), 0);
	assert_true(n_failed > 0);
	facts = spool_facts(s);
	assert_true(facts.n_lost > 0);
	assert_int_equal(facts.next_seq, 2006);
	assert_int_equal(spool_flush(s, NULL), RC_OK);
	spool_close(s);
	n_kept = count_backlog(&d, 0);
	T_CHECK(n_kept + facts.n_lost == 2005, "kept %u lost %" PRIu64, n_kept,
	    facts.n_lost);
	assert_int_equal(count_backlog(&d, 2004), 1);
	s = open_spool(&d);
	assert_int_equal(spool_facts(s).next_seq, 2006);
	assert_int_equal(spool_facts(s).n_cut, 0);
	spool_close(s);
	scratch_remove(&d);
}

/* Acknowledged, but the disk cannot remember it: the last segment stays, as
 * it holds the last seq, and goes when the disk can. */
static void
an_ack_that_cannot_be_written_reuses_no_seq(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	one_run(&d, 3);
	one_run(&d, 3);
	s = open_spool(&d);
	/* A folder in the file's place cannot be replaced by a file. */
	assert_int_equal(mkdir(scratch_path(&d, SPOOL_ACKED), 0700), 0);
	assert_int_equal(spool_ack(s, 6, NULL), RC_SYS);
	assert_int_equal(count_segments(&d), 1);
	assert_int_equal(rmdir(scratch_path(&d, SPOOL_ACKED)), 0);
	assert_int_equal(spool_ack(s, 6, NULL), RC_OK);
	assert_int_equal(count_segments(&d), 0);
	spool_close(s);
	s = open_spool(&d);
	assert_int_equal(spool_facts(s).next_seq, 7);
	spool_close(s);
	scratch_remove(&d);
}

/* Every minute something is written and acked: one file is appended to, until
 * it is full, and then another. */
static void
an_hour_of_acks_makes_few_files(void **state)
{
	struct spool_limits limits = SPOOL_LIMITS_DEFAULT;
	struct scratch d;
	struct spool *s;
	unsigned n_files = 0;
	uint64_t last = 0;

	(void)state;
	scratch_make(&d);
	limits.segment_bytes = 20000;
	assert_int_equal(
	    spool_open(&s, d.dir, NULL, &anchor, &limits, NULL), RC_OK);
	for (unsigned i = 1; i <= 120; i++) {
		struct spooldir files;

		append_and_flush(s, 10);
		assert_int_equal(spool_ack(s, 10 * i, NULL), RC_OK);
		assert_int_equal(spooldir_list(&files, d.dir, NULL), RC_OK);
		assert_int_equal(files.n, 1);
		n_files += files.first_seqs[0] != last;
		last = files.first_seqs[0];
		spooldir_fini(&files);
		assert_int_equal(count_backlog(&d, 10 * i), 0);
		assert_int_equal(count_backlog(&d, 10 * i - 3), 3);
	}
	T_CHECK(n_files >= 2 && n_files <= 12, "%u files", n_files);
	spool_close(s);
	assert_int_equal(count_segments(&d), 0);
	assert_int_equal(spooldir_read_count(d.dir, SPOOL_ACKED), 1200);
	scratch_remove(&d);
}

static void
counters_that_cannot_be_read_are_zero(void **state)
{
	static const char *const texts[] = { "", "\n", "abc\n", "-3\n", "1 2\n",
		"99999999999999999999\n", "184467440737095516150\n" };
	struct scratch d;

	(void)state;
	scratch_make(&d);
	for (size_t i = 0; i < T_LEN(texts); i++) {
		scratch_write(&d, SPOOL_ACKED, texts[i]);
		T_CHECK(spooldir_read_count(d.dir, SPOOL_ACKED) == 0, "'%s'",
		    texts[i]);
	}
	scratch_write(&d, SPOOL_ACKED, "18446744073709551615\n");
	assert_true(spooldir_read_count(d.dir, SPOOL_ACKED) == UINT64_MAX);
	scratch_remove(&d);
}

static void
other_files_in_the_folder_are_left_alone(void **state)
{
	struct scratch d;
	struct spool *s;

	(void)state;
	scratch_make(&d);
	scratch_write(&d, "README", "hello\n");
	scratch_write(&d, "00000000000000000001.jsonl.bak", "x\n");
	s = open_spool(&d);
	assert_int_equal(spool_facts(s).n_segments, 0);
	assert_int_equal(spool_facts(s).next_seq, 1);
	spool_close(s);
	assert_int_equal(access(scratch_path(&d, "README"), F_OK), 0);
	scratch_remove(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seqs_go_on_over_runs),
		cmocka_unit_test(nothing_touches_the_disk_before_a_flush),
		cmocka_unit_test(
		    a_batch_is_of_one_segment_and_knows_its_anchor),
		cmocka_unit_test(a_torn_tail_is_cut_and_costs_nothing_else),
		cmocka_unit_test(a_segment_cut_anywhere_keeps_its_whole_lines),
		cmocka_unit_test(a_bad_header_costs_the_clock_not_the_lines),
		cmocka_unit_test(what_is_acked_goes_and_the_rest_stays),
		cmocka_unit_test(
		    a_crash_between_ack_and_delete_sends_nothing_twice),
		cmocka_unit_test(
		    seqs_are_not_used_again_when_all_is_acked_and_deleted),
		cmocka_unit_test(a_restored_state_goes_on_behind_the_collector),
		cmocka_unit_test(
		    a_full_spool_drops_its_oldest_segment_and_counts),
		cmocka_unit_test(a_full_buffer_flushes_by_itself),
		cmocka_unit_test(
		    a_full_disk_keeps_the_newest_in_memory_and_recovers),
		cmocka_unit_test(an_ack_that_cannot_be_written_reuses_no_seq),
		cmocka_unit_test(an_hour_of_acks_makes_few_files),
		cmocka_unit_test(counters_that_cannot_be_read_are_zero),
		cmocka_unit_test(other_files_in_the_folder_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
