/* alert_command.c - catchwater alert: send a test, now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert_webhook.h"
#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/notice.h"
#include "collector/report_command.h"
#include "collector/settings.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

struct options {
	const char *config;
};

static const struct option_spec options[] = {
	{ 'c', "config", OPTION_TEXT, offsetof(struct options, config), 0, 0,
	    "FILE", "configuration (default " DEFAULT_CONFIG ")" },
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "alert", "test NAME", 2, 2,
	"send a test through an alert channel, and say what it answers",
	options };

static const struct alert_settings *
find_alert(const struct settings *s, const char *name, struct err *err)
{
	const char **names = mem_new((s->n_alerts + 1) * sizeof *names);
	const struct alert_settings *found = NULL;

	for (size_t i = 0; i < s->n_alerts; i++) {
		names[i] = s->alerts[i].name;
		if (strcmp(names[i], name) == 0)
			found = &s->alerts[i];
	}
	if (found == NULL && s->n_alerts == 0)
		err_set(err, RC_NOTFOUND,
		    "no alert '%.64s': %.120s has no alert section", name,
		    s->path);
	else if (found == NULL)
		unknown_word(err, "alert", name, names, s->n_alerts);
	free(names);
	return found;
}

static enum rc
send_test(const struct alert_settings *a, struct err *err)
{
	struct webhook_post post = { .url = a->webhook,
		.timeout_us = a->timeout_us };
	char key[NAME_MAX_LEN + 40];
	long status;
	char *body;
	enum rc rc;

	snprintf(key, sizeof key, "test-%lld-%s", (long long)clock_wall_us(),
	    a->name);
	body = notice_test_json(key, a->name);
	post.key = key;
	post.body = body;
	rc = webhook_init(err);
	if (rc == RC_OK)
		rc = webhook_send(&post, &status, err);
	free(body);
	if (rc == RC_OK)
		printf("%s answered with status %ld: alert '%s' works\n",
		    a->webhook, status, a->name);
	return rc;
}

static enum rc
run(const char *config, const char *name, struct err *err)
{
	const struct alert_settings *a;
	struct settings settings;
	enum rc rc = settings_load(&settings, config, err);

	if (rc != RC_OK)
		return rc;
	a = find_alert(&settings, name, err);
	rc = a != NULL ? send_test(a, err) : RC_NOTFOUND;
	if (a != NULL && rc != RC_OK)
		rc = err_at(err, rc, "alert '%s'", a->name);
	settings_fini(&settings);
	return rc;
}

int
command_alert(int argc, char **argv)
{
	struct options o = { .config = DEFAULT_CONFIG };
	struct err err = ERR_NONE;
	char **operands;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	if (strcmp(operands[0], "test") != 0) {
		err_set(&err, RC_MALFORMED,
		    "'%.40s' is not known; usage: catchwater alert test NAME",
		    operands[0]);
		command_fail(spec.name, &err);
		return 2;
	}
	return run(o.config, operands[1], &err) == RC_OK
		   ? 0
		   : command_fail(spec.name, &err);
}
