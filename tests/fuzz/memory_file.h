/*
 * memory_file.h - an input as a file, for what reads files only.     (edge)
 *
 * Used by  fuzz_atlas, fuzz_settings
 *
 * One file without a name for all inputs: making it takes longer than most
 * inputs do.
 */
#ifndef TESTS_FUZZ_MEMORY_FILE_H
#define TESTS_FUZZ_MEMORY_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Lends the path of a file with these bytes, until the next call. */
static inline const char *
memory_file(const void *bytes, size_t len)
{
	static char path[40];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("input", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) != 0 ||
	    pwrite(fd, bytes, len, 0) != (ssize_t)len)
		abort();
	return path;
}

#endif
