/*
 * scratch.h - a folder for one test, and its end.
 *
 * Used by  tests/unit/test_spool.c, test_state.c, serve_rig.h and others
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/file.h"
#include "tests/unit/check.h"

struct scratch {
	char dir[64];
	char path[256]; /* of scratch_path */
};

static inline void
scratch_make(struct scratch *s)
{
	snprintf(s->dir, sizeof s->dir, "/tmp/catchwater-test.XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		fail_msg("mkdtemp: %s", s->dir);
}

static inline int
scratch_remove_entry(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void
scratch_remove(struct scratch *s)
{
	nftw(s->dir, scratch_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name inside; good until the next call. */
static inline const char *
scratch_path(struct scratch *s, const char *name)
{
	snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
	return s->path;
}

static inline void
scratch_append(struct scratch *s, const char *name, const void *bytes, size_t n)
{
	int fd =
	    open(scratch_path(s, name), O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		fail_msg("cannot write %s", s->path);
	close(fd);
}

static inline void
scratch_write(struct scratch *s, const char *name, const char *text)
{
	unlink(scratch_path(s, name));
	scratch_append(s, name, text, strlen(text));
}

#endif
