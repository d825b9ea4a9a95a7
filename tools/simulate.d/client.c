/* client.c - see client.h. */
#include "tools/simulate.d/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/pack.h"
#include "schema/wire.h"

/* Probes press harder; the collector's work is the same, and the load's own is
 * a tenth. */
#define ZSTD_LEVEL 3

static void
die(const char *what)
{
	fprintf(stderr, "client: %s\n", what);
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

static void
sign(struct client_post *p, const struct client *c, const char *path,
    uint64_t seq)
{
	char digest[SIGNATURE_HEADER_MAX], seq_text[24];
	struct signed_request req = { "POST", path, digest, seq_text };
	struct signature_headers sig;

	snprintf(seq_text, sizeof seq_text, "%llu", (unsigned long long)seq);
	signature_digest(p->body, p->len, digest);
	if (signature_sign(&sig, &req, &c->key, c->id) != RC_OK)
		die("cannot sign");
	p->headers = header(p->headers, "Content-Digest", digest);
	p->headers = header(p->headers, "Catchwater-Seq", seq_text);
	p->headers = header(p->headers, "Signature-Input", sig.input);
	p->headers = header(p->headers, "Signature", sig.signature);
	p->headers = header(p->headers, "Expect", "");
}

long
client_send(CURL *curl, const struct client_server *s, const char *path,
    const struct client_post *p)
{
	char full[512];
	long status = 0;

	snprintf(full, sizeof full, "%s%s", s->url, path);
	curl_easy_setopt(curl, CURLOPT_URL, full);
	if (s->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, s->ca_file);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, p->body);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)p->len);
	if (curl_easy_perform(curl) != CURLE_OK)
		return 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

void
client_enroll(
    struct client *c, CURL *curl, const struct client_server *s, uint32_t asn)
{
	char public[2 * SIGNATURE_PUBLIC_BYTES + 1], body[512], as[24] = "";
	struct client_post post = { .body = body };

	signature_new_key(&c->key);
	signature_probe_id(c->key.public, c->id);
	for (size_t i = 0; i < SIGNATURE_PUBLIC_BYTES; i++)
		snprintf(public + 2 * i, 3, "%02x", c->key.public[i]);
	if (asn != 0)
		snprintf(as, sizeof as, ",\"asn\":%u", asn);
	post.len = (size_t)snprintf(body, sizeof body,
	    "{\"token\":\"%s\",\"public_key\":\"%s\",\"name\":\"sim-%s\","
	    "\"version\":\"simulate\"%s}",
	    s->token, public, c->id, as);
	sign(&post, c, "/v1/enroll", 0);
	if (client_send(curl, s, "/v1/enroll", &post) != 200)
		die("enrolment refused: is the token good for so many?");
	curl_slist_free_all(post.headers);
}

/* As probe/batch.c does, but for the level. */
static void
compress(struct client_post *p, const char *text, size_t len)
{
	uint8_t *packed;
	size_t n;

	if (pack_lines(&packed, &n, text, len) != RC_OK)
		die("cannot pack");
	p->body = mem_new(ZSTD_compressBound(n));
	p->len = ZSTD_compress(
	    p->body, ZSTD_compressBound(n), packed, n, ZSTD_LEVEL);
	free(packed);
}

void
client_batch(struct client_post *out, const struct client *c,
    uint64_t first_seq, const struct observation *list, size_t n)
{
	size_t cap = (n + 1) * 1024 + 2 * WIRE_LINE_MAX, len;
	char *text = mem_new(cap);
	struct batch_header h = { .version = "simulate",
		.first_seq = first_seq,
		.last_seq = first_seq + n - 1,
		.has_sent_at = true,
		.sent_at_us = clock_wall_us(),
		.anchor_at_us = clock_wall_us(),
		.anchor_mono_us = clock_mono_us() };

	*out = (struct client_post){ 0 };
	snprintf(h.probe, sizeof h.probe, "%s", c->id);
	len = wire_encode_header(&h, text);
	for (size_t i = 0; i < n; i++)
		len += wire_encode_observation(&list[i], text + len);
	compress(out, text, len);
	free(text);
	out->headers = header(NULL, "Content-Encoding", "zstd");
	sign(out, c, "/v1/batches", first_seq);
}

void
client_post_fini(struct client_post *p)
{
	free(p->body);
	curl_slist_free_all(p->headers);
}
