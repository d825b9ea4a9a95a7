/* alert_smtp.c - see alert_smtp.h. */
#include "collector/alert_smtp.h"

#include <curl/curl.h>
#include <string.h>

#include "collector/alert_webhook.h"
#include "schema/base/clock.h"

struct reader {
	const char *text;
	size_t left;
};

static size_t
on_read(char *to, size_t size, size_t n, void *ctx)
{
	struct reader *r = ctx;
	size_t len = size * n < r->left ? size * n : r->left;

	memcpy(to, r->text, len);
	r->text += len;
	r->left -= len;
	return len;
}

static struct curl_slist *
make_recipients(const struct smtp_mail *mail)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < mail->n_to; i++)
		list = curl_slist_append(list, mail->to[i]);
	return list;
}

static void
set_options(CURL *c, const struct smtp_mail *mail, struct reader *r)
{
	curl_easy_setopt(c, CURLOPT_URL, mail->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_USE_SSL,
	    (long)(mail->needs_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (mail->user != NULL) {
		curl_easy_setopt(c, CURLOPT_USERNAME, mail->user);
		curl_easy_setopt(c, CURLOPT_PASSWORD,
		    mail->password != NULL ? mail->password : "");
	}
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, mail->from);
	curl_easy_setopt(
	    c, CURLOPT_MAIL_RCPT_ALLLOWFAILS, mail->is_strict ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c, CURLOPT_READDATA, r);
	webhook_set_limits(c, mail->timeout_us, mail->is_stopped);
}

static enum rc
judge(CURLcode code, const char *reason, long status, struct err *err)
{
	if (code == CURLE_OK)
		return RC_OK;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return err_set(err, RC_AGAIN, "broken off");
	if (code == CURLE_USE_SSL_FAILED)
		return err_set(err, RC_PEER,
		    "the mail server offers no TLS; where that is meant, say "
		    "starttls = no");
	return err_set(err, RC_PEER, "mail: %.180s (last reply %ld)",
	    reason[0] != '\0' ? reason : curl_easy_strerror(code), status);
}

enum rc
smtp_send(const struct smtp_mail *mail, long *status, struct err *err)
{
	char reason[CURL_ERROR_SIZE] = "";
	struct reader r = { mail->text, strlen(mail->text) };
	struct curl_slist *recipients = make_recipients(mail);
	CURLcode code = CURLE_FAILED_INIT;
	CURL *c = curl_easy_init();

	*status = 0;
	if (c != NULL && recipients != NULL) {
		set_options(c, mail, &r);
		curl_easy_setopt(c, CURLOPT_MAIL_RCPT, recipients);
		curl_easy_setopt(c, CURLOPT_ERRORBUFFER, reason);
		code = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	}
	curl_easy_cleanup(c);
	curl_slist_free_all(recipients);
	return judge(code, reason, *status, err);
}
