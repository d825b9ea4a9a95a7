/*
 * fuzz_atlas.c - files of RIPE Atlas results: what is decoded can be written as
 * JSON, and is an observation within its bounds; what is not says why.  Reading
 * a file comes to an end, and gives no more than the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/atlas.h"
#include "collector/json_stream.h"
#include "tests/fuzz/memory_file.h"

#define DEFLATE_MOST 1040 /* a little over 1032 to one */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_identity(const struct identity *id)
{
	if (!id->is_present && id->len > 0)
		abort();
}

static void
check_hops(const struct trace_result *t)
{
	if (t->n_hops > HOP_MAX)
		abort();
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].ttl < 1 || t->hops[i].ttl > TRACE_TTL_MAX ||
		    t->hops[i].n_labels > HOP_LABELS ||
		    (t->hops[i].address.family != 0 && t->hops[i].rtt_us < 0))
			abort();
}

static void
take(void *ctx, const json_t *result, const json_t *response)
{
	struct observation o;
	char *text = json_dumps(response, JSON_COMPACT | JSON_ENSURE_ASCII);

	(void)ctx;
	if (text == NULL || !json_is_object(result))
		abort();
	free(text);
	if (atlas_observe(response, &o) != NULL)
		return;
	if (o.at_us < 0 || o.target.family == 0)
		abort();
	if (o.kind == KIND_DNS) {
		check_identity(&o.dns.nsid);
		check_identity(&o.dns.chaos.txt);
		if (outcome_is_answer(o.outcome) && o.dns.rtt_us < 0)
			abort();
	} else if (o.kind == KIND_TRACE) {
		check_hops(&o.trace);
	}
}

static void
decode(const char *text, size_t len)
{
	const char *why = atlas_decode(text, len, take, NULL);

	if (why != NULL && (why[0] == '\0' || strchr(why, '\n') != NULL))
		abort();
}

static void
read_all(struct json_stream *s, size_t left)
{
	struct err err = ERR_NONE;
	const char *text;
	size_t len;

	while (json_stream_next(s, &text, &len, &err) == RC_OK) {
		if (len == 0 || len > left)
			abort();
		left -= len;
		if (json_stream_position(s) < 0)
			abort();
		decode(text, len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_stream *s;
	size_t left = size;

	decode((const char *)data, size);
	/* A packed one is larger than this, but by no more than deflate can. */
	if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b)
		left = DEFLATE_MOST * size;
	if (json_stream_open(&s, memory_file(data, size), NULL) != RC_OK)
		abort();
	read_all(s, left);
	json_stream_close(s);
	return 0;
}
