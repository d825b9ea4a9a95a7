/* options.c - see options.h. */
#include "schema/base/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"

#define MAX_OPTIONS 40
#define LONG_ONLY 256 /* getopt value of option i without a letter: 256 + i */
#define HELP_VALUE 1
#define COMPLETE_VALUE 2
#define MAX_WORD 32

static size_t
smallest(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment distance; words over MAX_WORD are far from all. */
static size_t
distance(const char *a, const char *b)
{
	size_t d[MAX_WORD + 1][MAX_WORD + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > MAX_WORD || lb > MAX_WORD)
		return MAX_WORD;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			d[i][j] = smallest(d[i - 1][j] + 1, d[i][j - 1] + 1,
			    d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[la][lb];
}

const char *
options_suggest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, names[i]);

		if (d < best_distance) {
			best_distance = d;
			best = names[i];
		}
	}
	return best;
}

static size_t
count_options(const struct command_spec *spec)
{
	size_t n = 0;

	while (spec->options != NULL && spec->options[n].name != NULL &&
	       n < MAX_OPTIONS)
		n++;
	return n;
}

/* Fills getopt's own tables; the leading '+' is left out so that operands
 * may stand between options, the ':' asks for quiet errors. */
static void
fill_getopt(
    const struct command_spec *spec, char *letters, struct option *longs)
{
	size_t n = count_options(spec);

	*letters++ = ':';
	for (size_t i = 0; i < n; i++) {
		const struct option_spec *o = &spec->options[i];
		bool has_argument = o->kind != OPTION_FLAG;

		longs[i] = (struct option){ o->name, has_argument, NULL,
			o->letter != 0 ? o->letter : LONG_ONLY + (int)i };
		if (o->letter == 0)
			continue;
		*letters++ = o->letter;
		if (has_argument)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[n] = (struct option){ "help", no_argument, NULL, HELP_VALUE };
	longs[n + 1] =
	    (struct option){ "complete", no_argument, NULL, COMPLETE_VALUE };
	longs[n + 2] = (struct option){ 0 };
}

static enum rc
check_range(
    const struct option_spec *o, double v, const char *text, struct err *err)
{
	if ((o->min == 0 && o->max == 0) ||
	    (v >= (double)o->min && v <= (double)o->max))
		return RC_OK;
	return err_set(err, RC_RANGE, "--%s: %s is outside %lld to %lld",
	    o->name, text, (long long)o->min, (long long)o->max);
}

static enum rc
set_count(
    const struct option_spec *o, int64_t *to, const char *text, struct err *err)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0)
		return err_set(err, RC_MALFORMED,
		    "--%s: '%s' is not a whole number", o->name, text);
	*to = v;
	return check_range(o, (double)v, text, err);
}

static enum rc
set_decimal(
    const struct option_spec *o, double *to, const char *text, struct err *err)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (end == text || *end != '\0' || errno != 0 || v != v)
		return err_set(err, RC_MALFORMED, "--%s: '%s' is not a number",
		    o->name, text);
	*to = v;
	return check_range(o, v, text, err);
}

static enum rc
set_duration(
    const struct option_spec *o, int64_t *to, const char *text, struct err *err)
{
	char *end;
	double s = strtod(text, &end);

	if (end != text && *end == '\0' && s >= 0 && s < 1e9) {
		*to = (int64_t)(s * (double)US_PER_S);
		return RC_OK;
	}
	if (clock_parse_duration(to, text, err) == RC_OK)
		return RC_OK;
	return err_at(err, RC_MALFORMED, "--%s", o->name);
}

static enum rc
set_option(
    const struct option_spec *o, void *into, const char *text, struct err *err)
{
	char *field = (char *)into + o->offset;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)(void *)field = true;
		return RC_OK;
	case OPTION_TEXT:
		*(const char **)(void *)field = text;
		return RC_OK;
	case OPTION_COUNT:
		return set_count(o, (int64_t *)(void *)field, text, err);
	case OPTION_DECIMAL:
		return set_decimal(o, (double *)(void *)field, text, err);
	case OPTION_DURATION:
		return set_duration(o, (int64_t *)(void *)field, text, err);
	}
	return RC_RANGE;
}

static const struct option_spec *
find_option(const struct command_spec *spec, int value)
{
	if (value >= LONG_ONLY)
		return &spec->options[value - LONG_ONLY];
	for (size_t i = 0; i < count_options(spec); i++)
		if (spec->options[i].letter == value)
			return &spec->options[i];
	return NULL;
}

/* Is the last fault of getopt a letter that we do not know?  (A long option
 * leaves 0, or the value of a flag that was given an argument.) */
static bool
is_unknown_letter(const struct command_spec *spec)
{
	return optopt > ' ' && optopt < LONG_ONLY &&
	       find_option(spec, optopt) == NULL;
}

static enum rc
unknown_option(
    const struct command_spec *spec, const char *word, struct err *err)
{
	const char *names[MAX_OPTIONS];
	size_t n = count_options(spec);
	const char *near = NULL;

	if (is_unknown_letter(spec)) /* word may be one before or after it */
		return err_set(err, RC_MALFORMED,
		    "unknown option -%c; '%s %s --help' lists them", optopt,
		    spec->program, spec->name);
	for (size_t i = 0; i < n; i++)
		names[i] = spec->options[i].name;
	if (strncmp(word, "--", 2) == 0)
		near = options_suggest(word + 2, names, n);
	if (near != NULL)
		return err_set(err, RC_MALFORMED,
		    "unknown option %s; did you mean --%s?", word, near);
	return err_set(err, RC_MALFORMED,
	    "unknown option %s; '%s %s --help' lists them", word, spec->program,
	    spec->name);
}

static enum rc
check_operands(const struct command_spec *spec, int n, struct err *err)
{
	if (n < spec->min_operands)
		return err_set(err, RC_MALFORMED, "usage: %s %s [OPTION...] %s",
		    spec->program, spec->name, spec->operands);
	if (spec->max_operands >= 0 && n > spec->max_operands)
		return err_set(err, RC_MALFORMED,
		    "too many arguments; usage: %s %s [OPTION...] %s",
		    spec->program, spec->name, spec->operands);
	return RC_OK;
}

enum rc
options_parse(const struct command_spec *spec, void *into, int argc,
    char **argv, char ***operands, int *n_operands, struct err *err)
{
	struct option longs[MAX_OPTIONS + 3];
	char letters[2 * MAX_OPTIONS + 2];
	int value;

	fill_getopt(spec, letters, longs);
	opterr = 0;
	optind = 0; /* glibc and musl: start afresh */
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		enum rc rc;

		if (value == HELP_VALUE) {
			options_help(spec, stdout);
			return RC_NOTFOUND;
		}
		if (value == COMPLETE_VALUE) {
			options_complete(spec, stdout);
			return RC_NOTFOUND;
		}
		if (value == '?')
			return unknown_option(spec, argv[optind - 1], err);
		if (value == ':')
			return err_set(err, RC_MALFORMED,
			    "%s needs an argument", argv[optind - 1]);
		rc = set_option(find_option(spec, value), into, optarg, err);
		if (rc != RC_OK)
			return rc;
	}
	*operands = argv + optind;
	*n_operands = argc - optind;
	return check_operands(spec, *n_operands, err);
}

void
options_complete(const struct command_spec *spec, FILE *to)
{
	for (size_t i = 0; i < count_options(spec); i++) {
		const struct option_spec *o = &spec->options[i];

		fprintf(to, "--%s\t%s\t%s\n", o->name,
		    o->argument != NULL ? o->argument : "", o->help);
	}
	fputs("--help\t\tlist the options\n", to);
}

void
options_help(const struct command_spec *spec, FILE *to)
{
	size_t n = count_options(spec);

	fprintf(to, "%s %s: %s\n\nusage: %s %s %s%s\n", spec->program,
	    spec->name, spec->summary, spec->program, spec->name,
	    n > 0 ? "[OPTION...] " : "", spec->operands);
	if (n > 0)
		fputs("\noptions:\n", to);
	for (size_t i = 0; i < n; i++) {
		const struct option_spec *o = &spec->options[i];
		char left[64];

		snprintf(left, sizeof left, "%c%c%s--%s%s%s",
		    o->letter != 0 ? '-' : ' ',
		    o->letter != 0 ? o->letter : ' ',
		    o->letter != 0 ? ", " : "  ", o->name,
		    o->argument != NULL ? " " : "",
		    o->argument != NULL ? o->argument : "");
		fprintf(to, "  %-28s %s\n", left, o->help);
	}
}
