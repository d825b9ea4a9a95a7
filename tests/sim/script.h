/*
 * script.h - reads the stories of tests/sim: what happens, what must come out.
 *
 * Uses     tests/sim/world.h
 * Used by  tests/sim/test_sim.c
 *
 * One line, one thing; '#' begins a comment; durations as "90s", "10m", "7d".
 * First the service and the fleet:
 *
 *	every 60s                     period of the DNS questions
 *	sites ams fra nrt             (after every)
 *	bare                          (before sites) no controls, no unicast
 *	settles 1h | sick 30s | settle 5m | tick 10s | loss 5 SEED
 *	local nrt 301 302             (or none) a local site, for these ASes
 *	stale 10m                     stale_after
 *	traces                        probes trace, too
 *	jitter 2ms                    the most by which round trips differ
 *	fleet ams 101 102 103         probes p1, p2, p3 ... of these ASes (0: not
 *	                              known), v4 and v6, landing at ams
 *
 *	stand WHO... 52.3,4.8         where vantages are
 *
 * Then what happens, each with its time since the start; WHO is p3, p3/6,
 * p2-p5, as101, @ams (who lands there), all; several may follow:
 *
 *	10m move WHO... fra           they land there from now on
 *	10m fault ams silent          or refused, servfail, none
 *	10m unicast ams down          or up: its own addresses
 *	10m rename ams                its identity matches no template
 *	10m recode ams                it names a site that nobody has
 *	10m name ams                  ... and all is well again
 *	10m slow ams 60ms             its round trips are longer by this
 *	10m serial 5                  the zone's next edition, everywhere but
 *	10m stick ams                 at such a site; unstick
 *	10m deafen WHO...             all questions time out; uploads work
 *	10m lose WHO...               only those to the service do
 *	10m cut WHO...                all time out, nothing is uploaded
 *	10m hold WHO...               only uploads wait
 *	10m mend WHO...               undoes these four
 *	10m skew -10m WHO...          their clocks are wrong
 *	10m distrust WHO...           quarantined; trust
 *	10m release WHO...            from the detector's own quarantine
 *	10m excuse WHO...             intercepted: not counted; count
 *	10m packet WHO...             balanced by packet: the same
 *	10m flip WHO... fra           half of their packets go there; steady
 *	10m capture WHO... NAME       an impostor answers them, as a site or
 *	                              by another name, by another way; free
 *	10m lie WHO...                they report whatever they like; confess
 *	10m outrun WHO... NAME        ... and sooner than a site could
 *	10m away                      the collector itself is off; back
 *	10m announce ams up           or down; said again until muted
 *	10m announce ams/6 down       one family
 *	10m mute ams                  nobody says anything any more
 *	10m healthy ams yes           or no, unknown: the site's own word
 *	10m drain ams                 on purpose; undrain
 *	10m varied fra                other source ports land at fra
 *	20m end
 *
 * And what must come out; any other event is a failure:
 *
 *	expect shift ams KEY VALUE... direction, rule, family (4, 6, both), since
 *	                              and detected (A..B), asns, vantages,
 *	                              severity, verdict, planned (yes, no), end
 *	                              (a resolution, or open), ended (A..B), parent
 *	                              (a kind), gate.NAME (a number or a word)
 *	expect state 12m ams/4 ghost  verdict at that time
 *	expect suspected 12m none     or KIND SITE, and KEY VALUE...: asns, needed,
 *	                              vantages, direction, needed.RULE; nothing
 *	                              else may be suspected then
 *	expect landing p1/4 ams dark fra@10m..12m    intervals, with their since
 *	expect moves 8
 *	expect quarantine p7/4 peers since A..B until A..B end believable
 *	                              by the detector; "until" and "end" may be
 *	                              left out: it is in force
 */
#ifndef TESTS_SIM_SCRIPT_H
#define TESTS_SIM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/world.h"

#define SCRIPT_WORDS_MAX 64
#define SCRIPT_LINE_MAX 256
#define SCRIPT_EXPECT_MAX 64
#define SCRIPT_VANTAGES_MAX 256

struct expectation { /* the words after "expect" */
	int line;
	size_t n;
	char text[SCRIPT_LINE_MAX]; /* as written */
	char buffer[SCRIPT_LINE_MAX];
	char *words[SCRIPT_WORDS_MAX];
};

struct script {
	struct world world;
	size_t n_expected;
	struct expectation expected[SCRIPT_EXPECT_MAX];
	bool is_bare;
	int64_t every_us;
	uint64_t seed; /* of the losses; 0: none */
};

/* Reads and runs the world's side of a script.  A mistake in it fails the
 * test with its line. */
void script_run(struct script *s, const char *path);
void script_fini(struct script *s);

/* "10m..12m" as times since the start.  False: not a range. */
bool script_range(const char *text, int64_t *from_us, int64_t *to_us);
bool script_duration(const char *text, int64_t *us);

/* The site's position, or -1. */
int script_site(const struct script *s, const char *name);

/* The position of the vantage "p3/6", or -1. */
int script_vantage(const struct script *s, const char *name);

#endif
