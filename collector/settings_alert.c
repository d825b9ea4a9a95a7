/* settings_alert.c - see settings_alert.h. */
#include "collector/settings_alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert_mail.h"
#include "collector/alert_syslog.h"
#include "collector/alert_template.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/options.h"

#define S US_PER_S
#define DAY (86400 * S)
#define RECIPIENTS_MAX 50
#define WORDS_MAX 50

cfg_opt_t settings_alert_rows[] = {
	CONF_TEXT("webhook"),
	CONF_TEXT("template"),
	CONF_TEXT("alertmanager"),
	CONF_TEXT("smtp"),
	CONF_TEXT("from"),
	CONF_LIST("to"),
	CONF_TEXT("starttls"),
	CONF_LIST("exec"),
	CONF_TEXT("syslog"),
	CONF_TEXT("facility"),
	CONF_TEXT("user"),
	CONF_TEXT("password_file"),
	CONF_LIST("kinds"),
	CONF_TEXT("at_least"),
	CONF_TEXT("open_for"),
	CONF_TEXT("group_wait"),
	CONF_TEXT("repeat_every"),
	CONF_TEXT("in_drain"),
	CONF_TEXT("itself"),
	CONF_TEXT("timeout"),
	CONF_TEXT("give_up_after"),
	CFG_END(),
};

static const char *const channels[CHANNELS] = {
	[CHANNEL_WEBHOOK] = "webhook",
	[CHANNEL_ALERTMANAGER] = "alertmanager",
	[CHANNEL_SMTP] = "smtp",
	[CHANNEL_EXEC] = "exec",
	[CHANNEL_SYSLOG] = "syslog",
};

#define BIT(channel) (1u << (channel))
#define WEB (BIT(CHANNEL_WEBHOOK) | BIT(CHANNEL_ALERTMANAGER))

/* Which keys are of which channels only. */
static const struct {
	const char *key;
	unsigned of; /* bits */
	const char *expected;
} own_keys[] = {
	{ "template", BIT(CHANNEL_WEBHOOK), "webhook" },
	{ "from", BIT(CHANNEL_SMTP), "smtp" },
	{ "to", BIT(CHANNEL_SMTP), "smtp" },
	{ "starttls", BIT(CHANNEL_SMTP), "smtp" },
	{ "facility", BIT(CHANNEL_SYSLOG), "syslog" },
	{ "user", WEB | BIT(CHANNEL_SMTP), "webhook, alertmanager and smtp" },
	{ "password_file", WEB | BIT(CHANNEL_SMTP),
	    "webhook, alertmanager and smtp" },
};

const char *
settings_channel_name(enum alert_channel channel)
{
	return channels[channel];
}

static void
fail_kind(struct reading *r, cfg_t *section, unsigned i)
{
	const char *word = conf_text(section, "kinds", i);
	const char *names[EVENT_KINDS], *near;

	for (unsigned k = 0; k < EVENT_KINDS; k++)
		names[k] = event_kind_name((enum event_kind)k);
	near = options_suggest(word, names, EVENT_KINDS);
	if (near != NULL)
		value_fail(r, section, "kinds", i,
		    "kinds: unknown kind '%.40s', did you mean '%s'?", word,
		    near);
	else
		value_fail(r, section, "kinds", i,
		    "kinds: unknown kind '%.40s', expected shift, blackhole, "
		    "mismatch or another of catchwater.conf(5)",
		    word);
}

static void
read_kinds(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	enum event_kind kind;

	if (cfg_size(section, "kinds") == 0)
		a->kinds = (1U << EVENT_KINDS) - 1;
	for (unsigned i = 0; i < cfg_size(section, "kinds"); i++) {
		if (event_kind_from_name(
			&kind, conf_text(section, "kinds", i)) == RC_OK)
			a->kinds |= 1U << kind;
		else
			fail_kind(r, section, i);
	}
}

static void
read_at_least(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	const char *word = conf_text(section, "at_least", 0);

	a->at_least = SEVERITY_WARNING;
	if (word != NULL && severity_from_name(&a->at_least, word) != RC_OK)
		value_fail(r, section, "at_least", 0,
		    "at_least is '%.40s', expected info, notice, warning, "
		    "major or critical",
		    word);
}

/* A key that is one of two words, the first of which is true. */
static bool
read_either(struct reading *r, cfg_t *section, const char *key,
    const char *const words[2], bool fallback)
{
	const char *word = conf_text(section, key, 0);

	if (word == NULL)
		return fallback;
	if (strcmp(word, words[0]) == 0 || strcmp(word, words[1]) == 0)
		return strcmp(word, words[0]) == 0;
	value_fail(r, section, key, 0, "%s is '%.40s', expected %s or %s", key,
	    word, words[0], words[1]);
	return fallback;
}

static const char *const yes_no[2] = { "yes", "no" };
static const char *const told_silent[2] = { "told", "silent" };

static void
read_template(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	const char *text;
	struct err why = ERR_NONE;

	a->chat = value_text(r, section, "template", NULL);
	if (a->chat == NULL)
		return;
	text = template_of_chat(a->chat);
	if (text == NULL && a->chat[0] != '{' && a->chat[0] != '[')
		value_fail(r, section, "template", 0,
		    "template is '%.40s', expected JSON or one of %s", a->chat,
		    template_chats());
	else if (text == NULL && template_check(a->chat, &why) != RC_OK)
		value_fail(r, section, "template", 0, "template: %s", why.text);
}

/* The host of a URL is this machine. */
static bool
is_here(const char *url)
{
	static const char *const hosts[] = { "localhost", "127.", "[::1]" };
	const char *host = strstr(url, "://");

	for (size_t i = 0; host != NULL && i < sizeof hosts / sizeof hosts[0];
	     i++)
		if (strncmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

static void
check_addresses(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	if (a->from != NULL && !mail_is_address(a->from))
		value_fail(r, section, "from", 0,
		    "from is '%.80s', expected an address such as "
		    "catchwater@example.net",
		    a->from);
	for (unsigned i = 0; i < a->n_recipients; i++)
		if (!mail_is_address(a->recipients[i]))
			value_fail(r, section, "to", i,
			    "to: '%.80s', expected an address such as "
			    "noc@example.net",
			    a->recipients[i]);
	if (a->from == NULL || a->n_recipients == 0)
		value_fail(r, section, NULL, 0,
		    "alert '%s' has no %s, expected an address such as "
		    "noc@example.net",
		    a->name, a->from == NULL ? "from" : "to");
}

/* Values of a list as they stand, with NULL behind them.  Gives. */
static char **
read_list(struct reading *r, cfg_t *section, const char *key, unsigned max)
{
	unsigned n = cfg_size(section, key);
	char **list = mem_new((n + 1) * sizeof *list);

	if (n > max)
		value_fail(r, section, key, max,
		    "%s has %u values, expected at most %u", key, n, max);
	for (unsigned i = 0; i < n; i++) {
		list[i] = mem_strdup(conf_text(section, key, i));
		for (const char *c = list[i]; *c != '\0'; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				value_fail(r, section, key, i,
				    "%s is not plain text", key);
	}
	return list;
}

static void
read_smtp(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	bool is_tls;

	a->to = value_text(r, section, "smtp", NULL);
	if (a->to == NULL)
		return;
	is_tls = strncmp(a->to, "smtps://", 8) == 0;
	if ((!is_tls && strncmp(a->to, "smtp://", 7) != 0) ||
	    strlen(a->to) <= (is_tls ? 8u : 7u) ||
	    strpbrk(a->to, " \"<>\\^`{|}") != NULL)
		value_fail(r, section, "smtp", 0,
		    "smtp: '%.80s', expected a server such as "
		    "smtp://mail.example.net:587 or smtps://mail.example.net",
		    a->to);
	a->from = value_text(r, section, "from", NULL);
	a->n_recipients = cfg_size(section, "to");
	a->recipients = read_list(r, section, "to", RECIPIENTS_MAX);
	check_addresses(r, section, a);
	a->needs_tls = read_either(
	    r, section, "starttls", yes_no, !is_tls && !is_here(a->to));
	if (conf_text(section, "user", 0) != NULL && !is_tls && !a->needs_tls &&
	    !is_here(a->to))
		value_fail(r, section, "user", 0,
		    "user: a password goes to another machine by TLS only, "
		    "expected starttls = yes or smtps://");
}

static void
read_exec(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	a->words = read_list(r, section, "exec", WORDS_MAX);
	if (a->words[0] == NULL || a->words[0][0] != '/')
		value_fail(r, section, "exec", 0,
		    "exec: '%.80s', expected the path of a program from '/', "
		    "such as exec = { \"/usr/local/bin/page\", \"--now\" }; "
		    "there is no shell",
		    a->words[0] != NULL ? a->words[0] : "");
}

static void
read_syslog(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	const char *word = conf_text(section, "facility", 0);
	char host[256], port[8];

	a->to = value_text(r, section, "syslog", NULL);
	if (a->to != NULL && a->to[0] != '/' &&
	    syslog_split(a->to, host, port) != RC_OK)
		value_fail(r, section, "syslog", 0,
		    "syslog: '%.80s', expected \"/dev/log\" or a server such "
		    "as \"udp://192.0.2.1:514\"",
		    a->to);
	a->facility = syslog_facility(word != NULL ? word : "daemon");
	if (a->facility < 0)
		value_fail(r, section, "facility", 0,
		    "facility is '%.40s', expected daemon, user, local0 to "
		    "local7 or another of syslog(3)",
		    word);
}

/* Which one, and only one, it is. */
static void
find_channel(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CHANNELS; i++) {
		if (cfg_size(section, channels[i]) == 0)
			continue;
		if (n++ > 0)
			value_fail(r, section, channels[i], 0,
			    "%s: alert '%s' has %s already, expected one of "
			    "them; make another alert of it",
			    channels[i], a->name, channels[a->channel]);
		a->channel = (enum alert_channel)i;
	}
	if (n == 0)
		value_fail(r, section, NULL, 0,
		    "alert '%s' tells nobody, expected webhook, alertmanager, "
		    "smtp, exec or syslog",
		    cfg_title(section));
	for (size_t i = 0; i < sizeof own_keys / sizeof own_keys[0]; i++)
		if (cfg_size(section, own_keys[i].key) > 0 &&
		    (own_keys[i].of & BIT(a->channel)) == 0)
			value_fail(r, section, own_keys[i].key, 0,
			    "%s is for %s only", own_keys[i].key,
			    own_keys[i].expected);
}

static void
read_channel(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	find_channel(r, section, a);
	switch (a->channel) {
	case CHANNEL_WEBHOOK:
		a->to = value_url(r, section, "webhook");
		read_template(r, section, a);
		break;
	case CHANNEL_ALERTMANAGER:
		a->to = value_url(r, section, "alertmanager");
		break;
	case CHANNEL_SMTP:
		read_smtp(r, section, a);
		break;
	case CHANNEL_EXEC:
		read_exec(r, section, a);
		break;
	case CHANNEL_SYSLOG:
		read_syslog(r, section, a);
		break;
	}
	a->user = value_text(r, section, "user", NULL);
	a->password_file = value_path(r, section, "password_file");
	if ((a->user == NULL) != (a->password_file == NULL))
		value_fail(r, section,
		    a->user != NULL ? "user" : "password_file", 0,
		    "alert '%s' has no %s, expected both or neither", a->name,
		    a->user == NULL ? "user" : "password_file");
}

static void
read_times(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	static const struct duration_range timeout = { 10 * S, S, 60 * S,
		false };
	static const struct duration_range give_up = { DAY, 60 * S, 30 * DAY,
		false };
	static const struct duration_range open_for = { 0, S, 30 * DAY, true };
	static const struct duration_range group = { 0, S, 3600 * S, true };
	static const struct duration_range repeat = { 0, 60 * S, 30 * DAY,
		true };
	/* Alertmanager forgets what it hears no more of; it repeats itself. */
	static const struct duration_range refresh = { 60 * S, S, 3600 * S,
		false };

	a->timeout_us = value_duration(r, section, "timeout", &timeout);
	a->give_up_after_us =
	    value_duration(r, section, "give_up_after", &give_up);
	a->open_for_us = value_duration(r, section, "open_for", &open_for);
	a->group_wait_us = value_duration(r, section, "group_wait", &group);
	a->repeat_every_us = value_duration(r, section, "repeat_every",
	    a->channel == CHANNEL_ALERTMANAGER ? &refresh : &repeat);
}

void
settings_alert(struct reading *r, cfg_t *section, struct alert_settings *a)
{
	value_name(r, section, a->name, sizeof a->name, true);
	read_channel(r, section, a);
	read_kinds(r, section, a);
	read_at_least(r, section, a);
	a->tells_itself = read_either(r, section, "itself", yes_no, true);
	a->tells_drained =
	    read_either(r, section, "in_drain", told_silent, false);
	read_times(r, section, a);
}

static void
free_list(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

void
settings_alert_fini(struct alert_settings *a)
{
	free(a->to);
	free(a->chat);
	free(a->from);
	free_list(a->recipients);
	free_list(a->words);
	free(a->user);
	free(a->password_file);
}
