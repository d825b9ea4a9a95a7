/* api.c - see api.h. */
#include "collector/api.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/assign.h"
#include "collector/auth.h"
#include "collector/enrolment.h"
#include "collector/inflate.h"
#include "collector/store_detect.h"
#include "collector/store_probe.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/wire.h"

#define RETRY_OVERLOAD_S 5
#define RETRY_NOT_STORED_S 30

/* A connection to the database that threads take turns with. */
struct door {
	pthread_mutex_t lock;
	struct store *store;
};

struct api {
	struct api_parts parts;
	struct door read, edit;
};

static void
say(struct exchange *x, unsigned status, unsigned retry_after_s, json_t *what)
{
	char *text = json_dumps(what, JSON_COMPACT);

	json_decref(what);
	if (text == NULL)
		text = mem_strdup("{}");
	exchange_answer(x, &(struct answer){ .status = status,
			       .body = text,
			       .len = strlen(text),
			       .retry_after_s = retry_after_s });
	free(text);
}

struct refusal {
	enum metric metric; /* METRIC_N: not counted */
	unsigned status, retry_after_s;
};

static void
refuse(struct api *a, struct exchange *x, struct refusal r, const char *why)
{
	if (r.metric != METRIC_N)
		metrics_add(a->parts.metrics, r.metric, 1);
	say(x, r.status, r.retry_after_s, json_pack("{s:s}", "error", why));
}

static const struct refusal auth_refusals[] = {
	[AUTH_NO_SIGNATURE] = { METRIC_REFUSED_NO_SIGNATURE, 401, 0 },
	[AUTH_DIGEST] = { METRIC_REFUSED_DIGEST, 400, 0 },
	[AUTH_UNKNOWN] = { METRIC_REFUSED_UNKNOWN_PROBE, 401, 0 },
	[AUTH_REVOKED] = { METRIC_REFUSED_REVOKED, 403, 0 },
	[AUTH_SIGNATURE] = { METRIC_REFUSED_SIGNATURE, 401, 0 },
	[AUTH_STORE] = { METRIC_REFUSED_NOT_STORED, 503, RETRY_NOT_STORED_S },
};
static const struct refusal too_large = { METRIC_REFUSED_TOO_LARGE, 413, 0 };
static const struct refusal malformed = { METRIC_REFUSED_MALFORMED, 400, 0 };
static const struct refusal other_probe = { METRIC_REFUSED_OTHER_PROBE, 400,
	0 };
static const struct refusal bad_token = { METRIC_REFUSED_TOKEN, 403, 0 };
static const struct refusal revoked = { METRIC_REFUSED_REVOKED, 403, 0 };
static const struct refusal overload = { METRIC_REFUSED_OVERLOAD, 503,
	RETRY_OVERLOAD_S };
static const struct refusal not_stored = { METRIC_REFUSED_NOT_STORED, 503,
	RETRY_NOT_STORED_S };

static struct auth_request
auth_request_of(const struct exchange *x)
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

/* True when an enrolled probe signed the request; else it is answered. */
static bool
authenticate(struct api *a, struct exchange *x, struct probe_row *probe)
{
	struct auth_request r = auth_request_of(x);
	enum auth auth = auth_check(&r, find_probe, &a->read, probe);

	if (auth == AUTH_OK)
		return true;
	refuse(a, x, auth_refusals[auth], auth_text(auth));
	return false;
}

/* POST /v1/batches */

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
		say(b->exchange, 200, 0,
		    json_pack("{s:I}", "acked", (json_int_t)job->acked));
	else if (job->rc == RC_PEER)
		refuse(b->api, b->exchange, revoked, auth_text(AUTH_REVOKED));
	else
		refuse(b->api, b->exchange, not_stored,
		    "the batch could not be stored; send it again later");
	batch_fini(&job->batch);
	free(b);
}

static bool
is_zstd(const struct exchange *x)
{
	const char *encoding = exchange_header(x, "Content-Encoding");

	return encoding != NULL && strcasecmp(encoding, "zstd") == 0;
}

/* True when the body is a batch; else the exchange is answered. */
static bool
read_batch(struct api *a, struct exchange *x, struct batch *out)
{
	struct err err = ERR_NONE;
	size_t len;
	const char *body = exchange_body(x, &len);
	char *inflated = NULL;
	enum rc rc = RC_OK;

	if (is_zstd(x)) {
		rc = inflate_zstd(&inflated, &len, body, len, WIRE_BODY_MAX);
		body = inflated;
	}
	if (rc != RC_OK) {
		refuse(a, x, rc == RC_LIMIT ? too_large : malformed,
		    rc == RC_LIMIT ? "the batch is too large once unpacked"
				   : "the body is not zstd");
		return false;
	}
	rc = wire_decode_batch(out, body, len, &err);
	free(inflated);
	if (rc != RC_OK)
		refuse(a, x, malformed, err.text);
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
		refuse(a, x, other_probe,
		    "the batch is of another probe than the signature");
		return false;
	}
	if (strcmp(exchange_header(x, "Catchwater-Seq"), first_seq) != 0) {
		refuse(a, x, other_probe,
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
	b->job.received_us = clock_wall_us();
	b->job.done = on_written;
	b->job.ctx = b;
	exchange_defer(x);
	rc = queue_push(a->parts.queue, &b->job,
	    sizeof *b + batch->n * sizeof *batch->observations);
	if (rc == RC_OK)
		return;
	refuse(a, x, overload,
	    rc == RC_PEER ? "the collector is stopping"
			  : "too many batches are waiting; send it again "
			    "later");
	batch_fini(batch);
	free(b);
}

static void
post_batch(struct api *a, struct exchange *x)
{
	struct probe_row probe;
	struct batch batch;

	if (!authenticate(a, x, &probe) || !read_batch(a, x, &batch))
		return;
	if (!check_header(a, x, &batch.header, &probe)) {
		batch_fini(&batch);
		return;
	}
	hand_over(a, x, &batch);
}

/* GET /v1/assignment */

static bool
has_etag(const struct exchange *x, const char *etag)
{
	const char *has = exchange_header(x, "If-None-Match");

	return has != NULL && strstr(has, etag) != NULL;
}

static void
get_assignment(struct api *a, struct exchange *x)
{
	size_t rank = 0, n = 1;
	struct probe_row probe;
	struct assignment *as;
	char *body;
	enum rc rc;

	if (!authenticate(a, x, &probe))
		return;
	pthread_mutex_lock(&a->read.lock);
	rc = store_probe_rank(a->read.store, probe.id, &rank, &n, NULL);
	pthread_mutex_unlock(&a->read.lock);
	if (rc != RC_OK) {
		refuse(a, x, not_stored, "the fleet cannot be counted now");
		return;
	}
	as = mem_new(sizeof *as);
	assign(as, &a->parts.settings->services,
	    a->parts.settings->upload_every_us, rank, n);
	body = assignment_encode(as);
	if (has_etag(x, as->etag))
		exchange_answer(
		    x, &(struct answer){
			   .status = 304, .body = "", .etag = as->etag });
	else
		exchange_answer(x, &(struct answer){ .status = 200,
				       .body = body,
				       .len = strlen(body),
				       .etag = as->etag });
	free(body);
	free(as);
}

/* POST /v1/enroll, /v1/leave */

static const struct refusal *
enrol_refusal(enum rc rc)
{
	static const struct refusal taken = { METRIC_N, 409, 0 };

	if (rc == RC_PEER)
		return &bad_token;
	return rc == RC_RANGE ? &taken : &not_stored;
}

/* Without the write lock, so that guessing at tokens holds nobody up. */
static enum rc
check_token(struct api *a, const struct enrolment *e, struct err *err)
{
	struct probe_row there;
	enum rc rc;

	pthread_mutex_lock(&a->read.lock);
	rc = store_probe_find(a->read.store, e->probe.id, &there, err);
	if (rc == RC_NOTFOUND)
		rc = store_token_check(
		    a->read.store, e->token_hash, clock_wall_us(), err);
	pthread_mutex_unlock(&a->read.lock);
	return rc;
}

/* One transaction; on RC_OK *name is what the probe is called. */
static enum rc
enrol(struct api *a, const struct enrolment *e, struct probe_row *row,
    struct err *err)
{
	struct store *st = a->edit.store;
	enum rc rc;

	pthread_mutex_lock(&a->edit.lock);
	rc = store_begin(st, err);
	if (rc == RC_OK)
		rc = store_probe_enrol(
		    st, &e->probe, e->token_hash, clock_wall_us(), err);
	if (rc == RC_OK)
		rc = store_probe_find(st, e->probe.id, row, err);
	if (rc == RC_OK)
		rc = store_commit(st, err);
	store_rollback(st);
	pthread_mutex_unlock(&a->edit.lock);
	return rc;
}

static void
post_enroll(struct api *a, struct exchange *x)
{
	struct auth_request r = auth_request_of(x);
	struct err err = ERR_NONE;
	struct probe_row row;
	struct enrolment e;
	enum auth auth;
	enum rc rc = enrolment_decode(&e, r.body, r.len, &err);

	if (rc != RC_OK) {
		refuse(a, x, malformed, err.text);
		return;
	}
	auth = auth_check_key(&r, e.probe.public_key);
	if (auth != AUTH_OK) {
		refuse(a, x, auth_refusals[auth], auth_text(auth));
		return;
	}
	rc = check_token(a, &e, &err);
	if (rc == RC_OK)
		rc = enrol(a, &e, &row, &err);
	if (rc != RC_OK) {
		refuse(a, x, *enrol_refusal(rc),
		    rc == RC_DB ? "not stored; try again later" : err.text);
		return;
	}
	metrics_add(a->parts.metrics, METRIC_ENROLLED, 1);
	say(x, 200, 0,
	    json_pack("{s:s, s:s}", "probe", row.id, "name", row.name));
}

static enum rc
leave(struct api *a, const char *id)
{
	struct store *st = a->edit.store;
	enum rc rc;

	pthread_mutex_lock(&a->edit.lock);
	rc = store_begin(st, NULL);
	if (rc == RC_OK)
		rc = store_probe_set_state(
		    st, id, PROBE_LEFT, NULL, clock_wall_us(), NULL);
	if (rc == RC_OK)
		rc = store_commit(st, NULL);
	store_rollback(st);
	pthread_mutex_unlock(&a->edit.lock);
	return rc;
}

static void
post_leave(struct api *a, struct exchange *x)
{
	struct probe_row probe;

	if (!authenticate(a, x, &probe))
		return;
	if (leave(a, probe.id) != RC_OK) {
		refuse(a, x, not_stored, "not stored; try again later");
		return;
	}
	say(x, 200, 0, json_pack("{s:s}", "probe", probe.id));
}

/* GET /healthz, /metrics */

static void
get_health(struct api *a, struct exchange *x)
{
	static const struct refusal sick = { METRIC_N, 503, 0 };
	char why[300];

	if (!writer_is_healthy(a->parts.writer, why, sizeof why)) {
		refuse(a, x, sick, why);
		return;
	}
	exchange_answer(x, &(struct answer){ .status = 200,
			       .type = "text/plain",
			       .body = "ok\n",
			       .len = 3 });
}

static void
get_metrics(struct api *a, struct exchange *x)
{
	struct metrics_gauges gauges = {
		.queue_depth = queue_depth(a->parts.queue),
	};
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		abort(); /* out of memory, as in mem_new */
	pthread_mutex_lock(&a->read.lock);
	if (store_count_open_events(a->read.store, &gauges.open_events, NULL) !=
	    RC_OK)
		gauges.open_events = 0;
	pthread_mutex_unlock(&a->read.lock);
	metrics_write(a->parts.metrics, &gauges, to);
	fclose(to);
	exchange_answer(
	    x, &(struct answer){ .status = 200,
		   .type = "application/openmetrics-text; version=1.0.0; "
			   "charset=utf-8",
		   .body = text,
		   .len = len });
	free(text);
}

/* Which path is answered by what. */

static const struct route {
	const char *path, *method;
	size_t max_body;
	bool is_signed, takes_zstd;
	void (*run)(struct api *a, struct exchange *x);
} routes[] = {
	{ "/v1/batches", "POST", WIRE_POST_MAX, true, true, post_batch },
	{ "/v1/assignment", "GET", 0, true, false, get_assignment },
	{ "/v1/enroll", "POST", ENROLMENT_BODY_MAX, true, false, post_enroll },
	{ "/v1/leave", "POST", ENROLMENT_BODY_MAX, true, false, post_leave },
	{ "/healthz", "GET", 0, false, false, get_health },
	{ "/metrics", "GET", 0, false, false, get_metrics },
};

static const struct route *
find_route(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

/* The length that the head announces, 0 when it announces no body (RFC 9112
 * section 6.3).  RC_NOTFOUND: it will only be known at the end. */
static enum rc
announced_length(const struct exchange *x, size_t *out)
{
	const char *p = exchange_header(x, "Content-Length");
	size_t v = 0;

	if (exchange_header(x, "Transfer-Encoding") != NULL)
		return RC_NOTFOUND;
	for (; p != NULL && *p >= '0' && *p <= '9'; p++)
		v = v > SIZE_MAX / 16 ? v : 10 * v + (size_t)(*p - '0');
	*out = v;
	return p == NULL || *p == '\0' ? RC_OK : RC_MALFORMED;
}

/* What of a POST can be refused before its body is read. */
static bool
admit_body(struct api *a, struct exchange *x, const struct route *route)
{
	static const struct refusal no_length = { METRIC_REFUSED_MALFORMED, 411,
		0 };
	static const struct refusal bad_encoding = { METRIC_REFUSED_ENCODING,
		415, 0 };
	const char *encoding = exchange_header(x, "Content-Encoding");
	size_t len = 0;

	if (announced_length(x, &len) != RC_OK) {
		refuse(a, x, no_length, "Content-Length is needed");
		return false;
	}
	if (len > route->max_body) {
		refuse(a, x, too_large, "the body is too large");
		return false;
	}
	if (encoding != NULL && strcasecmp(encoding, "identity") != 0 &&
	    !(route->takes_zstd && is_zstd(x))) {
		refuse(a, x, bad_encoding,
		    route->takes_zstd ? "Content-Encoding: zstd or identity"
				      : "no Content-Encoding is taken here");
		return false;
	}
	return true;
}

static bool
admit_signed(struct api *a, struct exchange *x)
{
	if (exchange_header(x, "Signature-Input") != NULL &&
	    exchange_header(x, "Signature") != NULL &&
	    exchange_header(x, "Content-Digest") != NULL &&
	    exchange_header(x, "Catchwater-Seq") != NULL)
		return true;
	refuse(a, x, auth_refusals[AUTH_NO_SIGNATURE],
	    auth_text(AUTH_NO_SIGNATURE));
	return false;
}

static size_t
on_head(void *ctx, struct exchange *x)
{
	static const struct refusal no_path = { METRIC_N, 404, 0 };
	static const char no_method[] = "{\"error\":\"method not allowed\"}";
	const struct route *route = find_route(exchange_path(x));
	struct api *a = ctx;

	if (route == NULL) {
		refuse(a, x, no_path, "no such path");
		return 0;
	}
	if (strcmp(route->method, exchange_method(x)) != 0) {
		exchange_answer(x, &(struct answer){ .status = 405,
				       .body = no_method,
				       .len = sizeof no_method - 1,
				       .allow = route->method });
		return 0;
	}
	if (strcmp(route->method, "POST") == 0 && !admit_body(a, x, route))
		return 0;
	if (route->is_signed && !admit_signed(a, x))
		return 0;
	return route->max_body;
}

static void
on_whole(void *ctx, struct exchange *x)
{
	find_route(exchange_path(x))->run(ctx, x);
}

struct httpd_handlers
api_handlers(struct api *a)
{
	return (struct httpd_handlers){
		.head = on_head, .whole = on_whole, .ctx = a
	};
}

enum rc
api_open(struct api **out, const struct api_parts *parts, struct err *err)
{
	struct api *a = mem_new(sizeof *a);
	enum rc rc;

	a->parts = *parts;
	pthread_mutex_init(&a->read.lock, NULL);
	pthread_mutex_init(&a->edit.lock, NULL);
	rc = store_open(
	    &a->read.store, parts->settings->database, STORE_READ, err);
	if (rc == RC_OK)
		rc = store_open(
		    &a->edit.store, parts->settings->database, STORE_EDIT, err);
	if (rc != RC_OK) {
		api_close(a);
		return rc;
	}
	*out = a;
	return RC_OK;
}

void
api_close(struct api *a)
{
	if (a == NULL)
		return;
	store_close(a->read.store);
	store_close(a->edit.store);
	pthread_mutex_destroy(&a->read.lock);
	pthread_mutex_destroy(&a->edit.lock);
	free(a);
}
