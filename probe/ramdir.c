/* ramdir.c - see ramdir.h. */
#include "probe/ramdir.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SHARED_MEMORY "/dev/shm"

static bool
is_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

bool
ramdir_is_possible(void)
{
	return is_memory(SHARED_MEMORY) && access(SHARED_MEMORY, W_OK) == 0;
}

/* Everybody may make folders beside ours, so a name proves nothing. */
static bool
is_ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

/* A state directory that was copied has the same probe, and another spool. */
static enum rc
name_it(char out[static SPOOL_PATH_MAX], const char *probe, const char *spool,
    struct err *err)
{
	struct stat st;

	if (stat(spool, &st) != 0)
		return err_sys(err, "%s", spool);
	snprintf(out, SPOOL_PATH_MAX,
	    SHARED_MEMORY "/catchwater-probe-%s-%jx-%jx", probe,
	    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return RC_OK;
}

enum rc
ramdir_make(char out[static SPOOL_PATH_MAX], const char *probe,
    const char *spool, struct err *err)
{
	if (!is_memory(SHARED_MEMORY))
		return err_set(
		    err, RC_NOTFOUND, SHARED_MEMORY " is no memory here");
	if (name_it(out, probe, spool, err) != RC_OK)
		return RC_SYS;
	if (mkdir(out, 0700) != 0 && errno != EEXIST)
		return err_sys(err, "create %s", out);
	if (!is_ours(out))
		return err_set(err, RC_RANGE,
		    "%s is somebody else's, or open to others; remove it", out);
	return RC_OK;
}

enum rc
ramdir_find(
    char out[static SPOOL_PATH_MAX], const char *probe, const char *spool)
{
	if (name_it(out, probe, spool, NULL) != RC_OK || !is_ours(out))
		return RC_NOTFOUND;
	return RC_OK;
}
