/* alert_manager.c - see alert_manager.h. */
#include "collector/alert_manager.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/report.h"
#include "schema/base/clock.h"

#define TEST_LASTS_US (60 * US_PER_S)

/* What is empty is left out: to Alertmanager it is the same. */
static void
put(json_t *o, const char *key, const char *value)
{
	if (value[0] != '\0')
		json_object_set_new(o, key, report_json_text(value));
}

/* "unknown_identity" is "CatchwaterUnknownIdentity". */
static void
put_name(json_t *labels, const char *kind)
{
	char name[EVENT_WORD_LEN + 16] = "Catchwater";
	size_t n = strlen(name);
	bool is_first = true;

	for (; *kind != '\0' && n + 1 < sizeof name; kind++) {
		if (*kind != '_')
			name[n++] = is_first ? (char)toupper(*kind) : *kind;
		is_first = *kind == '_';
	}
	put(labels, "alertname", name);
}

static json_t *
labels_of(const struct alert_notice *n)
{
	const struct event_row *e = &n->event;
	json_t *labels = json_object();
	char number[24] = "";

	if (n->kind == NOTICE_TEST) {
		put(labels, "alertname", "CatchwaterTest");
		put(labels, "severity", "info");
		put(labels, "key", n->key);
		return labels;
	}
	put_name(labels, e->kind);
	put(labels, "kind", e->kind);
	put(labels, "severity", e->severity);
	put(labels, "service", e->service);
	put(labels, "site", e->site);
	if (n->is_self)
		put(labels, "check", e->verdict);
	if (e->family != 0)
		put(labels, "family", e->family == 4 ? "4" : "6");
	if (e->id != 0)
		snprintf(number, sizeof number, "%" PRId64, e->id);
	put(labels, "event", number);
	return labels;
}

static json_t *
annotations_of(const struct alert_notice *n)
{
	json_t *notes = json_object();
	char command[64] = "";

	put(notes, "summary", n->summary);
	put(notes, "description", n->text);
	put(notes, "key", n->key);
	if (n->event.id != 0)
		snprintf(command, sizeof command, "catchwater explain %" PRId64,
		    n->event.id);
	put(notes, "explain", command);
	if (n->kind != NOTICE_TEST && !n->is_self)
		put(notes, "verdict", n->event.verdict);
	return notes;
}

/* Never at or before its beginning, which would be refused. */
static int64_t
end_of(const struct alert_notice *n, int64_t since_us, int64_t until_us)
{
	int64_t end_us = until_us;

	if (n->kind == NOTICE_TEST)
		end_us = since_us + TEST_LASTS_US;
	else if (n->event.is_resolved)
		end_us = n->event.resolved_us;
	return end_us > since_us ? end_us : since_us + US_PER_MS;
}

char *
manager_json(const struct message *m, const char *url, int64_t until_us)
{
	json_t *list = json_array();
	char *body;

	for (size_t i = 0; i < m->n; i++) {
		const struct alert_notice *n = &m->notices[i];
		int64_t since_us =
		    n->kind == NOTICE_TEST ? n->created_us : n->event.since_us;
		json_t *o = json_object();

		json_object_set_new(o, "labels", labels_of(n));
		json_object_set_new(o, "annotations", annotations_of(n));
		json_object_set_new(o, "startsAt", report_json_time(since_us));
		json_object_set_new(o, "endsAt",
		    report_json_time(end_of(n, since_us, until_us)));
		put(o, "generatorURL", url != NULL ? url : "");
		json_array_append_new(list, o);
	}
	body = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return body;
}
