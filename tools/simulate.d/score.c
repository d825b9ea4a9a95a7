/* score.c - see score.h. */
#include "score.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

typedef void tell_line(void *ctx, const char *line);

static bool
covers(const struct label *l, enum event_kind kind, int64_t site_id,
    const char *verdict, int64_t at_us)
{
	return l->kind == kind &&
	       (l->site_id == 0 || l->site_id == site_id ||
		   (l->or_site_id != 0 && l->or_site_id == site_id)) &&
	       (l->verdict == NULL || verdict == NULL ||
		   strcmp(l->verdict, verdict) == 0) &&
	       at_us >= l->at_us && at_us <= l->until_us;
}

static void
add_delay(struct tally_of_kind *t, const struct label *l, int64_t at_us)
{
	if (t->n_delays == t->cap_delays) {
		t->cap_delays = 2 * t->cap_delays + 64;
		t->delays_s =
		    mem_grow(t->delays_s, t->cap_delays, sizeof *t->delays_s);
	}
	t->delays_s[t->n_delays++] = (double)(at_us - l->at_us) / 1e6;
	t->minimum_s += l->minimum_s;
	t->formula_s += l->formula_s;
}

/* The label that an alarm is right by: one that must and is free first. */
static size_t
find_label(const struct story *s, const bool *is_used, enum event_kind kind,
    int64_t site_id, const char *verdict, int64_t at_us)
{
	size_t found = s->n_labels;

	for (size_t i = s->n_labels; i-- > 0;) {
		const struct label *l = &s->labels[i];

		if (!covers(l, kind, site_id, verdict, at_us))
			continue;
		if (l->is_must && !is_used[i])
			return i;
		if (!l->is_must)
			found = i;
	}
	return found;
}

static bool
judge(struct tally_of_kind *t, const struct story *s, bool *is_used, size_t at,
    int64_t at_us)
{
	if (at == s->n_labels) {
		t->n_false++;
		return false;
	}
	if (!s->labels[at].is_must)
		return true;
	is_used[at] = true;
	t->n_right++;
	t->n_found++;
	add_delay(t, &s->labels[at], at_us);
	return true;
}

static void
tell(const struct story *s, tell_line *told, void *ctx, const char *what,
    enum event_kind kind, int64_t site_id, const char *verdict, int64_t at_us)
{
	char line[256];

	if (told == NULL)
		return;
	snprintf(line, sizeof line,
	    "%s seed %" PRIu64 ": %s %s site %" PRId64 " %s at %" PRId64 " s",
	    s->name, s->seed, what, event_kind_name(kind), site_id,
	    verdict == NULL ? "" : verdict,
	    (at_us - WORLD_START_US) / US_PER_S);
	told(ctx, line);
}

static void
add_events(struct score *x, const struct play *p, tell_line *told, void *ctx)
{
	const struct story *s = &p->story;
	bool is_used[STORY_LABELS] = { false };

	for (size_t i = 0; i < p->n_events; i++) {
		const struct event *e = &p->events[i];
		size_t at = find_label(s, is_used, e->kind, e->site_id,
		    e->verdict, e->detected_us);
		bool is_right = true;

		if (e->id == 0 || e->parent_id != 0)
			continue;
		if (e->kind >= SCORE_KINDS)
			x->n_other += !(is_right = at < s->n_labels);
		else
			is_right = judge(
			    &x->kinds[e->kind], s, is_used, at, e->detected_us);
		if (!is_right)
			tell(s, told, ctx, "false", e->kind, e->site_id,
			    e->verdict, e->detected_us);
	}
	for (size_t i = 0; i < s->n_labels; i++) {
		const struct label *l = &s->labels[i];

		if (!l->is_must || l->kind >= SCORE_KINDS)
			continue;
		x->kinds[l->kind].n_must++;
		if (!is_used[i])
			tell(s, told, ctx, "missed", l->kind, l->site_id,
			    l->verdict, l->at_us);
	}
}

static bool
is_covered(const struct story *s, const struct alarm_told *t)
{
	for (size_t i = 0; i < s->n_labels; i++) {
		if (covers(&s->labels[i], t->kind, t->site_id, NULL, t->at_us))
			return true;
	}
	return false;
}

static void
add_alarms(
    struct tally_of_kind *kinds, const struct story *s, const struct alarms *a)
{
	bool is_used[STORY_LABELS] = { false };

	for (size_t i = 0; i < a->n; i++) {
		const struct alarm_told *t = &a->list[i];
		size_t at =
		    find_label(s, is_used, t->kind, t->site_id, NULL, t->at_us);

		if (at < s->n_labels || !is_covered(s, t))
			(void)judge(&kinds[t->kind], s, is_used, at, t->at_us);
	}
	for (size_t i = 0; i < s->n_labels; i++) {
		if (s->labels[i].is_must && s->labels[i].kind < SCORE_KINDS)
			kinds[s->labels[i].kind].n_must++;
	}
}

void
score_add(struct score *x, const struct play *p, tell_line *told, void *ctx)
{
	add_events(x, p, told, ctx);
	for (size_t i = 0; i < RULES; i++)
		add_alarms(x->rules[i], &p->story, rules_alarms(p->rules, i));
}

void
score_fini(struct score *x)
{
	for (size_t i = 0; i < SCORE_KINDS; i++) {
		free(x->kinds[i].delays_s);
		for (size_t k = 0; k < RULES; k++)
			free(x->rules[k][i].delays_s);
	}
}

double
score_precision(const struct tally_of_kind *t)
{
	unsigned n = t->n_right + t->n_false;

	return n == 0 ? 1 : (double)t->n_right / n;
}

double
score_recall(const struct tally_of_kind *t)
{
	return t->n_must == 0 ? 1 : (double)t->n_found / t->n_must;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
score_percentile(struct tally_of_kind *t, double percent)
{
	size_t at;

	if (t->n_delays == 0)
		return 0;
	qsort(t->delays_s, t->n_delays, sizeof *t->delays_s, by_size);
	at = (size_t)(percent / 100 * (double)(t->n_delays - 1) + 0.5);
	return t->delays_s[at];
}
