/*
 * web.h - the files of the dashboard, as they are in the program.    (pure)
 *
 * Uses     web_files.c, which collector/web/build.mjs writes
 * Used by  api_web
 *
 * Built without npm there are none.
 */
#ifndef COLLECTOR_WEB_H
#define COLLECTOR_WEB_H

#include <stddef.h>

struct web_file {
	const char *path, *type, *etag;
	const unsigned char *gzip; /* the file, packed */
	size_t gzip_len, len;
};

extern const struct web_file web_files[];
extern const size_t n_web_files;

/* NULL: there is none. */
const struct web_file *web_find(const char *path);

/* Is the dashboard in this program? */
#define WEB_IS_BUILT (n_web_files > 0)

#endif
