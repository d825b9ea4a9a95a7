/*
 * main.c - tools/simulate: labelled fleets, for the detector.      (wiring)
 *
 * Prints each scenario's mistakes and a summary; --json: one object, which
 * tools/bench detector reads.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/options.h"
#include "tools/simulate.d/load.h"
#include "tools/simulate.d/play.h"
#include "tools/simulate.d/scenario.h"
#include "tools/simulate.d/score.h"

#define SIMULATED_MAX 700 /* THEORY_NETWORKS, at 0.7 of a host */

struct options {
	int64_t n_scenarios, seed, n_vantages, period_us;
	int64_t n_targets, n_connections, upload_us, for_us;
	bool is_list, is_json, is_verbose, is_config, is_fresh;
	const char *only, *url, *ca_file, *token;
};

static const struct option_spec specs[] = {
	{ 'n', "scenarios", OPTION_COUNT, offsetof(struct options, n_scenarios),
	    1, 1000000, "N", "how many, of each kind in turn (default 30)" },
	{ 0, "seed", OPTION_COUNT, offsetof(struct options, seed), 0, 0, "SEED",
	    "of the first scenario; the next has the next (default 1)" },
	{ 0, "scenario", OPTION_TEXT, offsetof(struct options, only), 0, 0,
	    "NAME", "only this kind (--list shows them)" },
	{ 0, "vantages", OPTION_COUNT, offsetof(struct options, n_vantages), 8,
	    100000, "N", "hosts with both families (default: drawn)" },
	{ 0, "period", OPTION_DURATION, offsetof(struct options, period_us), 0,
	    0, "DURATION", "of the questions (default: drawn)" },
	{ 'l', "list", OPTION_FLAG, offsetof(struct options, is_list), 0, 0,
	    NULL, "print the kinds of scenarios" },
	{ 0, "json", OPTION_FLAG, offsetof(struct options, is_json), 0, 0, NULL,
	    "write JSON" },
	{ 'v', "verbose", OPTION_FLAG, offsetof(struct options, is_verbose), 0,
	    0, NULL, "each scenario with its labels and events" },
	{ 0, "collector", OPTION_TEXT, offsetof(struct options, url), 0, 0,
	    "URL", "post to this collector, instead of simulated time" },
	{ 0, "token", OPTION_TEXT, offsetof(struct options, token), 0, 0,
	    "TOKEN", "to enrol with: of as many uses as vantages" },
	{ 0, "ca", OPTION_TEXT, offsetof(struct options, ca_file), 0, 0, "FILE",
	    "certificate to trust (default: the system's)" },
	{ 0, "targets", OPTION_COUNT, offsetof(struct options, n_targets), 2,
	    500, "N", "addresses that each vantage asks (default 26)" },
	{ 0, "upload", OPTION_DURATION, offsetof(struct options, upload_us), 0,
	    0, "DURATION", "between a vantage's batches (default 30s)" },
	{ 0, "for", OPTION_DURATION, offsetof(struct options, for_us), 0, 0,
	    "DURATION", "how long to go on (default 60s)" },
	{ 0, "connections", OPTION_COUNT,
	    offsetof(struct options, n_connections), 1, 256, "N",
	    "at a time (default 16)" },
	{ 0, "fresh", OPTION_FLAG, offsetof(struct options, is_fresh), 0, 0,
	    NULL, "a new connection for each batch, as probes do" },
	{ 0, "print-config", OPTION_FLAG, offsetof(struct options, is_config),
	    0, 0, NULL, "print the services that the collector needs for it" },
	{ 0 },
};
static const struct command_spec spec = { "tools", "simulate", "", 0, 0,
	"a labelled fleet, and what the detector makes of it", specs };

static void
list(void)
{
	for (size_t i = 0; i < n_scenarios; i++)
		printf("%-20s %s\n", scenarios[i].name, scenarios[i].summary);
}

static void
print_mistake(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

static int64_t
since_start(int64_t at_us)
{
	return (at_us - WORLD_START_US) / US_PER_S;
}

static bool
is_honest(const struct play *p, int64_t vantage_id)
{
	const struct net_vantage *v = &p->story.net.vantages[vantage_id - 1];

	return v->flapping == FLAPS_NOT && v->lie == LIE_NOT;
}

/* Each vote once: as it was last told. */
static void
print_votes(const struct play *p, int64_t event_id)
{
	for (size_t i = 0; i < p->n_votes; i++) {
		const struct vote *v = &p->votes[i];
		bool is_last = v->event_id == event_id;

		for (size_t k = i + 1; k < p->n_votes; k++)
			is_last &= p->votes[k].event_id != event_id ||
				   p->votes[k].vantage_id != v->vantage_id;
		if (is_last)
			printf("    vantage %" PRId64 " AS %u %" PRId64
			       " -> %" PRId64 " at %" PRId64 " s, sure %" PRId64
			       " s, over %" PRId64 " s%s\n",
			    v->vantage_id,
			    p->story.net.vantages[v->vantage_id - 1].asn,
			    v->from_site_id, v->to_site_id,
			    since_start(v->at_us), since_start(v->confirmed_us),
			    v->ended_us == 0 ? 0 : since_start(v->ended_us),
			    is_honest(p, v->vantage_id) ? ""
							: " (flaps, lies)");
	}
}

static void
print_play(const struct play *p)
{
	const struct internet_plan *plan = &p->story.plan;

	printf("%s seed %" PRIu64 ": %zu hosts, %zu networks, %zu sites, share "
	       "%.2f, loss %.3f, period %" PRId64 " s, %" PRIu64 " answers\n",
	    p->story.name, p->story.seed, plan->n_hosts, plan->n_asns,
	    plan->n_sites, plan->share, plan->loss, plan->every_us / US_PER_S,
	    p->n_sightings);
	for (size_t i = 0; i < p->story.n_labels; i++) {
		const struct label *l = &p->story.labels[i];

		printf("  %s %s site %" PRId64 " %s from %" PRId64
		       " s, at the soonest after %.1f s\n",
		    l->is_must ? "must" : "may", event_kind_name(l->kind),
		    l->site_id, l->verdict == NULL ? "" : l->verdict,
		    since_start(l->at_us), l->minimum_s);
	}
	for (size_t i = 0; i < p->n_events; i++) {
		const struct event *e = &p->events[i];

		printf("  told %s site %" PRId64 " %s at %" PRId64
		       " s parent %" PRId64 " %s %s\n",
		    event_kind_name(e->kind), e->site_id, e->verdict,
		    since_start(e->detected_us), e->parent_id, e->resolution,
		    e->gates);
		print_votes(p, e->id);
	}
}

static json_t *
json_of(struct tally_of_kind *t)
{
	double n = t->n_delays == 0 ? 1 : (double)t->n_delays, sum = 0;

	for (size_t i = 0; i < t->n_delays; i++)
		sum += t->delays_s[i];
	return json_pack("{s:i,s:i,s:i,s:i,s:f,s:f,s:f,s:f,s:f,s:f,s:f}",
	    "must", t->n_must, "found", t->n_found, "right", t->n_right,
	    "false", t->n_false, "precision", score_precision(t), "recall",
	    score_recall(t), "delay_s", sum / n, "delay_p50_s",
	    score_percentile(t, 50), "delay_p95_s", score_percentile(t, 95),
	    "minimum_s", t->minimum_s / n, "formula_s", t->formula_s / n);
}

static json_t *
json_of_kinds(struct tally_of_kind *kinds)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < SCORE_KINDS; i++)
		json_object_set_new(all, event_kind_name((enum event_kind)i),
		    json_of(&kinds[i]));
	return all;
}

static void
print_json(struct score *s, const struct options *o)
{
	json_t *rules = json_array(), *all;

	for (size_t i = 0; i < RULES; i++)
		json_array_append_new(rules,
		    json_pack("{s:i,s:i,s:o}", "k", rule_k(i), "hold_s",
			rule_hold_s(i), "kinds", json_of_kinds(s->rules[i])));
	all = json_pack("{s:I,s:I,s:o,s:i,s:o}", "seed", (json_int_t)o->seed,
	    "scenarios", (json_int_t)o->n_scenarios, "detector",
	    json_of_kinds(s->kinds), "other_kinds", s->n_other, "rules", rules);
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(all);
}

static void
print_kinds(const char *who, struct tally_of_kind *kinds)
{
	for (unsigned i = 0; i < SCORE_KINDS; i++) {
		struct tally_of_kind *t = &kinds[i];
		double n = t->n_delays == 0 ? 1 : (double)t->n_delays;

		printf("%-15s %-9s found %u of %u, false %u, precision %.3f, "
		       "recall %.3f, delay p50 %.0f s p95 %.0f s, mean at the "
		       "soonest %.0f s\n",
		    who, event_kind_name((enum event_kind)i), t->n_found,
		    t->n_must, t->n_false, score_precision(t), score_recall(t),
		    score_percentile(t, 50), score_percentile(t, 95),
		    t->minimum_s / n);
	}
}

static void
print_summary(struct score *s, const struct options *o)
{
	char who[32];

	printf("%" PRId64 " scenarios from seed %" PRId64
	       ", %u events of other kinds\n",
	    o->n_scenarios, o->seed, s->n_other);
	print_kinds("detector", s->kinds);
	for (size_t i = 0; i < RULES; i++) {
		snprintf(who, sizeof who, "%u change%s %u s", rule_k(i),
		    rule_k(i) == 1 ? "" : "s", rule_hold_s(i));
		print_kinds(who, s->rules[i]);
	}
}

static void
run(const struct options *o, const struct scenario *only, struct score *s)
{
	for (int64_t i = 0; i < o->n_scenarios; i++) {
		const struct scenario *x =
		    only != NULL ? only : &scenarios[(size_t)i % n_scenarios];
		uint64_t seed = (uint64_t)(o->seed + i);
		struct internet_plan plan = scenario_plan(x, seed);
		static struct play p;

		if (o->n_vantages != 0) {
			plan.n_hosts = (size_t)o->n_vantages;
			plan.n_asns = plan.n_hosts * 7 / 10;
		}
		if (o->period_us != 0)
			plan.every_us = o->period_us;
		play_run(&p, x, seed, &plan);
		score_add(s, &p, print_mistake, NULL);
		if (o->is_verbose)
			print_play(&p);
		play_fini(&p);
	}
}

static void
print_load(const struct load_result *r, bool is_json)
{
	if (is_json) {
		json_t *all = json_pack("{s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:f}",
		    "batches", (json_int_t)r->n_batches, "observations",
		    (json_int_t)r->n_observations, "refused",
		    (json_int_t)r->n_refused, "seconds", r->seconds,
		    "enrol_seconds", r->enrol_seconds, "p50_ms", r->p50_ms,
		    "p99_ms", r->p99_ms, "worst_ms", r->worst_ms, "late_s",
		    r->late_s);

		json_dumpf(
		    all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
		putchar('\n');
		json_decref(all);
		return;
	}
	printf("%" PRId64 " batches, %" PRId64 " observations in %.1f s: "
	       "%.0f observations/s, %" PRId64 " refused; to 200 p50 %.1f ms, "
	       "p99 %.1f ms, worst %.1f ms; %.1f s behind; enrolled in %.1f "
	       "s\n",
	    r->n_batches, r->n_observations, r->seconds,
	    (double)r->n_observations / r->seconds, r->n_refused, r->p50_ms,
	    r->p99_ms, r->worst_ms, r->late_s, r->enrol_seconds);
}

/* Against a real collector.  The exit status. */
static int
load(const struct options *o)
{
	struct load_plan p = { .server = { o->url, o->ca_file, o->token },
		.seed = (uint64_t)o->seed,
		.n_hosts = o->n_vantages != 0 ? o->n_vantages : 100,
		.n_targets = o->n_targets,
		.n_connections = o->n_connections,
		.period_us = o->period_us != 0 ? o->period_us : 60 * US_PER_S,
		.upload_us = o->upload_us,
		.for_us = o->for_us,
		.is_fresh = o->is_fresh };
	struct load_result r;

	if (p.upload_us <= 0 || p.upload_us > p.period_us)
		p.upload_us = p.period_us;
	if (o->is_config) {
		load_print_config(&p);
		return 0;
	}
	if (o->token == NULL) {
		fprintf(stderr, "simulate: --collector wants --token TOKEN: "
				"'catchwater token new --uses N'\n");
		return 2;
	}
	fprintf(stderr, "seed %" PRId64 "\n", o->seed);
	load_run(&p, &r);
	print_load(&r, o->is_json);
	return r.n_refused > 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
	struct options o = { .n_scenarios = 30,
		.seed = 1,
		.n_targets = 26,
		.n_connections = 16,
		.upload_us = 30 * US_PER_S,
		.for_us = 60 * US_PER_S };
	const struct scenario *only = NULL;
	static struct score score;
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc =
	    options_parse(&spec, &o, argc, argv, &operands, &n_operands, &err);

	if (rc == RC_NOTFOUND)
		return 0;
	if (rc == RC_OK && o.only != NULL) {
		only = scenario_find(o.only);
		if (only == NULL)
			rc = err_set(&err, RC_RANGE,
			    "--scenario %s: none has that name; --list shows "
			    "them",
			    o.only);
	}
	if (rc != RC_OK) {
		fprintf(stderr, "simulate: %s\n", err.text);
		return 2;
	}
	if (o.is_list) {
		list();
		return 0;
	}
	if (o.is_config || o.url != NULL)
		return load(&o);
	if (o.n_vantages > SIMULATED_MAX) {
		fprintf(stderr,
		    "simulate: --vantages: at most %d without --collector\n",
		    SIMULATED_MAX);
		return 2;
	}
	run(&o, only, &score);
	if (o.is_json)
		print_json(&score, &o);
	else
		print_summary(&score, &o);
	score_fini(&score);
	return 0;
}
