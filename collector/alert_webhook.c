/* alert_webhook.c - see alert_webhook.h. */
#include "collector/alert_webhook.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/clock.h"

#define KEY_LEN 300
#define BACKOFF_MAX_US (300 * US_PER_S)

enum rc
webhook_init(struct err *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, RC_SYS, "libcurl cannot start");
	return RC_OK;
}

/* What a webhook answers is of no interest, and may be endless. */
static size_t
drop_answer(char *bytes, size_t size, size_t n, void *ctx)
{
	(void)bytes;
	(void)ctx;
	return size * n;
}

static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const atomic_bool *is_stopped = ctx;

	(void)a, (void)b, (void)c, (void)d;
	return is_stopped != NULL && atomic_load(is_stopped);
}

static struct curl_slist *
make_headers(const struct webhook_post *post)
{
	char key[KEY_LEN];
	struct curl_slist *headers;

	snprintf(key, sizeof key, "Idempotency-Key: %.250s", post->key);
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	return curl_slist_append(headers, key);
}

void
webhook_set_limits(CURL *c, int64_t timeout_us, const atomic_bool *is_stopped)
{
	union {
		const atomic_bool *lent;
		void *pointer;
	} stop = { .lent = is_stopped };

	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(timeout_us / US_PER_MS));
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, stop.pointer);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

static void
set_options(CURL *c, const struct webhook_post *post, char *reason)
{
	curl_easy_setopt(c, CURLOPT_URL, post->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, post->body);
	curl_easy_setopt(
	    c, CURLOPT_USERAGENT, "catchwater/" CATCHWATER_VERSION);
	if (post->user != NULL) {
		curl_easy_setopt(c, CURLOPT_USERNAME, post->user);
		curl_easy_setopt(c, CURLOPT_PASSWORD,
		    post->password != NULL ? post->password : "");
	}
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop_answer);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, reason);
	webhook_set_limits(c, post->timeout_us, post->is_stopped);
}

static enum rc
judge(CURLcode code, long status, const char *reason, struct err *err)
{
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return err_set(err, RC_AGAIN, "broken off");
	if (code != CURLE_OK)
		return err_set(err, RC_PEER, "%.200s",
		    reason[0] != '\0' ? reason : curl_easy_strerror(code));
	if (status >= 200 && status <= 299)
		return RC_OK;
	return err_set(err, RC_PEER, "the webhook answered with status %ld%s",
	    status,
	    status >= 300 && status <= 399 ? "; redirects are not followed"
					   : ", not 2xx");
}

enum rc
webhook_send(const struct webhook_post *post, long *status, struct err *err)
{
	char reason[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = make_headers(post);
	CURL *c = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;

	*status = 0;
	if (c != NULL && headers != NULL) {
		set_options(c, post, reason);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		code = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	}
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return judge(code, *status, reason, err);
}

int64_t
webhook_backoff_us(int64_t n_tries)
{
	int64_t us = US_PER_S;

	for (; n_tries > 0 && us < BACKOFF_MAX_US; n_tries--)
		us *= 2;
	return us < BACKOFF_MAX_US ? us : BACKOFF_MAX_US;
}
