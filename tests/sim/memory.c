#include "tests/sim/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect_suspected.h"
#include "schema/base/mem.h"
#include "tests/unit/check.h"

/* Adds room for one element to an array of n; doubles at powers of two. */
static void *
more(void *list, size_t n, size_t size)
{
	return n == 0 || (n & (n - 1)) == 0
		   ? mem_grow(list, n == 0 ? 1 : 2 * n, size)
		   : list;
}

static void
tell(struct memory *m, const char *text)
{
	m->told = more(m->told, m->n_told, sizeof *m->told);
	m->told[m->n_told].input = m->input;
	m->told[m->n_told++].text = mem_strdup(text);
}

static void
tell_event(struct memory *m, const char *word, const struct event *e)
{
	char text[GATES_TEXT_MAX + 512];

	snprintf(text, sizeof text,
	    "%s %" PRId64 " %s %s site=%" PRId64 " family=%u %s since=%" PRId64
	    " detected=%" PRId64 " updated=%" PRId64 " resolved=%" PRId64
	    " %s parent=%" PRId64 " n=%" PRId64 "/%" PRId64 "/%" PRId64 " %s",
	    word, e->id, event_kind_name(e->kind), severity_name(e->severity),
	    e->site_id, e->family, e->verdict, e->since_us, e->detected_us,
	    e->updated_us, e->resolved_us, e->resolution, e->parent_id,
	    e->n_vantages, e->n_asns, e->needed, e->gates);
	tell(m, text);
}

static void
take_landing(struct memory *m, const struct landing *l)
{
	for (size_t i = m->n_landings; i-- > 0;) {
		if (m->landings[i].id == l->id) {
			m->landings[i] = *l;
			return;
		}
	}
	m->landings = more(m->landings, m->n_landings, sizeof *m->landings);
	m->landings[m->n_landings++] = *l;
}

static void
take_track(struct memory *m, const struct track_bytes *t)
{
	for (size_t i = 0; i < m->n_tracks; i++) {
		if (m->tracks[i].vantage_id == t->vantage_id &&
		    m->tracks[i].target_id == t->target_id) {
			m->tracks[i] = *t;
			return;
		}
	}
	m->tracks = more(m->tracks, m->n_tracks, sizeof *m->tracks);
	m->tracks[m->n_tracks++] = *t;
}

static void
take_move(struct memory *m, const struct move *v)
{
	char text[256];

	m->moves = more(m->moves, m->n_moves, sizeof *m->moves);
	m->moves[m->n_moves++] = *v;
	snprintf(text, sizeof text,
	    "move %" PRId64 "/%" PRId64 " %" PRId64 ">%" PRId64 " at=%" PRId64
	    " confirmed=%" PRId64,
	    v->vantage_id, v->target_id, v->from_site_id, v->to_site_id,
	    v->at_us, v->confirmed_us);
	tell(m, text);
}

static size_t
find_event(const struct memory *m, int64_t id)
{
	size_t i = 0;

	while (i < m->n_events && m->events[i].id != id)
		i++;
	return i;
}

static void
take_event(struct memory *m, const struct event *e)
{
	size_t i = find_event(m, e->id);

	if (i == m->n_events) {
		m->events = more(m->events, i, sizeof *m->events);
		m->opened = more(m->opened, i, sizeof *m->opened);
		m->told_severity =
		    more(m->told_severity, i, sizeof *m->told_severity);
		m->told_kind = more(m->told_kind, i, sizeof *m->told_kind);
		m->resolved = more(m->resolved, i, sizeof *m->resolved);
		m->opened[i] = m->resolved[i] = 0;
		m->n_events++;
	}
	m->events[i] = *e;
	tell_event(m, "event", e);
}

static void
take_vote(struct memory *m, const struct vote *v)
{
	char text[256];
	size_t i = 0;

	while (i < m->n_votes && (m->votes[i].event_id != v->event_id ||
				     m->votes[i].vantage_id != v->vantage_id ||
				     m->votes[i].target_id != v->target_id))
		i++;
	if (i == m->n_votes) {
		m->votes = more(m->votes, i, sizeof *m->votes);
		m->n_votes++;
	}
	m->votes[i] = *v;
	snprintf(text, sizeof text,
	    "vote %" PRId64 " %" PRId64 "/%" PRId64 " %" PRId64 ">%" PRId64
	    " at=%" PRId64 " confirmed=%" PRId64 " ended=%" PRId64,
	    v->event_id, v->vantage_id, v->target_id, v->from_site_id,
	    v->to_site_id, v->at_us, v->confirmed_us, v->ended_us);
	tell(m, text);
}

static void
take_state(struct memory *m, const struct site_state *s)
{
	char text[256];

	m->states = more(m->states, m->n_states, sizeof *m->states);
	m->states[m->n_states++] = *s;
	snprintf(text, sizeof text,
	    "state %" PRId64 "/%u %s %s %s %s since=%" PRId64, s->site_id,
	    s->family, tri_name(s->announced), tri_name(s->healthy),
	    tri_name(s->receiving), s->verdict, s->since_us);
	tell(m, text);
}

static void
take_quarantine(struct memory *m, const struct quarantine *q)
{
	char text[QUARANTINE_TEXT_MAX + 128];
	size_t i = 0;

	while (i < m->n_quarantines &&
	       (m->quarantines[i].vantage_id != q->vantage_id ||
		   m->quarantines[i].since_us != q->since_us))
		i++;
	if (i == m->n_quarantines) {
		m->quarantines = more(m->quarantines, i, sizeof *q);
		m->n_quarantines++;
	}
	m->quarantines[i] = *q;
	snprintf(text, sizeof text,
	    "quarantine %" PRId64 " %s since=%" PRId64 " until=%" PRId64
	    " %s %s",
	    q->vantage_id, distrust_name(q->reason), q->since_us, q->until_us,
	    q->ending, q->numbers);
	tell(m, text);
}

static void
take_notice(struct memory *m, const struct notice *n)
{
	size_t i = find_event(m, n->event.id);

	T_CHECK(i < m->n_events, "a notice of an event that is not there");
	if (n->is_resolve)
		m->resolved[i]++;
	else
		m->opened[i]++;
	T_CHECK(n->is_resolve || m->opened[i] == 1 ||
		    n->event.severity > m->told_severity[i] ||
		    n->event.kind != m->told_kind[i],
	    "event %" PRId64 " told anew and no worse", n->event.id);
	m->told_severity[i] = n->event.severity;
	m->told_kind[i] = n->event.kind;
	tell_event(m, n->is_resolve ? "resolve" : "open", &n->event);
}

static void
take_suspected(struct memory *m, const struct memo *memo)
{
	struct told *t;

	m->suspected = more(m->suspected, m->n_suspected, sizeof *m->suspected);
	t = &m->suspected[m->n_suspected++];
	t->input = m->input;
	t->text = mem_new(memo->len + 1);
	memcpy(t->text, memo->bytes, memo->len);
}

static void
take_memo(struct memory *m, const struct memo *memo)
{
	struct kept_memo *k;
	size_t i = 0;

	if (strcmp(memo->key, SUSPECTED_MEMO) == 0)
		take_suspected(m, memo);

	while (i < m->n_memos && strcmp(m->memos[i].key, memo->key) != 0)
		i++;
	if (i == m->n_memos) {
		m->memos = more(m->memos, i, sizeof *m->memos);
		m->memos[m->n_memos++] = (struct kept_memo){ 0 };
	}
	k = &m->memos[i];
	snprintf(k->key, sizeof k->key, "%s", memo->key);
	free(k->bytes);
	k->bytes = mem_new(memo->len + 1);
	memcpy(k->bytes, memo->bytes, memo->len);
	k->len = memo->len;
}

void
memory_take(void *ctx, const struct effect *e)
{
	struct memory *m = ctx;

	switch (e->kind) {
	case EFFECT_LANDING:
		take_landing(m, &e->landing);
		break;
	case EFFECT_TRACK:
		take_track(m, &e->track);
		break;
	case EFFECT_MOVE:
		take_move(m, &e->move);
		break;
	case EFFECT_EVENT:
		take_event(m, &e->event);
		break;
	case EFFECT_VOTE:
		take_vote(m, &e->vote);
		break;
	case EFFECT_SITE_STATE:
		take_state(m, &e->site_state);
		break;
	case EFFECT_MEMO:
		take_memo(m, &e->memo);
		break;
	case EFFECT_QUARANTINE:
		take_quarantine(m, &e->quarantine);
		break;
	case EFFECT_NOTICE:
		take_notice(m, &e->notice);
		break;
	}
}

const struct landing *
memory_open_landing(
    const struct memory *m, int64_t vantage_id, int64_t target_id)
{
	for (size_t i = 0; i < m->n_landings; i++) {
		const struct landing *l = &m->landings[i];

		if (l->vantage_id == vantage_id && l->target_id == target_id &&
		    l->until_us == 0)
			return l;
	}
	return NULL;
}

void
memory_restore(const struct memory *m, struct detect *d)
{
	for (size_t i = 0; i < m->n_tracks; i++) {
		const struct track_bytes *t = &m->tracks[i];
		enum rc rc = detect_restore_track(
		    d, t, memory_open_landing(m, t->vantage_id, t->target_id));

		T_CHECK(rc == RC_OK, "restoring a track: %s", rc_name(rc));
	}
	for (size_t i = 0; i < m->n_events; i++) {
		if (m->events[i].resolved_us == 0)
			detect_restore_event(d, &m->events[i]);
	}
	for (size_t i = 0; i < m->n_votes; i++)
		detect_restore_vote(d, &m->votes[i]);
	for (size_t i = 0; i < m->n_states; i++)
		detect_restore_site_state(d, &m->states[i]);
	for (size_t i = 0; i < m->n_memos; i++) {
		struct memo memo = { .bytes = m->memos[i].bytes,
			.len = m->memos[i].len };

		snprintf(memo.key, sizeof memo.key, "%s", m->memos[i].key);
		if (memo.len > 0)
			detect_restore_memo(d, &memo);
	}
}

void
memory_fini(struct memory *m)
{
	for (size_t i = 0; i < m->n_told; i++)
		free(m->told[i].text);
	free(m->told);
	for (size_t i = 0; i < m->n_suspected; i++)
		free(m->suspected[i].text);
	free(m->suspected);
	for (size_t i = 0; i < m->n_memos; i++)
		free(m->memos[i].bytes);
	free(m->memos);
	free(m->landings);
	free(m->tracks);
	free(m->moves);
	free(m->events);
	free(m->votes);
	free(m->states);
	free(m->quarantines);
	free(m->opened);
	free(m->told_severity);
	free(m->told_kind);
	free(m->resolved);
}
