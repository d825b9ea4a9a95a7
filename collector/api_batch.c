/* api_batch.c - POST /v1/batches; see api.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api_answer.h"
#include "collector/inflate.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/pack.h"
#include "schema/wire.h"

struct batch_exchange {
	struct ingest_job job;
	struct api *api;
	struct exchange *exchange;
};

/* Called by the writer's thread when the batch is on disk, or is not. */
static void
on_written(struct ingest_job *job)
{
	struct batch_exchange *b = job->ctx;

	if (job->rc == RC_OK)
		api_say(b->exchange, 200,
		    json_pack("{s:I}", "acked", (json_int_t)job->acked));
	else if (job->rc == RC_PEER)
		api_refuse_auth(b->api, b->exchange, AUTH_REVOKED);
	else
		api_refuse(b->api, b->exchange, &refusal_not_stored,
		    "the batch could not be stored; send it again later");
	batch_fini(&job->batch);
	free(b);
}

/* The body as lines: inflated and unpacked as need be.  Gives *text, or NULL
 * when the body is lines as it is. */
static enum rc
read_lines(struct exchange *x, char **text, const char **lines, size_t *len)
{
	char *inflated = NULL;
	enum rc rc = RC_OK;

	*lines = exchange_body(x, len);
	*text = NULL;
	if (api_is_zstd(x))
		rc = inflate_zstd(&inflated, len, *lines, *len, WIRE_BODY_MAX);
	if (rc != RC_OK)
		return rc;
	*text = inflated;
	if (inflated != NULL)
		*lines = inflated;
	if (!pack_is_packed(*lines, *len))
		return RC_OK;
	rc = unpack_lines(text, len, *lines, *len, WIRE_BODY_MAX);
	free(inflated);
	if (rc != RC_OK)
		*text = NULL;
	*lines = *text;
	return rc;
}

/* True when the body is a batch; else the exchange is answered. */
static bool
read_batch(struct api *a, struct exchange *x, struct batch *out)
{
	static const struct refusal newer = { METRIC_REFUSED_ENCODING, 415, 0 };
	struct err err = ERR_NONE;
	const char *lines;
	char *text;
	size_t len;
	enum rc rc = read_lines(x, &text, &lines, &len);

	if (rc != RC_OK) {
		api_refuse(a, x,
		    rc == RC_LIMIT ? &refusal_too_large : &refusal_malformed,
		    rc == RC_LIMIT ? "the batch is too large once unpacked"
				   : "the body is not zstd, or not packed");
		return false;
	}
	if (pack_is_newer(lines, len)) {
		api_refuse(a, x, &newer,
		    "packed in a way that this collector does not know yet");
		free(text);
		return false;
	}
	rc = wire_decode_batch(out, lines, len, &err);
	free(text);
	if (rc != RC_OK)
		api_refuse(a, x, &refusal_malformed, err.text);
	return rc == RC_OK;
}

/* Is the batch the signer's own, and the one whose seq was signed? */
static bool
check_header(struct api *a, struct exchange *x, const struct batch_header *h,
    const struct probe_row *probe)
{
	char first_seq[24];

	snprintf(first_seq, sizeof first_seq, "%" PRIu64, h->first_seq);
	if (strcmp(h->probe, probe->id) != 0) {
		api_refuse(a, x, &refusal_other_probe,
		    "the batch is of another probe than the signature");
		return false;
	}
	if (strcmp(exchange_header(x, "Catchwater-Seq"), first_seq) != 0) {
		api_refuse(a, x, &refusal_other_probe,
		    "Catchwater-Seq is not the batch's first_seq");
		return false;
	}
	return true;
}

static void
hand_over(struct api *a, struct exchange *x, struct batch *batch)
{
	struct batch_exchange *b = mem_new(sizeof *b);
	enum rc rc;

	b->api = a;
	b->exchange = x;
	b->job.batch = *batch;
	b->job.source = exchange_source(x);
	b->job.received_us = clock_steady_us();
	b->job.done = on_written;
	b->job.ctx = b;
	exchange_defer(x);
	rc = queue_push(a->parts.queue, &b->job,
	    sizeof *b + batch->n * sizeof *batch->observations);
	if (rc == RC_OK)
		return;
	api_refuse(a, x, &refusal_overload,
	    rc == RC_PEER ? "the collector is stopping"
			  : "too many batches are waiting; send it again "
			    "later");
	batch_fini(batch);
	free(b);
}

void
api_post_batch(struct api *a, struct exchange *x)
{
	struct probe_row probe;
	struct batch batch;

	if (!api_authenticate(a, x, &probe) || !read_batch(a, x, &batch))
		return;
	if (!check_header(a, x, &batch.header, &probe)) {
		batch_fini(&batch);
		return;
	}
	hand_over(a, x, &batch);
}
