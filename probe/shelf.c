/* shelf.c - see shelf.h. */
#include "probe/shelf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/segment.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"

void
shelf_init(struct shelf *s, const char *dir, bool is_synced)
{
	*s = (struct shelf){ .is_synced = is_synced, .fd = -1 };
	snprintf(s->dir, sizeof s->dir, "%s", dir);
}

void
shelf_fini(struct shelf *s)
{
	shelf_end(s);
	free(s->segments);
	s->segments = NULL;
	s->n = s->cap = 0;
}

static void
add(struct shelf *s, uint64_t first_seq, size_t n_bytes)
{
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 8 : 2 * s->cap;
		s->segments =
		    mem_grow(s->segments, s->cap, sizeof *s->segments);
	}
	s->segments[s->n++] = (struct shelf_segment){ first_seq, n_bytes };
}

enum rc
shelf_list(struct shelf *s, struct err *err)
{
	char path[SPOOL_PATH_MAX];
	struct spooldir d;
	struct stat st;

	if (spooldir_list(&d, s->dir, err) != RC_OK)
		return RC_SYS;
	for (size_t i = 0; i < d.n; i++) {
		spooldir_path(path, s->dir, d.first_seqs[i]);
		if (stat(path, &st) == 0)
			add(s, d.first_seqs[i], (size_t)st.st_size);
	}
	spooldir_fini(&d);
	return RC_OK;
}

struct shelf_segment *
shelf_newest(const struct shelf *s)
{
	return s->n == 0 ? NULL : &s->segments[s->n - 1];
}

uint64_t
shelf_bytes(const struct shelf *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->segments[i].n_bytes;
	return n;
}

void
shelf_end(struct shelf *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void
shelf_remove(struct shelf *s, size_t i)
{
	char path[SPOOL_PATH_MAX];

	if (i + 1 == s->n)
		shelf_end(s);
	spooldir_path(path, s->dir, s->segments[i].first_seq);
	unlink(path);
	s->n--;
	memmove(&s->segments[i], &s->segments[i + 1],
	    (s->n - i) * sizeof *s->segments);
}

static void
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* The first lines sync the header, too. */
enum rc
shelf_begin(struct shelf *s, const struct anchor *anchor, uint64_t first_seq,
    struct err *err)
{
	char path[SPOOL_PATH_MAX], header[SEGMENT_HEADER_MAX];
	size_t len = segment_encode_header(anchor, header);
	enum rc rc;

	shelf_end(s);
	spooldir_path(path, s->dir, first_seq);
	s->fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return err_sys(err, "create %s", path);
	if (s->n > 0 && shelf_newest(s)->first_seq == first_seq)
		s->n--;
	add(s, first_seq, len);
	rc = file_write_all(s->fd, header, len, err);
	if (rc != RC_OK)
		shelf_remove(s, s->n - 1);
	else if (s->is_synced)
		sync_dir(s->dir);
	return rc;
}

enum rc
shelf_append(struct shelf *s, const char *bytes, size_t len, struct err *err)
{
	enum rc rc = file_write_all(s->fd, bytes, len, err);

	if (rc == RC_OK && s->is_synced && fdatasync(s->fd) != 0)
		rc = err_sys(err, "write the spool");
	if (rc == RC_OK)
		shelf_newest(s)->n_bytes += len;
	else if (ftruncate(s->fd, (off_t)shelf_newest(s)->n_bytes) != 0)
		shelf_end(s); /* torn: the reader skips half a line */
	return rc;
}
