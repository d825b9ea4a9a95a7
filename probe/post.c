/* post.c - see post.h. */
#include "probe/post.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/addr.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define CONNECT_TIMEOUT_S 10L
#define TIMEOUT_S 60L
#define HEADER_LINE_MAX (SIGNATURE_HEADER_MAX + 64)

struct post {
	CURL *curl;
	const char *url;
	const char *ca_file;
	const struct signing_key *key;
	const char *probe;
	char why[CURL_ERROR_SIZE];
};

/* ---- the URL ---- */

static bool
is_loopback_host(const char *host)
{
	char bare[64];
	struct addr a;
	size_t len = strlen(host);

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len >= sizeof bare)
		return false;
	memcpy(bare, host, len);
	bare[len] = '\0';
	return addr_parse(&a, bare) == RC_OK && addr_is_loopback(&a);
}

static enum rc
check_parts(const char *url, const char *scheme, const char *host,
    const char *path, struct err *err)
{
	if (strcmp(path, "/") != 0)
		return err_set(err, RC_RANGE,
		    "%s: has a path; expected https://HOST[:PORT]", url);
	if (strcmp(scheme, "https") == 0)
		return RC_OK;
	if (strcmp(scheme, "http") != 0)
		return err_set(
		    err, RC_RANGE, "%s: expected https://HOST[:PORT]", url);
	if (!is_loopback_host(host))
		return err_set(err, RC_RANGE,
		    "%s: plain http goes only to a loopback address like "
		    "127.0.0.1; use https",
		    url);
	return RC_OK;
}

/* Is the part given at all? */
static bool
has_part(CURLU *u, CURLUPart what)
{
	char *text = NULL;
	bool is_there = curl_url_get(u, what, &text, 0) == CURLUE_OK;

	curl_free(text);
	return is_there;
}

enum rc
post_check_url(const char *url, struct err *err)
{
	char *scheme = NULL, *host = NULL, *path = NULL;
	CURLU *u = curl_url();
	size_t len = strlen(url);
	enum rc rc;

	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
	    has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_QUERY) ||
	    has_part(u, CURLUPART_FRAGMENT))
		rc = err_set(err, RC_RANGE,
		    "'%s' is no collector's URL; expected https://HOST[:PORT]",
		    url);
	else if (url[len - 1] == '/')
		rc = err_set(
		    err, RC_RANGE, "%s: leave out the slash at the end", url);
	else
		rc = check_parts(url, scheme, host, path, err);
	curl_free(scheme);
	curl_free(host);
	curl_free(path);
	curl_url_cleanup(u);
	return rc;
}

/* ---- a request ---- */

/* Appends "name: value". */
static void
add_header(struct curl_slist **headers, const char *name, const char *value)
{
	char line[HEADER_LINE_MAX];

	snprintf(line, sizeof line, "%s: %s", name, value);
	*headers = curl_slist_append(*headers, line);
}

static enum rc
add_signature(const struct post *p, const struct post_request *req,
    struct curl_slist **headers, struct err *err)
{
	struct signature_headers signed_headers;
	char digest[SIGNATURE_HEADER_MAX], seq[24];

	signature_digest(req->body == NULL ? "" : req->body, req->len, digest);
	snprintf(seq, sizeof seq, "%" PRIu64, req->seq);
	if (signature_sign(&signed_headers,
		&(struct signed_request){ .method = req->method,
		    .path = req->path,
		    .content_digest = digest,
		    .seq = seq },
		p->key, p->probe) != RC_OK)
		return err_set(err, RC_RANGE, "cannot sign %s", req->path);
	add_header(headers, "Content-Digest", digest);
	add_header(headers, "Catchwater-Seq", seq);
	add_header(headers, "Signature-Input", signed_headers.input);
	add_header(headers, "Signature", signed_headers.signature);
	return RC_OK;
}

static enum rc
make_headers(const struct post *p, const struct post_request *req,
    struct curl_slist **headers, struct err *err)
{
	char quoted[64];

	if (req->content_type != NULL)
		add_header(headers, "Content-Type", req->content_type);
	if (req->is_zstd)
		add_header(headers, "Content-Encoding", "zstd");
	if (req->if_none_match != NULL) {
		snprintf(quoted, sizeof quoted, "\"%s\"", req->if_none_match);
		add_header(headers, "If-None-Match", quoted);
	}
	*headers = curl_slist_append(*headers, "Expect:");
	return add_signature(p, req, headers, err);
}

static size_t
take_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct post_reply *reply = ctx;

	n *= size;
	if (n > POST_REPLY_MAX - reply->len)
		return 0; /* curl gives up: CURLE_WRITE_ERROR */
	reply->body = mem_grow(reply->body, reply->len + n + 1, 1);
	memcpy(reply->body + reply->len, bytes, n);
	reply->len += n;
	reply->body[reply->len] = '\0';
	return n;
}

static const char *
advice_of(CURLcode code)
{
	static const struct {
		CURLcode code;
		const char *advice;
	} table[] = {
		{ CURLE_COULDNT_RESOLVE_HOST,
		    "; check the collector's name and this host's resolver" },
		{ CURLE_COULDNT_CONNECT,
		    "; is the collector up, and does a firewall let us out?" },
		{ CURLE_OPERATION_TIMEDOUT,
		    "; is the collector up, and does a firewall let us out?" },
		{ CURLE_PEER_FAILED_VERIFICATION,
		    "; a private authority is given with enroll --ca FILE" },
		{ CURLE_SSL_CACERT_BADFILE,
		    "; the file given with enroll --ca cannot be used" },
		{ CURLE_SSL_CONNECT_ERROR,
		    "; is that port the collector's, and does it speak TLS?" },
		{ CURLE_WRITE_ERROR, "; its reply is larger than any of ours" },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].code == code)
			return table[i].advice;
	return "";
}

static enum rc
perform(struct post *p, struct post_reply *reply, struct err *err)
{
	curl_off_t wait_s = 0;
	CURLcode code;

	p->why[0] = '\0';
	code = curl_easy_perform(p->curl);
	if (code != CURLE_OK)
		return err_set(err, RC_PEER, "%s: %s%s", p->url,
		    p->why[0] != '\0' ? p->why : curl_easy_strerror(code),
		    advice_of(code));
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_easy_getinfo(p->curl, CURLINFO_RETRY_AFTER, &wait_s);
	reply->retry_after_s = wait_s;
	if (reply->body == NULL)
		reply->body = mem_strdup("");
	return RC_OK;
}

static void
set_request(struct post *p, const struct post_request *req)
{
	if (strcmp(req->method, "GET") == 0) {
		curl_easy_setopt(p->curl, CURLOPT_HTTPGET, 1L);
		return;
	}
	curl_easy_setopt(p->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(
	    p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->len);
	curl_easy_setopt(
	    p->curl, CURLOPT_POSTFIELDS, req->body == NULL ? "" : req->body);
}

enum rc
post_send(struct post *p, const struct post_request *req,
    struct post_reply *reply, struct err *err)
{
	struct curl_slist *headers = NULL;
	struct post_reply got = { 0 };
	char url[512];
	enum rc rc = make_headers(p, req, &headers, err);

	snprintf(url, sizeof url, "%s%s", p->url, req->path);
	set_request(p, req);
	curl_easy_setopt(p->curl, CURLOPT_URL, url);
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, &got);
	if (rc == RC_OK)
		rc = perform(p, &got, err);
	curl_slist_free_all(headers);
	if (rc == RC_OK)
		*reply = got;
	else
		free(got.body);
	return rc;
}

/* ---- the connection ---- */

static void
set_options(struct post *p)
{
	CURL *c = p->curl;

	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, p->why);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(
	    c, CURLOPT_USERAGENT, "catchwater-probe/" CATCHWATER_VERSION);
	/* Plain HTTP must not leave the host by way of a proxy either. */
	if (strncmp(p->url, "https:", 6) != 0)
		curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (p->ca_file[0] != '\0')
		curl_easy_setopt(c, CURLOPT_CAINFO, p->ca_file);
}

enum rc
post_open(struct post **out, const char *url, const char *ca_file,
    const struct signing_key *key, const char *probe, struct err *err)
{
	struct post *p;
	enum rc rc = post_check_url(url, err);

	if (rc != RC_OK)
		return rc;
	p = mem_new(sizeof *p);
	*p = (struct post){
		.url = url, .ca_file = ca_file, .key = key, .probe = probe
	};
	curl_global_init(CURL_GLOBAL_DEFAULT);
	p->curl = curl_easy_init();
	if (p->curl == NULL) {
		post_close(p);
		return err_set(err, RC_SYS, "libcurl does not start");
	}
	set_options(p);
	*out = p;
	return RC_OK;
}

void
post_close(struct post *p)
{
	if (p == NULL)
		return;
	curl_easy_cleanup(p->curl);
	curl_global_cleanup();
	free(p);
}

void
post_limit(struct post *p, int64_t timeout_us)
{
	curl_easy_setopt(
	    p->curl, CURLOPT_TIMEOUT_MS, (long)(timeout_us / US_PER_MS));
}

void
post_reply_fini(struct post_reply *reply)
{
	if (reply == NULL)
		return;
	free(reply->body);
	*reply = (struct post_reply){ 0 };
}

const char *
post_reason(const struct post_reply *reply, char buf[static POST_REASON_LEN])
{
	json_t *root = json_loadb(reply->body, reply->len, 0, NULL);
	const char *said = json_string_value(json_object_get(root, "error"));
	size_t n = 0;

	if (said == NULL)
		said = reply->body;
	for (; *said != '\0' && *said != '\n' && n < POST_REASON_LEN - 1;
	     said++)
		buf[n++] = *said >= 0x20 && *said < 0x7f ? *said : '?';
	buf[n] = '\0';
	if (n == 0)
		snprintf(buf, POST_REASON_LEN, "no reason given");
	json_decref(root);
	return buf;
}
