/* file.c - see file.h. */
#include "schema/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/mem.h"

static enum rc
read_fd(int fd, const char *path, size_t max, char **out, size_t *len,
    struct err *err)
{
	size_t cap = 4096, used = 0;
	char *buf = mem_grow(NULL, cap + 1, 1);
	ssize_t n;

	while ((n = read(fd, buf + used, cap - used)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(buf);
			return err_sys(err, "read %s", path);
		}
		used += (size_t)n;
		if (used > max) {
			free(buf);
			return err_set(err, RC_LIMIT,
			    "%s is larger than %zu bytes", path, max);
		}
		if (used == cap) {
			cap *= 2;
			buf = mem_grow(buf, cap + 1, 1);
		}
	}
	buf[used] = '\0';
	*out = buf;
	*len = used;
	return RC_OK;
}

enum rc
file_read(
    const char *path, size_t max, char **out, size_t *len, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum rc rc;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, RC_NOTFOUND, "%s does not exist", path);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	rc = read_fd(fd, path, max, out, len, err);
	close(fd);
	return rc;
}

enum rc
file_write_all(int fd, const void *bytes, size_t len, struct err *err)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write");
		p += n;
		len -= (size_t)n;
	}
	return RC_OK;
}

static void
sync_folder_of(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof copy, "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

enum rc
file_replace(const char *path, mode_t mode, const void *bytes, size_t len,
    struct err *err)
{
	char temp[PATH_MAX];
	enum rc rc;
	int fd;

	if (snprintf(temp, sizeof temp, "%s.XXXXXX", path) >= (int)sizeof temp)
		return err_set(err, RC_RANGE, "path too long: %s", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "create %s", temp);
	rc = file_write_all(fd, bytes, len, err);
	if (rc == RC_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		rc = err_sys(err, "write %s", temp);
	close(fd);
	if (rc == RC_OK && rename(temp, path) != 0)
		rc = err_sys(err, "rename %s to %s", temp, path);
	if (rc != RC_OK)
		unlink(temp);
	else
		sync_folder_of(path);
	return rc;
}
