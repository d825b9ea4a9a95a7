/* theory.c - see theory.h. */
#include "theory.h"

#include <math.h>
#include <string.h>

#define STEP_S 0.5

/* F: routes there, a good sample by t. */
static double
sampled(const struct theory *x, double t)
{
	double j = floor(t / x->period_s);

	return t <= 0 ? 0
		      : 1 - pow(x->loss, j) *
				(1 - (1 - x->loss) * (t / x->period_s - j));
}

/* F after routes that take their time. */
static double
seen(const struct theory *x, double t)
{
	double sum = 0, c = x->converge_s;

	if (c <= 0)
		return sampled(x, t);
	for (double u = STEP_S / 2; u < t; u += STEP_S)
		sum += sampled(x, t - u) * exp(-u / c) / c * STEP_S;
	return sum < 1 ? sum : 1;
}

/* P(at least k of the networks), each with its own chance. */
static double
at_least(const struct theory *x, double f)
{
	double p[THEORY_NETWORKS + 1] = { 1 }, below = 0;
	size_t k = x->k < THEORY_NETWORKS ? x->k : THEORY_NETWORKS;

	for (size_t i = 0; i < x->n; i++) {
		double one = 1 - pow(1 - f, x->n_vantages[i]);

		for (size_t j = k; j-- > 0;) /* p[j]: exactly j so far */
			p[j] = p[j] * (1 - one) + (j > 0 ? p[j - 1] * one : 0);
	}
	for (size_t j = 0; j < k; j++)
		below += p[j];
	return 1 - below;
}

double
theory_delay_s(const struct theory *x)
{
	double end = 20 * x->period_s + 20 * x->converge_s, sum = 0, missing;

	if (x->k > x->n || x->k == 0)
		return x->k == 0 ? x->hold_s + x->upload_s : INFINITY;
	for (double t = STEP_S / 2; t < end; t += STEP_S) {
		missing = 1 - at_least(x, seen(x, t));
		sum += missing * STEP_S;
		if (missing < 1e-6)
			break;
	}
	return sum + x->confirm_s / (1 - x->loss) + x->upload_s + x->hold_s;
}

double
theory_formula_s(const struct theory *x)
{
	double a = 0;

	for (size_t i = 0; i < x->n; i++)
		a += x->n_vantages[i];
	return (x->k == 0 ? 0 : x->period_s * (double)x->k / (a + 1)) +
	       x->confirm_s / (1 - x->loss) + x->upload_s + x->hold_s;
}
