/*
 * fuzz_atlas.c - results of RIPE Atlas: what is decoded can be written as JSON,
 * and is an observation within its bounds; what is not says why.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/atlas.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = atlas_decode((const char *)data, size, take, NULL);

	if (why != NULL && (why[0] == '\0' || strchr(why, '\n') != NULL))
		abort();
	return 0;
}
