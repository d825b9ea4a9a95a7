/*
 * fuzz_enrolment.c - any bytes as what a new probe says of itself.
 *
 * Holds: who is let in has an id that follows from his key, a name and a
 * version that are words, and a place on earth; who is not is told why.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "collector/enrolment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_word(const char *text, size_t max)
{
	assert(strlen(text) <= max);
	for (; *text != '\0'; text++)
		assert(*text > ' ' && *text < 0x7f && *text != '"' &&
		       *text != '\'' && *text != '<');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_NONE;
	char id[PROBE_ID_LEN + 1];
	struct enrolment e;
	const struct whereabouts *w = &e.probe.declared;

	if (enrolment_decode(&e, (const char *)data, size, &err) != RC_OK) {
		assert(err.text[0] != '\0');
		return 0;
	}
	signature_probe_id(e.probe.public_key, id);
	assert(strcmp(id, e.probe.id) == 0);
	assert(e.probe.name[0] != '\0');
	check_word(e.probe.name, NAME_MAX_LEN);
	check_word(e.probe.version, sizeof e.probe.version - 1);
	check_word(w->country, 2);
	assert(!w->has_position ||
	       (w->latitude >= -90 && w->latitude <= 90 &&
		   w->longitude >= -180 && w->longitude <= 180));
	return 0;
}
