/*
 * quarantine_text.h - why a vantage is not believed, in words.       (pure)
 *
 * Uses     jansson
 * Used by  vantages
 */
#ifndef COLLECTOR_QUARANTINE_TEXT_H
#define COLLECTOR_QUARANTINE_TEXT_H

#include <stddef.h>

/* Writes a sentence for the detector's reason ("peers", ...; any other: "")
 * and its numbers (struct quarantine).  Returns buf. */
#define QUARANTINE_SENTENCE_LEN 192
const char *quarantine_sentence(const char *reason, const char *numbers,
    char buf[static QUARANTINE_SENTENCE_LEN]);

#endif
