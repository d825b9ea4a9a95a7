/* explain_json.c - explain.h: the same as one JSON object. */
#include <stdio.h>

#include "collector/explain.h"
#include "collector/notice.h"
#include "collector/report.h"
#include "collector/votes_report.h"

static void
put(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static json_t *
number_if(bool has, int64_t v)
{
	return has ? json_integer(v) : json_null();
}

static json_t *
text_or_null(const char *text)
{
	return report_json_text(text[0] != '\0' ? text : NULL);
}

static json_t *
sample_json(const struct sample *s)
{
	char identity[IDENTITY_TEXT_LEN];
	json_t *o = json_object();

	put(o, "at", report_json_time(s->at_us));
	put(o, "why", report_json_text(why_name(s->why)));
	put(o, "outcome", report_json_text(outcome_name(s->outcome)));
	put(o, "rcode", number_if(s->has_rcode, s->rcode));
	put(o, "site", text_or_null(s->site));
	put(o, "identity",
	    s->identity.is_present
		? json_string(identity_format(&s->identity, identity))
		: json_null());
	put(o, "rtt_us", number_if(s->has_rtt, s->rtt_us));
	put(o, "reply_ttl", number_if(s->has_reply_ttl, s->reply_ttl));
	return o;
}

static json_t *
samples_json(const struct sample *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, sample_json(list[i]));
	return array;
}

static json_t *
path_json(const struct sample *s)
{
	json_t *o, *hops;

	if (s == NULL)
		return json_null();
	o = json_object();
	hops = json_loads(s->hops, 0, NULL);
	put(o, "at", report_json_time(s->at_us));
	put(o, "path_id", json_integer(s->path_id));
	put(o, "hops", hops != NULL ? hops : json_null());
	return o;
}

static json_t *
vote_json(const struct explanation *x, const struct vote_row *v)
{
	char vantage[NAME_MAX_LEN + 8];
	json_t *o = json_object();
	struct testimony t;

	explain_vote(x, v, &t);
	snprintf(vantage, sizeof vantage, "%s/%u", v->probe, v->family);
	put(o, "vantage", report_json_text(vantage));
	put(o, "asn", number_if(v->asn != 0, v->asn));
	put(o, "target", report_json_text(v->target));
	put(o, "from", text_or_null(v->from));
	put(o, "to", text_or_null(v->to));
	put(o, "at", report_json_time(v->at_us));
	put(o, "confirmed", report_json_time(v->confirmed_us));
	put(o, "ended",
	    v->has_ended ? report_json_time(v->ended_us) : json_null());
	put(o, "confidence", report_json_text(vote_confidence(v)));
	put(o, "doubts", explain_doubts_json(x, v));
	put(o, "before", samples_json(t.before, t.n_before));
	put(o, "after", samples_json(t.after, t.n_after));
	put(o, "path_before", path_json(t.path_before));
	put(o, "path_during", path_json(t.path_during));
	return o;
}

json_t *
explain_json(const struct explanation *x)
{
	const struct event_row *e = &x->event;
	json_t *o = notice_event(e, &x->moves), *votes = json_array();
	json_t *gates = json_loads(e->gates, 0, NULL);

	for (size_t i = 0; i < x->votes.n; i++)
		json_array_append_new(votes, vote_json(x, &x->votes.rows[i]));
	put(o, "parent", number_if(e->parent_id != 0, e->parent_id));
	put(o, "delay_us", json_integer(e->detected_us - e->since_us));
	put(o, "gates", gates != NULL ? gates : json_null());
	put(o, "votes", votes);
	put(o, "left_out", explain_left_out_json(x));
	return o;
}
