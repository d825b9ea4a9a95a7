/*
 * announce.c - catchwater announce: for an operator's own automation.
 *
 * What is said holds for its lease: no news is "unknown", never "still up".
 */
#include <stdio.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_admin.h"
#include "collector/store_site.h"
#include "schema/base/clock.h"

#define DEFAULT_LEASE_US (300 * US_PER_S)
#define LEASE_MAX_US (365 * 86400 * US_PER_S)

struct options {
	struct where where;
	const char *service;
	int64_t lease_us, family;
	const char *healthy;
};

static const struct option_spec options[] = {
	{ 'l', "lease", OPTION_DURATION, offsetof(struct options, lease_us), 0,
	    0, "TIME", "how long it holds unless said again (default 5m)" },
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "where several services have a site of this name" },
	{ 'f', "family", OPTION_COUNT, offsetof(struct options, family), 4, 6,
	    "4|6", "of this address family only (default both)" },
	{ 0, "healthy", OPTION_TEXT, offsetof(struct options, healthy), 0, 0,
	    "yes|no|unknown", "tell its health too, for the same time" },
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "announce", "SITE up|down",
	2, 2, "tell that a site's route is announced, or withdrawn", options };

static enum rc
parse_direction(const char *word, bool *is_up, struct err *err)
{
	static const char *const words[] = { "up", "down" };

	*is_up = strcmp(word, "up") == 0;
	if (*is_up || strcmp(word, "down") == 0)
		return RC_OK;
	return unknown_word(err, "direction", word, words, 2);
}

/* SAID_NOTHING when the option is not given. */
static enum rc
parse_healthy(const char *word, enum said *out, struct err *err)
{
	static const char *const words[] = { "yes", "no", "unknown" };

	*out = SAID_NOTHING;
	if (word == NULL)
		return RC_OK;
	for (enum said s = SAID_UNKNOWN; s <= SAID_YES; s++)
		if (strcmp(word, said_name(s)) == 0)
			*out = s;
	if (*out != SAID_NOTHING)
		return RC_OK;
	return unknown_word(err, "--healthy", word, words, 3);
}

static enum rc
check_lease(int64_t lease_us, struct err *err)
{
	if (lease_us >= US_PER_S && lease_us <= LEASE_MAX_US)
		return RC_OK;
	return err_set(
	    err, RC_RANGE, "--lease: expected a time from 1s to 365d");
}

static enum rc
announce(struct store *st, const struct options *o, const char *site,
    struct announcement *a, enum said healthy, struct err *err)
{
	char until[CLOCK_TEXT_LEN];
	enum rc rc = lookup_site(st, o->service, site, &a->site_id, err);

	if (rc == RC_OK)
		rc = store_announce(st, a, err);
	if (rc == RC_OK && healthy != SAID_NOTHING)
		rc = store_site_health(st, a->site_id, a->family, healthy,
		    a->at_us, a->lease_until_us, err);
	if (rc != RC_OK)
		return rc;
	printf("%s is %s%s until %s, unless told again\n", site,
	    a->is_up ? "announced" : "withdrawn",
	    healthy == SAID_YES       ? " and healthy"
	    : healthy == SAID_NO      ? " and not healthy"
	    : healthy == SAID_UNKNOWN ? ", its health unknown,"
				      : "",
	    clock_format(a->lease_until_us, until));
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	char **operands = call->operands;
	int64_t now_us = clock_wall_us();
	struct announcement a = { .family = (uint8_t)o->family,
		.at_us = now_us,
		.lease_until_us = now_us + o->lease_us,
		.source = "catchwater announce" };
	struct store *st = NULL;
	enum said healthy;
	enum rc rc = parse_direction(operands[1], &a.is_up, err);

	if (rc == RC_OK)
		rc = parse_healthy(o->healthy, &healthy, err);
	if (rc == RC_OK)
		rc = check_family(o->family, err);
	if (rc == RC_OK)
		rc = check_lease(o->lease_us, err);
	if (rc == RC_OK)
		rc = where_open(&o->where, STORE_EDIT, &st, err);
	if (rc == RC_OK)
		rc = announce(st, o, operands[0], &a, healthy, err);
	store_close(st);
	return rc;
}

int
command_announce(int argc, char **argv)
{
	struct options o = { .lease_us = DEFAULT_LEASE_US };

	return command_run(&spec, &o, argc, argv, run);
}
