/*
 * alert_exec.h - one run of a command that is told of a message.     (edge)
 *
 * Used by  alert_helper, alert_send (catchwater alert test)
 *
 * No shell: the words are the program and its arguments.  It reads the message
 * on its standard input, has CATCHWATER_ALERT and CATCHWATER_KEY beside PATH in
 * its environment and nothing else, no other open file, and a process group of
 * its own, which is killed when its time is over.
 */
#ifndef COLLECTOR_ALERT_EXEC_H
#define COLLECTOR_ALERT_EXEC_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

struct exec_run {
	char *const *words; /* ended by NULL */
	const char *alert, *key;
	int input; /* a file, read from its beginning */
	int64_t timeout_us;
	int watch; /* a socket: when its other end is gone, so is the command;
	              -1: none */
};

/* A file in memory with that text: close it.  RC_SYS. */
MUST_USE enum rc exec_input(int *fd, const char *text, struct err *err);

/* RC_OK: it ended with status 0.  RC_PEER: otherwise, or its time was over;
 * *err has its status and the first line that it wrote.  RC_SYS. */
MUST_USE enum rc
exec_run(const struct exec_run *run, int *status, struct err *err);

#endif
