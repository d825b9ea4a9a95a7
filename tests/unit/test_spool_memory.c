/* test_spool_memory.c - what waits in memory: sent once, or told as lost,
 * whoever dies, whatever is full. */
#include "probe/spool.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "probe/backlog.h"
#include "probe/ramdir.h"
#include "probe/seqmark.h"
#include "probe/spooldir.h"
#include "schema/wire.h"
#include "tests/unit/scratch.h"

#define N_KILLS 60
#define ORDINARY_USER 65534
#define AHEAD_MAX 20000

static const struct anchor anchor = { "3f1c6a52-0000-4000-8000-000000000001",
	1763700000000000, 8400000 };
static const struct anchor next_anchor = {
	"3f1c6a52-0000-4000-8000-000000000001", 1763700900000000, 99000000
};

struct rig { /* a folder on "disk" and one in "memory" */
	struct scratch d;
	char disk[256], ram[256];
};

static void
rig_make(struct rig *r)
{
	scratch_make(&r->d);
	snprintf(r->disk, sizeof r->disk, "%s/disk", r->d.dir);
	snprintf(r->ram, sizeof r->ram, "%s/ram", r->d.dir);
	assert_int_equal(mkdir(r->disk, 0700), 0);
	assert_int_equal(mkdir(r->ram, 0700), 0);
}

static void
rig_remove(struct rig *r)
{
	scratch_remove(&r->d);
}

static struct spool *
open_rig(struct rig *r, const struct anchor *a)
{
	struct spool_limits limits = SPOOL_LIMITS_DEFAULT;
	struct err err = ERR_NONE;
	struct spool *s = NULL;

	/* An orderly end takes the folder in memory along. */
	if (mkdir(r->ram, 0700) != 0 && access(r->ram, F_OK) != 0)
		fail_msg("cannot make %s", r->ram);
	limits.buffer_bytes = 2 * WIRE_LINE_MAX;
	if (spool_open(&s, r->disk, r->ram, a, &limits, &err) != RC_OK)
		fail_msg("%s", err.text);
	return s;
}

static void
append(struct spool *s, unsigned n)
{
	struct observation o = { .at_us = 1763700001000000,
		.kind = KIND_PING,
		.proto = PROTO_ICMP,
		.outcome = OUTCOME_TIMEOUT,
		.ping.n_sent = 3 };

	assert_int_equal(addr_parse(&o.target, "192.0.2.53"), RC_OK);
	while (n-- > 0)
		(void)(spool_append(s, &o, NULL) == RC_OK);
}

/* Reads what an uploader would, and says where that ends.  No seq may be
 * missing or come twice. */
static uint64_t
upload_after(struct rig *r, uint64_t after)
{
	struct backlog b;

	while (backlog_read(&b, r->disk, r->ram, after, 1000, NULL) == RC_OK) {
		T_CHECK(
		    b.first_seq == after + 1 && b.last_seq == after + b.n_lines,
		    "after %" PRIu64 ": %" PRIu64 " to %" PRIu64 ", %u lines",
		    after, b.first_seq, b.last_seq, b.n_lines);
		after = b.last_seq;
		backlog_fini(&b);
	}
	return after;
}

static unsigned
count_files(const char *dir)
{
	struct spooldir list;
	unsigned n;

	assert_int_equal(spooldir_list(&list, dir, NULL), RC_OK);
	n = (unsigned)list.n;
	spooldir_fini(&list);
	return n;
}

static void
remove_files(const char *dir)
{
	struct spooldir list;
	char path[SPOOL_PATH_MAX];

	assert_int_equal(spooldir_list(&list, dir, NULL), RC_OK);
	for (size_t i = 0; i < list.n; i++) {
		spooldir_path(path, dir, list.first_seqs[i]);
		unlink(path);
	}
	spooldir_fini(&list);
}

/* What a run does before it is killed. */
struct story {
	const char *claim;
	unsigned n_first;  /* observations */
	bool is_flushed;   /* after them */
	uint64_t acked;    /* after that; 0: nothing */
	unsigned n_second; /* observations */
};

static void
live(struct rig *r, const struct story *t)
{
	struct spool *s = open_rig(r, &anchor);

	append(s, t->n_first);
	if (t->is_flushed)
		assert_int_equal(spool_flush(s, NULL), RC_OK);
	if (t->acked > 0)
		assert_int_equal(spool_ack(s, t->acked, NULL), RC_OK);
	append(s, t->n_second);
}

/* Another process tells the story, and is killed at its end. */
static void
live_and_be_killed(struct rig *r, const struct story *t)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		live(r, t);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static const struct story stories[] = {
	{ "nothing was done", 0, false, 0, 0 },
	{ "in memory only", 5, false, 0, 0 },
	{ "some acked from memory", 5, false, 3, 0 },
	{ "all acked from memory", 5, false, 5, 0 },
	{ "acked, and more", 5, false, 5, 4 },
	{ "flushed", 5, true, 0, 0 },
	{ "flushed, and more", 5, true, 0, 4 },
	{ "flushed, some acked, and more", 5, true, 3, 4 },
	{ "flushed, all acked, and more", 5, true, 5, 4 },
	{ "many segments in memory", 150, false, 20, 0 },
	{ "flushed by itself", 400, false, 20, 4 },
};

/* ---- tests ---- */

static void
what_is_acked_from_memory_never_was_on_disk(void **state)
{
	struct rig r;
	struct spool *s;

	(void)state;
	rig_make(&r);
	s = open_rig(&r, &anchor);
	for (unsigned i = 1; i <= 100; i++) {
		append(s, 5);
		assert_int_equal(upload_after(&r, 5 * (i - 1)), 5 * i);
		assert_int_equal(spool_ack(s, 5 * i, NULL), RC_OK);
		assert_int_equal(count_files(r.disk), 0);
		T_CHECK(count_files(r.ram) <= 2, "turn %u: %u files", i,
		    count_files(r.ram));
	}
	assert_true(spool_is_in_memory(s));
	assert_int_equal(access(scratch_path(&r.d, "disk/acked"), F_OK), -1);
	spool_close(s);
	assert_int_equal(access(r.ram, F_OK), -1);
	s = open_rig(&r, &anchor);
	assert_int_equal(spool_facts(s).next_seq, 501);
	assert_int_equal(spool_facts(s).n_lost, 0);
	spool_close(s);
	rig_remove(&r);
}

static void
an_orderly_end_writes_what_waits(void **state)
{
	struct rig r;
	struct spool *s;

	(void)state;
	rig_make(&r);
	s = open_rig(&r, &anchor);
	append(s, 9);
	assert_int_equal(spool_ack(s, 4, NULL), RC_OK);
	spool_close(s);
	assert_int_equal(access(r.ram, F_OK), -1);
	assert_int_equal(upload_after(&r, 4), 9);
	rig_remove(&r);
}

static void
a_killed_run_loses_nothing_at_any_stage(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(stories); i++) {
		const struct story *t = &stories[i];
		unsigned n = t->n_first + t->n_second;
		struct rig r;
		struct spool *s;

		rig_make(&r);
		live_and_be_killed(&r, t);
		T_CHECK(upload_after(&r, t->acked) == n, "%s: before a start",
		    t->claim);
		s = open_rig(&r, &next_anchor);
		T_CHECK(spool_facts(s).next_seq == n + 1,
		    "%s: next seq %" PRIu64, t->claim, spool_facts(s).next_seq);
		T_CHECK(spool_facts(s).n_lost == 0, "%s: lost %" PRIu64,
		    t->claim, spool_facts(s).n_lost);
		append(s, 3);
		T_CHECK(
		    upload_after(&r, t->acked) == n + 3, "%s: after", t->claim);
		spool_close(s);
		T_CHECK(upload_after(&r, t->acked) == n + 3, "%s: at the end",
		    t->claim);
		rig_remove(&r);
	}
}

/* Lines of two runs do not share a batch: each has the anchor of its own. */
static void
what_a_killed_run_left_keeps_its_anchor(void **state)
{
	static const struct story story = { "", 5, false, 0, 0 };
	struct rig r;
	struct spool *s;
	struct backlog b;

	(void)state;
	rig_make(&r);
	live_and_be_killed(&r, &story);
	s = open_rig(&r, &next_anchor);
	append(s, 2);
	assert_int_equal(backlog_read(&b, r.disk, r.ram, 0, 100, NULL), RC_OK);
	assert_int_equal(b.n_lines, 5);
	assert_int_equal(b.anchor.at_us, anchor.at_us);
	backlog_fini(&b);
	assert_int_equal(backlog_read(&b, r.disk, r.ram, 5, 100, NULL), RC_OK);
	assert_int_equal(b.n_lines, 2);
	assert_int_equal(b.anchor.at_us, next_anchor.at_us);
	backlog_fini(&b);
	spool_close(s);
	rig_remove(&r);
}

/* The memory is empty at the next start.  What was in it is told, never less
 * than it was, and no seq that the collector may have is used again. */
static void
a_power_cut_is_told_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(stories); i++) {
		const struct story *t = &stories[i];
		unsigned n = t->n_first + t->n_second;
		uint64_t on_disk, have, n_lost, next_seq;
		struct rig r;
		struct spool *s;

		rig_make(&r);
		live_and_be_killed(&r, t);
		remove_files(r.ram);
		on_disk = upload_after(&r, t->is_flushed ? 0 : t->acked);
		have = on_disk > t->acked ? on_disk : t->acked;
		s = open_rig(&r, &next_anchor);
		n_lost = spool_facts(s).n_lost;
		next_seq = spool_facts(s).next_seq;
		T_CHECK(
		    next_seq > n, "%s: next seq %" PRIu64, t->claim, next_seq);
		T_CHECK(have + n_lost >= n,
		    "%s: %" PRIu64 " are there, %" PRIu64 " told", t->claim,
		    have, n_lost);
		T_CHECK(n_lost <= SEQMARK_WAITING_MIN || n_lost < 2 * n,
		    "%s: %" PRIu64 " told of %u", t->claim, n_lost, n);
		T_CHECK(spool_facts(s).n_vanished == n_lost, "%s: vanished",
		    t->claim);
		T_CHECK(spooldir_read_count(r.disk, SPOOL_LOST) == n_lost,
		    "%s: not written", t->claim);
		if (i % 2 == 0)
			append(s, 1);
		spool_close(s);
		s = open_rig(&r, &next_anchor);
		T_CHECK(spool_facts(s).n_lost == n_lost, "%s: told twice",
		    t->claim);
		T_CHECK(spool_facts(s).next_seq == next_seq + (i % 2 == 0),
		    "%s: seqs left out twice", t->claim);
		spool_close(s);
		rig_remove(&r);
	}
}

/* Killed while memory was moved to disk: the disk has a part, cut anywhere,
 * of what memory still has. */
static void
a_flush_cut_anywhere_sends_every_line_once(void **state)
{
	static const struct story story = { "", 4, false, 0, 0 };
	struct rig r;
	char *text, ram_path[SPOOL_PATH_MAX];
	size_t len;

	(void)state;
	rig_make(&r);
	live_and_be_killed(&r, &story);
	spooldir_path(ram_path, r.ram, 1);
	assert_int_equal(
	    file_read(ram_path, 1 << 20, &text, &len, NULL), RC_OK);
	for (size_t keep = 0; keep <= len; keep++) {
		const char *name = "disk/00000000000000000001.jsonl";
		struct spool *s;

		unlink(scratch_path(&r.d, name));
		scratch_append(&r.d, name, text, keep);
		s = open_rig(&r, &next_anchor);
		T_CHECK(spool_facts(s).next_seq == 5, "cut at %zu", keep);
		T_CHECK(upload_after(&r, 0) == 4, "cut at %zu", keep);
		spool_close(s);
		/* As it was before. */
		remove_files(r.disk);
		assert_int_equal(mkdir(r.ram, 0700), 0);
		scratch_append(
		    &r.d, "ram/00000000000000000001.jsonl", text, len);
	}
	free(text);
	rig_remove(&r);
}

static void
memory_cut_anywhere_keeps_its_whole_lines(void **state)
{
	static const struct story story = { "", 4, false, 0, 0 };
	struct rig r;
	char *text, path[SPOOL_PATH_MAX];
	size_t len;

	(void)state;
	rig_make(&r);
	live_and_be_killed(&r, &story);
	spooldir_path(path, r.ram, 1);
	assert_int_equal(file_read(path, 1 << 20, &text, &len, NULL), RC_OK);
	for (size_t keep = 0; keep <= len; keep++) {
		unsigned n_lines = 0;
		struct spool *s;

		for (size_t i = 0; i < keep; i++)
			n_lines += text[i] == '\n';
		n_lines -= n_lines > 0; /* the header */
		remove_files(r.disk);
		unlink(scratch_path(&r.d, "disk/reserved"));
		(void)mkdir(r.ram, 0700);
		unlink(path);
		scratch_append(
		    &r.d, "ram/00000000000000000001.jsonl", text, keep);
		s = open_rig(&r, &next_anchor);
		T_CHECK(spool_facts(s).next_seq == n_lines + 1,
		    "kept %zu: next seq %" PRIu64, keep,
		    spool_facts(s).next_seq);
		T_CHECK(upload_after(&r, 0) == n_lines, "kept %zu", keep);
		spool_close(s);
	}
	free(text);
	rig_remove(&r);
}

/* ---- a disk that is full or read-only, memory that is ---- */

/* Root may write everywhere: becomes somebody who may not. */
static void
become_ordinary(struct rig *r)
{
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(r->d.dir, ORDINARY_USER, ORDINARY_USER), 0);
	assert_int_equal(chown(r->disk, ORDINARY_USER, ORDINARY_USER), 0);
	assert_int_equal(chown(r->ram, ORDINARY_USER, ORDINARY_USER), 0);
	assert_int_equal(seteuid(ORDINARY_USER), 0);
}

static void
become_root_again(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void
a_disk_that_refuses_does_not_stop_the_uploads(void **state)
{
	struct rig r;
	struct spool *s;

	(void)state;
	rig_make(&r);
	become_ordinary(&r);
	s = open_rig(&r, &anchor);
	assert_int_equal(chmod(r.disk, 0500), 0);
	append(s, 5);
	assert_int_equal(spool_flush(s, NULL), RC_SYS);
	assert_true(spool_is_in_memory(s));
	assert_int_equal(upload_after(&r, 0), 5);
	assert_int_equal(spool_ack(s, 5, NULL), RC_OK);
	append(s, 1000);
	T_CHECK(spool_facts(s).n_lost > 0, "the buffer took all");
	/* What was told as lost is not sent. */
	assert_int_equal(upload_after(&r, 5 + spool_facts(s).n_lost), 1005);
	assert_int_equal(chmod(r.disk, 0700), 0);
	assert_int_equal(spool_flush(s, NULL), RC_OK);
	assert_int_equal(upload_after(&r, 5 + spool_facts(s).n_lost), 1005);
	spool_close(s);
	become_root_again();
	rig_remove(&r);
}

/* Killed, and then there is no room for what it left. */
static void
what_was_left_waits_in_memory_for_the_disk(void **state)
{
	static const struct story story = { "", 150, false, 10, 0 };
	struct rig r;
	struct spool *s;

	(void)state;
	rig_make(&r);
	become_ordinary(&r);
	live_and_be_killed(&r, &story);
	assert_int_equal(chmod(r.disk, 0500), 0);
	s = open_rig(&r, &next_anchor);
	append(s, 5);
	assert_int_equal(upload_after(&r, 10), 155);
	assert_int_equal(spool_ack(s, 60, NULL), RC_OK);
	assert_int_equal(spool_flush(s, NULL), RC_SYS);
	assert_int_equal(upload_after(&r, 60), 155);
	assert_int_equal(chmod(r.disk, 0700), 0);
	assert_int_equal(spool_flush(s, NULL), RC_OK);
	assert_int_equal(spool_facts(s).n_buffered_bytes, 0);
	assert_int_equal(count_files(r.ram), 1);
	assert_int_equal(upload_after(&r, 60), 155);
	assert_int_equal(spool_facts(s).n_lost, 0);
	spool_close(s);
	become_root_again();
	rig_remove(&r);
}

static void
memory_that_refuses_leaves_the_disk(void **state)
{
	struct rig r;
	struct spool *s;

	(void)state;
	rig_make(&r);
	become_ordinary(&r);
	assert_int_equal(chmod(r.ram, 0500), 0);
	s = open_rig(&r, &anchor);
	assert_false(spool_is_in_memory(s));
	append(s, 5);
	assert_int_equal(spool_flush(s, NULL), RC_OK);
	assert_int_equal(upload_after(&r, 0), 5);
	assert_int_equal(chmod(r.ram, 0700), 0);
	append(s, 2);
	assert_int_equal(spool_flush(s, NULL), RC_OK);
	assert_true(spool_is_in_memory(s));
	append(s, 2);
	assert_int_equal(upload_after(&r, 0), 9);
	spool_close(s);
	become_root_again();
	rig_remove(&r);
}

static void
memory_that_is_taken_away_is_missed(void **state)
{
	struct rig r;
	struct spool *s;

	(void)state;
	rig_make(&r);
	s = open_rig(&r, &anchor);
	append(s, 5);
	remove_files(r.ram);
	assert_int_equal(rmdir(r.ram), 0);
	append(s, 2);
	assert_false(spool_is_in_memory(s));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(spool_flush(s, NULL), RC_OK);
		assert_int_equal(upload_after(&r, 0), 7 + 3 * i);
		assert_false(spool_is_in_memory(s));
		append(s, 3);
	}
	spool_close(s);
	assert_int_equal(upload_after(&r, 0), 13);
	rig_remove(&r);
}

/* ---- a run and an uploader at once ---- */

struct shared {
	volatile uint64_t acked;
};

/* Appends, flushes and takes acks until it is killed. */
static void
work(struct rig *r, struct shared *shared)
{
	struct spool *s = open_rig(r, &anchor);

	for (unsigned i = 0;; i++) {
		append(s, 1 + i % 5);
		if (i % 7 == 0 && spool_flush(s, NULL) != RC_OK)
			_exit(1);
		if (i % 3 == 0 && spool_ack(s, shared->acked, NULL) != RC_OK)
			_exit(2);
		/* The full spool drops its oldest: not today. */
		while (spool_facts(s).next_seq > shared->acked + AHEAD_MAX)
			usleep(100);
	}
}

static void
whoever_dies_when_every_seq_comes_once(void **state)
{
	struct shared *shared = mmap(NULL, sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned seed = (unsigned)time(NULL);
	struct rig r;
	struct spool *s;

	(void)state;
	assert_ptr_not_equal(shared, MAP_FAILED);
	print_message("seed %u\n", seed);
	srandom(seed);
	rig_make(&r);
	for (unsigned i = 0; i < N_KILLS; i++) {
		long n_uploads = random() % 20;
		pid_t child = fork();
		int status;

		if (child == 0)
			work(&r, shared);
		while (n_uploads-- > 0) {
			shared->acked = upload_after(&r, shared->acked);
			usleep((useconds_t)(random() % 1000));
		}
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		T_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		    "it ended by itself: %x", (unsigned)status);
	}
	s = open_rig(&r, &next_anchor);
	shared->acked = upload_after(&r, shared->acked);
	T_CHECK(shared->acked > N_KILLS, "%" PRIu64, shared->acked);
	assert_int_equal(spool_facts(s).next_seq, shared->acked + 1);
	assert_int_equal(spool_facts(s).n_lost, 0);
	spool_close(s);
	rig_remove(&r);
	munmap(shared, sizeof *shared);
}

/* ---- the mark, and the folder ---- */

static void
the_mark_is_written_seldom(void **state)
{
	struct rig r;
	struct seqmark m = { 0 };
	unsigned n_writes = 0;

	(void)state;
	rig_make(&r);
	for (uint64_t seq = 1; seq <= 200000; seq++) {
		uint64_t before = m.reserved + m.waiting;

		assert_int_equal(
		    seqmark_cover(&m, seq, seq % 30, r.disk, NULL), RC_OK);
		assert_true(m.reserved >= seq && m.waiting >= seq % 30);
		n_writes += m.reserved + m.waiting != before;
	}
	T_CHECK(n_writes <= 6, "%u writes", n_writes);
	assert_true(seqmark_read(r.disk).reserved == m.reserved);
	assert_true(seqmark_read(r.disk).waiting == m.waiting);
	rig_remove(&r);
}

static void
a_mark_that_cannot_be_read_is_none(void **state)
{
	static const char *const texts[] = { "", "\n", "5\n", "x 5\n", "5 x\n",
		"5 5 5\n", "99999999999999999999999 1\n", "5 99999999999\n",
		"-1 4\n" };
	struct rig r;

	(void)state;
	rig_make(&r);
	for (size_t i = 0; i < T_LEN(texts); i++) {
		scratch_write(&r.d, "disk/" SPOOL_RESERVED, texts[i]);
		T_CHECK(seqmark_read(r.disk).reserved == 0, "'%s'", texts[i]);
	}
	rig_remove(&r);
}

static void
a_folder_in_memory_is_ours_or_not_used(void **state)
{
	static const char probe[] = "00c17000000000aa";
	char path[SPOOL_PATH_MAX], again[SPOOL_PATH_MAX];
	struct err err = ERR_NONE;
	struct rig r;

	(void)state;
	rig_make(&r);
	if (ramdir_make(path, probe, r.disk, &err) == RC_NOTFOUND) {
		print_message("skipped: %s\n", err.text);
		rig_remove(&r);
		skip();
	}
	assert_int_equal(ramdir_find(again, probe, r.disk), RC_OK);
	assert_string_equal(path, again);
	assert_int_equal(ramdir_make(again, probe, r.disk, NULL), RC_OK);
	assert_int_equal(
	    ramdir_find(again, "00c17000000000ab", r.disk), RC_NOTFOUND);
	assert_int_equal(ramdir_find(again, probe, r.ram), RC_NOTFOUND);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(ramdir_make(again, probe, r.disk, NULL), RC_RANGE);
	assert_int_equal(ramdir_find(again, probe, r.disk), RC_NOTFOUND);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink(r.ram, path), 0);
	assert_int_equal(ramdir_make(again, probe, r.disk, NULL), RC_RANGE);
	assert_int_equal(unlink(path), 0);
	rig_remove(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_acked_from_memory_never_was_on_disk),
		cmocka_unit_test(an_orderly_end_writes_what_waits),
		cmocka_unit_test(a_killed_run_loses_nothing_at_any_stage),
		cmocka_unit_test(what_a_killed_run_left_keeps_its_anchor),
		cmocka_unit_test(a_power_cut_is_told_once),
		cmocka_unit_test(a_flush_cut_anywhere_sends_every_line_once),
		cmocka_unit_test(memory_cut_anywhere_keeps_its_whole_lines),
		cmocka_unit_test(a_disk_that_refuses_does_not_stop_the_uploads),
		cmocka_unit_test(what_was_left_waits_in_memory_for_the_disk),
		cmocka_unit_test(memory_that_refuses_leaves_the_disk),
		cmocka_unit_test(memory_that_is_taken_away_is_missed),
		cmocka_unit_test(whoever_dies_when_every_seq_comes_once),
		cmocka_unit_test(the_mark_is_written_seldom),
		cmocka_unit_test(a_mark_that_cannot_be_read_is_none),
		cmocka_unit_test(a_folder_in_memory_is_ours_or_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
