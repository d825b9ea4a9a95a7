/* spooldir.c - see spooldir.h. */
#include "probe/spooldir.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/file.h"
#include "schema/base/mem.h"

#define SEQ_DIGITS 20
#define SUFFIX ".jsonl"

/* Reads decimal digits; false when there are none, or too many. */
static bool
read_digits(uint64_t *out, const char *text, size_t len)
{
	uint64_t v = 0;

	if (len == 0 || len > SEQ_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9' ||
		    v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

static bool
is_segment(uint64_t *first_seq, const char *name)
{
	return strlen(name) == SEQ_DIGITS + sizeof SUFFIX - 1 &&
	       strcmp(name + SEQ_DIGITS, SUFFIX) == 0 &&
	       read_digits(first_seq, name, SEQ_DIGITS);
}

static int
compare_seqs(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

enum rc
spooldir_list(struct spooldir *out, const char *dir, struct err *err)
{
	DIR *d = opendir(dir);
	struct spooldir found = { 0 };
	struct dirent *entry;
	size_t cap = 0;
	uint64_t seq;

	if (d == NULL)
		return err_sys(err, "open %s", dir);
	while ((entry = readdir(d)) != NULL) {
		if (!is_segment(&seq, entry->d_name))
			continue;
		if (found.n == cap) {
			cap = cap == 0 ? 16 : 2 * cap;
			found.first_seqs = mem_grow(
			    found.first_seqs, cap, sizeof *found.first_seqs);
		}
		found.first_seqs[found.n++] = seq;
	}
	closedir(d);
	if (found.n > 1)
		qsort(
		    found.first_seqs, found.n, sizeof(uint64_t), compare_seqs);
	*out = found;
	return RC_OK;
}

void
spooldir_fini(struct spooldir *d)
{
	if (d == NULL)
		return;
	free(d->first_seqs);
	*d = (struct spooldir){ 0 };
}

void
spooldir_path(
    char out[static SPOOL_PATH_MAX], const char *dir, uint64_t first_seq)
{
	snprintf(out, SPOOL_PATH_MAX, "%s/%020" PRIu64 SUFFIX, dir, first_seq);
}

uint64_t
spooldir_read_count(const char *dir, const char *name)
{
	char path[SPOOL_PATH_MAX];
	uint64_t count = 0;
	char *text;
	size_t len;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (file_read(path, 64, &text, &len, NULL) != RC_OK)
		return 0;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (!read_digits(&count, text, len))
		count = 0;
	free(text);
	return count;
}

enum rc
spooldir_write_count(
    const char *dir, const char *name, uint64_t count, struct err *err)
{
	char path[SPOOL_PATH_MAX], text[32];
	int len = snprintf(text, sizeof text, "%" PRIu64 "\n", count);

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return file_replace(path, 0600, text, (size_t)len, err);
}

enum rc
spooldir_erase(const char *dir, struct err *err)
{
	static const char *const counters[] = { SPOOL_ACKED, SPOOL_LOST,
		SPOOL_REJECTED, SPOOL_RESERVED };
	char path[SPOOL_PATH_MAX];
	struct spooldir d;

	if (access(dir, F_OK) != 0 && errno == ENOENT)
		return RC_OK;
	if (spooldir_list(&d, dir, err) != RC_OK)
		return RC_SYS;
	for (size_t i = 0; i < d.n; i++) {
		spooldir_path(path, dir, d.first_seqs[i]);
		unlink(path);
	}
	spooldir_fini(&d);
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, counters[i]);
		unlink(path);
	}
	if (rmdir(dir) != 0)
		return err_sys(err, "remove %s", dir);
	return RC_OK;
}
