/*
 * enroll.c - catchwater-probe enroll: makes a key and registers it. (wiring)
 *
 * The key is on disk before the token is spent: when the answer is lost on its
 * way, the same command tried again presents the same key.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/commands.h"
#include "probe/post.h"
#include "probe/state.h"
#include "schema/base/options.h"

struct enroll_options {
	const char *collector, *token, *name, *state, *ca_file, *country;
	double lat, lon; /* degrees; NAN: not given */
	int64_t asn;     /* 0: not given */
};

static const struct option_spec specs[] = {
	{ 0, "collector", OPTION_TEXT,
	    offsetof(struct enroll_options, collector), 0, 0, "URL",
	    "the collector, https://HOST[:PORT]" },
	{ 0, "token", OPTION_TEXT, offsetof(struct enroll_options, token), 0, 0,
	    "TOKEN", "from the collector's operator ('catchwater token new')" },
	{ 0, "name", OPTION_TEXT, offsetof(struct enroll_options, name), 0, 0,
	    "NAME", "what to call this probe (default: the host's name)" },
	{ 0, "state", OPTION_TEXT, offsetof(struct enroll_options, state), 0, 0,
	    "DIR", "state directory" },
	{ 0, "ca", OPTION_TEXT, offsetof(struct enroll_options, ca_file), 0, 0,
	    "FILE", "authority of the collector's certificate (PEM)" },
	{ 0, "country", OPTION_TEXT, offsetof(struct enroll_options, country),
	    0, 0, "CC", "where this host is: country, two letters" },
	{ 0, "lat", OPTION_DECIMAL, offsetof(struct enroll_options, lat), -90,
	    90, "DEGREES", "latitude, north positive" },
	{ 0, "lon", OPTION_DECIMAL, offsetof(struct enroll_options, lon), -180,
	    180, "DEGREES", "longitude, east positive" },
	{ 0, "asn", OPTION_COUNT, offsetof(struct enroll_options, asn), 1,
	    UINT32_MAX, "N", "number of the AS this host is in" },
	{ 0 },
};

static const struct command_spec spec = { "catchwater-probe", "enroll", "", 0,
	0, "make a key and register it with a collector", specs };

static enum rc
check_options(const struct enroll_options *o, struct err *err)
{
	if (o->collector == NULL || o->token == NULL)
		return err_set(err, RC_MALFORMED,
		    "enroll needs --collector URL and --token TOKEN");
	if (isnan(o->lat) != isnan(o->lon))
		return err_set(
		    err, RC_MALFORMED, "--lat and --lon go together");
	if (o->country != NULL &&
	    (strlen(o->country) != 2 ||
		strspn(o->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2))
		return err_set(err, RC_MALFORMED,
		    "--country %s: expected two capital letters like NL",
		    o->country);
	return post_check_url(o->collector, err);
}

static enum rc
fill_enrolment(
    struct enrolment *e, const struct enroll_options *o, struct err *err)
{
	char host[STATE_NAME_MAX + 1] = "";
	const char *name = o->name;

	if (name == NULL) {
		gethostname(host, sizeof host - 1);
		name = host[0] == '\0' ? "probe" : host;
	}
	if (strlen(name) > STATE_NAME_MAX || name[0] == '\0')
		return err_set(err, RC_RANGE, "--name: 1 to %d characters",
		    STATE_NAME_MAX);
	snprintf(e->name, sizeof e->name, "%s", name);
	if (strlen(o->collector) >= sizeof e->collector)
		return err_set(err, RC_RANGE, "--collector: too long");
	snprintf(e->collector, sizeof e->collector, "%s", o->collector);
	if (o->ca_file == NULL)
		return RC_OK;
	/* Kept as a full path: the resident probe starts elsewhere. */
	char *full = realpath(o->ca_file, NULL);

	if (full == NULL || strlen(full) >= sizeof e->ca_file) {
		free(full);
		return err_sys(err, "--ca %s", o->ca_file);
	}
	snprintf(e->ca_file, sizeof e->ca_file, "%s", full);
	free(full);
	return RC_OK;
}

/* An earlier try that got no answer left its key. */
static enum rc
get_key(struct signing_key *key, const char *dir, struct err *err)
{
	enum rc rc = state_read_key(key, dir, err);

	if (rc != RC_NOTFOUND)
		return rc;
	signature_new_key(key);
	return state_write_key(key, dir, err);
}

static char *
make_body(const struct enroll_options *o, const struct enrolment *e,
    const struct signing_key *key)
{
	char hex[2 * SIGNATURE_PUBLIC_BYTES + 1];
	json_t *root;
	char *body;

	for (size_t i = 0; i < SIGNATURE_PUBLIC_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", key->public[i]);
	root = json_pack("{s:s, s:s, s:s, s:s}", "token", o->token,
	    "public_key", hex, "name", e->name, "version", CATCHWATER_VERSION);
	if (root != NULL && o->country != NULL)
		json_object_set_new(root, "country", json_string(o->country));
	if (root != NULL && !isnan(o->lat)) {
		json_object_set_new(root, "lat", json_real(o->lat));
		json_object_set_new(root, "lon", json_real(o->lon));
	}
	if (root != NULL && o->asn != 0)
		json_object_set_new(root, "asn", json_integer(o->asn));
	body = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return body;
}

static enum rc
check_reply(const struct post_reply *reply, const char *probe, struct err *err)
{
	char reason[POST_REASON_LEN];
	json_t *root;
	const char *said;
	bool is_ours;

	post_reason(reply, reason);
	if (reply->status >= 400 && reply->status < 500)
		return err_set(err, RC_PEER,
		    "the collector refused (HTTP %ld: %s); if the token is "
		    "used "
		    "up or expired, ask its operator for another",
		    reply->status, reason);
	if (reply->status != 200)
		return err_set(err, RC_PEER,
		    "the collector answered HTTP %ld: %s; try again later",
		    reply->status, reason);
	root = json_loadb(reply->body, reply->len, 0, NULL);
	said = json_string_value(json_object_get(root, "probe"));
	is_ours = said != NULL && strcmp(said, probe) == 0;
	json_decref(root);
	if (!is_ours)
		return err_set(err, RC_PEER,
		    "the answer does not name this probe's key; is that a "
		    "Catchwater collector?");
	return RC_OK;
}

static enum rc
register_key(const struct enroll_options *o, const struct enrolment *e,
    const struct signing_key *key, struct err *err)
{
	struct post_reply reply = { 0 };
	struct post *post;
	char *body = make_body(o, e, key);
	enum rc rc;

	if (body == NULL)
		return err_set(err, RC_MALFORMED,
		    "the token or the name is not UTF-8 text");
	rc = post_open(&post, e->collector, e->ca_file, key, e->probe, err);
	if (rc != RC_OK)
		goto out;
	rc = post_send(post,
	    &(struct post_request){ .method = "POST",
		.path = "/v1/enroll",
		.body = body,
		.len = strlen(body),
		.content_type = "application/json" },
	    &reply, err);
	if (rc == RC_OK)
		rc = check_reply(&reply, e->probe, err);
	post_close(post);
out:
	post_reply_fini(&reply);
	free(body);
	return rc;
}

static enum rc
check_not_enrolled(const char *dir, struct err *err)
{
	struct enrolment e;
	enum rc rc = state_read_enrolment(&e, dir, err);

	if (rc == RC_NOTFOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	return err_set(err, RC_LIMIT,
	    "already enrolled at %s as probe %s; 'catchwater-probe leave' ends "
	    "that",
	    e.collector, e.probe);
}

static enum rc
enroll(const struct enroll_options *o, struct enrolment *e,
    char dir[static STATE_DIR_MAX], struct err *err)
{
	struct signing_key key;
	enum rc rc = fill_enrolment(e, o, err);

	if (rc == RC_OK)
		rc = state_choose(dir, o->state, err);
	if (rc == RC_OK)
		rc = state_make(dir, err);
	if (rc == RC_OK)
		rc = check_not_enrolled(dir, err);
	if (rc == RC_OK)
		rc = get_key(&key, dir, err);
	if (rc != RC_OK)
		return rc;
	signature_probe_id(key.public, e->probe);
	rc = register_key(o, e, &key, err);
	explicit_bzero(&key, sizeof key);
	return rc == RC_OK ? state_write_enrolment(e, dir, err) : rc;
}

int
command_enroll(int argc, char **argv)
{
	struct enroll_options options = { .lat = NAN, .lon = NAN };
	struct enrolment e = { 0 };
	char dir[STATE_DIR_MAX];
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc = options_parse(
	    &spec, &options, argc, argv, &operands, &n_operands, &err);

	if (rc == RC_NOTFOUND)
		return 0;
	if (rc == RC_OK)
		rc = check_options(&options, &err);
	if (rc != RC_OK) {
		fprintf(stderr, "catchwater-probe enroll: %s\n", err.text);
		return 2;
	}
	if (enroll(&options, &e, dir, &err) != RC_OK) {
		fprintf(stderr, "catchwater-probe enroll: %s\n", err.text);
		return 1;
	}
	printf(
	    "enrolled at %s as probe %s (%s)\nkey and spool are in %s; next: "
	    "catchwater-probe run\n",
	    e.collector, e.probe, e.name, dir);
	return 0;
}
