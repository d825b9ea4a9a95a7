/* store_backup.c - see store_backup.h. */
#include "collector/store_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/mem.h"
#include "schema/base/progress.h"

#define STEP_PAGES 2000 /* a few MB between two looks at what went wrong */

struct backup {
	const char *from, *to;
	char part[PATH_MAX]; /* what to is called until it is whole */
	sqlite3 *source, *copy;
	struct backed_up *out;
	struct err *err;
};

#define DAMAGED "%s is damaged, and so would be its copy: %s"

static enum rc
db_err(struct backup *b, sqlite3 *db, const char *path)
{
	if (sqlite3_errcode(db) == SQLITE_CORRUPT)
		return err_set(
		    b->err, RC_DB, DAMAGED, b->from, sqlite3_errmsg(db));
	return err_set(b->err, RC_DB, "%s: %s", path, sqlite3_errmsg(db));
}

static enum rc
run(struct backup *b, sqlite3 *db, const char *path, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? RC_OK
		   : db_err(b, db, path);
}

/* The first column of the first row, as text: release with free(); NULL when
 * there is no row. */
static enum rc
ask(struct backup *b, sqlite3 *db, const char *path, const char *sql,
    char **answer)
{
	sqlite3_stmt *s;
	int r;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		return db_err(b, db, path);
	r = sqlite3_step(s);
	*answer = r == SQLITE_ROW
		      ? mem_strdup((const char *)sqlite3_column_text(s, 0))
		      : NULL;
	sqlite3_finalize(s);
	return r == SQLITE_ROW || r == SQLITE_DONE ? RC_OK
						   : db_err(b, db, path);
}

static enum rc
open_source(struct backup *b)
{
	struct stat file;

	if (stat(b->from, &file) != 0)
		return err_set(
		    b->err, RC_NOTFOUND, "no database at %s", b->from);
	if (sqlite3_open_v2(b->from, &b->source,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db_err(b, b->source, b->from);
	sqlite3_busy_timeout(b->source, 10000);
	/* One moment of it: without a transaction of ours, each commit of the
	 * collector would make the copy begin anew. */
	return run(
	    b, b->source, b->from, "BEGIN; SELECT count(*) FROM sqlite_schema");
}

/* The file is made by us, so that it is nobody else's and for nobody else. */
static enum rc
open_copy(struct backup *b)
{
	int fd;

	if (access(b->to, F_OK) == 0)
		return err_set(b->err, RC_RANGE,
		    "%s is there already, and is not overwritten; name another "
		    "file",
		    b->to);
	if (snprintf(b->part, sizeof b->part, "%s.part", b->to) >=
	    (int)sizeof b->part)
		return err_set(b->err, RC_RANGE, "%s: too long a name", b->to);
	fd = open(b->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		b->part[0] = '\0'; /* not ours to remove */
		return err_set(b->err, RC_RANGE,
		    "%s.part is there: another backup is at work, or was "
		    "interrupted; then remove it",
		    b->to);
	}
	if (fd < 0)
		return err_sys(b->err, "create %s", b->part);
	close(fd);
	if (sqlite3_open_v2(b->part, &b->copy,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db_err(b, b->copy, b->part);
	/* Half of it is worth nothing: no journal, and one fsync at the end. */
	return run(b, b->copy, b->part,
	    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
}

static enum rc
copy_pages(struct backup *b)
{
	sqlite3_backup *k =
	    sqlite3_backup_init(b->copy, "main", b->source, "main");
	int r;

	if (k == NULL)
		return db_err(b, b->copy, b->part);
	do {
		int total;

		r = sqlite3_backup_step(k, STEP_PAGES);
		total = sqlite3_backup_pagecount(k);
		progress_show(
		    "pages copied", total - sqlite3_backup_remaining(k), total);
	} while (r == SQLITE_OK);
	progress_end();
	sqlite3_backup_finish(k);
	return r == SQLITE_DONE ? RC_OK : db_err(b, b->copy, b->part);
}

/* Opened anew, so that what is checked is what is in the file; and a single
 * file, which can be read where nothing can be written. */
static enum rc
reopen(struct backup *b)
{
	char *mode = NULL;
	enum rc rc;

	sqlite3_close(b->copy);
	b->copy = NULL;
	if (sqlite3_open_v2(b->part, &b->copy,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db_err(b, b->copy, b->part);
	rc = ask(b, b->copy, b->part, "PRAGMA journal_mode=DELETE", &mode);
	free(mode);
	return rc;
}

static enum rc
expect(struct backup *b, const char *sql, const char *good)
{
	char *answer = NULL;
	enum rc rc = ask(b, b->copy, b->part, sql, &answer);

	if (rc == RC_OK && answer != NULL &&
	    (good == NULL || strcmp(answer, good) != 0))
		rc = err_set(b->err, RC_DB, DAMAGED, b->from, answer);
	free(answer);
	return rc;
}

static enum rc
check_copy(struct backup *b)
{
	char *version = NULL;
	enum rc rc = expect(b, "PRAGMA integrity_check(1)", "ok");

	if (rc == RC_OK)
		rc = expect(b,
		    "SELECT 'a row of ' || \"table\" || ' refers to one of ' "
		    "|| parent || ' that is not there' "
		    "FROM pragma_foreign_key_check LIMIT 1",
		    NULL);
	if (rc == RC_OK)
		rc = ask(b, b->copy, b->part, "PRAGMA user_version", &version);
	if (rc == RC_OK)
		b->out->schema = strtoll(version, NULL, 10);
	free(version);
	return rc;
}

static enum rc
sync_path(struct backup *b, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	enum rc rc = RC_OK;

	if (fd < 0 || fsync(fd) != 0)
		rc = err_sys(b->err, "sync %s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* The name appears at once, and takes nobody's place. */
static bool
is_named(const char *part, const char *to)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	/* A file system that cannot do so may know links. */
	return errno == EINVAL && link(part, to) == 0 && unlink(part) == 0;
}

static enum rc
publish(struct backup *b)
{
	char *copy = mem_strdup(b->to);
	struct stat file;
	enum rc rc = sync_path(b, b->part, O_RDWR);

	if (rc == RC_OK && stat(b->part, &file) != 0)
		rc = err_sys(b->err, "%s", b->part);
	if (rc == RC_OK && !is_named(b->part, b->to))
		rc = errno == EEXIST
			 ? err_set(b->err, RC_RANGE,
			       "%s is there by now, and is not overwritten",
			       b->to)
			 : err_sys(b->err, "rename to %s", b->to);
	if (rc == RC_OK) {
		b->out->n_bytes = file.st_size;
		b->part[0] = '\0';
		rc = sync_path(b, dirname(copy), O_RDONLY | O_DIRECTORY);
	}
	free(copy);
	return rc;
}

enum rc
store_backup(
    const char *from, const char *to, struct backed_up *out, struct err *err)
{
	struct backup b = { .from = from, .to = to, .out = out, .err = err };
	enum rc rc = open_source(&b);

	if (rc == RC_OK)
		rc = open_copy(&b);
	if (rc == RC_OK)
		rc = copy_pages(&b);
	sqlite3_close(b.source); /* its end lets the log be used anew */
	if (rc == RC_OK)
		rc = reopen(&b);
	if (rc == RC_OK)
		rc = check_copy(&b);
	sqlite3_close(b.copy);
	if (rc == RC_OK)
		rc = publish(&b);
	if (b.part[0] != '\0')
		unlink(b.part);
	return rc;
}
