/*
 * reach.c - catchwater-upload reach: can the collector be talked to? (wiring)
 *
 * Doctor's part that needs TLS: resolve, connect, verify, be recognised.
 * Prints doctor's lines; libcurl's own text names the step that failed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "probe/commands.h"
#include "probe/session.h"
#include "schema/base/options.h"

struct reach_options {
	const char *state;
};

static int
report(const struct session *s, const struct post_reply *reply)
{
	char reason[POST_REASON_LEN];
	bool is_tls = strncmp(s->enrolment.collector, "http:", 5) != 0;

	printf("ok    collector    %s answers%s\n", s->enrolment.collector,
	    is_tls ? "; its certificate is good" : ", in clear on this host");
	switch (reply->status) {
	case 200:
	case 204:
	case 304:
	case 404:
		printf("ok    signature    the collector knows probe %s\n",
		    s->enrolment.probe);
		return 0;
	case 401:
	case 403:
		printf("FAIL  signature    not accepted (%s); ask the "
		       "collector's operator, or leave --force and enroll "
		       "again\n",
		    post_reason(reply, reason));
		return 1;
	default:
		printf("FAIL  signature    HTTP %ld: %s\n", reply->status,
		    post_reason(reply, reason));
		return 1;
	}
}

static int
reach(const char *state)
{
	struct post_reply reply = { 0 };
	struct err err = ERR_NONE;
	struct session s;
	int status = 1;
	enum rc rc = session_open(&s, state, &err);

	if (rc == RC_OK)
		rc = post_send(s.post,
		    &(struct post_request){
			.method = "GET", .path = "/v1/assignment" },
		    &reply, &err);
	if (rc == RC_OK)
		status = report(&s, &reply);
	else
		printf("FAIL  collector    %s\n", err.text);
	post_reply_fini(&reply);
	session_close(&s);
	return status;
}

int
command_reach(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 0, "state", OPTION_TEXT,
		    offsetof(struct reach_options, state), 0, 0, "DIR",
		    "state directory" },
		{ 0 },
	};
	static const struct command_spec spec = { "catchwater-upload", "reach",
		"", 0, 0, "try to talk to the collector", specs };
	struct reach_options options = { 0 };
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc = options_parse(
	    &spec, &options, argc, argv, &operands, &n_operands, &err);

	if (rc == RC_NOTFOUND)
		return 0;
	if (rc != RC_OK) {
		fprintf(stderr, "catchwater-upload reach: %s\n", err.text);
		return 2;
	}
	return reach(options.state);
}
