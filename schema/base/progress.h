/*
 * progress.h - how far a long command is, for whoever waits.         (edge)
 *
 * Uses     schema/base/terminal.h
 * Used by  the commands that take long
 *
 * One line on standard error, redrawn a few times a second, and only on a
 * terminal; it is gone when the command ends.  One thread at a time.
 */
#ifndef SCHEMA_BASE_PROGRESS_H
#define SCHEMA_BASE_PROGRESS_H

#include <stdint.h>

/* total 0: not known.  Cheap: may be called for each row. */
void progress_show(const char *what, int64_t n, int64_t total);
void progress_end(void);

#endif
