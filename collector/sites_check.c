/* sites_check.c - see sites_check.h. */
#include "collector/sites_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/report.h"
#include "collector/summary.h"

static const char *const levels[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

enum check_level
verdict_level(const char *verdict)
{
	static const struct {
		const char *verdict;
		enum check_level level;
	} of[] = {
		{ "sick_attracting", CHECK_CRITICAL },
		{ "ghost_sick", CHECK_CRITICAL },
		{ "sick_announced", CHECK_WARNING },
		{ "ghost", CHECK_WARNING },
		{ "withdrawn", CHECK_WARNING },
		{ "unknown", CHECK_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (strcmp(of[i].verdict, verdict) == 0)
			return of[i].level;
	return CHECK_OK;
}

static void
print_site(const struct site_now *s, FILE *to)
{
	char *service = report_safe(s->service), *site = report_safe(s->site);

	fprintf(to, "%s of %s v%u is %s: %s (%" PRId64 " vantages)", site,
	    service, s->family, s->verdict, verdict_meaning(s->verdict),
	    s->n_vantages);
	free(service);
	free(site);
}

static void
print_counts(const struct sites_check *c, const unsigned *n, FILE *to)
{
	int64_t n_vantages = 0;

	for (size_t i = 0; i < c->sites->n; i++)
		n_vantages += c->sites->rows[i].n_vantages;
	fprintf(to,
	    " | critical=%u;;0 warning=%u;0 unknown=%u ok=%u "
	    "landings=%" PRId64 "\n",
	    n[CHECK_CRITICAL], n[CHECK_WARNING], n[CHECK_UNKNOWN], n[CHECK_OK],
	    n_vantages);
}

/* Why nothing can be said; false: something can. */
static bool
print_ignorance(const struct sites_check *c, const unsigned *n, FILE *to)
{
	char ago[REPORT_AGO_LEN];
	int64_t since_us = c->now_us - c->received_us;

	if (c->sites->n == 0)
		fputs(
		    "no sites; has 'catchwater serve' been started with them?",
		    to);
	else if (c->received_us == 0)
		fputs("no probe has sent anything yet", to);
	else if (since_us > c->stale_us)
		fprintf(
		    to, "nothing received for %s", report_ago(since_us, ago));
	else if (n[CHECK_UNKNOWN] == c->sites->n)
		fputs("of no site is enough known for a verdict", to);
	else
		return false;
	return true;
}

static void
print_level(const struct sites_check *c, enum check_level level, FILE *to)
{
	const char *comma = "";

	for (size_t i = 0; i < c->sites->n; i++) {
		const struct site_now *s = &c->sites->rows[i];

		if (verdict_level(s->verdict) != level)
			continue;
		fputs(comma, to);
		print_site(s, to);
		comma = "; ";
	}
}

int
sites_check_print(const struct sites_check *c, FILE *to)
{
	unsigned n[CHECK_UNKNOWN + 1] = { 0 };
	enum check_level worst;
	char *said = NULL;
	size_t len;
	FILE *text = open_memstream(&said, &len);

	if (text == NULL)
		return CHECK_UNKNOWN;
	for (size_t i = 0; i < c->sites->n; i++)
		n[verdict_level(c->sites->rows[i].verdict)]++;
	worst = n[CHECK_CRITICAL] > 0  ? CHECK_CRITICAL
		: n[CHECK_WARNING] > 0 ? CHECK_WARNING
				       : CHECK_OK;
	if (print_ignorance(c, n, text))
		worst = CHECK_UNKNOWN;
	else if (worst == CHECK_OK)
		fprintf(text, "%u sites as they should be", n[CHECK_OK]);
	if (worst == CHECK_CRITICAL)
		print_level(c, CHECK_CRITICAL, text);
	if (worst == CHECK_CRITICAL && n[CHECK_WARNING] > 0)
		fputs("; ", text);
	if (worst == CHECK_CRITICAL || worst == CHECK_WARNING)
		print_level(c, CHECK_WARNING, text);
	fclose(text);
	fprintf(to, "CATCHWATER %s - %s", levels[worst], said);
	print_counts(c, n, to);
	free(said);
	return (int)worst;
}
