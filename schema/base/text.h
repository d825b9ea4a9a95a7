/*
 * text.h - text that a terminal or a log can be given.               (pure)
 *
 * Used by  err, log, program, and whoever prints what others said
 */
#ifndef SCHEMA_BASE_TEXT_H
#define SCHEMA_BASE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Bytes that n bytes of text may take, with the closing NUL. */
#define TEXT_SAFE_LEN(n) (4 * (n) + 1)

/* Writes text to out, of cap > 0 bytes, with every byte that is not printable
 * ASCII as \xHH; what does not fit is cut, never within a \xHH.  Returns out. */
char *text_safe(char *out, size_t cap, const char *text);

/* Prints text the same way, whole; line feeds stay what they are. */
void text_print_lines(const char *text, FILE *to);

#endif
