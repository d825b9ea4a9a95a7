/*
 * rules.h - two naive detectors, to be beaten on the same input.     (pure)
 *
 * Uses     tests/sim/world.h (inputs)
 * Used by  play, score
 *
 * Both hear every answer of a round, a confirmation or a retry:
 *
 *   any change   one vantage names another site than before (shift), or is
 *                silent after it answered (blackhole), or a site's own address
 *                is, or it answers though it is said to be withdrawn
 *                (mismatch): told at once;
 *   k of n       as many vantages did so about one site, within two periods
 *                and a minute.
 *
 * Either may be told to wait, as an operator does who is woken too often: then
 * a vantage counts when it still says so that many seconds after it first did.
 * So each rule can be had as slow as one likes, and compared at equal delay.
 *
 * What one of them tells again about the same site within five minutes is the
 * same alarm, and whatever it tells while a label lasts is right: more than
 * they would be given in real life.
 */
#ifndef SIMULATE_RULES_H
#define SIMULATE_RULES_H

#include "collector/detect.h"
#include "tests/sim/world.h"

struct alarm_told {
	enum event_kind kind;
	int64_t site_id;
	int64_t at_us;
};

struct alarms {
	struct alarm_told *list;
	size_t n, cap;
};

#define RULE_KS 8
#define RULE_HOLDS 6
#define RULES (RULE_KS * RULE_HOLDS)

/* The i-th of the RULES: its k (1: any change), and what it waits, in s. */
unsigned rule_k(size_t i);
unsigned rule_hold_s(size_t i);

struct rules;

/* Lends the services.  Gives: rules_free. */
struct rules *rules_new(const struct services *services, size_t n_vantages);
void rules_free(struct rules *r);
void rules_hear(struct rules *r, const struct input *in);

/* Lends what the i-th rule told. */
const struct alarms *rules_alarms(const struct rules *r, size_t i);

#endif
