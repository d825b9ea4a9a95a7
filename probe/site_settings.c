/* site_settings.c - see site_settings.h. */
#include "probe/site_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"
#include "schema/site_report.h"

#define FILE_MAX ((size_t)64 << 10)
#define AT(field) offsetof(struct site_options, field)

static const struct option_spec specs[] = {
	{ 'c', "config", OPTION_TEXT, AT(config), 0, 0, "FILE",
	    "read these options from a file, one \"name value\" a line" },
	{ 0, "site", OPTION_TEXT, AT(site), 0, 0, "NAME",
	    "the site, as the collector's configuration calls it" },
	{ 0, "service", OPTION_TEXT, AT(service), 0, 0, "NAME",
	    "where several services have a site of this name" },
	{ 0, "prefix", OPTION_TEXT, AT(prefix), 0, 0, "LIST",
	    "announced? the anycast prefix, of each family one" },
	{ 0, "bird", OPTION_TEXT, AT(bird), 0, 0, "SOCKET",
	    "... ask BIRD on its control socket (/run/bird/bird.ctl)" },
	{ 0, "frr", OPTION_TEXT, AT(frr), 0, 0, "VTYSH",
	    "... ask FRR by this command (vtysh)" },
	{ 0, "gobgp", OPTION_TEXT, AT(gobgp), 0, 0, "GOBGP",
	    "... ask GoBGP by this command (gobgp)" },
	{ 0, "command", OPTION_TEXT, AT(command), 0, 0, "SHELL",
	    "... ask this command: exit status 0 yes, 1 no, else unknown" },
	{ 0, "peers", OPTION_TEXT, AT(peers), 0, 0, "LIST",
	    "... sessions that count: BIRD's names, others' addresses" },
	{ 0, "address", OPTION_TEXT, AT(address), 0, 0, "LIST",
	    "healthy? anycast addresses to ask, bound on this host" },
	{ 0, "unicast", OPTION_TEXT, AT(unicast), 0, 0, "LIST",
	    "... the site's own addresses to ask" },
	{ 0, "zone", OPTION_TEXT, AT(zone), 0, 0, "NAME",
	    "... the zone whose SOA they must have" },
	{ 0, "port", OPTION_COUNT, AT(port), 1, 65535, "N",
	    "... port of the service (default 53)" },
	{ 0, "identity", OPTION_TEXT, AT(identity), 0, 0, "PATTERN",
	    "... NSID or CHAOS name they must give; '*' stands for anything" },
	{ 0, "resolver", OPTION_FLAG, AT(is_resolver), 0, 0, NULL,
	    "... they are resolvers: their answers need no AA" },
	{ 0, "elsewhere", OPTION_FLAG, AT(is_elsewhere), 0, 0, NULL,
	    "... the anycast addresses are bound on another host" },
	{ 0, "check", OPTION_TEXT, AT(check), 0, 0, "SHELL",
	    "... and this command: exit status 0 yes, 1 no, else unknown" },
	{ 0, "fall", OPTION_COUNT, AT(fall), 1, 100, "N",
	    "... failures in a row until it is not (default 2)" },
	{ 0, "rise", OPTION_COUNT, AT(rise), 1, 100, "N",
	    "... successes in a row until it is (default 2)" },
	{ 0, "every", OPTION_DURATION, AT(every_us), 0, 0, "TIME",
	    "how often to look (default 5s)" },
	{ 0, "timeout", OPTION_DURATION, AT(timeout_us), 0, 0, "TIME",
	    "how long to wait for one answer (default 2s)" },
	{ 0, "lease", OPTION_DURATION, AT(lease_us), 0, 0, "TIME",
	    "how long what is said holds (default 30s)" },
	{ 0, "once", OPTION_FLAG, AT(is_once), 0, 0, NULL,
	    "look once, print it, tell no collector" },
	{ 0, "json", OPTION_FLAG, AT(is_json), 0, 0, NULL,
	    "with --once: print the report that would be sent" },
	{ 0, "user", OPTION_TEXT, AT(user), 0, 0, "NAME",
	    "started as root: become this user first" },
	{ 0, "state", OPTION_TEXT, AT(state), 0, 0, "DIR",
	    "state directory of the enrolment" },
	{ 0 },
};

const struct command_spec site_command = { "catchwater-probe", "site", "", 0, 0,
	"at an anycast site: is it announced, is it healthy?", specs };

/* ---- the file ---- */

/* One line, as if it were an option; text stays behind. */
static enum rc
read_line(struct site_options *o, char *line, struct err *err)
{
	char name[64], command[] = "site";
	char *argv[4] = { command, name, NULL, NULL };
	char **operands, *value;
	int argc = 2, n_operands;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, " \t\r");
	for (size_t n = strlen(line);
	     n > 0 && strchr(" \t\r", line[n - 1]) != NULL; n--)
		line[n - 1] = '\0';
	if (line[0] == '\0')
		return RC_OK;
	value = line + strcspn(line, " \t=");
	snprintf(name, sizeof name, "--%.*s", (int)(value - line), line);
	value += strspn(value, " \t");
	if (*value == '=')
		value += 1 + strspn(value + 1, " \t");
	if (strcmp(name, "--config") == 0 || strcmp(name, "--help") == 0)
		return err_set(
		    err, RC_MALFORMED, "'%s' cannot stand in a file", name + 2);
	if (*value != '\0')
		argv[argc++] = value;
	return options_parse(
	    &site_command, o, argc, argv, &operands, &n_operands, err);
}

static enum rc
read_file(struct site_settings *s, const char *path, struct err *err)
{
	size_t len;
	int n = 0;
	enum rc rc = file_read(path, FILE_MAX, &s->text, &len, err);

	if (rc != RC_OK)
		return rc == RC_NOTFOUND
			   ? err_set(err, RC_SYS, "%s does not exist", path)
			   : rc;
	for (char *line = s->text; rc == RC_OK && line != NULL;) {
		char *end = strchr(line, '\n');

		if (end != NULL)
			*end = '\0';
		rc = read_line(&s->o, line, err);
		n++;
		line = end == NULL ? NULL : end + 1;
	}
	return rc == RC_OK ? rc : err_at(err, rc, "%s:%d", path, n);
}

/* ---- lists ---- */

/* Calls take for each entry; blanks and commas stand between them. */
static enum rc
each_entry(struct site_settings *s, const char *name, const char *list,
    enum rc (*take)(struct site_settings *s, const char *entry),
    struct err *err)
{
	char *copy, *save = NULL;
	enum rc rc = RC_OK;

	if (list == NULL)
		return RC_OK;
	copy = mem_strdup(list);
	for (char *e = strtok_r(copy, ", \t", &save); rc == RC_OK && e != NULL;
	     e = strtok_r(NULL, ", \t", &save)) {
		rc = take(s, e);
		if (rc == RC_LIMIT)
			err_set(
			    err, rc, "--%s: more than %d", name, SITE_LIST_MAX);
		else if (rc != RC_OK)
			err_set(err, rc, "--%s: '%.64s' is none", name, e);
	}
	free(copy);
	return rc;
}

static enum rc
take_prefix(struct site_settings *s, const char *entry)
{
	struct prefix p;

	if (prefix_parse(&p, entry, strlen(entry)) != RC_OK)
		return RC_MALFORMED;
	if (site_prefix_of(s, p.address.family) != NULL)
		return RC_RANGE;
	s->prefixes[s->n_prefixes++] = p;
	return RC_OK;
}

static enum rc
take_address(struct site_settings *s, const char *entry, bool is_anycast)
{
	struct site_address a = { .is_anycast = is_anycast };

	if (addr_parse(&a.addr, entry) != RC_OK)
		return RC_MALFORMED;
	if (s->n_addresses == 2 * SITE_LIST_MAX)
		return RC_LIMIT;
	s->addresses[s->n_addresses++] = a;
	return RC_OK;
}

static enum rc
take_anycast(struct site_settings *s, const char *entry)
{
	return take_address(s, entry, true);
}

static enum rc
take_unicast(struct site_settings *s, const char *entry)
{
	return take_address(s, entry, false);
}

static enum rc
take_peer(struct site_settings *s, const char *entry)
{
	if (s->n_peers == SITE_LIST_MAX)
		return RC_LIMIT;
	s->peers[s->n_peers++] = mem_strdup(entry);
	return RC_OK;
}

static enum rc
read_lists(struct site_settings *s, struct err *err)
{
	const struct site_options *o = &s->o;
	enum rc rc = each_entry(s, "prefix", o->prefix, take_prefix, err);

	if (rc == RC_RANGE)
		return err_set(err, rc, "--prefix: one of each family");
	if (rc == RC_OK)
		rc = each_entry(s, "address", o->address, take_anycast, err);
	if (rc == RC_OK)
		rc = each_entry(s, "unicast", o->unicast, take_unicast, err);
	if (rc == RC_OK)
		rc = each_entry(s, "peers", o->peers, take_peer, err);
	return rc;
}

/* ---- checks ---- */

static enum rc
check_routing(const struct site_options *o, struct err *err)
{
	int n = (o->bird != NULL) + (o->frr != NULL) + (o->gobgp != NULL) +
		(o->command != NULL);

	if (n > 1)
		return err_set(err, RC_MALFORMED,
		    "--bird, --frr, --gobgp and --command: one of them");
	if ((n == 1) != (o->prefix != NULL))
		return err_set(err, RC_MALFORMED,
		    n == 1 ? "whether what is announced? --prefix is missing"
			   : "--prefix needs --bird, --frr, --gobgp or "
			     "--command");
	return RC_OK;
}

static enum rc
check_health(const struct site_options *o, struct err *err)
{
	if (o->zone == NULL && (o->address != NULL || o->unicast != NULL))
		return err_set(err, RC_MALFORMED,
		    "--address and --unicast need --zone: whose SOA do they "
		    "have?");
	if (o->is_elsewhere && o->identity == NULL)
		return err_set(err, RC_MALFORMED,
		    "--elsewhere needs --identity: another site may answer");
	return RC_OK;
}

static enum rc
check_times(const struct site_options *o, struct err *err)
{
	if (o->every_us < 100 * US_PER_MS || o->timeout_us < 10 * US_PER_MS)
		return err_set(err, RC_RANGE,
		    "--every: at least 100ms, --timeout: at least 10ms");
	if (o->lease_us < 2 * o->every_us || o->lease_us < SITE_LEASE_MIN_US ||
	    o->lease_us > SITE_LEASE_MAX_US)
		return err_set(err, RC_RANGE,
		    "--lease: at least two --every, from 1s to 1d");
	return RC_OK;
}

static enum rc
check(const struct site_settings *s, struct err *err)
{
	const struct site_options *o = &s->o;
	enum rc rc = RC_OK;

	if (o->site == NULL && !o->is_once)
		rc = err_set(err, RC_MALFORMED,
		    "--site NAME: for which site does it speak?");
	if (rc == RC_OK && o->prefix == NULL && s->n_addresses == 0 &&
	    o->check == NULL)
		rc = err_set(err, RC_MALFORMED,
		    "nothing to look at: give --prefix with --bird (or --frr, "
		    "--gobgp, --command), and --address with --zone");
	if (rc == RC_OK)
		rc = check_routing(o, err);
	if (rc == RC_OK)
		rc = check_health(o, err);
	return rc == RC_OK ? check_times(o, err) : rc;
}

enum rc
site_settings_read(
    struct site_settings *out, int argc, char **argv, struct err *err)
{
	static const struct site_options defaults = { .port = 53,
		.every_us = 5 * US_PER_S,
		.lease_us = 30 * US_PER_S,
		.timeout_us = 2 * US_PER_S,
		.fall = 2,
		.rise = 2 };
	struct site_options first = defaults;
	char **operands;
	int n_operands;
	enum rc rc;

	*out = (struct site_settings){ .o = defaults };
	rc = options_parse(
	    &site_command, &first, argc, argv, &operands, &n_operands, err);
	if (rc == RC_OK && first.config != NULL)
		rc = read_file(out, first.config, err);
	if (rc == RC_OK)
		rc = options_parse(&site_command, &out->o, argc, argv,
		    &operands, &n_operands, err);
	if (rc == RC_OK)
		rc = read_lists(out, err);
	return rc == RC_OK ? check(out, err) : rc;
}

void
site_settings_fini(struct site_settings *s)
{
	for (size_t i = 0; i < s->n_peers; i++)
		free(s->peers[i]);
	free(s->text);
	*s = (struct site_settings){ 0 };
}

const struct prefix *
site_prefix_of(const struct site_settings *s, uint8_t family)
{
	for (size_t i = 0; i < s->n_prefixes; i++)
		if (s->prefixes[i].address.family == family)
			return &s->prefixes[i];
	return NULL;
}

bool
site_has_family(const struct site_settings *s, uint8_t family)
{
	if (site_prefix_of(s, family) != NULL)
		return true;
	for (size_t i = 0; i < s->n_addresses; i++)
		if (s->addresses[i].addr.family == family)
			return true;
	/* A command alone speaks for both. */
	return s->n_prefixes == 0 && s->n_addresses == 0;
}
