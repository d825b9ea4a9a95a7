/*
 * leave.c - catchwater-probe leave: tells the collector, then erases.
 *                                                                  (wiring)
 */
#include <stdio.h>
#include <unistd.h>

#include "probe/commands.h"
#include "probe/session.h"
#include "schema/base/options.h"

struct leave_options {
	const char *state;
	bool is_forced;
};

static enum rc
tell(struct post *post, struct err *err)
{
	struct post_reply reply = { 0 };
	char reason[POST_REASON_LEN];
	enum rc rc = post_send(post,
	    &(struct post_request){ .method = "POST", .path = "/v1/leave" },
	    &reply, err);

	/* 410: it was told before, and only the erasing failed then. */
	if (rc == RC_OK && reply.status != 200 && reply.status != 204 &&
	    reply.status != 410)
		rc =
		    err_set(err, RC_PEER, "the collector answered HTTP %ld: %s",
			reply.status, post_reason(&reply, reason));
	post_reply_fini(&reply);
	return rc;
}

static enum rc
tell_collector(const char *state, struct err *err)
{
	struct session s;
	enum rc rc = session_open(&s, state, err);

	if (rc == RC_OK)
		rc = tell(s.post, err);
	session_close(&s);
	return rc;
}

static enum rc
erase(const char *dir, struct err *err)
{
	int lock;
	enum rc rc = state_lock(&lock, dir, STATE_UPLOAD_LOCK, err);

	if (rc != RC_OK)
		return rc;
	rc = state_erase(dir, err);
	close(lock);
	return rc;
}

static enum rc
tell_and_erase(const struct leave_options *o, const char *dir, struct err *err)
{
	enum rc rc = tell_collector(o->state, err);

	if (rc != RC_OK && !o->is_forced)
		return err_at(err, rc,
		    "nothing is erased ('leave --force' erases all the same)");
	if (rc != RC_OK)
		fprintf(stderr,
		    "catchwater-probe leave: the collector was not told: %s\n",
		    err->text);
	return erase(dir, err);
}

/* Nothing is erased below a running probe: it would go on measuring. */
static enum rc
leave(const struct leave_options *o, struct err *err)
{
	char dir[STATE_DIR_MAX];
	int lock;
	enum rc rc = state_choose(dir, o->state, err);

	if (rc == RC_OK)
		rc = state_check(dir, err);
	if (rc != RC_OK)
		return rc;
	rc = state_lock(&lock, dir, STATE_RUN_LOCK, err);
	if (rc != RC_OK)
		return err_at(err, rc, "stop the probe first");
	rc = tell_and_erase(o, dir, err);
	close(lock);
	return rc;
}

int
command_leave(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 0, "state", OPTION_TEXT,
		    offsetof(struct leave_options, state), 0, 0, "DIR",
		    "state directory" },
		{ 0, "force", OPTION_FLAG,
		    offsetof(struct leave_options, is_forced), 0, 0, NULL,
		    "erase even when the collector cannot be told" },
		{ 0 },
	};
	static const struct command_spec spec = { "catchwater-probe", "leave",
		"", 0, 0,
		"tell the collector, then erase the key and the spool", specs };
	struct leave_options options = { 0 };
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc = options_parse(
	    &spec, &options, argc, argv, &operands, &n_operands, &err);

	if (rc == RC_NOTFOUND)
		return 0;
	if (rc != RC_OK) {
		fprintf(stderr, "catchwater-probe leave: %s\n", err.text);
		return 2;
	}
	if (leave(&options, &err) != RC_OK) {
		fprintf(stderr, "catchwater-probe leave: %s\n", err.text);
		return 1;
	}
	puts("left; key, spool and assignment are erased");
	return 0;
}
