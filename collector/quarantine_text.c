/* quarantine_text.c - see quarantine_text.h. */
#include "collector/quarantine_text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *reason, *compared, *words;
} sentences[] = {
	{ "peers", "targets",
	    "lands apart from all of its AS and of those near it at" },
	{ "own_address", "own_addresses",
	    "is answered by another site's name at" },
	{ "light", "landings",
	    "is answered sooner than light in fibre allows at" },
};
#define N (sizeof sentences / sizeof sentences[0])

const char *
quarantine_sentence(const char *reason, const char *numbers,
    char buf[static QUARANTINE_SENTENCE_LEN])
{
	json_t *json = json_loads(numbers, 0, NULL);
	size_t i = 0;

	while (i < N && strcmp(sentences[i].reason, reason) != 0)
		i++;
	buf[0] = '\0';
	if (i < N)
		snprintf(buf, QUARANTINE_SENTENCE_LEN,
		    "%s %lld of %lld %s (of late %.0f%%; over %.0f%% begins "
		    "it, under %.0f%% ends it)",
		    sentences[i].words,
		    (long long)json_integer_value(
			json_object_get(json, "contradicted")),
		    (long long)json_integer_value(
			json_object_get(json, sentences[i].compared)),
		    strcmp(reason, "own_address") == 0 ? "own addresses"
						       : sentences[i].compared,
		    100 * json_number_value(json_object_get(json, "share")),
		    100 * json_number_value(json_object_get(json, "limit")),
		    100 *
			json_number_value(json_object_get(json, "ends_below")));
	json_decref(json);
	return buf;
}
