/* notice.c - see notice.h. */
#include "collector/notice.h"

#include <stdio.h>
#include <string.h>

#include "collector/report.h"
#include "collector/summary.h"

static void
put(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

/* "" is null in JSON. */
static json_t *
text_or_null(const char *text)
{
	return report_json_text(text[0] != '\0' ? text : NULL);
}

static json_t *
moves_json(const struct event_moves *moves)
{
	json_t *list = json_array();

	for (size_t i = 0; i < moves->n; i++) {
		json_t *o = json_object();

		put(o, "from", text_or_null(moves->rows[i].from));
		put(o, "to", text_or_null(moves->rows[i].to));
		put(o, "vantages", json_integer(moves->rows[i].n_vantages));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
notice_event(const struct event_row *e, const struct event_moves *moves)
{
	char summary[SUMMARY_LEN];
	json_t *o = json_object();

	put(o, "id", json_integer(e->id));
	put(o, "kind", report_json_text(e->kind));
	put(o, "severity", report_json_text(e->severity));
	put(o, "service", report_json_text(e->service));
	put(o, "site", text_or_null(e->site));
	put(o, "family",
	    e->family != 0 ? json_integer(e->family) : json_null());
	put(o, "verdict", text_or_null(e->verdict));
	put(o, "since", report_json_time(e->since_us));
	put(o, "detected", report_json_time(e->detected_us));
	put(o, "resolved",
	    e->is_resolved ? report_json_time(e->resolved_us) : json_null());
	put(o, "resolution", text_or_null(e->resolution));
	put(o, "vantages", json_integer(e->n_vantages));
	put(o, "asns", json_integer(e->n_asns));
	put(o, "needed", json_integer(e->needed));
	put(o, "moves", moves_json(moves));
	put(o, "summary", json_string(event_summary(e, moves, summary)));
	return o;
}

/* Gives the text; takes both values. */
static char *
finish(const char *notice, const char *key, json_t *event, const char *text)
{
	json_t *whole = json_object();
	char *body;

	put(whole, "version", json_integer(NOTICE_VERSION));
	put(whole, "notice", report_json_text(notice));
	put(whole, "key", report_json_text(key));
	put(whole, "event", event);
	put(whole, "text", report_json_text(text));
	body = json_dumps(whole, JSON_COMPACT);
	json_decref(whole);
	return body;
}

char *
notice_json(const char *notice, const char *key, const struct event_row *e,
    const struct event_moves *moves)
{
	char summary[SUMMARY_LEN], text[SUMMARY_LEN + 200];

	event_summary(e, moves, summary);
	if (strcmp(notice, "resolve") == 0)
		snprintf(text, sizeof text, "RESOLVED %s %s (%s): %s",
		    e->service, e->kind,
		    e->resolution[0] != '\0' ? e->resolution : "over", summary);
	else
		snprintf(text, sizeof text, "%s %s %s: %s", e->severity,
		    e->service, e->kind, summary);
	return finish(notice, key, notice_event(e, moves), text);
}

char *
notice_test_json(const char *key, const char *alert)
{
	char text[NAME_MAX_LEN + 64];

	snprintf(text, sizeof text,
	    "test of catchwater's alert '%s': nothing happened", alert);
	return finish("test", key, json_null(), text);
}

char *
notice_self_json(const char *key, const struct self_notice *n)
{
	struct event_row e = { .since_us = n->since_us,
		.detected_us = n->detected_us,
		.is_resolved = n->is_over,
		.resolved_us = n->over_us };
	struct event_moves none = { 0 };
	char text[SUMMARY_LEN + 200];
	json_t *event;

	snprintf(e.kind, sizeof e.kind, "collector");
	snprintf(e.severity, sizeof e.severity, "%s", n->severity);
	snprintf(e.verdict, sizeof e.verdict, "%s", n->part);
	snprintf(
	    e.resolution, sizeof e.resolution, "%s", n->is_over ? "over" : "");
	event = notice_event(&e, &none);
	put(event, "id", json_null());
	put(event, "service", json_null());
	put(event, "summary", report_json_text(n->why));
	snprintf(text, sizeof text,
	    n->is_over ? "RESOLVED the collector itself (over): %s"
		       : "the collector itself: %s",
	    n->why);
	return finish(n->is_over ? "resolve" : "open", key, event, text);
}
