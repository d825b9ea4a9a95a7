/*
 * explain.c - catchwater explain: one event, down to the raw evidence.
 *
 * Gathers from the database; explain_text.c and explain_json.c present.
 */
#include "collector/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/report_command.h"
#include "collector/suspected_report.h"
#include "collector/views.h"
#include "schema/base/clock.h"

/* Traces come rarely: the one before the event may be this old. */
#define REACH_BACK_US (40 * 60 * US_PER_S)
#define REACH_ON_US (10 * 60 * US_PER_S)

static const struct option_spec options[] = {
	OPTION_JSON,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "explain", "EVENT|suspected",
	1, 1,
	"why an event was opened: gates, votes, raw evidence, paths; or what "
	"is "
	"'suspected', and what would make it an event",
	options };

static bool
is_of(const struct sample *s, const struct vote_row *v)
{
	return s->vantage_id == v->vantage_id && s->target_id == v->target_id;
}

static void
take_path(struct testimony *t, const struct sample *s)
{
	if (s->hops == NULL)
		return;
	if (s->at_us < t->vote->at_us)
		t->path_before = s;
	else if (t->path_during == NULL)
		t->path_during = s;
}

static void
take_answer(struct testimony *t, const struct sample *s)
{
	if (s->at_us < t->vote->at_us) {
		if (t->n_before == BEFORE_MAX)
			t->before[0] = t->before[--t->n_before];
		t->before[t->n_before++] = s;
	} else if (t->n_after < AFTER_MAX) {
		t->after[t->n_after++] = s;
	}
}

/* Samples are in order of time: the last before the vote, the first after. */
void
explain_vote(const struct explanation *x, const struct vote_row *vote,
    struct testimony *out)
{
	*out = (struct testimony){ .vote = vote };
	for (size_t i = 0; i < x->samples.n; i++) {
		const struct sample *s = &x->samples.rows[i];

		if (!is_of(s, vote))
			continue;
		if (s->kind == KIND_TRACE)
			take_path(out, s);
		else
			take_answer(out, s);
	}
}

static enum rc
gather_samples(struct store *st, struct explanation *x, struct err *err)
{
	const struct vote_list *v = &x->votes;

	if (v->n == 0)
		return RC_OK;
	return store_samples(st, x->event.id, v->rows[0].at_us - REACH_BACK_US,
	    v->rows[v->n - 1].confirmed_us + REACH_ON_US, &x->samples, err);
}

static enum rc
gather(struct store *st, int64_t id, struct explanation *x, struct err *err)
{
	enum rc rc = store_event_find(st, id, &x->event, err);

	if (rc == RC_OK)
		rc = store_event_moves(st, id, &x->moves, err);
	if (rc == RC_OK)
		rc = store_votes(st, id, &x->votes, err);
	if (rc == RC_OK)
		rc = gather_samples(st, x, err);
	if (rc == RC_OK)
		rc = store_vote_doubts(
		    st, id, REACH_BACK_US, REACH_ON_US, &x->doubts, err);
	if (rc == RC_OK)
		rc = store_left_out(st, id, &x->left_out, err);
	return rc;
}

static void
let_go(struct explanation *x)
{
	free(x->moves.rows);
	free(x->votes.rows);
	samples_fini(&x->samples);
	free(x->doubts.rows);
	free(x->left_out.rows);
}

static enum rc
explain(struct store *st, const struct where *w, int64_t id, struct err *err)
{
	struct explanation x = { 0 };
	enum rc rc = gather(st, id, &x, err);

	if (rc == RC_OK && w->is_json)
		where_print_json(explain_json(&x));
	else if (rc == RC_OK)
		explain_text(&x, stdout);
	let_go(&x);
	return rc;
}

enum rc
view_event(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	struct explanation x = { 0 };
	enum rc rc = q->id > 0
			 ? gather(st, q->id, &x, err)
			 : err_set(err, RC_MALFORMED,
			       "name one: id=NUMBER; /v1/events lists them");

	if (rc == RC_OK)
		*out = explain_json(&x);
	let_go(&x);
	return rc;
}

static enum rc
parse_id(const char *text, int64_t *id, struct err *err)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return err_set(err, RC_MALFORMED,
		    "'%.40s' is not an event's number; 'catchwater events' "
		    "shows them",
		    text);
	*id = v;
	return RC_OK;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct where *w = call->options;
	const char *text = call->operands[0];
	bool is_suspected = strcmp(text, "suspected") == 0;
	struct store *st = NULL;
	int64_t id = 0;
	enum rc rc = is_suspected ? RC_OK : parse_id(text, &id, err);

	if (rc == RC_OK)
		rc = where_open(w, STORE_READ, &st, err);
	if (rc == RC_OK)
		rc = is_suspected ? suspected_explain(st, w, err)
				  : explain(st, w, id, err);
	store_close(st);
	return rc;
}

int
command_explain(int argc, char **argv)
{
	struct where where = { 0 };

	return command_run(&spec, &where, argc, argv, run);
}
