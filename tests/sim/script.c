#include "tests/sim/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "tests/unit/check.h"

struct line {
	const char *path;
	int number;
	size_t n;
	char **words;
};

#define BAD(l, ...) \
	do { \
		print_error("%s:%d: ", (l)->path, (l)->number); \
		print_error(__VA_ARGS__); \
		print_error("\n"); \
		fail(); \
	} while (0)

bool
script_duration(const char *text, int64_t *us)
{
	bool is_negative = text[0] == '-';

	if (clock_parse_duration(us, text + is_negative, NULL) != RC_OK)
		return false;
	if (is_negative)
		*us = -*us;
	return true;
}

bool
script_range(const char *text, int64_t *from_us, int64_t *to_us)
{
	const char *dots = strstr(text, "..");
	char from[32];

	if (dots == NULL || (size_t)(dots - text) >= sizeof from)
		return false;
	memcpy(from, text, (size_t)(dots - text));
	from[dots - text] = '\0';
	return script_duration(from, from_us) &&
	       script_duration(dots + 2, to_us);
}

static int64_t
number(const struct line *l, const char *text)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	if (*end != '\0' || end == text)
		BAD(l, "%s: expected a number", text);
	return v;
}

static int64_t
duration(const struct line *l, const char *text)
{
	int64_t us = 0;

	if (!script_duration(text, &us))
		BAD(l, "%s: expected a duration", text);
	return us;
}

int
script_site(const struct script *s, const char *name)
{
	const struct service *service = s->world.services.list;

	for (size_t i = 0; service != NULL && i < service->n_sites; i++) {
		if (strcmp(service->sites[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* "ams", or "ams/6": *families gets 1 for v4, 2 for v6, 3 for both. */
static size_t
site(const struct script *s, const struct line *l, const char *text,
    unsigned *families)
{
	char name[64];
	char *slash;
	int i;

	snprintf(name, sizeof name, "%s", text);
	slash = strchr(name, '/');
	*families = slash == NULL ? 3 : slash[1] == '4' ? 1 : 2;
	if (slash != NULL)
		*slash = '\0';
	i = script_site(s, name);
	if (i < 0)
		BAD(l, "%s: no such site", text);
	return i < 0 ? 0 : (size_t)i;
}

int
script_vantage(const struct script *s, const char *name)
{
	unsigned probe;
	unsigned family;

	if (sscanf(name, "p%u/%u", &probe, &family) != 2 || probe == 0 ||
	    (size_t)probe * 2 > s->world.n_vantages)
		return -1;
	return (int)(2 * (probe - 1) + (family == 6));
}

/* Does the selector mean the vantage? */
static bool
is_meant(const struct script *s, const struct line *l, const char *who,
    const struct world_vantage *v)
{
	const char *slash = strchr(who, '/');
	unsigned first, last;
	uint64_t probe = v->vantage.probe;

	if (slash != NULL && slash[1] - '0' != v->vantage.family)
		return false;
	if (strncmp(who, "all", 3) == 0)
		return true;
	if (who[0] == '@') {
		unsigned families;

		return v->site == site(s, l, who + 1, &families);
	}
	if (sscanf(who, "as%u", &first) == 1)
		return v->vantage.asn == first;
	if (sscanf(who, "p%u-p%u", &first, &last) == 2)
		return probe >= first && probe <= last;
	if (sscanf(who, "p%u", &first) == 1)
		return probe == first;
	BAD(l, "%s: expected p1, p1/6, p1-p4, as101, @site or all", who);
	return false;
}

/* What is done to one vantage; how is the command's own argument. */
typedef void act(struct world *w, struct world_vantage *v, int64_t how);

/* Chooses first and acts then: an act may change who is meant. */
static void
for_each(struct script *s, const struct line *l, size_t from, size_t to, act *f,
    int64_t how)
{
	struct world *w = &s->world;
	bool is_chosen[SCRIPT_VANTAGES_MAX] = { false };
	size_t n = 0;

	for (size_t i = 0; i < w->n_vantages; i++) {
		for (size_t k = from; k < to; k++)
			is_chosen[i] |=
			    is_meant(s, l, l->words[k], &w->vantages[i]);
		n += is_chosen[i];
	}
	if (n == 0)
		BAD(l, "nobody is meant");
	for (size_t i = 0; i < w->n_vantages; i++) {
		if (is_chosen[i])
			f(w, &w->vantages[i], how);
	}
}

static void
move(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	v->site = (size_t)how;
}

static void
deafen(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	(void)how;
	v->is_deaf = true;
}

static void
lose(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	(void)how;
	v->is_lost = true;
}

static void
hold(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	(void)how;
	v->is_held = true;
}

static void
cut(struct world *w, struct world_vantage *v, int64_t how)
{
	deafen(w, v, how);
	hold(w, v, how);
}

static void
mend(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	(void)how;
	v->is_lost = v->is_deaf = v->is_held = false;
}

static void
skew(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	v->skew_us = how;
}

static void
trust(struct world *w, struct world_vantage *v, int64_t how)
{
	world_trust(w, v, how != 0);
}

static void
release(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)how;
	world_release(w, v);
}

static void
excuse(struct world *w, struct world_vantage *v, int64_t how)
{
	world_excuse(w, v, (enum excuse)how);
}

static void
flip(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	v->flip_site = (int)how;
}

static void
lie(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	v->is_liar = how != 0;
}

static void
set_free(struct world *w, struct world_vantage *v, int64_t how)
{
	(void)w;
	(void)how;
	v->captor[0] = '\0';
	v->is_outrun = false;
}

/* Header lines. */

static void
read_sites(struct script *s, const struct line *l)
{
	struct world *w = &s->world;
	const char *names[WORLD_SITES_MAX];

	if (l->n < 2 || l->n > WORLD_SITES_MAX + 1)
		BAD(l, "expected 1 to %d sites", WORLD_SITES_MAX);
	for (size_t i = 1; i < l->n; i++)
		names[i - 1] = l->words[i];
	world_init(w, names, l->n - 1, s->every_us, !s->is_bare);
}

static void
read_fleet(struct script *s, const struct line *l)
{
	unsigned families;
	size_t at = site(s, l, l->words[1], &families);

	for (size_t i = 2; i < l->n; i++) {
		if (s->world.n_vantages + 2 > SCRIPT_VANTAGES_MAX)
			BAD(l, "too many vantages");
		world_add_probe(
		    &s->world, (uint32_t)number(l, l->words[i]), at);
	}
}

static void
read_local(const struct script *s, const struct line *l, struct site *of)
{
	(void)s;
	of->is_local = true;
	of->n_local_to = l->n - 2;
	of->local_to = mem_new(l->n * sizeof *of->local_to);
	for (size_t i = 2; i < l->n; i++)
		of->local_to[i - 2] = (uint32_t)number(l, l->words[i]);
}

static struct position
position(const struct line *l, const char *text)
{
	struct position at = { .is_known = true };

	if (sscanf(text, "%lf,%lf", &at.latitude, &at.longitude) != 2)
		BAD(l, "%s: expected LATITUDE,LONGITUDE", text);
	return at;
}

static void
read_stand(struct script *s, const struct line *l)
{
	struct position at = position(l, l->words[l->n - 1]);

	for (size_t i = 0; i < s->world.n_vantages; i++) {
		struct world_vantage *v = &s->world.vantages[i];

		for (size_t k = 1; k + 1 < l->n; k++)
			if (is_meant(s, l, l->words[k], v))
				world_place(&s->world, v, at);
	}
}

static bool
read_header(struct script *s, const struct line *l)
{
	const char *word = l->words[0];
	struct service *service = s->world.services.list;
	const char *value = l->n > 1 ? l->words[1] : "";
	unsigned families;

	if (strcmp(word, "every") == 0)
		s->every_us = duration(l, value);
	else if (strcmp(word, "bare") == 0)
		s->is_bare = true;
	else if (strcmp(word, "sites") == 0)
		read_sites(s, l);
	else if (strcmp(word, "fleet") == 0)
		read_fleet(s, l);
	else if (strcmp(word, "stand") == 0)
		read_stand(s, l);
	else if (strcmp(word, "settles") == 0)
		service->shift_settles_us = duration(l, value);
	else if (strcmp(word, "sick") == 0)
		service->sick_after_us = duration(l, value);
	else if (strcmp(word, "settle") == 0)
		service->settle_us = duration(l, value);
	else if (strcmp(word, "tick") == 0)
		s->world.tick_us = duration(l, value);
	else if (strcmp(word, "local") == 0)
		read_local(s, l, &service->sites[site(s, l, value, &families)]);
	else if (strcmp(word, "stale") == 0)
		service->stale_after_us = duration(l, value);
	else if (strcmp(word, "jitter") == 0)
		s->world.rtt_jitter_us = (unsigned)duration(l, value);
	else if (strcmp(word, "traces") == 0)
		s->world.has_ways = true;
	else if (strcmp(word, "loss") == 0 && l->n == 3) {
		s->world.loss_percent = (unsigned)number(l, value);
		s->seed = (uint64_t)number(l, l->words[2]);
		s->world.random = s->seed;
	} else
		return false;
	return true;
}

/* What happens. */

static void
announce(struct script *s, const struct line *l)
{
	unsigned families;
	size_t at = site(s, l, l->words[2], &families);
	bool is_up = l->n > 3 && strcmp(l->words[3], "up") == 0;

	for (size_t f = 0; f < 2; f++) {
		if (!(families & 1U << f))
			continue;
		if (strcmp(l->words[1], "mute") == 0)
			s->world.sites[at].is_said[f] = false;
		else
			world_announce(&s->world, at, f, is_up);
	}
}

static void
healthy(struct script *s, const struct line *l)
{
	const char *word = l->n > 3 ? l->words[3] : "";
	unsigned families;
	size_t at = site(s, l, l->words[2], &families);

	for (size_t f = 0; f < 2; f++)
		if (families & 1U << f)
			world_health(&s->world, at, f,
			    strcmp(word, "unknown") != 0,
			    strcmp(word, "yes") == 0);
}

/* What a site, or its operator, says. */
static bool
say(struct script *s, const struct line *l)
{
	const char *word = l->words[1];
	unsigned families;

	if (strcmp(word, "announce") == 0 || strcmp(word, "mute") == 0)
		announce(s, l);
	else if (strcmp(word, "healthy") == 0)
		healthy(s, l);
	else if (strcmp(word, "drain") == 0)
		world_drain(&s->world, site(s, l, l->words[2], &families));
	else if (strcmp(word, "undrain") == 0)
		world_undrain(&s->world, site(s, l, l->words[2], &families));
	else
		return false;
	return true;
}

static enum service_fault
fault(const struct line *l, const char *word)
{
	static const char *const words[] = { "none", "silent", "refused",
		"servfail" };

	for (unsigned i = 0; i < T_LEN(words); i++) {
		if (strcmp(words[i], word) == 0)
			return (enum service_fault)i;
	}
	BAD(l, "%s: no such fault", word);
	return FAULT_NONE;
}

static const char *const sites_words[] = { "fault", "unicast", "rename",
	"recode", "name", "varied", "slow", "stick", "unstick" };

static bool
is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* Things that happen to a site. */
static bool
happen_at_site(struct script *s, const struct line *l)
{
	const char *word = l->words[1];
	const char *value = l->n > 3 ? l->words[3] : "";
	struct world_site *at;
	unsigned families;

	if (say(s, l))
		return true;
	if (!is_one_of(word, sites_words, T_LEN(sites_words)))
		return false;
	at = &s->world.sites[site(s, l, l->words[2], &families)];
	if (strcmp(word, "fault") == 0)
		at->fault = fault(l, value);
	else if (strcmp(word, "unicast") == 0)
		at->is_unicast_down = strcmp(value, "down") == 0;
	else if (strcmp(word, "varied") == 0)
		s->world.varied_site = (int)(at - s->world.sites);
	else if (strcmp(word, "slow") == 0)
		at->slow_us = duration(l, value);
	else if (strstr(word, "stick") != NULL)
		at->is_stuck = strcmp(word, "stick") == 0;
	else {
		at->is_renamed = strcmp(word, "rename") == 0;
		at->is_recoded = strcmp(word, "recode") == 0;
	}
	return true;
}

/* The last word is the impostor's name, or the site whose name it takes. */
static void
capture(struct script *s, const struct line *l)
{
	const char *name = l->words[l->n - 1];
	bool is_chosen[SCRIPT_VANTAGES_MAX] = { false };

	for (size_t i = 0; i < s->world.n_vantages; i++) {
		struct world_vantage *v = &s->world.vantages[i];

		for (size_t k = 2; k + 1 < l->n; k++)
			is_chosen[i] |= is_meant(s, l, l->words[k], v);
		if (!is_chosen[i])
			continue;
		snprintf(v->captor, sizeof v->captor, "%s", name);
		v->copied_site = script_site(s, name);
		v->is_outrun = strcmp(l->words[1], "outrun") == 0;
	}
}

/* Things that happen everywhere. */
static bool
happen_to_all(struct script *s, const struct line *l)
{
	const char *word = l->words[1];

	if (strcmp(word, "away") == 0 || strcmp(word, "back") == 0)
		s->world.is_away = strcmp(word, "away") == 0;
	else if (strcmp(word, "serial") == 0 && l->n > 2)
		world_publish(&s->world, (uint32_t)number(l, l->words[2]));
	else
		return strcmp(word, "end") == 0;
	return true;
}

static void
happen(struct script *s, const struct line *l)
{
	static const struct {
		const char *word;
		act *f;
		int64_t how;
	} acts[] = { { "deafen", deafen, 0 }, { "lose", lose, 0 },
		{ "cut", cut, 0 }, { "hold", hold, 0 }, { "mend", mend, 0 },
		{ "trust", trust, 1 }, { "distrust", trust, 0 },
		{ "release", release, 0 },
		{ "excuse", excuse, EXCUSE_INTERCEPTED },
		{ "packet", excuse, EXCUSE_PER_PACKET },
		{ "count", excuse, EXCUSE_NONE }, { "steady", flip, -1 },
		{ "free", set_free, 0 }, { "lie", lie, 1 },
		{ "confess", lie, 0 } };
	const char *word = l->words[1];
	unsigned families;

	if (happen_to_all(s, l))
		return;
	if (l->n < 3)
		BAD(l, "expected more words");
	if (happen_at_site(s, l))
		return;
	if (strcmp(word, "move") == 0 || strcmp(word, "flip") == 0) {
		size_t to = site(s, l, l->words[l->n - 1], &families);

		for_each(s, l, 2, l->n - 1, word[0] == 'm' ? move : flip,
		    (int64_t)to);
		return;
	}
	if (strcmp(word, "capture") == 0 || strcmp(word, "outrun") == 0) {
		capture(s, l);
		return;
	}
	if (strcmp(word, "skew") == 0) {
		for_each(s, l, 3, l->n, skew, duration(l, l->words[2]));
		return;
	}
	for (size_t i = 0; i < T_LEN(acts); i++) {
		if (strcmp(acts[i].word, word) != 0)
			continue;
		for_each(s, l, 2, l->n, acts[i].f, acts[i].how);
		return;
	}
	BAD(l, "%s: what is this?", word);
}

static size_t
split(char *text, char **words)
{
	size_t n = 0;
	char *save = NULL;

	for (char *w = strtok_r(text, " \t\n", &save);
	     w != NULL && n < SCRIPT_WORDS_MAX;
	     w = strtok_r(NULL, " \t\n", &save))
		words[n++] = w;
	return n;
}

static void
expect(struct script *s, const struct line *l, const char *text)
{
	struct expectation *e = &s->expected[s->n_expected];

	if (++s->n_expected > SCRIPT_EXPECT_MAX)
		BAD(l, "too many expectations");
	e->line = l->number;
	snprintf(e->text, sizeof e->text, "%s", text);
	snprintf(e->buffer, sizeof e->buffer, "%s", text);
	e->n = split(e->buffer, e->words);
}

static void
read_line(struct script *s, struct line *l, char *text)
{
	char whole[SCRIPT_LINE_MAX], *words[SCRIPT_WORDS_MAX];
	int64_t at_us;

	text[strcspn(text, "#\n")] = '\0';
	snprintf(whole, sizeof whole, "%s", text);
	l->words = words;
	l->n = split(text, words);
	if (l->n == 0)
		return;
	if (strcmp(words[0], "expect") == 0)
		expect(s, l, whole);
	else if (script_duration(words[0], &at_us)) {
		if (l->n < 2 || WORLD_START_US + at_us < s->world.now_us)
			BAD(l, "times go forward, and something happens");
		world_run(&s->world, WORLD_START_US + at_us);
		happen(s, l);
	} else if (!read_header(s, l))
		BAD(l, "%s: what is this?", words[0]);
}

void
script_run(struct script *s, const char *path)
{
	struct line l = { .path = path };
	char text[SCRIPT_LINE_MAX];
	FILE *f = fopen(path, "r");

	*s = (struct script){ .every_us = 60 * US_PER_S };
	T_CHECK(f != NULL, "cannot open %s", path);
	while (fgets(text, sizeof text, f) != NULL) {
		l.number++;
		read_line(s, &l, text);
	}
	fclose(f);
	if (s->seed != 0)
		print_message(
		    "%s: seed %llu\n", path, (unsigned long long)s->seed);
}

void
script_fini(struct script *s)
{
	world_fini(&s->world);
}
