/* test_alert_forms.c - a notice in the form of each channel, whatever it says, and
 * the rules by which it goes out. */
#include "tests/unit/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/alert_exec.h"
#include "collector/alert_mail.h"
#include "collector/alert_manager.h"
#include "collector/alert_policy.h"
#include "collector/alert_syslog.h"
#include "collector/alert_template.h"
#include "schema/base/clock.h"

#define S US_PER_S
#define NOON (INT64_C(1772366400) * S) /* 2026-03-01T12:00:00Z */
#define HOSTILE \
	"\x1b[2J\r\nBcc: x@y\r\n.\r\n\"\\{text}<!here>@all\xff\xe2\x80\xae"

/* Hostile text until it is full. */
#define FILL(array) fill(array, sizeof(array))
static void
fill(char *to, size_t cap)
{
	for (size_t i = 0; i + 1 < cap; i++)
		to[i] = HOSTILE[i % (sizeof HOSTILE - 1)];
	to[cap - 1] = '\0';
}

/* Each word and text of it hostile, as long as there is room. */
static void
make_hostile(struct alert_notice *n)
{
	struct event_row e = { .id = 7,
		.family = 4,
		.since_us = NOON,
		.detected_us = NOON + S,
		.n_vantages = 3 };
	const struct event_moves none = { 0 };

	FILL(e.kind);
	FILL(e.severity);
	FILL(e.service);
	FILL(e.site);
	FILL(e.verdict);
	FILL(e.resolution);
	*n = (struct alert_notice){ .kind = NOTICE_OPEN, .created_us = NOON };
	snprintf(n->key, sizeof n->key, "7-open-ops");
	notice_of_event(n, &e, &none);
}

static bool
is_plain(const char *text, const char *allowed)
{
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < ' ' || *text >= 0x7f) &&
		    strchr(allowed, *text) == NULL)
			return false;
	return true;
}

static const char *const chats[] = { "discord", "googlechat", "matrix",
	"mattermost", "slack", "teams" };

static void
a_chat_gets_json_in_which_no_name_does_anything(void **state)
{
	struct alert_notice n;
	const struct message m = { 1, &n };

	(void)state;
	make_hostile(&n);
	for (size_t i = 0; i < T_LEN(chats); i++) {
		char *body = template_fill(template_of_chat(chats[i]), &m);
		json_t *whole = json_loads(body, 0, NULL);

		assert_non_null(strstr(template_chats(), chats[i]));
		T_CHECK(whole != NULL, "%s: %s", chats[i], body);
		T_CHECK(strpbrk(body, "@<>") == NULL && is_plain(body, ""),
		    "%s: %s", chats[i], body);
		json_decref(whole);
		free(body);
	}
}

static const struct {
	const char *name, *text, *why; /* NULL: it is good */
} templates[] = {
	{ "every field",
	    "{\"a\":\"{text}{summary}{key}{notice}{id}{kind}{severity}{service}"
	    "{site}{family}{verdict}{since}\"}",
	    NULL },
	{ "braces that are none", "{\"a\":{\"b\":\"{} {TEXT} {text\"}}", NULL },
	{ "an unknown field", "{\"a\":\"{txt}\"}",
	    "unknown placeholder {txt}" },
	{ "no quotes", "{\"a\":{id}}", "placeholders stand within double" },
	{ "no end", "{\"a\":\"{text}\"", "it is no JSON" },
};

static void
a_template_that_makes_no_json_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(templates); i++) {
		struct err err = ERR_NONE;
		enum rc rc = template_check(templates[i].text, &err);

		if (templates[i].why == NULL)
			T_CHECK(
			    rc == RC_OK, "%s: %s", templates[i].name, err.text);
		else
			T_CHECK(rc == RC_MALFORMED &&
				    strstr(err.text, templates[i].why) != NULL,
			    "%s: %s", templates[i].name, err.text);
	}
}

static void
a_mail_has_the_headers_that_we_gave_it(void **state)
{
	static const char *const wanted[] = { "From", "To", "Subject", "Date",
		"Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
		"Content-Transfer-Encoding" };
	char to_text[] = "noc@example.net";
	char *to[] = { to_text };
	const struct mail_parties p = { "c@example.net", 1, to, "ops", NULL };
	struct alert_notice n;
	const struct message m = { 1, &n };
	size_t n_headers = 0;
	char *text, *end;

	(void)state;
	make_hostile(&n);
	text = mail_text(&m, &p);
	T_CHECK(is_plain(text, "\r\n"), "%s", text);
	for (char *line = text; strncmp(line, "\r\n", 2) != 0; line = end + 2) {
		end = strstr(line, "\r\n");
		T_CHECK(end - line <= 998, "%zd bytes", end - line);
		if (line[0] == ' ')
			continue; /* folded */
		T_CHECK(n_headers < T_LEN(wanted) &&
			    strncmp(line, wanted[n_headers],
				strlen(wanted[n_headers])) == 0,
		    "%.40s", line);
		n_headers++;
	}
	assert_int_equal(n_headers, T_LEN(wanted));
	assert_non_null(strstr(text, "Message-ID: <7-open-ops.1772366400000000"
				     "@example.net>\r\n"));
	assert_non_null(
	    strstr(text, "Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n"));
	free(text);
}

static void
addresses_are_plain(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
	} rows[] = {
		{ "noc@example.net", true },
		{ "a+b_c=d@x", true },
		{ "noc", false },
		{ "@example.net", false },
		{ "noc@", false },
		{ "a@b@c", false },
		{ "a b@c", false },
		{ "a@b>\r\nBcc: c@d", false },
		{ "a@b,c@d", false },
		{ "\"a\"@b", false },
		{ "\xc3\xa9@b", false },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(rows); i++)
		T_CHECK(mail_is_address(rows[i].text) == rows[i].is_good, "%s",
		    rows[i].text);
}

static const char *
label(json_t *alert, const char *name)
{
	return json_string_value(
	    json_object_get(json_object_get(alert, "labels"), name));
}

static void
an_alertmanager_is_told_when_it_ends(void **state)
{
	struct alert_notice list[2];
	const struct message m = { 2, list };
	json_t *whole, *alert;
	char *body;

	(void)state;
	make_hostile(&list[0]);
	snprintf(list[0].event.kind, EVENT_WORD_LEN, "unknown_identity");
	list[1] = list[0];
	list[1].kind = NOTICE_RESOLVE;
	list[1].event.is_resolved = true;
	list[1].event.resolved_us = NOON; /* as it began */
	body = manager_json(&m, NULL, NOON + 240 * S);
	whole = json_loads(body, 0, NULL);
	T_CHECK(whole != NULL && is_plain(body, ""), "%s", body);
	alert = json_array_get(whole, 0);
	assert_string_equal(
	    label(alert, "alertname"), "CatchwaterUnknownIdentity");
	assert_string_equal(label(alert, "event"), "7");
	assert_string_equal(json_string_value(json_object_get(alert, "endsAt")),
	    "2026-03-01T12:04:00.000000Z");
	alert = json_array_get(whole, 1);
	assert_string_equal(json_string_value(json_object_get(alert, "endsAt")),
	    "2026-03-01T12:00:00.001000Z");
	json_decref(whole);
	free(body);
}

static void
a_line_of_syslog_is_one_line(void **state)
{
	char line[SYSLOG_LINE_LEN], host[256], port[8];
	struct alert_notice n;

	(void)state;
	make_hostile(&n);
	for (int form = 0; form < 2; form++) {
		size_t len =
		    syslog_line(line, syslog_facility("local0"), &n, form == 1);

		assert_int_equal(len, strlen(line));
		T_CHECK(is_plain(line, ""), "%s", line);
	}
	assert_int_equal(syslog_facility("nobody"), -1);
	assert_int_equal(syslog_split("udp://[::1]:514", host, port), RC_OK);
	assert_string_equal(host, "::1");
	assert_string_equal(port, "514");
	assert_int_equal(
	    syslog_split("udp://log.example:514", host, port), RC_OK);
	assert_int_equal(syslog_split("udp://log", host, port), RC_MALFORMED);
	assert_int_equal(
	    syslog_split("tcp://log:514", host, port), RC_MALFORMED);
	assert_int_equal(syslog_split("udp://:514", host, port), RC_MALFORMED);
}

/* What a command does, and what is said of it. */
static void
a_command_is_judged_by_its_status(void **state)
{
	static const struct {
		const char *script, *why; /* NULL: it is well */
		int status;
	} rows[] = {
		{ "cat >/dev/null; yes | head -c 1000000", NULL, 0 },
		{ "echo no; echo more >&2; exit 7",
		    "sh ended with status 7: no", 7 },
		{ "kill -TERM $$", "sh was ended by signal 15", 15 },
	};
	char shell[] = "/bin/sh", minus_c[] = "-c", nowhere[] = "/nowhere/page";
	struct err err = ERR_NONE;
	struct exec_run run = {
		.alert = "ops", .key = "k", .timeout_us = 60 * S, .watch = -1
	};
	int status;

	(void)state;
	assert_int_equal(exec_input(&run.input, "{}", &err), RC_OK);
	for (size_t i = 0; i < T_LEN(rows); i++) {
		char *script = strdup(rows[i].script);
		char *words[] = { shell, minus_c, script, NULL };
		enum rc rc;

		run.words = words;
		rc = exec_run(&run, &status, &err);
		T_CHECK(rc == (rows[i].why == NULL ? RC_OK : RC_PEER) &&
			    status == rows[i].status,
		    "%s: %d %s", rows[i].script, status, err.text);
		if (rows[i].why != NULL)
			assert_string_equal(err.text, rows[i].why);
		free(script);
	}
	run.words = (char *[]){ nowhere, NULL };
	assert_int_equal(exec_run(&run, &status, &err), RC_PEER);
	assert_string_equal(
	    err.text, "page cannot be run: No such file or directory");
	close(run.input);
}

/* A row: an alert's rules, a delivery and its event, and what follows. */
static const struct {
	const char *name;
	const char *notice, *kind, *severity, *verdict;
	int64_t open_for_us, resolved_us, n_tries, n_repeat;
	bool is_drained, is_open_held, tells_drained;
	enum policy_act act;
	int64_t until_us;
} decisions[] = {
	{ "at once", "open", "shift", "major", "", 0, 0, 0, 0, false, false,
	    false, POLICY_SEND, 0 },
	{ "not yet", "open", "shift", "major", "", 600 * S, 0, 0, 0, false,
	    false, false, POLICY_WAIT, NOON + 600 * S },
	{ "long enough", "open", "shift", "major", "", 50 * S, 0, 0, 0, false,
	    false, false, POLICY_SEND, 0 },
	{ "soon over", "open", "shift", "major", "", 50 * S, NOON + 40 * S, 0,
	    0, false, false, false, POLICY_HOLD, 0 },
	{ "over, after long enough", "open", "shift", "major", "", 50 * S,
	    NOON + 55 * S, 0, 0, false, false, false, POLICY_SEND, 0 },
	{ "the end of what was told", "resolve", "shift", "major", "", 0,
	    NOON + S, 0, 0, false, false, false, POLICY_SEND, 0 },
	{ "the end of what was not", "resolve", "shift", "major", "", 0,
	    NOON + S, 0, 0, false, true, false, POLICY_HOLD, 0 },
	{ "drained", "open", "latency", "major", "", 0, 0, 0, 0, true, false,
	    false, POLICY_WAIT, NOON + 63 * S },
	{ "drained until it was over", "open", "latency", "major", "", 0,
	    NOON + S, 0, 0, true, false, false, POLICY_HOLD, 0 },
	{ "drained, and told all the same", "open", "latency", "major", "", 0,
	    0, 0, 0, true, false, true, POLICY_SEND, 0 },
	{ "drained, but critical", "open", "latency", "critical", "", 0, 0, 0,
	    0, true, false, false, POLICY_SEND, 0 },
	{ "drained, and dark", "open", "blackhole", "major", "", 0, 0, 0, 0,
	    true, false, false, POLICY_SEND, 0 },
	{ "drained, and down", "open", "mismatch", "warning", "down", 0, 0, 0,
	    0, true, false, false, POLICY_WAIT, NOON + 63 * S },
	{ "drained, and still receiving", "open", "mismatch", "warning",
	    "ghost", 0, 0, 0, 0, true, false, false, POLICY_SEND, 0 },
	{ "tried once", "open", "latency", "major", "", 600 * S, NOON + S, 1, 0,
	    true, false, false, POLICY_SEND, 0 },
	{ "again", "open", "shift", "major", "", 0, 0, 0, 2, false, false,
	    false, POLICY_SEND, 0 },
	{ "again, but over", "open", "shift", "major", "", 0, NOON + S, 0, 2,
	    false, false, false, POLICY_HOLD, 0 },
	{ "again, but drained", "open", "stale", "major", "", 0, 0, 0, 2, true,
	    false, false, POLICY_HOLD, 0 },
};

static void
a_notice_goes_out_now_later_or_never(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(decisions); i++) {
		const struct alert_settings a = { .open_for_us =
						      decisions[i].open_for_us,
			.tells_drained = decisions[i].tells_drained };
		struct delivery d = { .created_us = NOON,
			.n_tries = decisions[i].n_tries,
			.n_repeat = decisions[i].n_repeat,
			.is_open_held = decisions[i].is_open_held };
		struct event_row e = { .resolved_us = decisions[i].resolved_us,
			.is_resolved = decisions[i].resolved_us != 0 };
		struct policy p;

		snprintf(d.notice, sizeof d.notice, "%s", decisions[i].notice);
		snprintf(e.kind, sizeof e.kind, "%s", decisions[i].kind);
		snprintf(
		    e.severity, sizeof e.severity, "%s", decisions[i].severity);
		snprintf(
		    e.verdict, sizeof e.verdict, "%s", decisions[i].verdict);
		p = policy_decide(
		    &a, &d, &e, decisions[i].is_drained, NOON + 60 * S);
		T_CHECK(p.act == decisions[i].act &&
			    p.until_us == decisions[i].until_us,
		    "%s: %d", decisions[i].name, (int)p.act);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_chat_gets_json_in_which_no_name_does_anything),
		cmocka_unit_test(a_template_that_makes_no_json_is_refused),
		cmocka_unit_test(a_mail_has_the_headers_that_we_gave_it),
		cmocka_unit_test(addresses_are_plain),
		cmocka_unit_test(an_alertmanager_is_told_when_it_ends),
		cmocka_unit_test(a_line_of_syslog_is_one_line),
		cmocka_unit_test(a_command_is_judged_by_its_status),
		cmocka_unit_test(a_notice_goes_out_now_later_or_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
