/*
 * site_settings.h - what catchwater-probe site is to look at.        (edge)
 *
 * Uses     schema/base/options.h, probe/prefix.h
 * Used by  probe/site, route, site_check
 *
 * The same words are options on the command line and lines of a file: "name
 * value", '#' begins a comment.  What stands on the command line goes before.
 */
#ifndef PROBE_SITE_SETTINGS_H
#define PROBE_SITE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/prefix.h"
#include "schema/base/err.h"
#include "schema/base/options.h"

#define SITE_LIST_MAX 16 /* entries of a list */

/* As given; lends the arguments, or the file's text. */
struct site_options {
	const char *state, *config, *user;
	const char *site, *service;
	const char *prefix, *bird, *frr, *gobgp, *command, *peers;
	const char *address, *unicast, *zone, *identity, *check;
	int64_t port;
	bool is_elsewhere, is_resolver;
	int64_t every_us, lease_us, timeout_us, fall, rise;
	bool is_once, is_json;
};

struct site_address {
	struct addr addr;
	bool is_anycast; /* else the site's own */
};

/* Checked, and its lists taken apart. */
struct site_settings {
	struct site_options o;
	size_t n_prefixes, n_peers, n_addresses;
	struct prefix prefixes[SITE_LIST_MAX];
	char *peers[SITE_LIST_MAX];
	struct site_address addresses[2 * SITE_LIST_MAX];
	char *text; /* of the file */
};

extern const struct command_spec site_command;

/* Reads arguments and file.  Gives *out, whatever the code: release with
 * site_settings_fini.  RC_NOTFOUND: it was --help.  RC_MALFORMED, RC_RANGE,
 * RC_SYS: *err names the option, or file and line. */
MUST_USE enum rc site_settings_read(
    struct site_settings *out, int argc, char **argv, struct err *err);
void site_settings_fini(struct site_settings *s);

/* The prefix of a family, or NULL. */
const struct prefix *
site_prefix_of(const struct site_settings *s, uint8_t family);

/* Is there anything to say in a family? */
bool site_has_family(const struct site_settings *s, uint8_t family);

#endif
