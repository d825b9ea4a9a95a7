/*
 * detect_silent.h - vantages of which nothing is heard.              (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_part (the table)
 *
 * A vantage is silent when for three periods and a minute others were heard and
 * nothing that it measured came in; what it measured does not matter, nor when.
 *
 *   fleet    three networks, and a fifth of those that were heard, fell silent
 *            within one window (two periods and a minute), each of which had
 *            been heard for five periods before, and of which no vantage is
 *            heard any more: a warning, from half of them on major.  Resolved
 *            when fewer than half of what was needed are silent still, or
 *            (settled) after a day.
 *   vantage  a probe that was heard for a day, and is silent for a window longer
 *            and not part of the above: an info, never more.  Resolved when it
 *            is heard again, or (settled) after a week.
 *
 * So when nobody is heard, as when the collector itself is away, nobody is
 * silent; and when that was for as long, silence is counted from its end.
 */
#ifndef COLLECTOR_DETECT_SILENT_H
#define COLLECTOR_DETECT_SILENT_H

#include "collector/detect_part.h"

extern const struct detect_part silent_part;

#endif
