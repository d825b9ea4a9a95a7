/*
 * err.h - how every function says that it failed.                    (pure)
 *
 * Used by  everything
 *
 * Functions return enum rc.  Those fed by an operator or a disk also fill a
 * struct err for the human; those fed by the network return the code only.
 * Results go out by pointer and are written only on RC_OK.
 */
#ifndef SCHEMA_BASE_ERR_H
#define SCHEMA_BASE_ERR_H

#include <stdarg.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum rc {
	RC_OK = 0,
	RC_AGAIN,     /* not now: would block, or needs more input */
	RC_NOTFOUND,  /* nothing there; often not a fault */
	RC_MALFORMED, /* input breaks its format */
	RC_RANGE,     /* well formed, but outside what is allowed */
	RC_LIMIT,     /* one of our own caps was reached */
	RC_SYS,       /* a system call failed: err.sys_errno */
	RC_DB,        /* SQLite said no */
	RC_PEER       /* the other end refused or timed out */
};

struct err {
	enum rc rc;
	int sys_errno;
	char text[256]; /* one line of printable ASCII (text.h) */
};

#define ERR_NONE \
	(struct err) \
	{ \
		.rc = RC_OK \
	}

/* Fills *e (NULL is fine) and returns rc, so that a caller can write
 * return err_set(err, RC_RANGE, "port %ld > 65535", port); */
enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The same for a failed system call: appends ": strerror(errno)" and keeps
 * errno in *e.  Always returns RC_SYS. */
enum rc err_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts a formatted prefix and ": " before the text already in *e; returns
 * rc.  For callers that know the file and line. */
enum rc err_at(struct err *e, enum rc rc, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* A short lower-case word for the code, for counters and logs. */
const char *rc_name(enum rc rc);

#endif
