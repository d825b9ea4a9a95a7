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
extern const unsigned rule_ks[RULE_KS]; /* 1: any change */

struct rules;

/* Lends the services.  Gives: rules_free. */
struct rules *rules_new(const struct services *services, size_t n_vantages);
void rules_free(struct rules *r);
void rules_hear(struct rules *r, const struct input *in);

/* Lends what the rule with rule_ks[k] told. */
const struct alarms *rules_alarms(const struct rules *r, size_t k);

#endif
