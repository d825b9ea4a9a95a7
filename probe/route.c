/* route.c - see route.h. */
#include "probe/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/bird_ask.h"
#include "probe/child.h"
#include "probe/route_json.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define WORDS_MAX 32

static void
say_unknown(struct site_answer *out, const char *why)
{
	out->said = SAID_UNKNOWN;
	site_answer_explain(out, why);
}

/* ---- commands in JSON ---- */

/* A command of several words, to which more are added. */
struct command {
	char *text; /* the first words, taken apart */
	char *argv[WORDS_MAX + 1];
	size_t n;
};

static void
command_init(struct command *c, const char *text)
{
	char *save = NULL;

	*c = (struct command){ .text = mem_strdup(text) };
	for (char *w = strtok_r(c->text, " \t", &save);
	     w != NULL && c->n < WORDS_MAX / 2;
	     w = strtok_r(NULL, " \t", &save))
		c->argv[c->n++] = w;
}

/* Runs it with n words more.  RC_MALFORMED: it failed. */
static enum rc
command_run(struct command *c, char *const *more, size_t n,
    struct child_output *o, const struct site_settings *s, struct err *err)
{
	enum rc rc;

	for (size_t i = 0; i < n && c->n + i < WORDS_MAX; i++)
		c->argv[c->n + i] = more[i];
	c->argv[c->n + n] = NULL;
	rc = child_run(o, c->argv, NULL, 0, s->o.timeout_us, err);
	if (rc != RC_OK || o->status == 0)
		return rc;
	rc = err_set(err, RC_MALFORMED, "%s: exit status %d: %.*s", c->argv[0],
	    o->status, (int)strcspn(o->text, "\n"), o->text);
	free(o->text);
	return rc;
}

/* Does a peer count among those that were named? */
static bool
counts(const struct site_settings *s, const struct addr *peer)
{
	struct addr a;

	for (size_t i = 0; i < s->n_peers; i++)
		if (addr_parse(&a, s->peers[i]) == RC_OK &&
		    addr_equal(&a, peer))
			return true;
	return s->n_peers == 0;
}

/* ---- FRR ---- */

static enum rc
ask_frr(struct site_answer *out, const struct site_settings *s,
    const struct prefix *p, struct err *err)
{
	struct route_peers *peers = mem_new(sizeof *peers);
	char prefix[PREFIX_TEXT_LEN], question[96], option[] = "-c", why[64];
	char *more[] = { option, question };
	struct child_output o;
	struct command c;
	size_t n = 0;
	enum rc rc;

	command_init(&c, s->o.frr);
	snprintf(question, sizeof question, "show bgp ipv%d unicast %s json",
	    p->address.family, prefix_format(p, prefix));
	rc = command_run(&c, more, 2, &o, s, err);
	if (rc == RC_OK) {
		rc = route_read_frr(peers, p, o.text, o.len);
		if (rc != RC_OK)
			err_set(err, rc, "FRR said: %.*s",
			    (int)strcspn(o.text, "\n"), o.text);
		free(o.text);
	}
	for (size_t i = 0; rc == RC_OK && i < peers->n; i++)
		n += counts(s, &peers->list[i].address);
	free(c.text);
	free(peers);
	if (rc != RC_OK)
		return rc;
	out->said = n > 0 ? SAID_YES : SAID_NO;
	snprintf(why, sizeof why, "FRR advertises it to %zu peers", n);
	site_answer_explain(out, why);
	return RC_OK;
}

/* ---- GoBGP ---- */

static enum rc
ask_gobgp_peer(struct command *c, const struct addr *peer,
    const struct prefix *p, const struct site_settings *s, bool *is_exported,
    struct err *err)
{
	char address[ADDR_TEXT_LEN], prefix[PREFIX_TEXT_LEN], family[8];
	char neighbor[] = "neighbor", adj_out[] = "adj-out", a[] = "-a",
	     j[] = "-j";
	char *more[] = { neighbor, address, adj_out, prefix, a, family, j };
	struct child_output o;
	enum rc rc;

	addr_format(peer, address);
	prefix_format(p, prefix);
	snprintf(family, sizeof family, "ipv%d", p->address.family);
	rc = command_run(c, more, 7, &o, s, err);
	if (rc != RC_OK)
		return rc;
	rc = route_read_gobgp(is_exported, p, o.text, o.len);
	if (rc != RC_OK)
		err_set(err, rc, "GoBGP said: %.*s", (int)strcspn(o.text, "\n"),
		    o.text);
	free(o.text);
	return rc;
}

static enum rc
list_gobgp_peers(struct command *c, struct route_peers *peers,
    const struct site_settings *s, struct err *err)
{
	char neighbor[] = "neighbor", j[] = "-j";
	char *more[] = { neighbor, j };
	struct child_output o;
	enum rc rc = command_run(c, more, 2, &o, s, err);

	if (rc != RC_OK)
		return rc;
	rc = route_read_gobgp_peers(peers, o.text, o.len);
	if (rc != RC_OK)
		err_set(err, rc, "GoBGP's neighbours cannot be read");
	free(o.text);
	return rc;
}

/* Peer after peer, until one has it. */
static enum rc
ask_gobgp_peers(struct command *c, const struct route_peers *peers,
    const struct prefix *p, const struct site_settings *s,
    struct site_answer *out, struct err *err)
{
	char address[ADDR_TEXT_LEN], why[128];
	size_t n_up = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < peers->n; i++) {
		const struct route_peer *peer = &peers->list[i];
		bool is_exported = false;

		if (!peer->is_up || !counts(s, &peer->address))
			continue;
		n_up++;
		rc = ask_gobgp_peer(c, &peer->address, p, s, &is_exported, err);
		if (rc != RC_OK || !is_exported)
			continue;
		out->said = SAID_YES;
		snprintf(why, sizeof why, "GoBGP advertises it to %s",
		    addr_format(&peer->address, address));
		site_answer_explain(out, why);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	out->said = SAID_NO;
	snprintf(why, sizeof why,
	    "GoBGP advertises it to none of %zu established peers", n_up);
	site_answer_explain(out, why);
	return RC_OK;
}

static enum rc
ask_gobgp(struct site_answer *out, const struct site_settings *s,
    const struct prefix *p, struct err *err)
{
	struct route_peers *peers = mem_new(sizeof *peers);
	struct command c;
	enum rc rc;

	command_init(&c, s->o.gobgp);
	rc = list_gobgp_peers(&c, peers, s, err);
	if (rc == RC_OK)
		rc = ask_gobgp_peers(&c, peers, p, s, out, err);
	free(c.text);
	free(peers);
	return rc;
}

/* ---- any command ---- */

void
route_judge_command(struct site_answer *out, int status, const char *printed)
{
	char line[SITE_WHY_LEN];

	snprintf(
	    line, sizeof line, "%.*s", (int)strcspn(printed, "\n"), printed);
	out->said = status == 0   ? SAID_YES
		    : status == 1 ? SAID_NO
				  : SAID_UNKNOWN;
	if (line[0] == '\0')
		snprintf(line, sizeof line, "exit status %d", status);
	site_answer_explain(out, line);
}

static enum rc
ask_command(struct site_answer *out, const struct site_settings *s,
    const struct prefix *p, struct err *err)
{
	char shell[] = "/bin/sh", option[] = "-c", prefix[PREFIX_TEXT_LEN];
	char family[4], *text = mem_strdup(s->o.command);
	char *argv[] = { shell, option, text, NULL };
	const struct child_setting settings[] = {
		{ "CATCHWATER_FAMILY", family },
		{ "CATCHWATER_PREFIX", prefix_format(p, prefix) },
	};
	struct child_output o;
	enum rc rc;

	snprintf(family, sizeof family, "%d", p->address.family);
	rc = child_run(&o, argv, settings, 2, s->o.timeout_us, err);
	free(text);
	if (rc != RC_OK)
		return rc;
	route_judge_command(out, o.status, o.text);
	free(o.text);
	return RC_OK;
}

void
route_ask(
    struct site_answer *out, const struct site_settings *s, uint8_t family)
{
	const struct prefix *p = site_prefix_of(s, family);
	struct err err = ERR_NONE;
	enum rc rc = RC_OK;

	out->said = SAID_NOTHING;
	out->why[0] = '\0';
	if (p == NULL)
		return;
	if (s->o.bird != NULL)
		bird_ask(out, s->o.bird, p, s->peers, s->n_peers,
		    clock_mono_us() + s->o.timeout_us);
	else if (s->o.frr != NULL)
		rc = ask_frr(out, s, p, &err);
	else if (s->o.gobgp != NULL)
		rc = ask_gobgp(out, s, p, &err);
	else
		rc = ask_command(out, s, p, &err);
	if (rc != RC_OK)
		say_unknown(out, err.text);
}
