/* Runs every story of tests/sim (or the files named as arguments): what must
 * come out, nothing else, and the same after a restart at any moment. */
#include <glob.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "tests/sim/memory.h"
#include "tests/sim/script.h"
#include "tests/unit/check.h"

#define CUTS_MAX 16
#define CUTS_INPUTS 100000 /* handed in again, in all, per story, */
#define CUTS_SECONDS 4     /* of which so many take as long as an input */

static void
hand_in(struct detect *d, const struct input *in)
{
	switch (in->kind) {
	case INPUT_SIGHTING:
		detect_sighting(d, &in->sighting);
		break;
	case INPUT_TICK:
		detect_tick(d, in->tick_us);
		break;
	case INPUT_VANTAGE:
		detect_vantage(d, &in->vantage);
		break;
	case INPUT_EXCUSE:
		detect_excuse(d, in->excuse.vantage_id, in->excuse.target_id,
		    in->excuse.excuse);
		break;
	case INPUT_RELEASE:
		detect_release(d, in->release.vantage_id, in->release.at_us);
		break;
	case INPUT_WAY:
		detect_way(d, &in->way);
		break;
	case INPUT_ANNOUNCEMENT:
		detect_announcement(d, in->announcement.site_id,
		    in->announcement.family, in->announcement.is_up,
		    in->announcement.at_us, in->announcement.lease_until_us);
		break;
	case INPUT_HEALTH:
		detect_health(d, in->announcement.site_id,
		    in->announcement.family, in->announcement.is_up,
		    in->announcement.at_us, in->announcement.lease_until_us);
		break;
	case INPUT_DRAIN:
		detect_drain(d, &in->drain);
		break;
	}
}

static void
hand_in_all(struct detect *d, const struct inputs *in, size_t from, size_t to,
    struct memory *m)
{
	for (size_t i = from; i < to; i++) {
		m->input = i;
		hand_in(d, &in->list[i]);
	}
}

static int64_t
since_start(int64_t at_us)
{
	return (at_us - WORLD_START_US) / US_PER_S;
}

/* Invariants of every story. */

static int
by_track_and_since(const void *a, const void *b)
{
	const struct landing *x = a, *y = b;

	if (x->vantage_id != y->vantage_id)
		return x->vantage_id < y->vantage_id ? -1 : 1;
	if (x->target_id != y->target_id)
		return x->target_id < y->target_id ? -1 : 1;
	if (x->since_us != y->since_us)
		return x->since_us < y->since_us ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

static void
check_journal(struct memory *m)
{
	if (m->n_landings == 0)
		return;
	qsort(m->landings, m->n_landings, sizeof *m->landings,
	    by_track_and_since);
	for (size_t i = 0; i < m->n_landings; i++) {
		const struct landing *l = &m->landings[i], *next = l + 1;

		T_CHECK(l->n > 0 && l->last_us >= l->since_us,
		    "interval %" PRId64 " of nothing", l->id);
		T_CHECK(l->until_us == 0 || l->until_us >= l->since_us,
		    "interval %" PRId64 " ends before it begins", l->id);
		if (i + 1 == m->n_landings ||
		    next->vantage_id != l->vantage_id ||
		    next->target_id != l->target_id)
			continue;
		T_CHECK(l->until_us != 0 && l->until_us <= next->since_us,
		    "intervals %" PRId64 " and %" PRId64 " overlap: %s %" PRId64
		    "s..%" PRId64 "s, %s from %" PRId64 "s",
		    l->id, next->id, landing_state_name(l->state),
		    since_start(l->since_us), since_start(l->until_us),
		    landing_state_name(next->state),
		    since_start(next->since_us));
	}
}

static void
check_notices(const struct memory *m)
{
	for (size_t i = 0; i < m->n_events; i++) {
		if (m->events[i].is_planned) {
			T_CHECK(m->opened[i] + m->resolved[i] == 0,
			    "planned event %" PRId64 " told", m->events[i].id);
			continue;
		}
		T_CHECK(m->opened[i] >= 1 || m->events[i].parent_id != 0,
		    "event %" PRId64 " never told", m->events[i].id);
		T_CHECK(m->resolved[i] == (m->events[i].resolved_us != 0),
		    "end of event %" PRId64 " told %zu times", m->events[i].id,
		    m->resolved[i]);
	}
}

/* Expectations. */

static const char *
site_name(const struct script *s, int64_t id)
{
	return id <= 0 ? "-" : s->world.services.list->sites[id - 1].name;
}

static void
print_events(const struct script *s, const struct memory *m)
{
	for (size_t i = 0; i < m->n_events; i++) {
		const struct event *e = &m->events[i];

		print_error("  event %" PRId64 ": %s %s %s family %u %s since "
			    "%" PRId64 "s detected %" PRId64 "s ended %" PRId64
			    "s %s vantages %" PRId64 " asns %" PRId64
			    " parent %" PRId64 " %s\n",
		    e->id, event_kind_name(e->kind), site_name(s, e->site_id),
		    severity_name(e->severity), e->family, e->verdict,
		    since_start(e->since_us), since_start(e->detected_us),
		    e->resolved_us == 0 ? 0 : since_start(e->resolved_us),
		    e->resolution, e->n_vantages, e->n_asns, e->parent_id,
		    e->gates);
	}
}

static bool
is_between(const char *range, int64_t at_us)
{
	int64_t from, to;

	if (!script_range(range, &from, &to))
		return false;
	return at_us - WORLD_START_US >= from && at_us - WORLD_START_US <= to;
}

static bool
has_gate(const struct event *e, const char *gate, const char *value)
{
	char text[96];

	snprintf(text, sizeof text, "\"%s\":\"%s\"", gate, value);
	if (strstr(e->gates, text) != NULL)
		return true;
	snprintf(text, sizeof text, "\"%s\":%s", gate, value);
	return strstr(e->gates, text) != NULL;
}

static bool
is_family(const char *value, uint8_t family)
{
	return strcmp(value, "both") == 0 ? family == 0
					  : value[0] - '0' == family;
}

static bool
is_parent(const struct memory *m, const struct event *e, const char *kind)
{
	for (size_t i = 0; i < m->n_events; i++) {
		if (m->events[i].id == e->parent_id)
			return strcmp(event_kind_name(m->events[i].kind),
				   kind) == 0;
	}
	return false;
}

/* Does one key of an expectation hold?  An unknown key never does. */
static bool
holds(const struct memory *m, const struct event *e, const char *key,
    const char *value)
{
	if (strcmp(key, "direction") == 0 || strcmp(key, "rule") == 0)
		return has_gate(e, key, value);
	if (strncmp(key, "gate.", 5) == 0)
		return has_gate(e, key + 5, value);
	if (strcmp(key, "family") == 0)
		return is_family(value, e->family);
	if (strcmp(key, "since") == 0)
		return is_between(value, e->since_us);
	if (strcmp(key, "detected") == 0)
		return is_between(value, e->detected_us);
	if (strcmp(key, "ended") == 0)
		return is_between(value, e->resolved_us);
	if (strcmp(key, "asns") == 0)
		return strtoll(value, NULL, 10) == e->n_asns;
	if (strcmp(key, "vantages") == 0)
		return strtoll(value, NULL, 10) == e->n_vantages;
	if (strcmp(key, "severity") == 0)
		return strcmp(value, severity_name(e->severity)) == 0;
	if (strcmp(key, "verdict") == 0)
		return strcmp(value, e->verdict) == 0;
	if (strcmp(key, "parent") == 0)
		return is_parent(m, e, value);
	if (strcmp(key, "planned") == 0)
		return (strcmp(value, "yes") == 0) == e->is_planned;
	if (strcmp(key, "end") == 0)
		return strcmp(value,
			   e->resolved_us == 0 ? "open" : e->resolution) == 0;
	return false;
}

static void
check_event(const struct script *s, const struct memory *m,
    const struct expectation *x, bool *is_used, const char *path)
{
	const char *why = "no such event";

	for (size_t i = 0; i < m->n_events; i++) {
		const struct event *e = &m->events[i];
		size_t k = 3;

		if (is_used[i] ||
		    strcmp(x->words[1], event_kind_name(e->kind)) != 0 ||
		    strcmp(x->words[2], site_name(s, e->site_id)) != 0)
			continue;
		while (
		    k + 1 < x->n && holds(m, e, x->words[k], x->words[k + 1]))
			k += 2;
		if (k >= x->n) {
			is_used[i] = true;
			return;
		}
		why = x->words[k];
	}
	print_events(s, m);
	T_CHECK(false, "%s:%d: %s: wrong: %s", path, x->line, x->text, why);
}

static void
check_state(const struct script *s, const struct memory *m,
    const struct expectation *x, const char *path)
{
	const char *slash = strchr(x->words[3], '/'), *verdict = "none";
	char name[64];
	int64_t at_us;
	int at;

	T_CHECK(slash != NULL && script_duration(x->words[2], &at_us),
	    "%s:%d: expected state TIME SITE/FAMILY VERDICT", path, x->line);
	snprintf(
	    name, sizeof name, "%.*s", (int)(slash - x->words[3]), x->words[3]);
	at = script_site(s, name);
	for (size_t i = 0; i < m->n_states; i++) {
		const struct site_state *st = &m->states[i];

		if (st->site_id == at + 1 && st->family == slash[1] - '0' &&
		    st->since_us <= WORLD_START_US + at_us)
			verdict = st->verdict;
	}
	T_CHECK(strcmp(verdict, x->words[4]) == 0, "%s:%d: %s: it was %s", path,
	    x->line, x->text, verdict);
}

/* What was suspected at a time since the start.  Gives. */
static json_t *
suspected_at(const struct script *s, const struct memory *m, int64_t at_us)
{
	const struct inputs *in = &s->world.inputs;
	const char *text = "";
	size_t until = 0;

	while (until < in->n &&
	       (in->list[until].kind != INPUT_TICK ||
		   in->list[until].tick_us <= WORLD_START_US + at_us))
		until++;
	for (size_t i = 0; i < m->n_suspected && m->suspected[i].input < until;
	     i++)
		text = m->suspected[i].text;
	return text[0] == '\0' ? json_array() : json_loads(text, 0, NULL);
}

static int64_t
suspected_number(json_t *x, const char *key)
{
	json_t *need;
	size_t i;

	if (strncmp(key, "needed.", 7) != 0)
		return json_integer_value(json_object_get(x, key));
	json_array_foreach(json_object_get(x, "needs"), i, need)
	{
		if (strcmp(json_string_value(json_object_get(need, "rule")),
			key + 7) == 0)
			return json_integer_value(
			    json_object_get(need, "needed"));
	}
	return -1;
}

static bool
suspected_holds(json_t *x, const char *key, const char *value)
{
	if (strcmp(key, "direction") == 0)
		return strcmp(value,
			   json_string_value(json_object_get(x, key))) == 0;
	return suspected_number(x, key) == strtoll(value, NULL, 10);
}

static void
check_suspected(const struct script *s, const struct memory *m,
    const struct expectation *x, const char *path)
{
	json_t *all, *one;
	int64_t at_us;
	bool is_wrong;

	T_CHECK(x->n >= 4 && script_duration(x->words[2], &at_us),
	    "%s:%d: expected suspected TIME none, or KIND SITE", path, x->line);
	all = suspected_at(s, m, at_us);
	one = json_array_get(all, 0);
	is_wrong = json_array_size(all) != (x->n > 4);
	if (!is_wrong && x->n > 4)
		is_wrong =
		    strcmp(x->words[3],
			json_string_value(json_object_get(one, "kind"))) != 0 ||
		    strcmp(x->words[4],
			site_name(s, suspected_number(one, "site"))) != 0;
	for (size_t k = 5; k + 1 < x->n && !is_wrong; k += 2)
		is_wrong = !suspected_holds(one, x->words[k], x->words[k + 1]);
	if (is_wrong)
		json_dumpf(all, stderr, JSON_INDENT(1));
	json_decref(all);
	T_CHECK(!is_wrong, "%s:%d: %s", path, x->line, x->text);
}

static bool
is_interval(
    const struct script *s, const struct landing *l, const char *expected)
{
	char word[64];
	char *at;

	snprintf(word, sizeof word, "%s", expected);
	at = strchr(word, '@');
	if (at != NULL) {
		*at++ = '\0';
		if (!is_between(at, l->since_us))
			return false;
	}
	if (l->state == LANDING_STABLE)
		return strcmp(word, site_name(s, l->site_id)) == 0;
	return strcmp(word, landing_state_name(l->state)) == 0;
}

/* Of the service's own address: the first target of the family. */
static int64_t
service_target(const struct script *s, uint8_t family)
{
	const struct services *all = &s->world.services;
	size_t i = 0;

	while (all->targets[i].address.family != family)
		i++;
	return all->targets[i].id;
}

static void
check_landing(const struct script *s, const struct memory *m,
    const struct expectation *x, const char *path)
{
	int at = script_vantage(s, x->words[2]);
	size_t k = 3;
	bool is_wrong = at < 0;

	for (size_t i = 0; at >= 0 && i < m->n_landings; i++) {
		const struct landing *l = &m->landings[i];
		const struct vantage *v = &s->world.vantages[at].vantage;

		if (l->vantage_id != v->id ||
		    l->target_id != service_target(s, v->family))
			continue;
		is_wrong |= k >= x->n || !is_interval(s, l, x->words[k]);
		if (is_wrong)
			print_error("  interval %s %s since %" PRId64
				    "s until %" PRId64 "s n %" PRId64 "\n",
			    landing_state_name(l->state),
			    site_name(s, l->site_id), since_start(l->since_us),
			    l->until_us == 0 ? 0 : since_start(l->until_us),
			    l->n);
		k++;
	}
	T_CHECK(!is_wrong && k == x->n, "%s:%d: %s", path, x->line, x->text);
}

/* expect quarantine VANTAGE REASON since A..B [until A..B end WORD] */
static bool
is_quarantine(const struct script *s, const struct quarantine *q,
    const struct expectation *x)
{
	int at = script_vantage(s, x->words[2]);

	if (at < 0 || q->vantage_id != s->world.vantages[at].vantage.id ||
	    strcmp(x->words[3], distrust_name(q->reason)) != 0 ||
	    !is_between(x->words[5], q->since_us))
		return false;
	if (x->n < 10)
		return q->until_us == 0;
	return is_between(x->words[7], q->until_us) &&
	       strcmp(x->words[9], q->ending) == 0;
}

static void
check_quarantine(const struct script *s, const struct memory *m,
    const struct expectation *x, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_quarantines; i++)
		n += is_quarantine(s, &m->quarantines[i], x);
	T_CHECK(n == 1, "%s:%d: %s: %zu", path, x->line, x->text, n);
}

/* As many as are expected, each of which is another. */
static void
check_quarantines(
    const struct script *s, const struct memory *m, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_expected; i++)
		n += strcmp(s->expected[i].words[1], "quarantine") == 0;
	for (size_t i = 0; n != m->n_quarantines && i < m->n_quarantines; i++)
		print_error("  quarantine of %" PRId64 ": %s since %" PRId64
			    "s until %" PRId64 "s %s %s\n",
		    m->quarantines[i].vantage_id,
		    distrust_name(m->quarantines[i].reason),
		    since_start(m->quarantines[i].since_us),
		    m->quarantines[i].until_us == 0
			? 0
			: since_start(m->quarantines[i].until_us),
		    m->quarantines[i].ending, m->quarantines[i].numbers);
	T_CHECK(n == m->n_quarantines, "%s: %zu quarantines, not %zu", path,
	    m->n_quarantines, n);
}

static void
check_expectations(
    const struct script *s, const struct memory *m, const char *path)
{
	bool *is_used = mem_new((m->n_events + 1) * sizeof *is_used);

	check_quarantines(s, m, path);

	for (size_t i = 0; i < s->n_expected; i++) {
		const struct expectation *x = &s->expected[i];

		if (x->n == 3 && strcmp(x->words[1], "moves") == 0)
			T_CHECK((size_t)strtoul(x->words[2], NULL, 10) ==
				    m->n_moves,
			    "%s:%d: %s: %zu", path, x->line, x->text,
			    m->n_moves);
		else if (strcmp(x->words[1], "suspected") == 0)
			check_suspected(s, m, x, path);
		else if (x->n == 5 && strcmp(x->words[1], "state") == 0)
			check_state(s, m, x, path);
		else if (x->n > 3 && strcmp(x->words[1], "landing") == 0)
			check_landing(s, m, x, path);
		else if (x->n > 5 && strcmp(x->words[1], "quarantine") == 0)
			check_quarantine(s, m, x, path);
		else if (x->n >= 3 && x->n % 2 == 1)
			check_event(s, m, x, is_used, path);
		else
			T_CHECK(false, "%s:%d: cannot read: %s", path, x->line,
			    x->text);
	}
	for (size_t i = 0; i < m->n_events; i++) {
		if (!is_used[i])
			print_events(s, m);
		T_CHECK(is_used[i], "%s: event %" PRId64 " is not expected",
		    path, m->events[i].id);
	}
	free(is_used);
}

/* Restarts. */

static int64_t
largest_event(const struct memory *m)
{
	return m->n_events == 0 ? 0 : m->events[m->n_events - 1].id;
}

static int64_t
largest_landing(const struct memory *m)
{
	int64_t max = 0;

	for (size_t i = 0; i < m->n_landings; i++) {
		if (m->landings[i].id > max)
			max = m->landings[i].id;
	}
	return max;
}

/* A new detector from what the old one said; then vantages and announcements
 * are told again, as the collector does when it starts. */
static struct detect *
restart(const struct services *services, const struct inputs *in, size_t at,
    int64_t passed_us, struct memory *m)
{
	struct detect *d = detect_new(services, memory_take, m,
	    largest_event(m) + 1, largest_landing(m) + 1);

	for (size_t i = 0; i < at; i++) {
		if (in->list[i].kind == INPUT_VANTAGE)
			hand_in(d, &in->list[i]);
	}
	memory_restore(m, d);
	for (size_t i = 0; i < at; i++) {
		if (in->list[i].kind == INPUT_ANNOUNCEMENT ||
		    in->list[i].kind == INPUT_HEALTH ||
		    in->list[i].kind == INPUT_DRAIN ||
		    in->list[i].kind == INPUT_RELEASE ||
		    in->list[i].kind == INPUT_EXCUSE)
			hand_in(d, &in->list[i]);
	}
	if (passed_us != 0)
		detect_begin(d, passed_us);
	return d;
}

/* Is it of an event about silence? */
static bool
is_about_silence(const struct memory *m, const char *text)
{
	static const char *const words[] = { "event", "open", "resolve",
		"vote" };
	char word[16];
	int64_t id;

	if (sscanf(text, "%15s %" SCNd64, word, &id) != 2)
		return false;
	for (size_t i = 0; i < m->n_events; i++)
		for (size_t k = 0; k < T_LEN(words); k++)
			if (m->events[i].id == id &&
			    m->events[i].kind == EVENT_SILENT &&
			    strcmp(word, words[k]) == 0)
				return true;
	return false;
}

/* After a crash the soft fields are up to a minute old: when a vantage falls
 * silent right then, that and a site's state may be told at another moment. */
static size_t
skip_states(const struct memory *m, size_t i)
{
	while (i < m->n_told && (strncmp(m->told[i].text, "state", 5) == 0 ||
				    is_about_silence(m, m->told[i].text)))
		i++;
	return i;
}

static size_t
find_silence(const struct memory *m, size_t i)
{
	while (i < m->n_told && !is_about_silence(m, m->told[i].text))
		i++;
	return i;
}

/* ... but it is told: the same, up to the moment of its detection. */
static void
check_same_silence(const struct memory *whole, const struct memory *cut,
    size_t a, size_t b, const char *path)
{
	for (;; a++, b++) {
		const char *moment;
		size_t len;

		a = find_silence(whole, a);
		b = find_silence(cut, b);
		if (a == whole->n_told || b == cut->n_told)
			break;
		moment = strstr(whole->told[a].text, " detected=");
		if (moment == NULL)
			moment = strstr(whole->told[a].text, " confirmed=");
		len = moment != NULL ? (size_t)(moment - whole->told[a].text)
				     : strlen(whole->told[a].text) + 1;
		T_CHECK(
		    strncmp(whole->told[a].text, cut->told[b].text, len) == 0,
		    "%s: after a crash\n  whole: %s\n  cut:   %s", path,
		    whole->told[a].text, cut->told[b].text);
	}
	T_CHECK(a == whole->n_told && b == cut->n_told,
	    "%s: after a crash, silence is told more or less often", path);
}

/* What is told after a cut must be what is told without one. */
static void
check_same(const struct memory *whole, const struct memory *cut, size_t at,
    bool is_crash, const char *path)
{
	size_t a = 0, b = 0;

	while (a < whole->n_told && whole->told[a].input < at)
		a++;
	while (b < cut->n_told && cut->told[b].input < at)
		b++;
	if (is_crash)
		check_same_silence(whole, cut, a, b, path);
	for (;; a++, b++) {
		if (is_crash) {
			a = skip_states(whole, a);
			b = skip_states(cut, b);
		}
		if (a == whole->n_told || b == cut->n_told)
			break;
		T_CHECK(strcmp(whole->told[a].text, cut->told[b].text) == 0,
		    "%s: cut before input %zu, at %zu and %zu:\n  whole: %s\n"
		    "  cut:   %s",
		    path, at, whole->told[a].input, cut->told[b].input,
		    whole->told[a].text, cut->told[b].text);
	}
	T_CHECK(a == whole->n_told, "%s: cut before input %zu: not told: %s",
	    path, at, whole->told[a].text);
	T_CHECK(b == cut->n_told, "%s: cut before input %zu: told too much: %s",
	    path, at, cut->told[b].text);
}

/* The same of what is suspected, when nothing was forgotten. */
static void
check_same_suspected(const struct memory *whole, const struct memory *cut,
    size_t at, const char *path)
{
	size_t i = 0;

	T_CHECK(whole->n_suspected == cut->n_suspected,
	    "%s: cut before input %zu: suspected %zu times and %zu times", path,
	    at, whole->n_suspected, cut->n_suspected);
	while (i < whole->n_suspected &&
	       strcmp(whole->suspected[i].text, cut->suspected[i].text) == 0)
		i++;
	T_CHECK(i == whole->n_suspected,
	    "%s: cut before input %zu: suspected\n  whole: %s\n  cut:   %s",
	    path, at, whole->suspected[i].text, cut->suspected[i].text);
}

static void
check_cut(const struct services *services, const struct inputs *in, size_t at,
    bool is_crash, const struct memory *whole, const char *path)
{
	struct memory m = { 0 };
	struct detect *d = detect_new(services, memory_take, &m, 1, 1);
	int64_t passed_us;

	hand_in_all(d, in, 0, at, &m);
	passed_us = detect_passed_us(d);
	if (!is_crash)
		detect_flush(d, 0);
	detect_free(d);
	d = restart(services, in, at, passed_us, &m);
	hand_in_all(d, in, at, in->n, &m);
	detect_free(d);
	check_same(whole, &m, at, is_crash, path);
	if (!is_crash)
		check_same_suspected(whole, &m, at, path);
	memory_fini(&m);
}

/* Cuts spread over the story, and some right before and after something is
 * told; fewer of a long story. */
static void
check_restarts(const struct services *services, const struct inputs *in,
    const struct memory *whole, const char *path)
{
	const struct input *last = &in->list[in->n - 1];
	int64_t seconds =
	    last->kind == INPUT_TICK ? since_start(last->tick_us) : 0;
	size_t cost = in->n + (size_t)seconds / CUTS_SECONDS;
	size_t cuts = CUTS_INPUTS / cost / 3 + 2;

	if (cuts > CUTS_MAX)
		cuts = CUTS_MAX;
	for (size_t i = 1; i < cuts; i++) {
		size_t told = whole->n_told * i / cuts;

		check_cut(services, in, in->n * i / cuts, i % 2, whole, path);
		if (told == whole->n_told)
			continue;
		told = whole->told[told].input;
		check_cut(services, in, told, i % 2, whole, path);
		check_cut(services, in, told + 1, i % 2 == 0, whole, path);
	}
}

static void
run_story(void **state)
{
	const char *path = *state;
	struct script *s = mem_new(sizeof *s);
	struct memory m = { 0 };
	struct detect *d;

	script_run(s, path);
	d = detect_new(&s->world.services, memory_take, &m, 1, 1);
	hand_in_all(d, &s->world.inputs, 0, s->world.inputs.n, &m);
	detect_flush(d, s->world.now_us);
	detect_free(d);
	check_notices(&m);
	check_restarts(&s->world.services, &s->world.inputs, &m, path);
	check_journal(&m);
	check_expectations(s, &m, path);
	memory_fini(&m);
	script_fini(s);
	free(s);
}

int
main(int argc, char **argv)
{
	glob_t found = { 0 };
	struct CMUnitTest *tests;
	int rc;

	if (argc > 1)
		found.gl_pathv = argv + 1;
	else if (glob("tests/sim/*.sim", 0, NULL, &found) != 0)
		return 1;
	if (argc > 1)
		found.gl_pathc = (size_t)argc - 1;
	tests = mem_new(found.gl_pathc * sizeof *tests);
	for (size_t i = 0; i < found.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){ .name = found.gl_pathv[i],
			.test_func = run_story,
			.initial_state = found.gl_pathv[i] };
	rc = _cmocka_run_group_tests(
	    "stories", tests, found.gl_pathc, NULL, NULL);
	free(tests);
	if (argc <= 1)
		globfree(&found);
	return rc;
}
