/*
 * out.h - standard output that does not hold up the loop.            (edge)
 *
 * Uses     libuv
 * Used by  probe/measure*.c
 *
 * What is written is gathered, and leaves in large pieces, or soon when
 * nothing more comes.  A reader that is slow shows as out_is_behind: who asks
 * questions then asks no more.  Only when the buffer is full does out_write
 * wait for the reader.  A reader that is gone ends the loop.
 */
#ifndef PROBE_OUT_H
#define PROBE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <uv.h>

#include "schema/base/err.h"

#define OUT_BUFFER_LEN (256 << 10)

struct out {
	int fd;
	bool is_file;     /* a write waits for nobody */
	bool is_terminal; /* a person wants each line at once */
	bool is_waiting;  /* the timer runs */
	bool is_blocked;  /* the reader did not take all */
	uv_timer_t timer;
	int sys_errno; /* of the write that failed; 0: none */
	size_t len;
	char buffer[OUT_BUFFER_LEN];
};

/* Writes to fd, which stays the caller's.  SIGPIPE is to be ignored.  The
 * timer is closed with the loop's other handles. */
void out_init(struct out *o, uv_loop_t *loop, int fd);

/* After the first failure all is dropped. */
void out_write(struct out *o, const void *bytes, size_t len);

/* Is the reader so slow that nothing more should be asked? */
bool out_is_behind(const struct out *o);

/* Writes all that is gathered, however long it takes. */
void out_flush(struct out *o);

/* RC_SYS: not all was written.  A reader that left (EPIPE) is no error. */
MUST_USE enum rc out_check(const struct out *o, struct err *err);

#endif
