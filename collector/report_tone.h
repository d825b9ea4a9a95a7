/*
 * report_tone.h - which words of a report are good or bad news.      (pure)
 *
 * Used by  report_table
 *
 * A word means the same in every report, so its colour hangs on the column's
 * key and the word, not on who prints it.  Colour never says what the word
 * does not.
 */
#ifndef COLLECTOR_REPORT_TONE_H
#define COLLECTOR_REPORT_TONE_H

enum tone { TONE_PLAIN, TONE_GOOD, TONE_WARNING, TONE_BAD, TONE_DIM };

/* key: of the column, as in JSON; word: of the cell. */
enum tone report_tone(const char *key, const char *word);

/* The terminal's sequence (ECMA-48 SGR) that begins it; "" for plain. */
const char *report_tone_begin(enum tone t);
#define REPORT_TONE_END "\x1b[0m"

#endif
