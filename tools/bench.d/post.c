/*
 * post.c - many probes that upload at once, for the benchmark.
 *
 * usage: post URL CA-FILE TOKEN PROBES BATCHES PER_BATCH
 * Each probe enrols, prepares its batches (real records, compressed, signed),
 * and when all are ready, posts them one after another on one connection.
 * Prints the seconds from the first post to the last answer.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/pack.h"
#include "schema/signature.h"
#include "schema/wire.h"

#define MAX_PROBES 64

struct post {
	char *body;
	size_t len;
	struct curl_slist *headers;
};

struct probe {
	pthread_t thread;
	CURL *curl;
	struct signing_key key;
	char id[PROBE_ID_LEN + 1];
	struct post *posts;
	int64_t n_refused;
};

static const char *url, *ca_file, *token;
static int64_t n_batches, per_batch;

static void
die(const char *what)
{
	fprintf(stderr, "post: %s\n", what);
	exit(EXIT_FAILURE);
}

static size_t
ignore(char *data, size_t size, size_t n, void *ctx)
{
	(void)data;
	(void)ctx;
	return size * n;
}

static struct curl_slist *
header(struct curl_slist *list, const char *name, const char *value)
{
	char line[SIGNATURE_HEADER_MAX + 64];

	snprintf(line, sizeof line, "%s: %s", name, value);
	return curl_slist_append(list, line);
}

static struct curl_slist *
sign(const struct probe *p, const char *path, const void *body, size_t len,
    uint64_t seq)
{
	char digest[SIGNATURE_HEADER_MAX], seq_text[24];
	struct signed_request req = { "POST", path, digest, seq_text };
	struct curl_slist *list = NULL;
	struct signature_headers sig;

	snprintf(seq_text, sizeof seq_text, "%llu", (unsigned long long)seq);
	signature_digest(body, len, digest);
	if (signature_sign(&sig, &req, &p->key, p->id) != RC_OK)
		die("cannot sign");
	list = header(list, "Content-Digest", digest);
	list = header(list, "Catchwater-Seq", seq_text);
	list = header(list, "Signature-Input", sig.input);
	list = header(list, "Signature", sig.signature);
	return header(list, "Expect", "");
}

static long
send_post(struct probe *p, const char *path, const struct post *post)
{
	char full[512];
	long status = 0;

	snprintf(full, sizeof full, "%s%s", url, path);
	curl_easy_setopt(p->curl, CURLOPT_URL, full);
	curl_easy_setopt(p->curl, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, post->headers);
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, post->body);
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE, (long)post->len);
	if (curl_easy_perform(p->curl) != CURLE_OK)
		return 0;
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void
enroll(struct probe *p)
{
	char public[2 * SIGNATURE_PUBLIC_BYTES + 1], body[512];
	struct post post = { .body = body };

	signature_new_key(&p->key);
	signature_probe_id(p->key.public, p->id);
	for (size_t i = 0; i < SIGNATURE_PUBLIC_BYTES; i++)
		snprintf(public + 2 * i, 3, "%02x", p->key.public[i]);
	post.len = (size_t)snprintf(body, sizeof body,
	    "{\"token\":\"%s\",\"public_key\":\"%s\",\"name\":\"bench-%s\","
	    "\"version\":\"bench\"}",
	    token, public, p->id);
	post.headers = sign(p, "/v1/enroll", body, post.len, 0);
	if (send_post(p, "/v1/enroll", &post) != 200)
		die("enrolment refused");
	curl_slist_free_all(post.headers);
}

static struct observation
make_observation(uint64_t seq)
{
	struct observation o = { .seq = seq,
		.at_us = clock_wall_us(),
		.kind = KIND_DNS,
		.outcome = OUTCOME_OK,
		.port = 53 };

	if (addr_parse(&o.target, "192.0.2.53") != RC_OK ||
	    addr_parse(&o.source, "203.0.113.9") != RC_OK)
		die("address");
	o.dns = (struct dns_result){ .source_port = 33000,
		.rtt_us = 20000 + (int64_t)(seq % 1000),
		.is_aa = true,
		.has_reply_ttl = true,
		.reply_ttl = 60,
		.has_serial = true,
		.serial = 2026112101,
		.size_bytes = 120 };
	identity_set(&o.dns.nsid, "ns1.ams.anycast.example", 23);
	return o;
}

/* As probe/batch.c does. */
static void
post_pack(struct post *post, const char *text, size_t len)
{
	uint8_t *packed;
	size_t n;

	if (pack_lines(&packed, &n, text, len) != RC_OK)
		die("cannot pack");
	post->body = mem_new(ZSTD_compressBound(n));
	post->len =
	    ZSTD_compress(post->body, ZSTD_compressBound(n), packed, n, 19);
	free(packed);
}

static void
prepare(struct probe *p, struct post *post, uint64_t first)
{
	size_t cap = (size_t)(per_batch + 1) * 1024 + WIRE_LINE_MAX, len;
	char *text = mem_new(cap);
	struct batch_header h = { .version = "bench",
		.first_seq = first,
		.last_seq = first + (uint64_t)per_batch - 1,
		.has_sent_at = true,
		.sent_at_us = clock_wall_us(),
		.anchor_at_us = clock_wall_us(),
		.anchor_mono_us = clock_mono_us() };

	snprintf(h.probe, sizeof h.probe, "%s", p->id);
	len = wire_encode_header(&h, text);
	for (uint64_t seq = first; seq <= h.last_seq; seq++) {
		struct observation o = make_observation(seq);

		len += wire_encode_observation(&o, text + len);
	}
	post_pack(post, text, len);
	post->headers =
	    header(sign(p, "/v1/batches", post->body, post->len, first),
		"Content-Encoding", "zstd");
	free(text);
}

static void *
upload(void *ctx)
{
	struct probe *p = ctx;

	for (int64_t i = 0; i < n_batches; i++)
		p->n_refused +=
		    send_post(p, "/v1/batches", &p->posts[i]) != 200;
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct probe probes[MAX_PROBES];
	int64_t n, begun, refused = 0;

	if (argc != 7) {
		fputs(
		    "usage: post URL CA-FILE TOKEN PROBES BATCHES PER_BATCH\n",
		    stderr);
		return 2;
	}
	url = argv[1];
	ca_file = argv[2];
	token = argv[3];
	n = atoll(argv[4]) < MAX_PROBES ? atoll(argv[4]) : MAX_PROBES;
	n_batches = atoll(argv[5]);
	per_batch = atoll(argv[6]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (int64_t i = 0; i < n; i++) {
		probes[i].curl = curl_easy_init();
		enroll(&probes[i]);
		probes[i].posts =
		    mem_new((size_t)n_batches * sizeof *probes[i].posts);
		for (int64_t b = 0; b < n_batches; b++)
			prepare(&probes[i], &probes[i].posts[b],
			    1 + (uint64_t)(b * per_batch));
	}
	begun = clock_mono_us();
	for (int64_t i = 0; i < n; i++)
		pthread_create(&probes[i].thread, NULL, upload, &probes[i]);
	for (int64_t i = 0; i < n; i++) {
		pthread_join(probes[i].thread, NULL);
		refused += probes[i].n_refused;
	}
	printf("%.3f\n", (double)(clock_mono_us() - begun) / 1e6);
	if (refused > 0)
		fprintf(
		    stderr, "post: %lld batches refused\n", (long long)refused);
	return refused > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
