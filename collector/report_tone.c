/* report_tone.c - see report_tone.h. */
#include "collector/report_tone.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *key, *word;
	enum tone tone;
} tones[] = {
	{ "severity", "critical", TONE_BAD },
	{ "severity", "major", TONE_BAD },
	{ "severity", "warning", TONE_WARNING },
	{ "events_worst", "critical", TONE_BAD },
	{ "events_worst", "major", TONE_BAD },
	{ "events_worst", "warning", TONE_WARNING },
	{ "verdict", "ok", TONE_GOOD },
	{ "verdict", "sick_attracting", TONE_BAD },
	{ "verdict", "ghost_sick", TONE_BAD },
	{ "verdict", "sick_announced", TONE_WARNING },
	{ "verdict", "ghost", TONE_WARNING },
	{ "verdict", "withdrawn", TONE_WARNING },
	{ "verdict", "unknown", TONE_DIM },
	{ "healthy", "no", TONE_BAD },
	{ "state", "open", TONE_WARNING },
	{ "state", "resolved", TONE_DIM },
	{ "state", "dark", TONE_BAD },
	{ "state", "unknown", TONE_DIM },
	{ "state", "quarantined", TONE_WARNING },
	{ "state", "revoked", TONE_DIM },
	{ "state", "left", TONE_DIM },
	{ "site", "(dark)", TONE_BAD },
	{ "site", "(unknown)", TONE_DIM },
	{ "site", "(unobserved)", TONE_DIM },
	{ "site", "(quarantined)", TONE_DIM },
};

enum tone
report_tone(const char *key, const char *word)
{
	for (size_t i = 0; i < sizeof tones / sizeof *tones; i++)
		if (strcmp(tones[i].key, key) == 0 &&
		    strcmp(tones[i].word, word) == 0)
			return tones[i].tone;
	return TONE_PLAIN;
}

const char *
report_tone_begin(enum tone t)
{
	static const char *const sequences[] = { [TONE_PLAIN] = "",
		[TONE_GOOD] = "\x1b[32m",
		[TONE_WARNING] = "\x1b[33m",
		[TONE_BAD] = "\x1b[1;31m",
		[TONE_DIM] = "\x1b[2m" };

	return sequences[t];
}
