/*
 * lines.h - a list of targets, one a line, out of pieces of bytes.   (pure)
 *
 * Used by  probe/feed.c
 *
 * '#' begins a comment, blanks around a word and empty lines are skipped.
 * Whatever the list's length, this holds one line.
 */
#ifndef PROBE_LINES_H
#define PROBE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_WORD_MAX 254 /* a domain name with its final dot */

enum lines_state {
	LINES_MORE, /* give it more bytes */
	LINES_WORD, /* word holds a target */
	LINES_BAD   /* the line is no target: see why */
};

struct lines {
	char word[LINES_WORD_MAX + 1];
	uint64_t number; /* of the line at hand, from 1 */
	const char *why; /* a phrase */
	size_t len;      /* of what is read of the word */
	bool is_comment, is_after_word, is_bad, is_over;
};

/* Takes bytes from *from up to end, until a line is whole; moves *from on.
 * word and why stand until the next call. */
enum lines_state
lines_take(struct lines *l, const char **from, const char *end);

/* The last line, when no line feed ended it. */
enum lines_state lines_end(struct lines *l);

/* Can the word be a host's name?  Letters, digits, '-', '_' and dots, and the
 * last label not all of digits. */
bool lines_is_name(const char *word);

#endif
