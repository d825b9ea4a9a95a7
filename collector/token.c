/*
 * token.c - catchwater token: what a probe enrols with.
 *
 * A token is 32 random bytes in hexadecimal (one word, whatever it is copied
 * through).  It is printed once; the database has its hash only.
 */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_admin.h"
#include "schema/base/clock.h"

#define TOKEN_BYTES 32
#define TOKEN_TEXT_LEN (2 * TOKEN_BYTES + 1)
#define DEFAULT_EXPIRES_US (7 * 86400 * US_PER_S)

struct options {
	struct where where;
	int64_t n_uses, expires_us;
	const char *site, *service;
};

static const struct option_spec options[] = {
	{ 0, "uses", OPTION_COUNT, offsetof(struct options, n_uses), 1, 1000000,
	    "N", "new: how many probes may enrol with it (default 1)" },
	{ 0, "expires", OPTION_DURATION, offsetof(struct options, expires_us),
	    0, 0, "TIME", "new: how long it is good (default 7d)" },
	{ 0, "site", OPTION_TEXT, offsetof(struct options, site), 0, 0, "NAME",
	    "new: who enrols may speak for this site (catchwater-probe site)" },
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "new: with --site, of this service alone" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "token",
	"new | list | revoke ID", 1, 2,
	"make, list and revoke the tokens that probes enrol with", options };

static const struct column columns[] = {
	{ "id", "id", CELL_COUNT },
	{ "state", "state", CELL_TEXT },
	{ "n_uses_left", "uses left", CELL_COUNT },
	{ "n_probes", "probes", CELL_COUNT },
	{ "created", "created", CELL_TIME },
	{ "expires", "expires", CELL_TIME },
	{ "site", "site", CELL_TEXT },
	{ "service", "service", CELL_TEXT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

/* What the collector compares (store_probe.h). */
static void
hash_token(const char *text, uint8_t hash[static TOKEN_HASH_BYTES])
{
	crypto_generichash(hash, TOKEN_HASH_BYTES, (const uint8_t *)text,
	    strlen(text), NULL, 0);
}

static void
print_new(
    const struct options *o, int64_t id, const char *text, int64_t expires_us)
{
	char expires[CLOCK_TEXT_LEN];
	json_t *json;

	clock_format(expires_us, expires);
	if (!o->where.is_json) {
		puts(text);
		fprintf(stderr,
		    "token %" PRId64 ", good for %" PRId64
		    " enrolment%s until %s; it is not shown again\n",
		    id, o->n_uses, o->n_uses == 1 ? "" : "s", expires);
		return;
	}
	json = json_object();
	json_object_set_new(json, "id", json_integer(id));
	json_object_set_new(json, "token", json_string(text));
	json_object_set_new(json, "n_uses_left", json_integer(o->n_uses));
	json_object_set_new(json, "expires", json_string(expires));
	json_object_set_new(json, "site", report_json_text(o->site));
	json_object_set_new(json, "service", report_json_text(o->service));
	where_print_json(json);
}

/* Is there such a site to speak for? */
static enum rc
check_site(struct store *st, const struct options *o, struct err *err)
{
	int64_t site_id;

	if (o->site == NULL && o->service != NULL)
		return err_set(err, RC_MALFORMED, "--service needs --site");
	if (o->site == NULL)
		return RC_OK;
	if (o->service != NULL)
		return lookup_site(st, o->service, o->site, &site_id, err);
	return lookup_name(st, NAMES_SITE, "site", o->site, err);
}

static enum rc
make_token(struct store *st, const struct options *o, struct err *err)
{
	uint8_t bytes[TOKEN_BYTES];
	char text[TOKEN_TEXT_LEN];
	struct new_token t = { .n_uses = o->n_uses,
		.created_us = clock_wall_us(),
		.site = o->site,
		.service = o->service };
	int64_t id;
	enum rc rc;

	if (sodium_init() < 0)
		return err_set(err, RC_SYS, "no randomness");
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
	hash_token(text, t.hash);
	t.expires_us = t.created_us + o->expires_us;
	rc = store_token_add(st, &t, &id, err);
	if (rc == RC_OK)
		print_new(o, id, text, t.expires_us);
	sodium_memzero(text, sizeof text);
	sodium_memzero(bytes, sizeof bytes);
	return rc;
}

static const char *
token_state(const struct token_row *t, int64_t now_us)
{
	if (t->is_revoked)
		return "revoked";
	if (t->expires_us <= now_us)
		return "expired";
	return t->n_uses_left > 0 ? "good" : "used up";
}

static enum rc
list_tokens(struct store *st, const struct where *w, struct err *err)
{
	struct token_list list = { 0 };
	struct report r;
	enum rc rc = store_tokens(st, &list, err);

	if (rc != RC_OK)
		return rc;
	report_init(&r, columns, N_COLUMNS);
	for (size_t i = 0; i < list.n; i++) {
		const struct token_row *t = &list.rows[i];

		report_number(&r, t->id);
		report_text(&r, token_state(t, clock_wall_us()));
		report_number(&r, t->n_uses_left);
		report_number(&r, t->n_probes);
		report_number(&r, t->created_us);
		report_number(&r, t->expires_us);
		report_text(&r, t->site[0] != '\0' ? t->site : NULL);
		report_text(&r, t->service[0] != '\0' ? t->service : NULL);
	}
	where_print(w, &r, "no tokens; 'catchwater token new' makes one");
	report_fini(&r);
	free(list.rows);
	return RC_OK;
}

static enum rc
revoke_token(struct store *st, const char *text, struct err *err)
{
	char *end;
	long long id;
	enum rc rc;

	errno = 0;
	id = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return err_set(err, RC_MALFORMED,
		    "'%.40s' is not a token's number; 'catchwater token list' "
		    "shows them",
		    text);
	rc = store_token_revoke(st, id, clock_wall_us(), err);
	if (rc == RC_OK)
		printf("token %lld is revoked; probes that came in by it "
		       "stay, see 'catchwater vantages revoke'\n",
		    id);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	static const char *const verbs[] = { "new", "list", "revoke" };
	const struct options *o = call->options;
	char **operands = call->operands;
	int n = call->n_operands;
	const char *verb = operands[0];
	bool is_list = strcmp(verb, "list") == 0;
	bool is_revoke = strcmp(verb, "revoke") == 0;
	struct store *st = NULL;
	enum rc rc;

	if (!is_list && !is_revoke && strcmp(verb, "new") != 0)
		return unknown_word(err, "action", verb, verbs, 3);
	if (n != (is_revoke ? 2 : 1))
		return err_set(err, RC_MALFORMED,
		    "usage: catchwater token [OPTION...] %s", spec.operands);
	rc = where_open(&o->where, is_list ? STORE_READ : STORE_EDIT, &st, err);
	if (rc == RC_OK && is_list)
		rc = list_tokens(st, &o->where, err);
	else if (rc == RC_OK && is_revoke)
		rc = revoke_token(st, operands[1], err);
	else if (rc == RC_OK && (rc = check_site(st, o, err)) == RC_OK)
		rc = make_token(st, o, err);
	store_close(st);
	return rc;
}

int
command_token(int argc, char **argv)
{
	struct options o = { .n_uses = 1, .expires_us = DEFAULT_EXPIRES_US };

	return command_run(&spec, &o, argc, argv, run);
}
