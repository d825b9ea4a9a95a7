/* summary.c - see summary.h. */
#include "collector/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct line {
	char *text;
	size_t used;
};

static void say(struct line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void
say(struct line *l, const char *fmt, ...)
{
	size_t left = SUMMARY_LEN - l->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->used, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->used += (size_t)n < left ? (size_t)n : left - 1;
}

static void
say_count(struct line *l, const struct event_row *e)
{
	say(l, "%" PRId64 " %s (%" PRId64 " %s)", e->n_vantages,
	    e->n_vantages == 1 ? "vantage" : "vantages", e->n_asns,
	    e->n_asns == 1 ? "AS" : "ASes");
}

static void
say_where(struct line *l, const struct event_row *e)
{
	say(l, "%s", e->site[0] != '\0' ? e->site : e->service);
	if (e->family != 0)
		say(l, " v%u", e->family);
}

static void
say_shift(
    struct line *l, const struct event_row *e, const struct event_moves *moves)
{
	bool is_gain = moves->n > 0 && e->site[0] != '\0' &&
		       strcmp(moves->rows[0].to, e->site) == 0;
	const char *comma = is_gain ? " from " : " to ";

	say_where(l, e);
	say(l, is_gain ? " gained " : " lost ");
	say_count(l, e);
	for (size_t i = 0; i < moves->n; i++) {
		const struct event_move *m = &moves->rows[i];
		const char *other = is_gain ? m->from : m->to;

		say(l, "%s%s %" PRId64, comma,
		    other[0] != '\0' ? other : "nowhere", m->n_vantages);
		comma = ", ";
	}
}

static const struct {
	const char *verdict, *meaning;
} meanings[] = {
	{ "ok", "announced, healthy and receiving" },
	{ "shadowed", "announced and healthy, but nobody lands there" },
	{ "sick_attracting", "sick, and still attracting traffic" },
	{ "sick_announced", "sick, and still announced" },
	{ "ghost", "withdrawn, but vantages still land there" },
	{ "ghost_sick", "withdrawn and sick, but vantages still land there" },
	{ "idle", "healthy, not announced" },
	{ "down", "not announced, not healthy, not receiving" },
};

const char *
verdict_meaning(const char *verdict)
{
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (strcmp(meanings[i].verdict, verdict) == 0)
			return meanings[i].meaning;
	return "";
}

static void
say_mismatch(struct line *l, const struct event_row *e)
{
	const char *meaning = verdict_meaning(e->verdict);

	say_where(l, e);
	say(l, " is %s", e->verdict);
	if (meaning[0] != '\0')
		say(l, ": %s", meaning);
}

const char *
event_summary(const struct event_row *e, const struct event_moves *moves,
    char buf[static SUMMARY_LEN])
{
	struct line l = { buf, 0 };

	buf[0] = '\0';
	if (e->is_planned)
		say(&l, "planned: ");
	if (strcmp(e->kind, "shift") == 0) {
		say_shift(&l, e, moves);
	} else if (strcmp(e->kind, "mismatch") == 0) {
		say_mismatch(&l, e);
	} else {
		say_where(&l, e);
		say(&l, " is dark for ");
		say_count(&l, e);
	}
	return buf;
}
