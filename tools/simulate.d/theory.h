/*
 * theory.h - the soonest that a detector can know.                   (pure)
 *
 * Used by  story (labels)
 *
 * Every vantage asks once a period T, at its own moment; a question is lost
 * with chance q; routes reach a vantage a time after the cause that is
 * exponential with mean c.  The first good sample of the new state of one
 * vantage has come by t with
 *
 *	F(t) = 1 - q^j (1 - (1 - q) (t/T - j)),  j = floor(t/T)
 *
 * (convolved with c), that of a network of a vantages with 1 - (1 - F)^a, and
 * the delay until k networks have seen it is
 *
 *	E[D] = integral of P(fewer than k networks by t) dt
 *
 * which is T k/(A + 1) for A networks of one vantage without loss.  To this
 * come (m - 1) tau/(1 - q) for confirming, the time that the upload takes,
 * and what a rule must hold before it is an event.  science.md, section 5.
 */
#ifndef SIMULATE_THEORY_H
#define SIMULATE_THEORY_H

#include <stddef.h>
#include <stdint.h>

#define THEORY_NETWORKS 512

struct theory {
	double period_s, loss, converge_s;
	double confirm_s; /* (m - 1) tau */
	double upload_s, hold_s;
	size_t n;                             /* networks that are affected */
	unsigned n_vantages[THEORY_NETWORKS]; /* of each */
	size_t k;                             /* as many must be sure */
};

/* Mean delay in seconds.  Infinite when k > n. */
double theory_delay_s(const struct theory *t);

/* T k/(A + 1) + confirm, A all vantages: the formula without loss, routes or
 * networks. */
double theory_formula_s(const struct theory *t);

#endif
