/* alert_send.c - see alert_send.h. */
#include "collector/alert_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/alert_exec.h"
#include "collector/alert_mail.h"
#include "collector/alert_manager.h"
#include "collector/alert_smtp.h"
#include "collector/alert_syslog.h"
#include "collector/alert_template.h"
#include "collector/alert_webhook.h"
#include "schema/base/clock.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"

#define PASSWORD_MAX 1024
/* Alertmanager ends what it was not told of for so many times. */
#define REFRESHES_MISSED 4
#define API "/api/v2/alerts"

/* The first line of its file, read at every attempt.  Gives *out. */
static enum rc
read_password(char **out, const struct alert_settings *a, struct err *err)
{
	size_t len;
	enum rc rc;

	*out = NULL;
	if (a->password_file == NULL)
		return RC_OK;
	rc = file_read(a->password_file, PASSWORD_MAX, out, &len, err);
	if (rc == RC_OK)
		(*out)[strcspn(*out, "\r\n")] = '\0';
	return rc;
}

static enum rc
post(const struct sending *s, const char *url, const struct message *m,
    const char *body, long *status, struct err *err)
{
	struct webhook_post post = { .url = url,
		.key = m->notices[0].key,
		.body = body,
		.user = s->alert->user,
		.timeout_us = s->alert->timeout_us,
		.is_stopped = s->is_stopped };
	char *password;
	enum rc rc = read_password(&password, s->alert, err);

	post.password = password;
	if (rc == RC_OK)
		rc = webhook_send(&post, status, err);
	free(password);
	return rc;
}

static enum rc
send_webhook(const struct sending *s, const struct message *m, long *status,
    struct err *err)
{
	const char *chat = s->alert->chat;
	const char *known = chat != NULL ? template_of_chat(chat) : NULL;
	char *body = chat != NULL
			 ? template_fill(known != NULL ? known : chat, m)
			 : message_json(m);
	enum rc rc = post(s, s->alert->to, m, body, status, err);

	free(body);
	return rc;
}

static enum rc
send_manager(const struct sending *s, const struct message *m, long *status,
    struct err *err)
{
	int64_t until_us =
	    clock_wall_us() + REFRESHES_MISSED * s->alert->repeat_every_us;
	size_t len = strlen(s->alert->to), cap = len + sizeof API;
	char *body = manager_json(m, s->url, until_us);
	char *url = mem_new(cap);
	enum rc rc;

	while (len > 0 && s->alert->to[len - 1] == '/')
		len--;
	snprintf(url, cap, "%.*s" API, (int)len, s->alert->to);
	rc = post(s, url, m, body, status, err);
	free(url);
	free(body);
	return rc;
}

static enum rc
send_mail(const struct sending *s, const struct message *m, long *status,
    struct err *err)
{
	const struct alert_settings *a = s->alert;
	const struct mail_parties parties = { .from = a->from,
		.n_to = a->n_recipients,
		.to = a->recipients,
		.alert = a->name,
		.url = s->url };
	struct smtp_mail mail = { .url = a->to,
		.needs_tls = a->needs_tls,
		.user = a->user,
		.from = a->from,
		.n_to = a->n_recipients,
		.to = a->recipients,
		.is_strict = m->notices[0].kind == NOTICE_TEST,
		.timeout_us = a->timeout_us,
		.is_stopped = s->is_stopped };
	char *password, *text;
	enum rc rc = read_password(&password, a, err);

	if (rc != RC_OK)
		return rc;
	text = mail_text(m, &parties);
	mail.password = password;
	mail.text = text;
	rc = smtp_send(&mail, status, err);
	free(text);
	free(password);
	return rc;
}

/* Not through a helper. */
static enum rc
run_here(const struct alert_settings *a, const char *key, const char *body,
    long *status, struct err *err)
{
	struct exec_run run = { .words = a->words,
		.alert = a->name,
		.key = key,
		.timeout_us = a->timeout_us,
		.watch = -1 };
	int code = 0;
	enum rc rc = exec_input(&run.input, body, err);

	if (rc != RC_OK)
		return rc;
	rc = exec_run(&run, &code, err);
	close(run.input);
	*status = code;
	return rc;
}

static enum rc
send_command(const struct sending *s, const struct message *m, long *status,
    struct err *err)
{
	const char *key = m->notices[0].key;
	char *body = message_json(m);
	enum rc rc = s->helpers == NULL
			 ? run_here(s->alert, key, body, status, err)
			 : helpers_run(s->helpers, s->alert->name, key, body,
			       s->is_stopped, status, err);

	free(body);
	return rc;
}

enum rc
alert_send(const struct sending *s, const struct message *m, long *status,
    struct err *err)
{
	*status = 0;
	switch (s->alert->channel) {
	case CHANNEL_WEBHOOK:
		return send_webhook(s, m, status, err);
	case CHANNEL_ALERTMANAGER:
		return send_manager(s, m, status, err);
	case CHANNEL_SMTP:
		return send_mail(s, m, status, err);
	case CHANNEL_EXEC:
		return send_command(s, m, status, err);
	case CHANNEL_SYSLOG:
		break;
	}
	return syslog_send(s->alert->to, s->alert->facility, m, err);
}
