/* alert_command.c - catchwater alert: send a test, now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert_send.h"
#include "collector/alert_webhook.h"
#include "collector/commands.h"
#include "collector/lookup.h"
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

static const struct command_spec spec = { PROGRAM, "alert", "test [NAME]", 1, 2,
	"send a test through an alert channel, or through all, and say what "
	"it answers",
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

static void
say_taken(const struct alert_settings *a, long status)
{
	const char *to = a->channel == CHANNEL_EXEC ? a->words[0] : a->to;

	if (status != 0)
		printf("%s answered with status %ld: alert '%s' works\n", to,
		    status, a->name);
	else if (a->channel == CHANNEL_SYSLOG)
		printf("%s was sent a line, and does not say whether it took "
		       "it: alert '%s'\n",
		    to, a->name);
	else
		printf("%s took it: alert '%s' works\n", to, a->name);
}

static enum rc
send_test(
    const struct settings *s, const struct alert_settings *a, struct err *err)
{
	const struct sending sending = { .alert = a, .url = s->url };
	struct alert_notice n;
	const struct message m = { 1, &n };
	long status;
	enum rc rc;

	notice_of_test(&n, a->name, clock_wall_us());
	rc = alert_send(&sending, &m, &status, err);
	if (rc == RC_OK)
		say_taken(a, status);
	else
		rc = err_at(err, rc, "alert '%s'", a->name);
	return rc;
}

/* Goes on after one that fails.  The first failure is what comes back; others
 * are printed here. */
static enum rc
send_all(const struct settings *s, struct err *err)
{
	enum rc rc = RC_OK;

	if (s->n_alerts == 0)
		return err_set(err, RC_NOTFOUND,
		    "%.120s has no alert section: nobody is told", s->path);
	for (size_t i = 0; i < s->n_alerts; i++) {
		struct err why = ERR_NONE;
		enum rc one = send_test(s, &s->alerts[i], &why);

		if (one != RC_OK && rc != RC_OK)
			command_fail(spec.name, &why);
		else if (one != RC_OK)
			*err = why;
		rc = rc == RC_OK ? one : rc;
	}
	return rc;
}

static enum rc
run(const char *config, const char *name, struct err *err)
{
	const struct alert_settings *a = NULL;
	struct settings settings;
	enum rc rc = settings_load(&settings, config, err);

	if (rc != RC_OK)
		return rc;
	if (name != NULL)
		a = find_alert(&settings, name, err);
	rc = name != NULL && a == NULL ? RC_NOTFOUND : webhook_init(err);
	if (rc == RC_OK)
		rc = a != NULL ? send_test(&settings, a, err)
			       : send_all(&settings, err);
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
		    "'%.40s' is not known; usage: catchwater alert test [NAME]",
		    operands[0]);
		command_fail(spec.name, &err);
		return 2;
	}
	return run(o.config, n > 1 ? operands[1] : NULL, &err) == RC_OK
		   ? 0
		   : command_fail(spec.name, &err);
}
