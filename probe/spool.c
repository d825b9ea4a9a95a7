/* spool.c - see spool.h. */
#include "probe/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/segment.h"
#include "probe/seqmark.h"
#include "probe/shelf.h"
#include "probe/spooldir.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"
#include "schema/wire.h"

#define RAM_SEGMENTS 4 /* to a buffer */

struct spool {
	struct shelf disk, ram;
	struct anchor anchor;
	struct spool_limits limits;
	struct seqmark mark;
	uint64_t next_seq;
	uint64_t last_written; /* seq of the last line on disk */
	uint64_t acked;
	uint64_t acked_on_disk;
	uint64_t n_lost, n_lost_on_disk, n_vanished;
	unsigned n_cut;
	bool is_open;
	bool is_stuck; /* the last flush failed */
	bool has_ram;  /* the memory shelf has all that is buffered */
	size_t n_left; /* of ram's segments: of the run before, not buffered */
	size_t buffered;           /* bytes used in buffer */
	uint64_t buffer_first_seq; /* with no gap from there to next_seq */
	char *buffer;
};

/* The seq of the last line that segment i may hold. */
static uint64_t
last_seq_of(const struct shelf *shelf, size_t i, uint64_t last_of_all)
{
	return i + 1 < shelf->n ? shelf->segments[i + 1].first_seq - 1
				: last_of_all;
}

static void
drop_oldest_segment(struct spool *s)
{
	uint64_t first = s->disk.segments[0].first_seq;
	uint64_t last = last_seq_of(&s->disk, 0, s->last_written);

	if (first <= s->acked)
		first = s->acked + 1;
	if (last >= first)
		s->n_lost += last - first + 1;
	shelf_remove(&s->disk, 0);
}

static void
keep_in_bounds(struct spool *s)
{
	while (s->disk.n > 0 && shelf_bytes(&s->disk) > s->limits.max_bytes)
		drop_oldest_segment(s);
}

static void
remember_loss(struct spool *s)
{
	if (s->n_lost != s->n_lost_on_disk &&
	    spooldir_write_count(s->disk.dir, SPOOL_LOST, s->n_lost, NULL) ==
		RC_OK)
		s->n_lost_on_disk = s->n_lost;
}

/* ---- the buffer ---- */

/* Takes the lines up to and with seq out of the buffer; how many those are. */
static uint64_t
take_out(struct spool *s, uint64_t seq)
{
	size_t pos = 0;
	uint64_t n = 0;

	while (pos < s->buffered && s->buffer_first_seq + n <= seq) {
		const char *end =
		    memchr(s->buffer + pos, '\n', s->buffered - pos);

		pos = (size_t)(end - s->buffer) + 1;
		n++;
	}
	s->buffered -= pos;
	memmove(s->buffer, s->buffer + pos, s->buffered);
	s->buffer_first_seq += n;
	return n;
}

/* What is dropped must not be uploaded either: a whole segment in memory. */
static void
drop_oldest_buffered(struct spool *s)
{
	uint64_t last = s->buffer_first_seq;

	if (s->ram.n > s->n_left + 1) {
		last = last_seq_of(&s->ram, s->n_left, 0);
		shelf_remove(&s->ram, s->n_left);
	}
	s->n_lost += take_out(s, last);
}

/* ---- the shelf in memory ---- */

/* Begins a segment that takes the next seq: as long as there is one, the next
 * run knows that nothing is missing. */
static void
begin_ram(struct spool *s)
{
	s->has_ram = s->ram.dir[0] != '\0' && shelf_begin(&s->ram, &s->anchor,
						  s->next_seq, NULL) == RC_OK;
}

/* Removes the segments in memory that have nothing from seq on. */
static void
remove_ram_before(struct spool *s, uint64_t seq)
{
	while (s->ram.n > 1 && last_seq_of(&s->ram, 0, 0) < seq) {
		shelf_remove(&s->ram, 0);
		s->n_left -= s->n_left > 0;
	}
}

/* Nothing that is in memory is needed any more.  The new segment comes before
 * the old ones go. */
static void
empty_ram(struct spool *s)
{
	if (!s->has_ram || shelf_newest(&s->ram)->first_seq != s->next_seq)
		begin_ram(s);
	if (s->has_ram)
		remove_ram_before(s, s->next_seq);
}

/* Memory that refuses a line gets none after it until the disk has them all:
 * the uploader must see no gap. */
static void
put_into_ram(struct spool *s, uint64_t seq, const char *line, size_t len)
{
	if (!s->has_ram)
		return;
	if (shelf_newest(&s->ram)->n_bytes >=
	    s->limits.buffer_bytes / RAM_SEGMENTS)
		s->has_ram =
		    shelf_begin(&s->ram, &s->anchor, seq, NULL) == RC_OK;
	if (s->has_ram)
		s->has_ram = shelf_append(&s->ram, line, len, NULL) == RC_OK;
}

/* ---- recovery ---- */

/* Cuts what follows the last good line; removes a segment without any. */
static enum rc
recover_newest(struct spool *s, struct err *err)
{
	char path[SPOOL_PATH_MAX];
	struct shelf_segment *newest = shelf_newest(&s->disk);
	struct segment_sum sum;
	char *bytes;
	size_t len;

	spooldir_path(path, s->disk.dir, newest->first_seq);
	if (file_read(path, SEGMENT_BYTES_MAX, &bytes, &len, err) != RC_OK)
		return RC_SYS;
	sum = segment_summarise(bytes, len);
	free(bytes);
	s->n_cut += sum.n_bad;
	newest->n_bytes = sum.good_len;
	if (sum.good_len == 0) {
		shelf_remove(&s->disk, s->disk.n - 1);
		return RC_OK;
	}
	s->last_written = sum.last_seq;
	if (sum.good_len < len && truncate(path, (off_t)sum.good_len) != 0)
		return err_sys(err, "cut %s", path);
	return RC_OK;
}

static void
at_least(uint64_t *seq, uint64_t least)
{
	if (*seq < least)
		*seq = least;
}

static enum rc
recover_disk(struct spool *s, struct err *err)
{
	enum rc rc = shelf_list(&s->disk, err);

	if (rc != RC_OK)
		return rc;
	s->acked = spooldir_read_count(s->disk.dir, SPOOL_ACKED);
	if (s->acked > SPOOL_SEQ_MAX)
		s->acked = 0;
	s->acked_on_disk = s->acked;
	s->n_lost = spooldir_read_count(s->disk.dir, SPOOL_LOST);
	s->n_lost_on_disk = s->n_lost;
	s->mark = seqmark_read(s->disk.dir);
	s->next_seq = 1;
	/* A segment whose first line never came still took its seq's name. */
	if (s->disk.n > 0)
		s->next_seq = shelf_newest(&s->disk)->first_seq;
	while (s->disk.n > 0 && s->last_written == 0) {
		rc = recover_newest(s, err);
		if (rc != RC_OK)
			return rc;
	}
	at_least(&s->next_seq, s->last_written + 1);
	at_least(&s->next_seq, s->acked + 1);
	return RC_OK;
}

/* Gives the lines of a segment in memory that the disk has not.  *sum.first_seq
 * is 0 where there are none. */
static enum rc
read_left(const struct spool *s, uint64_t first_seq, char **lines, size_t *len,
    struct segment_sum *sum, struct anchor *anchor)
{
	char path[SPOOL_PATH_MAX], *bytes;
	struct segment_cursor c;
	struct segment_line line;
	uint64_t have = s->last_written > s->acked ? s->last_written : s->acked;

	spooldir_path(path, s->ram.dir, first_seq);
	if (file_read(path, SEGMENT_BYTES_MAX, &bytes, len, NULL) != RC_OK)
		return RC_SYS;
	c = segment_over(bytes, *len);
	*len = 0;
	*sum = (struct segment_sum){ 0 };
	while (segment_next(&c, &line)) {
		sum->last_seq = line.seq;
		if (line.seq <= have)
			continue;
		if (sum->first_seq == 0)
			sum->first_seq = line.seq;
		/* It only moves to the front: the cursor is past it. */
		memmove(bytes + *len, line.text, line.len);
		*len += line.len;
	}
	*anchor = c.anchor;
	*lines = bytes;
	return RC_OK;
}

/* Moves what a segment in memory has to one on disk. */
static enum rc
save_segment(struct spool *s, uint64_t first_seq, struct err *err)
{
	struct segment_sum sum;
	struct anchor anchor;
	enum rc rc = RC_OK;
	char *lines;
	size_t len;

	if (read_left(s, first_seq, &lines, &len, &sum, &anchor) != RC_OK)
		return RC_OK; /* nothing can be done about it */
	if (len > 0)
		rc = shelf_begin(&s->disk, &anchor, sum.first_seq, err);
	if (len > 0 && rc == RC_OK) {
		rc = shelf_append(&s->disk, lines, len, err);
		if (rc == RC_OK)
			s->last_written = sum.last_seq;
		else
			shelf_remove(&s->disk, s->disk.n - 1);
		shelf_end(&s->disk); /* what follows has another anchor */
	}
	free(lines);
	return rc;
}

/* Moves to disk what the run before has left in memory.  RC_SYS: some stays. */
static enum rc
save_left(struct spool *s, struct err *err)
{
	enum rc rc = RC_OK;

	while (s->n_left > 0 && rc == RC_OK) {
		rc = save_segment(s, s->ram.segments[0].first_seq, err);
		if (rc == RC_OK) {
			shelf_remove(&s->ram, 0);
			s->n_left--;
		}
	}
	return rc;
}

/* A segment without a line still says which seq comes next. */
static void
find_next_seq(struct spool *s)
{
	for (size_t i = 0; i < s->ram.n; i++) {
		uint64_t first = s->ram.segments[i].first_seq;
		char path[SPOOL_PATH_MAX], *bytes;
		size_t len;

		at_least(&s->next_seq, first);
		spooldir_path(path, s->ram.dir, first);
		if (file_read(path, SEGMENT_BYTES_MAX, &bytes, &len, NULL) !=
		    RC_OK)
			continue;
		at_least(
		    &s->next_seq, segment_summarise(bytes, len).last_seq + 1);
		free(bytes);
	}
}

/* Nothing in memory, and no orderly end: what was there is lost. */
static void
resume_behind(struct spool *s)
{
	uint64_t next_seq =
	    seqmark_resume(&s->mark, s->next_seq, &s->n_vanished);

	if (next_seq == s->next_seq)
		return;
	s->next_seq = next_seq;
	s->n_lost += s->n_vanished;
	remember_loss(s);
	s->mark = (struct seqmark){ .reserved = next_seq - 1 };
	if (seqmark_write(&s->mark, s->disk.dir, NULL) != RC_OK)
		s->mark.reserved = 0; /* the first seq tries again */
}

/* Our own segment is there before the old ones go.  What the disk does not
 * take stays in memory; the uploader sees it there. */
static void
recover_ram(struct spool *s)
{
	size_t n_old;

	if (s->ram.dir[0] != '\0' && shelf_list(&s->ram, NULL) != RC_OK)
		s->ram.dir[0] = '\0';
	if (s->ram.n == 0)
		resume_behind(s);
	else
		find_next_seq(s);
	begin_ram(s);
	n_old = s->ram.n - s->has_ram;
	s->n_left = n_old;
	s->is_stuck = save_left(s, NULL) != RC_OK;
}

static enum rc
recover(struct spool *s, struct err *err)
{
	enum rc rc = recover_disk(s, err);

	if (rc != RC_OK)
		return rc;
	recover_ram(s);
	return spool_ack(s, s->acked, err);
}

enum rc
spool_open(struct spool **out, const char *dir, const char *ram_dir,
    const struct anchor *anchor, const struct spool_limits *limits,
    struct err *err)
{
	struct spool *s = mem_new(sizeof *s);
	enum rc rc;

	shelf_init(&s->disk, dir, true);
	shelf_init(&s->ram, ram_dir == NULL ? "" : ram_dir, false);
	s->anchor = *anchor;
	s->limits = *limits;
	s->buffer = mem_new(limits->buffer_bytes);
	rc = recover(s, err);
	s->is_open = rc == RC_OK;
	if (rc != RC_OK) {
		spool_close(s);
		return rc;
	}
	keep_in_bounds(s);
	*out = s;
	return RC_OK;
}

/* ---- writing ---- */

/* Appends what is buffered to the newest segment, or to a new one. */
static enum rc
write_buffer(struct spool *s, struct err *err)
{
	enum rc rc = RC_OK;

	if (s->disk.fd >= 0 &&
	    shelf_newest(&s->disk)->n_bytes >= s->limits.segment_bytes)
		shelf_end(&s->disk);
	if (s->buffered == 0)
		return RC_OK;
	if (s->disk.fd < 0)
		rc =
		    shelf_begin(&s->disk, &s->anchor, s->buffer_first_seq, err);
	if (rc == RC_OK)
		rc = shelf_append(&s->disk, s->buffer, s->buffered, err);
	if (rc == RC_OK) {
		s->buffered = 0;
		s->last_written = s->next_seq - 1;
	}
	return rc;
}

enum rc
spool_flush(struct spool *s, struct err *err)
{
	enum rc rc = save_left(s, err); /* first: seqs rise */

	if (rc == RC_OK)
		rc = write_buffer(s, err);
	s->is_stuck = rc != RC_OK;
	if (rc == RC_OK)
		empty_ram(s);
	keep_in_bounds(s);
	remember_loss(s);
	return rc;
}

/* A disk that refuses the mark is no reason not to go on: should the power go
 * too, the collector's next answer says where to go on. */
static void
cover_next_seq(struct spool *s)
{
	uint64_t n_waiting = 1;

	if (s->buffered > 0)
		n_waiting += s->next_seq - s->buffer_first_seq;
	if (seqmark_cover(
		&s->mark, s->next_seq, n_waiting, s->disk.dir, NULL) != RC_OK)
		s->is_stuck = true;
}

enum rc
spool_append(struct spool *s, const struct observation *o, struct err *err)
{
	struct observation numbered = *o;
	char line[WIRE_LINE_MAX];
	size_t len;

	cover_next_seq(s);
	numbered.seq = s->next_seq;
	len = wire_encode_observation(&numbered, line);
	while (s->buffered > 0 && s->buffered + len > s->limits.buffer_bytes)
		drop_oldest_buffered(s);
	if (s->buffered == 0)
		s->buffer_first_seq = s->next_seq;
	memcpy(s->buffer + s->buffered, line, len);
	s->buffered += len;
	put_into_ram(s, s->next_seq, line, len);
	s->next_seq++;
	return s->buffered >= s->limits.buffer_bytes / 2 ? spool_flush(s, err)
							 : RC_OK;
}

/* ---- acknowledgement ---- */

/* The collector knows a later seq than we do: this state is an old copy.
 * What was measured since would be taken for old news; it counts as lost. */
static void
jump_behind(struct spool *s, uint64_t acked)
{
	s->n_lost += s->next_seq - 1 - s->acked;
	s->buffered = 0;
	s->next_seq = acked + 1;
	s->last_written = acked;
	shelf_end(&s->disk);
	if (s->is_open)
		empty_ram(s);
}

static void
remove_acked_segments(struct spool *s, size_t n_to_keep)
{
	while (s->disk.n > n_to_keep &&
	       last_seq_of(&s->disk, 0, s->last_written) <= s->acked)
		shelf_remove(&s->disk, 0);
}

/* Writes down what was acked, unless that has been done. */
static enum rc
remember_acked(struct spool *s, struct err *err)
{
	enum rc rc;

	if (s->acked > s->acked_on_disk) /* a person's upload has its own */
		s->acked_on_disk =
		    spooldir_read_count(s->disk.dir, SPOOL_ACKED);
	if (s->acked <= s->acked_on_disk)
		return RC_OK;
	rc = spooldir_write_count(s->disk.dir, SPOOL_ACKED, s->acked, err);
	if (rc == RC_OK)
		s->acked_on_disk = s->acked;
	return rc;
}

/* Deletes what is acked.  "acked" is written for the last segment only, lest
 * what was in it is counted as lost after a power cut. */
static enum rc
remove_acked(struct spool *s, struct err *err)
{
	enum rc rc = RC_OK;

	remove_acked_segments(s, 1);
	if (s->disk.n == 1 && s->last_written <= s->acked)
		rc = remember_acked(s, err);
	if (rc == RC_OK)
		remove_acked_segments(s, 0);
	return rc;
}

enum rc
spool_ack(struct spool *s, uint64_t acked, struct err *err)
{
	enum rc rc = RC_OK;

	if (acked >= s->next_seq)
		jump_behind(s, acked);
	if (acked > s->acked)
		s->acked = acked;
	take_out(s, s->acked);
	remove_ram_before(s, s->acked + 1);
	/* A segment that is written to stays, and nothing is written for its
	 * sake: what a crash forgets is sent again, and dropped there.  Only a
	 * full disk wants it gone. */
	if (s->disk.fd >= 0 && !s->is_stuck)
		remove_acked_segments(s, 1);
	else
		rc = remove_acked(s, err);
	remember_loss(s);
	return rc;
}

bool
spool_is_in_memory(struct spool *s)
{
	char path[SPOOL_PATH_MAX];

	if (!s->has_ram)
		return false;
	spooldir_path(path, s->ram.dir, shelf_newest(&s->ram)->first_seq);
	s->has_ram = access(path, F_OK) == 0;
	return s->has_ram;
}

struct spool_facts
spool_facts(const struct spool *s)
{
	return (struct spool_facts){
		.next_seq = s->next_seq,
		.acked = s->acked,
		.n_lost = s->n_lost,
		.n_bytes = shelf_bytes(&s->disk),
		.n_segments = s->disk.n,
		.n_buffered_bytes = s->buffered,
		.n_cut = s->n_cut,
		.n_vanished = s->n_vanished,
	};
}

/* ---- the end ---- */

/* Writes that no seq beyond those on disk was used: an orderly end. */
static enum rc
close_mark(struct spool *s)
{
	struct seqmark end = { .reserved = s->next_seq - 1 };

	if (s->mark.reserved == end.reserved)
		return RC_OK;
	return seqmark_write(&end, s->disk.dir, NULL);
}

/* All that can be done at the end, as well as it can be done.  Where the disk
 * refuses, the next run finds in memory what it needs. */
static void
settle(struct spool *s)
{
	bool is_safe = spool_flush(s, NULL) == RC_OK;

	shelf_end(&s->disk);
	if (remove_acked(s, NULL) != RC_OK || remember_acked(s, NULL) != RC_OK)
		s->acked_on_disk = 0; /* the next run sends some again */
	if (!is_safe || close_mark(s) != RC_OK)
		return;
	while (s->ram.n > 0)
		shelf_remove(&s->ram, 0);
	if (s->ram.dir[0] != '\0')
		rmdir(s->ram.dir);
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->is_open)
		settle(s);
	shelf_fini(&s->disk);
	shelf_fini(&s->ram);
	free(s->buffer);
	free(s);
}
