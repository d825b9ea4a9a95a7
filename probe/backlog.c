/* backlog.c - see backlog.h. */
#include "probe/backlog.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/segment.h"
#include "probe/spooldir.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"

#define MAX_TRIES 5

static void
add_line(struct backlog *b, const struct segment_line *line)
{
	if (b->n_lines++ == 0)
		b->first_seq = line->seq;
	b->last_seq = line->seq;
	memcpy(b->lines + b->len, line->text, line->len);
	b->len += line->len;
}

/* RC_NOTFOUND: no line of the segment has a seq over after. */
static enum rc
read_segment(struct backlog *out, const char *bytes, size_t len, uint64_t after,
    unsigned max_lines)
{
	struct segment_cursor c = segment_over(bytes, len);
	struct backlog b = { .anchor = c.anchor, .lines = mem_new(len + 1) };
	struct segment_line line;

	segment_skip(&c, after);
	while (b.n_lines < max_lines && segment_next(&c, &line))
		if (line.seq > after)
			add_line(&b, &line);
	if (b.n_lines == 0) {
		backlog_fini(&b);
		return RC_NOTFOUND;
	}
	*out = b;
	return RC_OK;
}

static enum rc
read_file(struct backlog *out, const char *dir, uint64_t first_seq,
    uint64_t after, unsigned max_lines, struct err *err)
{
	char path[SPOOL_PATH_MAX];
	char *bytes;
	size_t len;
	enum rc rc;

	spooldir_path(path, dir, first_seq);
	rc = file_read(path, SEGMENT_BYTES_MAX, &bytes, &len, err);
	if (rc != RC_OK)
		return rc;
	rc = read_segment(out, bytes, len, after, max_lines);
	free(bytes);
	return rc;
}

/* RC_NOTFOUND: none of the segments has such a line.  RC_AGAIN: one of them
 * is gone, and all must be there. */
static enum rc
read_listed(struct backlog *out, const char *dir, const struct spooldir *d,
    bool needs_all, uint64_t after, unsigned max_lines, struct err *err)
{
	char path[SPOOL_PATH_MAX];
	enum rc rc = RC_NOTFOUND;

	for (size_t i = 0; i < d->n && rc == RC_NOTFOUND; i++) {
		if (i + 1 < d->n && d->first_seqs[i + 1] <= after + 1)
			continue;
		rc = read_file(
		    out, dir, d->first_seqs[i], after, max_lines, err);
		spooldir_path(path, dir, d->first_seqs[i]);
		if (rc == RC_NOTFOUND && needs_all && access(path, F_OK) != 0)
			return RC_AGAIN;
	}
	return rc;
}

/* Memory is listed before the disk is read, so what moves from there to here
 * meanwhile is gone from the one when it is read, or was read in the other. */
static enum rc
read_once(struct backlog *out, const char *dir, const char *ram_dir,
    uint64_t after, unsigned max_lines, struct err *err)
{
	struct spooldir disk, ram = { 0 };
	enum rc rc;

	if (ram_dir != NULL && spooldir_list(&ram, ram_dir, NULL) != RC_OK)
		ram_dir = NULL; /* gone with an orderly end */
	rc = spooldir_list(&disk, dir, err);
	if (rc != RC_OK) {
		spooldir_fini(&ram);
		return rc;
	}
	rc = read_listed(out, dir, &disk, false, after, max_lines, err);
	if (rc == RC_NOTFOUND && ram_dir != NULL)
		rc = read_listed(
		    out, ram_dir, &ram, true, after, max_lines, err);
	spooldir_fini(&disk);
	spooldir_fini(&ram);
	return rc;
}

enum rc
backlog_read(struct backlog *out, const char *dir, const char *ram_dir,
    uint64_t after, unsigned max_lines, struct err *err)
{
	enum rc rc = RC_AGAIN;

	for (int i = 0; i < MAX_TRIES && rc == RC_AGAIN; i++)
		rc = read_once(out, dir, ram_dir, after, max_lines, err);
	return rc == RC_AGAIN ? RC_NOTFOUND : rc;
}

void
backlog_fini(struct backlog *b)
{
	if (b == NULL)
		return;
	free(b->lines);
	*b = (struct backlog){ 0 };
}
