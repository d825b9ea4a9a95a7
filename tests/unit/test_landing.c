/* Each case feeds one track a line of words and tells what became of it:
 *   a b c  good answers of site 1, 2, 3     u  an identity nobody has
 *   n      an answer without identity       t  timeout    r  timeout, a retry
 *   s      SERVFAIL with site 1's identity  o  own fault  A  site 1, varied port
 *   +      a control answers: silence is darkness
 *   |      an hour passes                   .  a minute passes
 * Every observation comes 10 s after the one before. */
#include "collector/landing.h"

#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define START_US (INT64_C(1800000000) * US_PER_S)

struct run {
	struct track track;
	struct landing_out out;
	int64_t now_us;
	char journal[512]; /* a letter for each interval begun */
	int n_moves;
	struct move move; /* the last one */
};

static const struct target target = { .id = 1, .role = ROLE_SERVICE };
static struct landing_rules rules;

static void
set_rules(void)
{
	struct service s = { .dns_every_us = 60 * US_PER_S, .n_retry = 2 };

	s.retry_after_us[0] = 2 * US_PER_S;
	s.retry_after_us[1] = 6 * US_PER_S;
	rules = landing_rules_of(&s);
}

static struct sighting
sighting(char word, int64_t now_us)
{
	struct sighting s = { .at_us = now_us,
		.received_us = now_us + 30 * US_PER_S,
		.has_rtt = true,
		.rtt_us = 5000 };

	if (strchr("abcusA", word) != NULL)
		s.has_identity = true;
	if (word >= 'a' && word <= 'c')
		s.site_id = word - 'a' + 1;
	if (word == 's' || word == 'A')
		s.site_id = 1;
	if (word == 'A') {
		s.why = WHY_VARIED;
		s.site_id = 2;
	}
	if (word == 's') {
		s.outcome = OUTCOME_RCODE;
		s.rcode = 2;
	}
	if (word == 't' || word == 'r') {
		s.outcome = OUTCOME_TIMEOUT;
		s.has_rtt = false;
	}
	if (word == 'r')
		s.why = WHY_RETRY;
	if (word == 'o')
		s.outcome = OUTCOME_SEND_FAILED;
	return s;
}

static void
note(struct run *r)
{
	for (size_t i = 0; i < r->out.n; i++) {
		const struct landing *l = &r->out.intervals[i];
		size_t len = strlen(r->journal);

		if (l->until_us != 0 || l->id < (int64_t)len + 1)
			continue;
		r->journal[len] = l->state == LANDING_UNKNOWN ? 'u'
				  : l->state == LANDING_DARK
				      ? (char)('A' + l->site_id - 1)
				      : (char)('a' + l->site_id - 1);
	}
	if (r->out.has_move) {
		r->n_moves++;
		r->move = r->out.move;
	}
}

static void
feed(struct run *r, char word)
{
	struct sighting s = sighting(word, r->now_us);

	landing_out_init(&r->out, r->out.next_id);
	if (word == '.' || word == '|') {
		r->now_us += (word == '.' ? 60 : 3600) * US_PER_S;
		landing_expire(&r->track, r->now_us, &r->out);
	} else if (word == '+') {
		if (landing_is_silent(&r->track))
			landing_darken(&r->track, &r->out);
	} else {
		landing_see(&r->track, &s, &r->out);
		r->now_us += 10 * US_PER_S;
	}
	note(r);
}

static void
start(struct run *r)
{
	*r = (struct run){ .now_us = START_US };
	r->track.vantage_id = 7;
	r->track.target = &target;
	r->track.rules = &rules;
	r->out.next_id = 1;
}

/* journal: the intervals in order, capitals for darkness. */
static const struct {
	const char *name, *words, *journal;
	int n_moves;
} cases[] = {
	{ "two answers are no landing", "aa", "", 0 },
	{ "three are", "aaa", "a", 0 },
	{ "the first landing is no move", "ababaaaa", "a", 0 },
	{ "three agreeing answers move", "aaabbb", "ab", 1 },
	{ "the old site between them undoes two", "aaabbabba", "a", 0 },
	{ "a third site starts anew", "aaabbccbb", "a", 0 },
	{ "... and can be the one", "aaabbccc", "ac", 1 },
	{ "timeouts neither help nor hurt", "aaabtbtb", "ab", 1 },
	{ "a candidate expires", "aaabb...bb", "a", 0 },
	{ "other source ports move nothing", "aaaAAAAAA", "a", 0 },
	{ "an unknown identity is an interval", "aaauuu", "au", 0 },
	{ "... and its end no move", "aaauuuaaa", "aua", 0 },
	{ "... unless it ends elsewhere", "aaauuubbb", "aub", 1 },
	{ "no identity moves nothing", "aaannnnn", "a", 0 },
	{ "silence without a control is nothing", "aaatrr", "a", 0 },
	{ "silence beside a control is darkness", "aaatrr+", "aA", 0 },
	{ "one retry is not enough", "aaatr+", "a", 0 },
	{ "three timeouts are silence too", "aaattt+", "aA", 0 },
	{ "an answer between breaks it", "aaatrar+", "a", 0 },
	{ "who never landed is never dark", "trr+", "", 0 },
	{ "one answer ends darkness", "aaatrr+a", "aAa", 0 },
	{ "one without identity does too", "aaatrr+n", "aAa", 0 },
	{ "elsewhere it is not dark, and not there yet", "aaatrr+bb", "aA", 0 },
	{ "... but after three", "aaatrr+bbb", "aAb", 1 },
	{ "... or home again after all", "aaatrr+bba", "aAa", 0 },
	{ "SERVFAIL is a failure", "aaasss+", "aA", 0 },
	{ "own faults are nobody's", "aaaoooooo+", "a", 0 },
	{ "an hour of nothing ends nothing else", "aaa|a", "aa", 0 },
	{ "back elsewhere is a move", "aaa|bbb", "ab", 1 },
	{ "darkness that nobody reports is over", "aaatrr+|a", "aAa", 0 },
};

static void
test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct run r;

		start(&r);
		for (const char *w = cases[i].words; *w != '\0'; w++)
			feed(&r, *w);
		T_CHECK(strcmp(r.journal, cases[i].journal) == 0, "%s: %s",
		    cases[i].name, r.journal);
		T_CHECK(r.n_moves == cases[i].n_moves, "%s: %d moves",
		    cases[i].name, r.n_moves);
		track_fini(&r.track);
	}
}

static void
test_the_first_changed_sample_dates_the_move(void **state)
{
	struct run r;

	(void)state;
	start(&r);
	for (const char *w = "aaabbb"; *w != '\0'; w++)
		feed(&r, *w);
	assert_int_equal(r.move.from_site_id, 1);
	assert_int_equal(r.move.to_site_id, 2);
	assert_int_equal(r.move.vantage_id, 7);
	assert_int_equal(r.move.at_us, START_US + 30 * US_PER_S);
	assert_int_equal(r.move.confirmed_us, START_US + 80 * US_PER_S);
	assert_int_equal(r.track.open.n, 3);
	assert_int_equal(r.track.open.rtt_n, 3);
	assert_int_equal(r.track.open.rtt_sum_us, 15000);
	track_fini(&r.track);
}

static void
test_older_observations_are_dropped(void **state)
{
	struct run r;
	struct sighting s;

	(void)state;
	start(&r);
	for (const char *w = "aaa"; *w != '\0'; w++)
		feed(&r, *w);
	for (int i = 0; i < 5; i++) {
		s = sighting('b', START_US + i);
		landing_out_init(&r.out, r.out.next_id);
		assert_int_equal(
		    landing_see(&r.track, &s, &r.out), HEALTH_NONE);
	}
	assert_int_equal(r.track.open.n, 3);
	assert_int_equal(r.track.candidate.n, 0);
	track_fini(&r.track);
}

static void
test_a_clock_that_is_ahead_is_held_to_the_arrival(void **state)
{
	struct run r;
	struct sighting s;

	(void)state;
	start(&r);
	s = sighting('a', START_US);
	s.at_us += 3600 * US_PER_S;
	landing_out_init(&r.out, 1);
	landing_see(&r.track, &s, &r.out);
	assert_int_equal(r.track.seen_us, s.received_us);
	assert_false(r.track.is_late);
	track_fini(&r.track);
}

static void
test_what_comes_late_says_so(void **state)
{
	struct run r;
	struct sighting s;

	(void)state;
	start(&r);
	s = sighting('a', START_US);
	s.received_us = s.at_us + rules.late_us + 1;
	landing_out_init(&r.out, 1);
	landing_see(&r.track, &s, &r.out);
	assert_true(r.track.is_late);
	track_fini(&r.track);
}

static void
test_late_news_continue_an_interval(void **state)
{
	struct run r;
	int64_t first;

	(void)state;
	start(&r);
	for (const char *w = "aaa"; *w != '\0'; w++)
		feed(&r, *w);
	first = r.track.open.id;
	landing_out_init(&r.out, r.out.next_id);
	landing_expire(&r.track, r.now_us + 3600 * US_PER_S, &r.out);
	assert_int_not_equal(r.track.open.until_us, 0);
	feed(&r, 'a'); /* the spool: measured right after the last one */
	assert_int_equal(r.track.open.id, first);
	assert_int_equal(r.track.open.until_us, 0);
	assert_int_equal(r.track.open.n, 4);
	track_fini(&r.track);
}

static void
test_bytes_bring_a_track_back(void **state)
{
	struct run r;
	struct track_bytes b = { 0 };
	struct track back = { 0 };

	(void)state;
	start(&r);
	for (const char *w = "aaatbtb"; *w != '\0'; w++)
		feed(&r, *w);
	noise_add(&r.track.noise, START_US, 3);
	track_encode(&r.track, &b);
	assert_int_equal(track_decode(&back, &b), RC_OK);
	assert_int_equal(back.place, 1);
	assert_int_equal(back.candidate.n, 2);
	assert_int_equal(back.candidate.rtt.sum_us, 10000);
	assert_int_equal(back.seen_us, r.track.seen_us);
	assert_int_equal(noise_count(&back.noise, START_US), 3);
	back.target = &target;
	track_encode(&back, &b);
	assert_int_equal(track_decode(&back, &b), RC_OK);
	b.bytes[0]++;
	assert_int_equal(track_decode(&back, &b), RC_MALFORMED);
	b.bytes[0]--;
	b.len--;
	assert_int_equal(track_decode(&back, &b), RC_MALFORMED);
	assert_int_equal(back.place, 1);
	track_fini(&r.track);
	track_fini(&back);
}

static void
test_noise_is_kept_for_seven_days(void **state)
{
	static const int64_t day = 86400 * US_PER_S;
	struct noise x = { 0 };

	(void)state;
	noise_add(&x, START_US, 2);
	noise_add(&x, START_US + 6 * day, 1);
	assert_int_equal(noise_count(&x, START_US + 6 * day), 3);
	assert_int_equal(noise_count(&x, START_US + 7 * day), 1);
	assert_int_equal(noise_count(&x, START_US + 90 * day), 0);
	noise_add(&x, START_US - 9 * day, 5);
	assert_int_equal(noise_count(&x, START_US + 6 * day), 3);
	noise_add(&x, START_US, 250);
	noise_add(&x, START_US, 250);
	assert_int_equal(noise_count(&x, START_US + 6 * day), 256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_the_first_changed_sample_dates_the_move),
		cmocka_unit_test(test_older_observations_are_dropped),
		cmocka_unit_test(
		    test_a_clock_that_is_ahead_is_held_to_the_arrival),
		cmocka_unit_test(test_what_comes_late_says_so),
		cmocka_unit_test(test_late_news_continue_an_interval),
		cmocka_unit_test(test_bytes_bring_a_track_back),
		cmocka_unit_test(test_noise_is_kept_for_seven_days),
	};

	set_rules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
