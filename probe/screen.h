/*
 * screen.h - one text that changes, in place on a terminal.          (edge)
 *
 * Uses     probe/out.h
 * Used by  probe/measure_jobs.c
 *
 * On a terminal the text has the alternate screen for itself, cut to its
 * size; what stood there before comes back at the end.  Elsewhere each text
 * follows the one before, under its time.
 */
#ifndef PROBE_SCREEN_H
#define PROBE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/out.h"

struct screen {
	bool is_open; /* the terminal is in our hands */
};

void screen_open(struct screen *s, struct out *out);
void
screen_show(struct screen *s, struct out *out, const char *text, size_t len);

/* Gives the terminal back as it was. */
void screen_close(struct screen *s, struct out *out);

/* Bytes of text that make at most n lines. */
size_t screen_fit(const char *text, size_t len, unsigned n);

#endif
