/*
 * fuzz_catchment.c - rounds of a catchment mapper: each line is a reply within
 * its bounds, or says why not; the same text as a .routing file, too.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/catchment_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_reply(const struct csv_columns *c, char *line)
{
	struct catchment_reply r;
	const char *why = csv_reply(&r, c, line);

	if (why != NULL) {
		if (why[0] == '\0')
			abort();
		return;
	}
	if (r.client[0] == '\0' || strlen(r.client) >= sizeof r.client ||
	    r.at_us < 0 || r.source.family == 0 || r.destination.family == 0 ||
	    (r.has_rtt && r.rtt_us < 0))
		abort();
}

static void
check_route(char *line)
{
	struct addr prefix;
	char site[64];
	unsigned len;

	if (csv_routing(site, &prefix, &len, line) &&
	    (!prefix_holds(&prefix, len, &prefix) || site[0] == '\0'))
		abort();
}

/* Calls with a copy of each line, as the readers of the files do. */
static void
each_line(const char *text, size_t n, const struct csv_columns *c)
{
	char line[CSV_LINE_MAX];

	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t len = end == NULL ? n : (size_t)(end - text) + 1;
		size_t kept = len < sizeof line ? len : sizeof line - 1;

		memcpy(line, text, kept);
		line[kept] = '\0';
		if (c != NULL)
			check_reply(c, line);
		else
			check_route(line);
		text += len;
		n -= len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end;
	struct err err = ERR_NONE;
	struct csv_columns c;
	char header[CSV_LINE_MAX];
	size_t n;

	each_line(text, size, NULL);
	end = memchr(text, '\n', size);
	n = end == NULL ? size : (size_t)(end - text) + 1;
	if (n >= sizeof header)
		return 0;
	memcpy(header, text, n);
	header[n] = '\0';
	if (csv_header(&c, header, &err) == RC_OK)
		each_line(text + n, size - n, &c);
	else if (err.text[0] == '\0')
		abort();
	return 0;
}
