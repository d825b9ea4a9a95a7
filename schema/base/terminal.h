/*
 * terminal.h - what a person's terminal can show.                    (edge)
 *
 * Used by  the reports and the progress of both programs
 *
 * A stream that is no terminal has no colour, no width and no progress, so
 * that what goes into a file or a pipe is the same everywhere.
 */
#ifndef SCHEMA_BASE_TERMINAL_H
#define SCHEMA_BASE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

bool terminal_is(FILE *f);

/* Colour is wanted: a terminal, TERM is set and not "dumb", and NO_COLOR is
 * unset or empty (https://no-color.org). */
bool terminal_has_colour(FILE *f);

/* Its columns; 0: no terminal, or one that does not say. */
int terminal_width(FILE *f);

/* The locale's characters are UTF-8 (LC_ALL, else LC_CTYPE, else LANG). */
bool terminal_has_utf8(void);

#endif
