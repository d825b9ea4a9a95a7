/* test_api.c - the collector's HTTP side, asked over loopback. */
#include "tests/unit/serve_rig.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <zstd.h>

#include "collector/api.h"
#include "collector/listen.h"
#include "schema/pack.h"

struct live { /* a rig with its threads */
	struct rig *rig;
	struct queue *queue;
	struct writer *writer;
	struct selfcheck *selfcheck;
	struct api *api;
	struct httpd *httpd;
	char where[LISTEN_TEXT_LEN];
	int64_t step_us; /* 0: the usual */
};

static void
live_start(struct live *l, size_t queue_bytes)
{
	struct httpd_settings hs = { .n_threads = 2, .step_us = l->step_us };
	struct api_parts parts;
	struct httpd_handlers handlers;
	struct addr loopback = rig_addr("127.0.0.1");
	struct err err;

	l->queue = queue_new(64, queue_bytes);
	assert_int_equal(
	    writer_start(&l->writer, l->queue, l->rig->ingest, &err), RC_OK);
	T_CHECK(selfcheck_open(&l->selfcheck,
		    &(struct selfcheck_parts){ .settings = &l->rig->settings,
			.writer = l->writer,
			.queue = l->queue,
			.metrics = &l->rig->metrics },
		    &err) == RC_OK,
	    "%s", err.text);
	parts = (struct api_parts){ .settings = &l->rig->settings,
		.queue = l->queue,
		.selfcheck = l->selfcheck,
		.metrics = &l->rig->metrics };
	T_CHECK(api_open(&l->api, &parts, &err) == RC_OK, "%s", err.text);
	handlers = api_handlers(l->api);
	assert_int_equal(
	    listen_open(&hs.listen_fd, l->where, &loopback, 0, &err), RC_OK);
	T_CHECK(httpd_start(&l->httpd, &hs, &handlers, &err) == RC_OK, "%s",
	    err.text);
}

/* Gives what the last writing came to. */
static enum rc
live_stop(struct live *l)
{
	struct self_report last;
	struct err err;
	enum rc rc;

	httpd_quiesce(l->httpd);
	queue_close(l->queue);
	rc = writer_stop(l->writer, &err);
	selfcheck_look(l->selfcheck, &last); /* a request under way may */
	assert_true(httpd_wait_idle(l->httpd, 60 * US_PER_S));
	httpd_stop(l->httpd);
	api_close(l->api);
	selfcheck_close(l->selfcheck);
	writer_free(l->writer);
	queue_free(l->queue);
	return rc;
}

static struct live *
live_new(size_t queue_bytes)
{
	struct live *l = mem_new(sizeof *l);

	l->rig = rig_new();
	live_start(l, queue_bytes);
	return l;
}

static void
live_free(struct live *l)
{
	assert_int_equal(live_stop(l), RC_OK);
	rig_free(l->rig);
	free(l);
}

static int
set_up(void **state)
{
	*state = live_new((size_t)64 << 20);
	return 0;
}

static int
tear_down(void **state)
{
	live_free(*state);
	return 0;
}

struct request {
	const char *method, *path;
	const void *body;
	size_t len;
	const char *seq;      /* NULL: "0" */
	const char *encoding; /* NULL: none */
	const char *extra;    /* one more header line, or NULL */
	bool is_unsigned;
	/* What is signed differs from what is sent: */
	const char *signed_path, *keyid;
	const struct signing_key *key;
	bool has_other_digest;
};

struct reply {
	long status;
	size_t len;
	char body[32768], head[4096];
	size_t head_len;
};

static size_t
keep(char *bytes, size_t size, size_t n, void *ctx)
{
	struct reply *r = ctx;

	n *= size;
	assert_true(r->len + n < sizeof r->body);
	memcpy(r->body + r->len, bytes, n);
	r->len += n;
	r->body[r->len] = '\0';
	return n;
}

static size_t
keep_head(char *bytes, size_t size, size_t n, void *ctx)
{
	struct reply *r = ctx;

	n *= size;
	assert_true(r->head_len + n < sizeof r->head);
	memcpy(r->head + r->head_len, bytes, n);
	r->head_len += n;
	r->head[r->head_len] = '\0';
	return n;
}

static struct curl_slist *
add(struct curl_slist *list, const char *name, const char *value)
{
	char line[SIGNATURE_HEADER_MAX + 40];

	snprintf(line, sizeof line, "%s: %s", name, value);
	return curl_slist_append(list, line);
}

static struct curl_slist *
sign(struct live *l, const struct request *q, struct curl_slist *list)
{
	const struct signing_key *key = q->key ? q->key : &l->rig->key;
	struct signature_headers headers;
	char digest[SIGNATURE_HEADER_MAX];
	struct signed_request signed_request = {
		.method = q->method,
		.path = q->signed_path ? q->signed_path : q->path,
		.content_digest = digest,
		.seq = q->seq ? q->seq : "0",
	};

	signature_digest(q->has_other_digest ? "other" : q->body,
	    q->has_other_digest ? 5 : q->len, digest);
	assert_int_equal(signature_sign(&headers, &signed_request, key,
			     q->keyid ? q->keyid : l->rig->probe),
	    RC_OK);
	list = add(list, "Content-Digest", digest);
	list = add(list, "Catchwater-Seq", q->seq ? q->seq : "0");
	list = add(list, "Signature-Input", headers.input);
	return add(list, "Signature", headers.signature);
}

static struct reply
ask(struct live *l, const struct request *q)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	CURL *curl = curl_easy_init();
	struct reply r = { 0 };
	char url[128];
	CURLcode code;

	snprintf(url, sizeof url, "http://%s%s", l->where, q->path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	if (strcmp(q->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body);
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->len);
	} else {
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
	}
	if (!q->is_unsigned)
		list = sign(l, q, list);
	if (q->encoding != NULL)
		list = add(list, "Content-Encoding", q->encoding);
	if (q->extra != NULL)
		list = curl_slist_append(list, q->extra);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &r);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_head);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &r);
	code = curl_easy_perform(curl);
	T_CHECK(code == CURLE_OK, "%s %s: %s", q->method, q->path,
	    curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r.status);
	curl_slist_free_all(list);
	curl_easy_cleanup(curl);
	return r;
}

/* Gives the batch's lines: release with free(). */
static char *
encode(const struct batch *b, size_t *len)
{
	char *text = mem_new((b->n + 1) * WIRE_LINE_MAX);
	size_t n = wire_encode_header(&b->header, text);

	for (size_t i = 0; i < b->n; i++)
		n += wire_encode_observation(&b->observations[i], text + n);
	*len = n;
	return text;
}

struct posting { /* a request for a batch, and what it refers to */
	struct request request;
	char *body;
	char seq[24];
};

/* Fills in a request that posts seqs first to last of probe id. */
static struct posting *
posting(struct live *l, const char *id, uint64_t first, uint64_t last)
{
	struct posting *p = mem_new(sizeof *p);
	struct batch b =
	    rig_batch(id ? id : l->rig->probe, first, last, clock_wall_us());
	size_t len, cap;
	char *text = encode(&b, &len);

	cap = ZSTD_compressBound(len);
	p->body = mem_new(cap);
	snprintf(p->seq, sizeof p->seq, "%" PRIu64, first);
	p->request = (struct request){ .method = "POST",
		.path = "/v1/batches",
		.body = p->body,
		.len = ZSTD_compress(p->body, cap, text, len, 1),
		.seq = p->seq,
		.encoding = "zstd" };
	free(text);
	batch_fini(&b);
	return p;
}

static void
posting_free(struct posting *p)
{
	free(p->body);
	free(p);
}

static void
check_stored(struct live *l, int64_t n)
{
	struct store *st;
	struct probe_row row;
	struct err err;

	assert_int_equal(
	    store_open(&st, l->rig->database, STORE_READ, &err), RC_OK);
	assert_int_equal(
	    store_probe_find(st, l->rig->probe, &row, &err), RC_OK);
	assert_int_equal(row.acked_seq, n);
	store_close(st);
	assert_int_equal(metrics_get(&l->rig->metrics, METRIC_OBSERVATIONS), n);
}

static void
a_signed_batch_is_acked_once_it_is_stored(void **state)
{
	struct live *l = *state;
	struct posting *p = posting(l, NULL, 1, 300);
	struct reply r = ask(l, &p->request);

	T_CHECK(r.status == 200, "%ld %s", r.status, r.body);
	assert_string_equal(r.body, "{\"acked\":300}");
	check_stored(l, 300);
	r = ask(l, &p->request); /* the answer was lost: sent again */
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "{\"acked\":300}");
	check_stored(l, 300);
	posting_free(p);
}

static void
an_unpacked_batch_is_taken_too(void **state)
{
	struct live *l = *state;
	struct batch b = rig_batch(l->rig->probe, 1, 2, clock_wall_us());
	size_t len;
	char *text = encode(&b, &len);
	struct reply r = ask(l, &(struct request){ .method = "POST",
				    .path = "/v1/batches",
				    .body = text,
				    .len = len,
				    .seq = "1" });

	T_CHECK(r.status == 200, "%ld %s", r.status, r.body);
	check_stored(l, 2);
	free(text);
	batch_fini(&b);
}

/* Each case spoils one thing of a good posting. */
/* Asks, and is refused with this status, a reason, and a count of its kind. */
static void
refused(struct live *l, const char *name, long status, enum metric metric,
    const struct request *q)
{
	uint64_t before = metrics_get(&l->rig->metrics, metric);
	struct reply r = ask(l, q);

	T_CHECK(r.status == status, "%s: %ld %s", name, r.status, r.body);
	T_CHECK(
	    strncmp(r.body, "{\"error\":\"", 10) == 0, "%s: %s", name, r.body);
	T_CHECK(metrics_get(&l->rig->metrics, metric) == before + 1,
	    "%s: not counted", name);
}

/* Nothing was stored so far, and the batch as it should be is. */
static void
check_only_good(struct live *l, struct posting *good)
{
	check_stored(l, 0);
	assert_int_equal(ask(l, &good->request).status, 200);
	check_stored(l, 3);
	posting_free(good);
}

static void
what_is_not_signed_as_it_should_be_is_refused(void **state)
{
	struct live *l = *state;
	struct posting *good = posting(l, NULL, 1, 3);
	struct request q = good->request;
	struct signing_key stranger;
	char stranger_id[PROBE_ID_LEN + 1];

	signature_new_key(&stranger);
	signature_probe_id(stranger.public, stranger_id);
	q.is_unsigned = true;
	refused(l, "no signature", 401, METRIC_REFUSED_NO_SIGNATURE, &q);
	q = good->request;
	q.key = &stranger;
	refused(l, "another's key", 401, METRIC_REFUSED_SIGNATURE, &q);
	q.keyid = stranger_id;
	refused(l, "a key nobody knows", 401, METRIC_REFUSED_UNKNOWN_PROBE, &q);
	q = good->request;
	q.signed_path = "/v1/leave";
	refused(l, "another path signed", 401, METRIC_REFUSED_SIGNATURE, &q);
	q = good->request;
	q.has_other_digest = true;
	refused(l, "another body signed", 400, METRIC_REFUSED_DIGEST, &q);
	q = good->request;
	q.seq = "2";
	refused(l, "another seq signed", 400, METRIC_REFUSED_OTHER_PROBE, &q);
	check_only_good(l, good);
}

static void
refused_body(struct live *l, const char *name, struct request q,
    const char *encoding, const char *body, size_t len)
{
	q.encoding = encoding;
	q.body = body;
	q.len = len;
	refused(l, name, 400, METRIC_REFUSED_MALFORMED, &q);
}

static void
what_is_no_batch_of_its_sender_is_refused(void **state)
{
	static const char garbage[] = "this is not zstd";
	static const char not_packed[] = "CWP1\0\0\0\1 this is not packed";
	struct live *l = *state;
	struct posting *good = posting(l, NULL, 1, 3), *of_second;
	struct request q = good->request;
	struct signing_key second;
	char second_id[PROBE_ID_LEN + 1];

	rig_add_probe(l->rig, "two", &second, second_id);
	of_second = posting(l, second_id, 1, 3);
	q.body = of_second->body;
	q.len = of_second->request.len;
	refused(l, "of another probe", 400, METRIC_REFUSED_OTHER_PROBE, &q);
	posting_free(of_second);
	q = good->request;
	q.encoding = "br";
	refused(l, "an unknown encoding", 415, METRIC_REFUSED_ENCODING, &q);
	q = good->request;
	refused_body(l, "not zstd", q, q.encoding, garbage, sizeof garbage - 1);
	refused_body(l, "not a batch", q, NULL, garbage, sizeof garbage - 1);
	refused_body(
	    l, "not packed", q, NULL, not_packed, sizeof not_packed - 1);
	refused_body(l, "nothing at all", q, q.encoding, q.body, 0);
	check_only_good(l, good);
}

static void
a_site_is_spoken_for_by_its_own_probe_alone(void **state)
{
	static char body[] =
	    "{\"version\":\"1\",\"site\":\"ams\",\"lease_us\":30000000,"
	    "\"families\":[{\"family\":4,\"healthy\":{\"is\":\"yes\","
	    "\"for_us\":0}}]}";
	struct live *l = *state;
	struct request q = { .method = "POST",
		.path = "/v1/site",
		.body = body,
		.len = sizeof body - 1,
		.seq = "7" };
	struct reply r = ask(l, &q);

	T_CHECK(r.status == 403, "%ld %s", r.status, r.body);
	assert_non_null(strstr(r.body, "not enrolled to speak for a site"));
	assert_int_equal(
	    metrics_get(&l->rig->metrics, METRIC_REFUSED_OTHER_SITE), 1);
	assert_int_equal(sqlite3_exec(store_handle(l->rig->side),
			     "UPDATE probe SET site = 'ams'", NULL, NULL, NULL),
	    SQLITE_OK);
	r = ask(l, &q);
	T_CHECK(r.status == 200, "%ld %s", r.status, r.body);
	r = ask(l, &q); /* somebody sends it again */
	T_CHECK(r.status == 409, "%ld %s", r.status, r.body);
	assert_non_null(strstr(r.body, "\"last_seq\":7"));
	q.seq = "none";
	assert_int_equal(ask(l, &q).status, 400);
	q.seq = "8";
	q.len -= 2;
	assert_int_equal(ask(l, &q).status, 400);
	assert_int_equal(
	    rig_query(l->rig, "SELECT count(*) FROM site_report"), 1);
}

static void
large_bodies_and_bombs_are_refused(void **state)
{
	struct live *l = *state;
	size_t large = WIRE_POST_MAX + 1, bomb = 64u << 20;
	char *zeros = mem_new(bomb);
	char *packed = mem_new(ZSTD_compressBound(bomb));
	struct request q = { .method = "POST",
		.path = "/v1/batches",
		.body = zeros,
		.len = large,
		.encoding = "zstd" };
	struct reply r = ask(l, &q);

	T_CHECK(r.status == 413, "large: %ld %s", r.status, r.body);
	q.body = packed;
	q.len = ZSTD_compress(packed, ZSTD_compressBound(bomb), zeros, bomb, 1);
	assert_true(q.len < WIRE_POST_MAX);
	r = ask(l, &q);
	T_CHECK(r.status == 413, "bomb: %ld %s", r.status, r.body);
	q.path = "/v1/enroll";
	q.encoding = NULL;
	q.len = ENROLMENT_BODY_MAX + 1;
	r = ask(l, &q);
	T_CHECK(r.status == 413, "enroll: %ld %s", r.status, r.body);
	free(zeros);
	free(packed);
}

static void
a_packed_batch_is_a_batch(void **state)
{
	struct live *l = *state;
	struct batch b = rig_batch(l->rig->probe, 1, 7, clock_wall_us());
	struct request q = {
		.method = "POST", .path = "/v1/batches", .seq = "1"
	};
	uint8_t *packed;
	size_t len;
	char *text = encode(&b, &len);

	assert_int_equal(pack_lines(&packed, &q.len, text, len), RC_OK);
	q.body = (char *)packed;
	assert_int_equal(ask(l, &q).status, 200);
	check_stored(l, 7);
	free(packed);
	free(text);
	batch_fini(&b);
}

static void
a_packed_bomb_is_refused(void **state)
{
	struct live *l = *state;
	size_t n = 4000, shape = 4000, len = 12 + shape + 2 * n;
	char *bomb = mem_new(len);
	struct request q = { .method = "POST",
		.path = "/v1/batches",
		.seq = "1",
		.body = bomb,
		.len = len };
	struct reply r;

	memcpy(bomb, "CWP1\0\0\x0f\xa0\0\0\x0f\xa0", 12);
	memset(bomb + 12, 'x', shape);
	bomb[12 + shape - 1] = '\n';
	r = ask(l, &q);
	T_CHECK(r.status == 413, "%ld %s", r.status, r.body);
	free(bomb);
}

static void
a_full_queue_says_come_back_later(void **state)
{
	struct live *l = live_new(1);
	struct posting *p = posting(l, NULL, 1, 3);
	struct reply r = ask(l, &p->request);

	(void)state;
	T_CHECK(r.status == 503, "%ld %s", r.status, r.body);
	assert_non_null(strstr(r.head, "Retry-After: "));
	check_stored(l, 0);
	posting_free(p);
	live_free(l);
}

/* Full, then emptied: the probe's second try succeeds, and only that. */
static void
a_full_disk_says_come_back_later(void **state)
{
	struct live *l = *state;
	struct posting *p = posting(l, NULL, 1, 900);
	struct request health = {
		.method = "GET", .path = "/healthz", .is_unsigned = true
	};
	struct reply r;

	assert_int_equal(live_stop(l), RC_OK);
	rig_limit_pages(l->rig, 1);
	live_start(l, (size_t)64 << 20);
	r = ask(l, &p->request);
	T_CHECK(r.status == 503, "%ld %s", r.status, r.body);
	assert_non_null(strstr(r.head, "Retry-After: "));
	r = ask(l, &health);
	T_CHECK(r.status == 503, "%ld %s", r.status, r.body);
	assert_non_null(strstr(r.body, "{\"healthy\":false,\"error\":\"the "
				       "last transaction failed: "));
	check_stored(l, 0);
	(void)live_stop(l); /* the disk is still full */
	rig_limit_pages(l->rig, 1000000);
	live_start(l, (size_t)64 << 20);
	r = ask(l, &p->request);
	T_CHECK(r.status == 200, "%ld %s", r.status, r.body);
	check_stored(l, 900);
	assert_int_equal(ask(l, &health).status, 200);
	posting_free(p);
}

static void
revocation_holds_from_the_next_request_on(void **state)
{
	struct live *l = *state;
	struct posting *p = posting(l, NULL, 1, 3);
	struct store *cli;
	struct err err;
	struct reply r = ask(l, &p->request);

	assert_int_equal(r.status, 200);
	assert_int_equal(
	    store_open(&cli, l->rig->database, STORE_EDIT, &err), RC_OK);
	assert_int_equal(store_probe_set_state(cli, l->rig->probe,
			     PROBE_REVOKED, "lies", RIG_NOW, &err),
	    RC_OK);
	r = ask(l, &p->request);
	T_CHECK(r.status == 403, "%ld %s", r.status, r.body);
	store_close(cli);
	posting_free(p);
}

/* Posts an enrolment of key with a token and a name. */
static struct reply
enroll(struct live *l, const struct signing_key *key, const char *token,
    const char *name)
{
	char id[PROBE_ID_LEN + 1], hex[2 * SIGNATURE_PUBLIC_BYTES + 1];
	char body[512];

	signature_probe_id(key->public, id);
	for (size_t i = 0; i < SIGNATURE_PUBLIC_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", key->public[i]);
	snprintf(body, sizeof body,
	    "{\"token\":\"%s\",\"public_key\":\"%s\",\"name\":\"%s\","
	    "\"version\":\"0.1.0\",\"country\":\"NL\",\"lat\":52.5,\"lon\":4.9,"
	    "\"asn\":64501}",
	    token, hex, name);
	return ask(l, &(struct request){ .method = "POST",
			  .path = "/v1/enroll",
			  .body = body,
			  .len = strlen(body),
			  .key = key,
			  .keyid = id });
}

static void
a_token_lets_in_as_many_as_it_says(void **state)
{
	struct live *l = *state;
	struct signing_key a, b, c;
	struct reply r;

	signature_new_key(&a);
	signature_new_key(&b);
	signature_new_key(&c);
	rig_add_token(l->rig, "twice", 2);
	r = enroll(l, &a, "never", "a");
	T_CHECK(r.status == 403, "%ld %s", r.status, r.body);
	r = enroll(l, &a, "twice", "a");
	T_CHECK(r.status == 200, "%ld %s", r.status, r.body);
	assert_non_null(strstr(r.body, "\"name\":\"a\""));
	r = enroll(l, &b, "twice", "a");
	T_CHECK(r.status == 409, "the name is taken: %ld %s", r.status, r.body);
	r = enroll(l, &b, "twice", "b b");
	T_CHECK(r.status == 400, "not a name: %ld %s", r.status, r.body);
	r = enroll(l, &b, "twice", "b");
	T_CHECK(r.status == 200, "a refusal uses no token: %ld %s", r.status,
	    r.body);
	r = enroll(l, &a, "twice", "a");
	T_CHECK(
	    r.status == 200, "the same key again: %ld %s", r.status, r.body);
	r = enroll(l, &c, "twice", "c");
	T_CHECK(r.status == 403, "used up: %ld %s", r.status, r.body);
}

static void
who_leaves_is_gone(void **state)
{
	struct live *l = *state;
	struct request q = { .method = "POST", .path = "/v1/leave" };
	struct reply r = ask(l, &q);

	T_CHECK(r.status == 200, "%ld %s", r.status, r.body);
	r = ask(l, &q);
	T_CHECK(r.status == 410, "it may erase its key: %ld", r.status);
	q = (struct request){ .method = "GET", .path = "/v1/assignment" };
	assert_int_equal(ask(l, &q).status, 403);
}

static void
an_assignment_is_sent_when_it_has_changed(void **state)
{
	struct live *l = *state;
	struct request q = { .method = "GET", .path = "/v1/assignment" };
	struct assignment got = { 0 };
	struct reply r = ask(l, &q);
	char if_none_match[64];
	struct err err;

	T_CHECK(r.status == 200, "%ld %s", r.status, r.body);
	T_CHECK(assignment_decode(&got, r.body, r.len, &err) == RC_OK, "%s",
	    err.text);
	assert_int_equal(got.n_targets, 3);
	snprintf(if_none_match, sizeof if_none_match, "If-None-Match: \"%s\"",
	    got.etag);
	q.extra = if_none_match;
	r = ask(l, &q);
	assert_int_equal(r.status, 304);
	assert_int_equal(r.len, 0);
	q.is_unsigned = true;
	assert_int_equal(ask(l, &q).status, 401);
	assignment_fini(&got);
}

static void
health_and_counters_are_open(void **state)
{
	struct live *l = *state;
	struct posting *p = posting(l, NULL, 1, 3);
	struct request q = {
		.method = "GET", .path = "/healthz", .is_unsigned = true
	};
	struct reply r = ask(l, &q);

	assert_int_equal(r.status, 200);
	assert_string_equal(r.body,
	    "{\"healthy\":true,\"checks\":{\"store\":\"ok\","
	    "\"detector\":\"ok\",\"queue\":\"ok\",\"heard\":\"ok\","
	    "\"disk\":\"ok\"}}");
	assert_int_equal(ask(l, &p->request).status, 200);
	q.path = "/metrics";
	r = ask(l, &q);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "\ncatchwater_observations_total 3\n"));
	assert_non_null(strstr(r.body, "\n# EOF\n"));
	assert_non_null(strstr(r.head, "application/openmetrics-text; "
				       "version=1.0.0; charset=utf-8"));
	q.extra = "Accept: text/plain";
	r = ask(l, &q);
	assert_non_null(
	    strstr(r.head, "text/plain; version=0.0.4; charset=utf-8"));
	assert_non_null(strstr(r.head, "Vary: Accept"));
	assert_null(strstr(r.body, "# EOF"));
	posting_free(p);
}

static void
other_paths_and_methods_are_not_there(void **state)
{
	static const struct {
		const char *method, *path;
		long status;
	} cases[] = {
		{ "POST", "/", 405 },
		{ "GET", "/v1/batches/", 404 },
		{ "GET", "/v1/../metrics%00", 404 },
		{ "GET", "/v1/batches", 405 },
		{ "DELETE", "/metrics", 405 },
		{ "POST", "/healthz", 405 },
		{ "POST", "/nowhere", 404 },
	};

	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct reply r =
		    ask(*state, &(struct request){ .method = cases[i].method,
				    .path = cases[i].path,
				    .body = "x",
				    .len = strcmp(cases[i].method, "POST") == 0,
				    .is_unsigned = true });

		T_CHECK(r.status == cases[i].status, "%s %s: %ld",
		    cases[i].method, cases[i].path, r.status);
	}
}

static void
long_headers_are_refused(void **state)
{
	char *header = mem_new(60000);
	struct reply r;

	snprintf(header, 60000, "X-Long: %059000d", 1);
	r = ask(*state, &(struct request){ .method = "GET",
			    .path = "/healthz",
			    .extra = header,
			    .is_unsigned = true });
	T_CHECK(r.status == 431 || r.status == 413, "%ld", r.status);
	free(header);
}

static void
who_asks_too_often_is_told_when_to_come_back(void **state)
{
	struct live *l = *state;
	struct request q = { .method = "GET", .path = "/v1/assignment" };
	struct signing_key stranger;
	struct reply r;

	assert_int_equal(live_stop(l), RC_OK);
	l->rig->settings.limits.requests_per_probe = 2;
	live_start(l, (size_t)64 << 20);
	signature_new_key(&stranger);
	q.key = &stranger; /* who claims to be the probe uses up nothing */
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(l, &q).status, 401);
	q.key = NULL;
	assert_int_equal(ask(l, &q).status, 200);
	assert_int_equal(ask(l, &q).status, 200);
	r = ask(l, &q);
	T_CHECK(r.status == 429, "%ld %s", r.status, r.body);
	assert_non_null(strstr(r.head, "Retry-After: "));
	assert_int_equal(
	    metrics_get(&l->rig->metrics, METRIC_REFUSED_TOO_OFTEN), 1);
}

/* Opens a connection to the collector, for bytes of one's own. */
static int
dial(const struct live *l)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct addr loopback;
	struct sockaddr_storage ss;
	uint16_t port;
	struct err err;

	assert_int_equal(listen_parse(&loopback, &port, l->where, &err), RC_OK);
	assert_int_equal(connect(fd, (struct sockaddr *)&ss,
			     addr_to_sockaddr(&loopback, port, &ss)),
	    0);
	return fd;
}

/* Waits for the other end to end it, however long that takes. */
static void
check_ended(int fd, const char *what)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];
	ssize_t n = 1;

	while (n > 0) {
		T_CHECK(poll(&p, 1, 60000) == 1, "%s: it is still open", what);
		n = read(fd, buf, sizeof buf);
	}
	close(fd);
}

/* A byte now and then, for ever: idle it is never. */
static void
dribble(int fd, const char *begin, const char *what)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	ssize_t n = send(fd, begin, strlen(begin), MSG_NOSIGNAL);

	for (int i = 0; n >= 0 && i < 1200; i++) {
		nanosleep(&pause, NULL);
		n = send(fd, "x", 1, MSG_NOSIGNAL);
	}
	T_CHECK(n < 0, "%s: it may go on for a minute", what);
	check_ended(fd, what);
}

static void
who_takes_his_time_is_cut_off(void **state)
{
	struct live *l = mem_new(sizeof *l);
	struct posting *p;

	(void)state;
	l->rig = rig_new();
	l->step_us = 300 * US_PER_MS;
	live_start(l, (size_t)64 << 20);
	check_ended(dial(l), "silence");
	dribble(dial(l), "GET /healthz HTTP/1.1\r\nX: ", "a head");
	dribble(dial(l),
	    "POST /v1/enroll HTTP/1.1\r\nHost: c\r\nContent-Length: 4000\r\n"
	    "Signature-Input: a\r\nSignature: b\r\nContent-Digest: c\r\n"
	    "Catchwater-Seq: 0\r\n\r\n",
	    "a body");
	dribble(dial(l),
	    "POST /v1/nowhere HTTP/1.1\r\nHost: c\r\n"
	    "Content-Length: 4000\r\n\r\n",
	    "a body that nobody wants");
	p = posting(l, NULL, 1, 3);
	assert_int_equal(ask(l, &p->request).status, 200);
	posting_free(p);
	live_free(l);
}

#define N_SENDERS 4
#define N_BATCHES 10

struct sender {
	struct live *live;
	struct signing_key key;
	char id[PROBE_ID_LEN + 1];
	unsigned n_ok;
};

static void *
send_many(void *arg)
{
	struct sender *s = arg;

	for (uint64_t i = 0; i < N_BATCHES; i++) {
		struct posting *p =
		    posting(s->live, s->id, 10 * i + 1, 10 * i + 10);

		p->request.key = &s->key;
		p->request.keyid = s->id;
		s->n_ok += ask(s->live, &p->request).status == 200;
		posting_free(p);
	}
	return NULL;
}

static void
many_probes_at_once_all_get_their_answers(void **state)
{
	struct live *l = *state;
	struct sender senders[N_SENDERS];
	pthread_t threads[N_SENDERS];
	char name[16];

	for (unsigned i = 0; i < N_SENDERS; i++) {
		senders[i] = (struct sender){ .live = l };
		snprintf(name, sizeof name, "sender-%u", i);
		rig_add_probe(l->rig, name, &senders[i].key, senders[i].id);
	}
	for (unsigned i = 0; i < N_SENDERS; i++)
		pthread_create(&threads[i], NULL, send_many, &senders[i]);
	for (unsigned i = 0; i < N_SENDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(senders[i].n_ok, N_BATCHES);
	}
	assert_int_equal(metrics_get(&l->rig->metrics, METRIC_OBSERVATIONS),
	    N_SENDERS * N_BATCHES * 10);
}

#define LIVE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(a_signed_batch_is_acked_once_it_is_stored),
		LIVE(an_unpacked_batch_is_taken_too),
		LIVE(what_is_not_signed_as_it_should_be_is_refused),
		LIVE(what_is_no_batch_of_its_sender_is_refused),
		LIVE(a_site_is_spoken_for_by_its_own_probe_alone),
		LIVE(large_bodies_and_bombs_are_refused),
		LIVE(a_packed_batch_is_a_batch),
		LIVE(a_packed_bomb_is_refused),
		cmocka_unit_test(a_full_queue_says_come_back_later),
		LIVE(a_full_disk_says_come_back_later),
		LIVE(revocation_holds_from_the_next_request_on),
		LIVE(a_token_lets_in_as_many_as_it_says),
		LIVE(who_leaves_is_gone),
		LIVE(an_assignment_is_sent_when_it_has_changed),
		LIVE(health_and_counters_are_open),
		LIVE(other_paths_and_methods_are_not_there),
		LIVE(long_headers_are_refused),
		LIVE(who_asks_too_often_is_told_when_to_come_back),
		cmocka_unit_test(who_takes_his_time_is_cut_off),
		LIVE(many_probes_at_once_all_get_their_answers),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
