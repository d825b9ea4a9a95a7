/*
 * feed.h - the file of --targets, or standard input, as it comes.    (edge)
 *
 * Uses     probe/lines.h, libuv
 * Used by  probe/measure_many.c
 *
 * Nothing here waits: where there is no line yet (a pipe, a terminal) the
 * loop calls back when there may be one.  The descriptor's flags stay as they
 * are, for others share it.
 */
#ifndef PROBE_FEED_H
#define PROBE_FEED_H

#include <uv.h>

#include "probe/lines.h"
#include "schema/base/err.h"

#define FEED_BUFFER_LEN 65536

enum feed_state {
	FEED_WORD, /* lines.word holds a target */
	FEED_BAD,  /* lines.why tells of a bad line */
	FEED_WAIT, /* the callback comes when there may be more */
	FEED_END   /* and rc tells whether all was read */
};

typedef void feed_more(void *ctx);

struct feed {
	const char *path; /* lent; "-": standard input */
	int fd, epoll_fd; /* epoll_fd -1: a file, always ready */
	uv_poll_t poll;
	bool is_polling;
	feed_more *more;
	void *ctx;
	bool is_end;
	struct err err; /* RC_SYS: reading failed */
	struct lines lines;
	const char *next, *end; /* in buffer */
	char buffer[FEED_BUFFER_LEN];
};

/* Opens path, which it lends.  Release with feed_close.  RC_SYS. */
MUST_USE enum rc feed_open(struct feed *f, uv_loop_t *loop, const char *path,
    feed_more *more, void *ctx, struct err *err);

/* The next line that says something. */
enum feed_state feed_next(struct feed *f);

/* Goes back to the first line.  RC_SYS: it cannot be read twice. */
MUST_USE enum rc feed_rewind(struct feed *f, struct err *err);

/* Run the loop afterwards, until its handles are closed. */
void feed_close(struct feed *f);

#endif
