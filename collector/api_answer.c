/* api_answer.c - see api_answer.h. */
#include "collector/api_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

const struct refusal refusal_too_large = { METRIC_REFUSED_TOO_LARGE, 413, 0 };
const struct refusal refusal_malformed = { METRIC_REFUSED_MALFORMED, 400, 0 };
const struct refusal refusal_other_probe = { METRIC_REFUSED_OTHER_PROBE, 400,
	0 };
const struct refusal refusal_token = { METRIC_REFUSED_TOKEN, 403, 0 };
const struct refusal refusal_overload = { METRIC_REFUSED_OVERLOAD, 503,
	RETRY_OVERLOAD_S };
const struct refusal refusal_not_stored = { METRIC_REFUSED_NOT_STORED, 503,
	RETRY_NOT_STORED_S };

static const struct refusal auth_refusals[] = {
	[AUTH_NO_SIGNATURE] = { METRIC_REFUSED_NO_SIGNATURE, 401, 0 },
	[AUTH_DIGEST] = { METRIC_REFUSED_DIGEST, 400, 0 },
	[AUTH_UNKNOWN] = { METRIC_REFUSED_UNKNOWN_PROBE, 401, 0 },
	[AUTH_REVOKED] = { METRIC_REFUSED_REVOKED, 403, 0 },
	[AUTH_LEFT] = { METRIC_REFUSED_REVOKED, 403, 0 },
	[AUTH_SIGNATURE] = { METRIC_REFUSED_SIGNATURE, 401, 0 },
	[AUTH_STORE] = { METRIC_REFUSED_NOT_STORED, 503, RETRY_NOT_STORED_S },
};

static void
answer_json(struct exchange *x, const struct answer *like, json_t *what)
{
	char *text = json_dumps(
	    what, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_ENSURE_ASCII);
	struct answer a = *like;

	json_decref(what);
	if (text == NULL)
		text = mem_strdup("{}");
	a.body = text;
	a.len = strlen(text);
	exchange_answer(x, &a);
	free(text);
}

void
api_say(struct exchange *x, unsigned status, json_t *what)
{
	answer_json(x, &(struct answer){ .status = status }, what);
}

static void
refuse(struct api *a, struct exchange *x, const struct refusal *r, bool is_last,
    const char *why)
{
	const struct answer like = { .status = r->status,
		.retry_after_s = r->retry_after_s,
		.is_last = is_last };

	if (r->metric != METRIC_N)
		metrics_add(a->parts.metrics, r->metric, 1);
	answer_json(x, &like, json_pack("{s:s}", "error", why));
}

void
api_refuse(
    struct api *a, struct exchange *x, const struct refusal *r, const char *why)
{
	refuse(a, x, r, false, why);
}

void
api_refuse_all(
    struct api *a, struct exchange *x, const struct refusal *r, const char *why)
{
	refuse(a, x, r, true, why);
}

void
api_refuse_auth(struct api *a, struct exchange *x, enum auth auth)
{
	api_refuse(a, x, &auth_refusals[auth], auth_text(auth));
}

void
api_refuse_rate(struct api *a, struct exchange *x, unsigned wait_s)
{
	const struct refusal too_often = { METRIC_REFUSED_TOO_OFTEN, 429,
		wait_s };

	api_refuse(a, x, &too_often,
	    "too many requests; Retry-After says when to come back");
}

struct auth_request
api_auth_request(const struct exchange *x)
{
	struct auth_request r = {
		.method = exchange_method(x),
		.path = exchange_path(x),
		.content_digest = exchange_header(x, "Content-Digest"),
		.seq = exchange_header(x, "Catchwater-Seq"),
		.input = exchange_header(x, "Signature-Input"),
		.signature = exchange_header(x, "Signature"),
	};

	r.body = exchange_body(x, &r.len);
	return r;
}

static enum rc
find_probe(void *ctx, const char *id, struct probe_row *out)
{
	struct door *door = ctx;
	enum rc rc;

	pthread_mutex_lock(&door->lock);
	rc = store_probe_find(door->store, id, out, NULL);
	pthread_mutex_unlock(&door->lock);
	return rc;
}

enum auth
api_check_auth(struct api *a, struct exchange *x, struct probe_row *probe)
{
	struct auth_request r = api_auth_request(x);

	return auth_check(&r, find_probe, &a->read, probe);
}

bool
api_authenticate(struct api *a, struct exchange *x, struct probe_row *probe)
{
	enum auth auth = api_check_auth(a, x, probe);
	unsigned wait_s;

	if (auth != AUTH_OK) {
		api_refuse_auth(a, x, auth);
		return false;
	}
	wait_s = gate_probe(a->gate, probe->id, clock_mono_us());
	if (wait_s > 0)
		api_refuse_rate(a, x, wait_s);
	return wait_s == 0;
}

bool
api_has_etag(const struct exchange *x, const char *etag)
{
	const char *has = exchange_header(x, "If-None-Match");

	return has != NULL && strstr(has, etag) != NULL;
}

bool
api_is_zstd(const struct exchange *x)
{
	const char *encoding = exchange_header(x, "Content-Encoding");

	return encoding != NULL && strcasecmp(encoding, "zstd") == 0;
}
