/* spool.c - see spool.h. */
#include "probe/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/segment.h"
#include "probe/spooldir.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"
#include "schema/wire.h"

struct segment_info {
	uint64_t first_seq;
	size_t n_bytes;
};

struct spool {
	char dir[SPOOL_PATH_MAX];
	struct anchor anchor;
	struct spool_limits limits;
	size_t n_segments, cap_segments;
	struct segment_info *segments; /* oldest first */
	int fd;                        /* the newest one's, or -1 */
	uint64_t next_seq;
	uint64_t last_written; /* seq of the last line on disk */
	uint64_t acked;
	uint64_t acked_on_disk;
	uint64_t n_lost, n_lost_on_disk;
	unsigned n_cut;
	bool is_stuck;   /* the last flush failed */
	size_t buffered; /* bytes used in buffer */
	uint64_t buffer_first_seq;
	char *buffer;
};

static struct segment_info *
newest(const struct spool *s)
{
	return s->n_segments == 0 ? NULL : &s->segments[s->n_segments - 1];
}

static void
add_segment(struct spool *s, uint64_t first_seq, size_t n_bytes)
{
	if (s->n_segments == s->cap_segments) {
		s->cap_segments =
		    s->cap_segments == 0 ? 8 : 2 * s->cap_segments;
		s->segments =
		    mem_grow(s->segments, s->cap_segments, sizeof *s->segments);
	}
	s->segments[s->n_segments++] =
	    (struct segment_info){ first_seq, n_bytes };
}

/* The seq of the last line that segment i may hold. */
static uint64_t
last_seq_of(const struct spool *s, size_t i)
{
	return i + 1 < s->n_segments ? s->segments[i + 1].first_seq - 1
				     : s->last_written;
}

static void
close_segment(struct spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Deletes segment i. */
static void
remove_segment(struct spool *s, size_t i)
{
	char path[SPOOL_PATH_MAX];

	if (i + 1 == s->n_segments)
		close_segment(s);
	spooldir_path(path, s->dir, s->segments[i].first_seq);
	unlink(path);
	s->n_segments--;
	memmove(&s->segments[i], &s->segments[i + 1],
	    (s->n_segments - i) * sizeof *s->segments);
}

static uint64_t
total_bytes(const struct spool *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_segments; i++)
		n += s->segments[i].n_bytes;
	return n;
}

static void
drop_oldest_segment(struct spool *s)
{
	uint64_t first = s->segments[0].first_seq;
	uint64_t last = last_seq_of(s, 0);

	if (first <= s->acked)
		first = s->acked + 1;
	if (last >= first)
		s->n_lost += last - first + 1;
	remove_segment(s, 0);
}

static void
keep_in_bounds(struct spool *s)
{
	while (s->n_segments > 0 && total_bytes(s) > s->limits.max_bytes)
		drop_oldest_segment(s);
}

/* ---- recovery ---- */

/* Cuts what follows the last good line; removes a segment without any. */
static enum rc
recover_newest(struct spool *s, struct err *err)
{
	char path[SPOOL_PATH_MAX];
	struct segment_sum sum;
	char *bytes;
	size_t len;

	spooldir_path(path, s->dir, newest(s)->first_seq);
	if (file_read(path, SEGMENT_BYTES_MAX, &bytes, &len, err) != RC_OK)
		return RC_SYS;
	sum = segment_summarise(bytes, len);
	free(bytes);
	s->n_cut += sum.n_bad;
	newest(s)->n_bytes = sum.good_len;
	if (sum.good_len == 0) {
		remove_segment(s, s->n_segments - 1);
		return RC_OK;
	}
	s->last_written = sum.last_seq;
	if (sum.good_len < len && truncate(path, (off_t)sum.good_len) != 0)
		return err_sys(err, "cut %s", path);
	return RC_OK;
}

static enum rc
list_segments(struct spool *s, struct err *err)
{
	char path[SPOOL_PATH_MAX];
	struct spooldir d;
	struct stat st;

	if (spooldir_list(&d, s->dir, err) != RC_OK)
		return RC_SYS;
	for (size_t i = 0; i < d.n; i++) {
		spooldir_path(path, s->dir, d.first_seqs[i]);
		if (stat(path, &st) == 0)
			add_segment(s, d.first_seqs[i], (size_t)st.st_size);
	}
	spooldir_fini(&d);
	return RC_OK;
}

static enum rc
recover(struct spool *s, struct err *err)
{
	uint64_t floor;
	enum rc rc = list_segments(s, err);

	if (rc != RC_OK)
		return rc;
	s->acked = spooldir_read_count(s->dir, SPOOL_ACKED);
	if (s->acked > SPOOL_SEQ_MAX)
		s->acked = 0;
	s->acked_on_disk = s->acked;
	s->n_lost = spooldir_read_count(s->dir, SPOOL_LOST);
	s->n_lost_on_disk = s->n_lost;
	/* A segment whose first line never came still took its seq's name. */
	floor = newest(s) == NULL ? 1 : newest(s)->first_seq;
	while (s->n_segments > 0 && s->last_written == 0) {
		rc = recover_newest(s, err);
		if (rc != RC_OK)
			return rc;
	}
	s->next_seq = s->last_written + 1;
	if (s->next_seq < floor)
		s->next_seq = floor;
	if (s->next_seq <= s->acked)
		s->next_seq = s->acked + 1;
	return RC_OK;
}

enum rc
spool_open(struct spool **out, const char *dir, const struct anchor *anchor,
    const struct spool_limits *limits, struct err *err)
{
	struct spool *s = mem_new(sizeof *s);
	enum rc rc;

	snprintf(s->dir, sizeof s->dir, "%s", dir);
	s->anchor = *anchor;
	s->limits = *limits;
	s->fd = -1;
	s->buffer = mem_new(limits->buffer_bytes);
	rc = recover(s, err);
	if (rc == RC_OK)
		rc = spool_ack(s, s->acked, err);
	if (rc != RC_OK) {
		spool_close(s);
		return rc;
	}
	keep_in_bounds(s);
	*out = s;
	return RC_OK;
}

/* ---- writing ---- */

static void
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Appends to the newest segment and syncs, or takes back what it wrote. */
static enum rc
write_lines(struct spool *s, const char *bytes, size_t len, struct err *err)
{
	enum rc rc = file_write_all(s->fd, bytes, len, err);

	if (rc == RC_OK && fdatasync(s->fd) != 0)
		rc = err_sys(err, "write the spool");
	if (rc == RC_OK)
		newest(s)->n_bytes += len;
	else if (ftruncate(s->fd, (off_t)newest(s)->n_bytes) != 0)
		close_segment(s); /* torn: the reader skips half a line */
	return rc;
}

/* Makes the segment of what is buffered; the first lines sync its header. */
static enum rc
new_segment(struct spool *s, struct err *err)
{
	char path[SPOOL_PATH_MAX], header[SEGMENT_HEADER_MAX];
	size_t len = segment_encode_header(&s->anchor, header);
	enum rc rc;

	spooldir_path(path, s->dir, s->buffer_first_seq);
	s->fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return err_sys(err, "create %s", path);
	add_segment(s, s->buffer_first_seq, len);
	rc = file_write_all(s->fd, header, len, err);
	if (rc != RC_OK)
		remove_segment(s, s->n_segments - 1);
	else
		sync_dir(s->dir);
	return rc;
}

static void
remember_loss(struct spool *s)
{
	if (s->n_lost != s->n_lost_on_disk &&
	    spooldir_write_count(s->dir, SPOOL_LOST, s->n_lost, NULL) == RC_OK)
		s->n_lost_on_disk = s->n_lost;
}

enum rc
spool_flush(struct spool *s, struct err *err)
{
	enum rc rc = RC_OK;

	if (s->fd >= 0 && newest(s)->n_bytes >= s->limits.segment_bytes)
		close_segment(s);
	if (s->buffered > 0 && s->fd < 0)
		rc = new_segment(s, err);
	if (s->buffered > 0 && rc == RC_OK)
		rc = write_lines(s, s->buffer, s->buffered, err);
	if (rc == RC_OK && s->buffered > 0) {
		s->buffered = 0;
		s->last_written = s->next_seq - 1;
	}
	s->is_stuck = rc != RC_OK;
	keep_in_bounds(s);
	remember_loss(s);
	return rc;
}

static void
drop_oldest_buffered(struct spool *s)
{
	char *end = memchr(s->buffer, '\n', s->buffered);
	size_t n = end == NULL ? s->buffered : (size_t)(end - s->buffer) + 1;

	s->buffered -= n;
	memmove(s->buffer, s->buffer + n, s->buffered);
	s->buffer_first_seq++;
	s->n_lost++;
}

enum rc
spool_append(struct spool *s, const struct observation *o, struct err *err)
{
	struct observation numbered = *o;
	char line[WIRE_LINE_MAX];
	size_t len;

	numbered.seq = s->next_seq;
	len = wire_encode_observation(&numbered, line);
	while (s->buffered > 0 && s->buffered + len > s->limits.buffer_bytes)
		drop_oldest_buffered(s);
	if (s->buffered == 0)
		s->buffer_first_seq = s->next_seq;
	memcpy(s->buffer + s->buffered, line, len);
	s->buffered += len;
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
	close_segment(s);
}

static void
remove_acked_segments(struct spool *s, size_t n_to_keep)
{
	while (s->n_segments > n_to_keep && last_seq_of(s, 0) <= s->acked)
		remove_segment(s, 0);
}

/* Writes down what was acked, unless that has been done. */
static enum rc
remember_acked(struct spool *s, struct err *err)
{
	enum rc rc;

	if (s->acked > s->acked_on_disk) /* a person's upload has its own */
		s->acked_on_disk = spooldir_read_count(s->dir, SPOOL_ACKED);
	if (s->acked <= s->acked_on_disk)
		return RC_OK;
	rc = spooldir_write_count(s->dir, SPOOL_ACKED, s->acked, err);
	if (rc == RC_OK)
		s->acked_on_disk = s->acked;
	return rc;
}

/* Deletes what is acked.  The last segment says which seq comes next: it goes
 * only when "acked" says so in its place. */
static enum rc
remove_acked(struct spool *s, struct err *err)
{
	enum rc rc;

	remove_acked_segments(s, 1);
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
	/* A segment that is written to stays, and nothing is written for its
	 * sake: what a crash forgets is sent again, and dropped there.  Only a
	 * full disk wants it gone. */
	if (s->fd >= 0 && !s->is_stuck)
		remove_acked_segments(s, 1);
	else
		rc = remove_acked(s, err);
	remember_loss(s);
	return rc;
}

struct spool_facts
spool_facts(const struct spool *s)
{
	return (struct spool_facts){
		.next_seq = s->next_seq,
		.acked = s->acked,
		.n_lost = s->n_lost,
		.n_bytes = total_bytes(s),
		.n_segments = s->n_segments,
		.n_buffered_bytes = s->buffered,
		.n_cut = s->n_cut,
	};
}

/* All that can be done at the end, as well as it can be done. */
static void
settle(struct spool *s)
{
	if (spool_flush(s, NULL) != RC_OK)
		s->buffered = 0; /* no disk: nothing more can be done */
	close_segment(s);
	if (remove_acked(s, NULL) != RC_OK)
		s->acked_on_disk = 0; /* the next run sends some again */
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->next_seq > 0) /* else it was never opened whole */
		settle(s);
	close_segment(s);
	free(s->segments);
	free(s->buffer);
	free(s);
}
