/* notice.c - see notice.h. */
#include "collector/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/report.h"
#include "collector/summary.h"
#include "schema/base/text.h"

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
	put(o, "summary", report_json_text(event_summary(e, moves, summary)));
	return o;
}

const char *
notice_kind_name(enum notice_kind kind)
{
	static const char *const names[] = { "open", "repeat", "resolve",
		"test" };

	return names[kind];
}

void
notice_of_event(struct alert_notice *n, const struct event_row *e,
    const struct event_moves *moves)
{
	char line[SUMMARY_LEN], text[NOTICE_TEXT_LEN];

	n->event = *e;
	n->moves = *moves;
	event_summary(e, moves, line);
	text_safe(n->summary, sizeof n->summary, line);
	if (n->kind == NOTICE_RESOLVE)
		snprintf(text, sizeof text, "RESOLVED %s %s (%s): %s",
		    e->service, e->kind,
		    e->resolution[0] != '\0' ? e->resolution : "over", line);
	else
		snprintf(text, sizeof text, "%s%s %s %s: %s",
		    n->kind == NOTICE_REPEAT ? "STILL " : "", e->severity,
		    e->service, e->kind, line);
	text_safe(n->text, sizeof n->text, text);
}

void
notice_of_self(struct alert_notice *n, const struct self_notice *self)
{
	struct event_row *e = &n->event;

	n->is_self = true;
	n->kind = self->is_over ? NOTICE_RESOLVE : NOTICE_OPEN;
	n->created_us = self->is_over ? self->over_us : self->since_us;
	*e = (struct event_row){ .since_us = self->since_us,
		.detected_us = self->detected_us,
		.is_resolved = self->is_over,
		.resolved_us = self->over_us };
	snprintf(e->kind, sizeof e->kind, "collector");
	snprintf(e->severity, sizeof e->severity, "%s", self->severity);
	snprintf(e->verdict, sizeof e->verdict, "%s", self->part);
	snprintf(e->resolution, sizeof e->resolution, "%s",
	    self->is_over ? "over" : "");
	text_safe(n->summary, sizeof n->summary, self->why);
	snprintf(n->text, sizeof n->text,
	    self->is_over ? "RESOLVED the collector itself (over): %s"
			  : "the collector itself: %s",
	    n->summary);
}

void
notice_of_test(struct alert_notice *n, const char *alert, int64_t now_us)
{
	*n = (struct alert_notice){ .kind = NOTICE_TEST, .created_us = now_us };
	snprintf(
	    n->key, sizeof n->key, "test-%lld-%s", (long long)now_us, alert);
	snprintf(n->text, sizeof n->text,
	    "test of catchwater's alert '%s': nothing happened", alert);
	snprintf(n->summary, sizeof n->summary, "nothing happened");
}

void
notice_fini(struct alert_notice *n)
{
	free(n->moves.rows);
	n->moves = (struct event_moves){ 0 };
}

void
message_text(const struct message *m, char buf[static NOTICE_TEXT_LEN])
{
	size_t used = 0;

	if (m->n == 1) {
		memcpy(buf, m->notices[0].text, NOTICE_TEXT_LEN);
		return;
	}
	used = (size_t)snprintf(buf, NOTICE_TEXT_LEN, "%zu notices", m->n);
	for (size_t i = 0; i < m->n && used < NOTICE_TEXT_LEN; i++)
		used += (size_t)snprintf(buf + used, NOTICE_TEXT_LEN - used,
		    "%s%s", i == 0 ? ": " : "; ", m->notices[i].text);
}

static json_t *
event_json(const struct alert_notice *n)
{
	json_t *event;

	if (n->kind == NOTICE_TEST)
		return json_null();
	event = notice_event(&n->event, &n->moves);
	put(event, "summary", json_string(n->summary));
	if (n->is_self) {
		put(event, "id", json_null());
		put(event, "service", json_null());
	}
	return event;
}

/* What every body begins with. */
static json_t *
begin_json(const char *notice, const char *key)
{
	json_t *whole = json_object();

	put(whole, "version", json_integer(NOTICE_VERSION));
	put(whole, "notice", json_string(notice));
	put(whole, "key", report_json_text(key));
	return whole;
}

static json_t *
notice_json(const struct alert_notice *n)
{
	json_t *whole = begin_json(notice_kind_name(n->kind), n->key);

	put(whole, "event", event_json(n));
	put(whole, "text", json_string(n->text));
	return whole;
}

static json_t *
group_json(const struct message *m)
{
	json_t *whole = begin_json("group", m->notices[0].key);
	json_t *list = json_array();
	char text[NOTICE_TEXT_LEN];

	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(list, notice_json(&m->notices[i]));
	put(whole, "notices", list);
	message_text(m, text);
	put(whole, "text", json_string(text));
	return whole;
}

char *
message_json(const struct message *m)
{
	json_t *whole = m->n == 1 ? notice_json(&m->notices[0]) : group_json(m);
	char *body = json_dumps(whole, JSON_COMPACT);

	json_decref(whole);
	return body;
}
