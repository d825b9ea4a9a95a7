/* summary.c - see summary.h. */
#include "collector/summary.h"

#include <inttypes.h>
#include <jansson.h>
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
	{ "withdrawn", "announced no more, by its own word, and no drain "
		       "wants it so" },
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

/* A gate's text; "" when there is none. */
static void
read_word(json_t *gates, const char *key, char *buf, size_t cap)
{
	const char *word = json_string_value(json_object_get(gates, key));

	snprintf(buf, cap, "%s", word == NULL ? "" : word);
}

static int64_t
read_number(json_t *gates, const char *key)
{
	return json_integer_value(json_object_get(gates, key));
}

static void
say_impostor(struct line *l, const struct event_row *e, json_t *gates)
{
	char name[64];

	read_word(gates, "identity", name, sizeof name);
	if (e->site[0] == '\0')
		say(l, "an impostor, %s, answers ", name);
	else
		say(l, "an impostor answers as %s to ", e->site);
	say_count(l, e);
	if (e->site[0] != '\0' && strcmp(e->severity, "critical") != 0)
		say(l, ", or it has a new upstream");
}

static void
say_intercepted(struct line *l, const struct event_row *e, json_t *gates)
{
	(void)gates;
	say_count(l, e);
	if (e->verdict[0] != '\0')
		say(l, " of %s", e->verdict);
	say(l, " answered by somebody in between");
}

static void
say_leak(struct line *l, const struct event_row *e, json_t *gates)
{
	(void)gates;
	say_where(l, e);
	say(l, ", a local site, reached from outside by ");
	say_count(l, e);
}

static void
say_flapping(struct line *l, const struct event_row *e, json_t *gates)
{
	char site[NAME_MAX_LEN + 1], other[NAME_MAX_LEN + 1];

	read_word(gates, "site", site, sizeof site);
	read_word(gates, "other_site", other, sizeof other);
	say_count(l, e);
	say(l, " flapping between %s and %s", site, other);
}

static void
say_stale(struct line *l, const struct event_row *e, json_t *gates)
{
	say_where(l, e);
	say(l, " serves an old zone: serial %" PRId64 ", newest %" PRId64,
	    read_number(gates, "serial_here"),
	    read_number(gates, "serial_newest"));
}

static void
say_split(struct line *l, const struct event_row *e, json_t *gates)
{
	(void)gates;
	say(l, "IPv4 and IPv6 land apart since lately: ");
	say_count(l, e);
}

static void
say_latency(struct line *l, const struct event_row *e, json_t *gates)
{
	say_where(l, e);
	if (e->is_resolved)
		say(l, " was slower than usual for ");
	else
		say(l, " is slower than usual, by %" PRId64 " ms, for ",
		    read_number(gates, "median_cost_ms"));
	say_count(l, e);
}

static void
say_silent(struct line *l, const struct event_row *e, json_t *gates)
{
	(void)gates;
	say(l, "nothing heard of ");
	say_count(l, e);
}

static void
say_unknown(struct line *l, const struct event_row *e, json_t *gates)
{
	char name[64];

	read_word(gates, "identity", name, sizeof name);
	if (strcmp(e->verdict, "renamed") == 0) {
		say_where(l, e);
		say(l, " calls itself %s, which no template knows: ", name);
	} else {
		say(l, "%s, of no site of ours, answers ", name);
	}
	say_count(l, e);
}

static const struct {
	const char *kind;
	void (*say)(struct line *l, const struct event_row *e, json_t *gates);
	const char *rule;
} kinds[] = {
	{ "impostor", say_impostor,
	    "3 ASes answered by a foreign name and displaced, or by a site's "
	    "name too fast or by ways never seen" },
	{ "intercepted", say_intercepted,
	    "what stands between a vantage and the target, by score: see "
	    "catchwater vantages" },
	{ "leak", say_leak, "2 ASes outside the scope of a local site" },
	{ "flapping", say_flapping,
	    "3 ASes, and a quarter of those at the two sites, begin to "
	    "flap within an hour" },
	{ "stale", say_stale,
	    "2 ASes, and half of those that say, given a serial that is "
	    "behind for stale_after" },
	{ "split", say_split,
	    "as many hosts as a shift needs come apart in one window, and "
	    "nothing else is open" },
	{ "latency", say_latency,
	    "3 ASes, and a third of those there, become slow in one window" },
	{ "silent", say_silent,
	    "3 ASes, and a fifth of them, fall silent in one window; or one "
	    "that was heard for a day" },
	{ "unknown_identity", say_unknown,
	    "3 ASes answered by a name that no site has, in place" },
};

static size_t
find_kind(const struct event_row *e)
{
	size_t i = 0;

	while (i < sizeof kinds / sizeof kinds[0] &&
	       strcmp(kinds[i].kind, e->kind) != 0)
		i++;
	return i;
}

const char *
event_rule(const struct event_row *e)
{
	size_t i = find_kind(e);

	return i < sizeof kinds / sizeof kinds[0] ? kinds[i].rule : "";
}

static bool
say_kind(struct line *l, const struct event_row *e)
{
	size_t i = find_kind(e);
	json_t *gates;

	if (i == sizeof kinds / sizeof kinds[0])
		return false;
	gates = json_loads(e->gates, 0, NULL);
	kinds[i].say(l, e, gates);
	json_decref(gates);
	return true;
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
	} else if (!say_kind(&l, e)) {
		say_where(&l, e);
		say(&l, " is dark for ");
		say_count(&l, e);
	}
	return buf;
}
