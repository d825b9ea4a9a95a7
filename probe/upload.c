/*
 * upload.c - catchwater-probe upload: the backlog goes out, the assignment
 * comes in.                                                        (wiring)
 *
 * Run by people, and by the resident probe (--json) for every upload.  Nothing
 * is forgotten before a 200.  A batch that the collector refuses for good is
 * halved until the one line is found that it cannot take; that line is
 * skipped, one in a run, so that a collector that refuses everything empties
 * no spool.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/anchor.h"
#include "probe/backlog.h"
#include "probe/batch.h"
#include "probe/commands.h"
#include "probe/ramdir.h"
#include "probe/session.h"
#include "probe/spooldir.h"
#include "schema/assignment.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"
#include "schema/base/options.h"
#include "schema/wire.h"

struct upload_options {
	const char *state;
	bool is_json;
	const char *v4, *v6;
	int64_t acked; /* -1: not said */
};

struct upload {
	struct session session;
	char spool[STATE_PATH_MAX];
	char ram[SPOOL_PATH_MAX];
	const char
	    *ram_dir;   /* what the resident probe has in memory; or NULL */
	char etag[17];  /* of the assignment in force; "" for none */
	uint64_t acked; /* the collector has all up to this */
	uint64_t n_sent, n_skipped;
	unsigned n_max; /* observations in the next batch */
	enum family_state v4, v6;
	bool is_told; /* how far we are, and tells it: nothing to write down */
	int64_t retry_after_s;
	const char *assignment; /* "changed", "unchanged", "none", "unknown" */
};

/* ---- batches ---- */

static void
fill_header(
    struct batch_header *h, const struct upload *u, const struct backlog *b)
{
	*h = (struct batch_header){
		.first_seq = b->first_seq,
		.last_seq = b->last_seq,
		.has_sent_at = anchor_holds(&b->anchor),
		.anchor_at_us = b->anchor.at_us,
		.anchor_mono_us = b->anchor.mono_us,
		.clock = anchor_clock_state(),
		.n_lost = spooldir_read_count(u->spool, SPOOL_LOST) +
			  spooldir_read_count(u->spool, SPOOL_REJECTED),
		.v4 = u->v4,
		.v6 = u->v6,
	};
	if (h->has_sent_at)
		h->sent_at_us = anchor_now_us(&b->anchor);
	snprintf(h->probe, sizeof h->probe, "%s", u->session.enrolment.probe);
	snprintf(h->version, sizeof h->version, "%s", CATCHWATER_VERSION);
	snprintf(h->assignment, sizeof h->assignment, "%s", u->etag);
}

static enum rc
post_batch(struct upload *u, const struct backlog *b, struct post_reply *reply,
    struct err *err)
{
	struct batch_header header;
	char *body;
	size_t len;
	enum rc rc;

	fill_header(&header, u, b);
	len = batch_pack(&body, &header, b);
	rc = post_send(u->session.post,
	    &(struct post_request){ .method = "POST",
		.path = "/v1/batches",
		.body = body,
		.len = len,
		.content_type = "application/vnd.catchwater.batch",
		.is_zstd = true,
		.seq = b->first_seq },
	    reply, err);
	free(body);
	return rc;
}

/* A disk that refuses is no reason to send again: the resident probe hears the
 * same number from us, and the collector drops what comes twice. */
static void
remember_acked(struct upload *u, uint64_t acked)
{
	struct err err = ERR_NONE;

	if (acked <= u->acked)
		return;
	u->acked = acked;
	if (u->is_told)
		return;
	if (spooldir_write_count(u->spool, SPOOL_ACKED, acked, &err) != RC_OK)
		log_warn("upload: %s", err.text);
}

static enum rc
take_ack(struct upload *u, const struct backlog *b,
    const struct post_reply *reply, struct err *err)
{
	json_t *root = json_loadb(reply->body, reply->len, 0, NULL);
	json_t *acked = json_object_get(root, "acked");
	json_int_t n = json_integer_value(acked);

	json_decref(root);
	if (n <= 0 || (uint64_t)n < b->last_seq || (uint64_t)n > SPOOL_SEQ_MAX)
		return err_set(err, RC_PEER,
		    "the collector answered 200 but acknowledged up to %" PRId64
		    " of %" PRIu64 "; is it a Catchwater collector?",
		    (int64_t)n, b->last_seq);
	remember_acked(u, (uint64_t)n);
	u->n_sent += b->n_lines;
	u->n_max = WIRE_BATCH_MAX;
	return RC_OK;
}

/* The collector will never take this batch. */
static enum rc
take_refusal(struct upload *u, const struct backlog *b, long status,
    const char *reason, struct err *err)
{
	uint64_t n_rejected;

	if (b->n_lines > 1) {
		u->n_max = b->n_lines / 2;
		return RC_OK;
	}
	if (u->n_skipped > 0)
		return err_set(err, RC_PEER,
		    "the collector refuses one observation after the other "
		    "(HTTP %ld: %s); are both of one version?",
		    status, reason);
	log_error("upload: observation seq=%" PRIu64
		  " skipped, the collector cannot take it: HTTP %ld: %s",
	    b->first_seq, status, reason);
	n_rejected = spooldir_read_count(u->spool, SPOOL_REJECTED) + 1;
	u->n_skipped++;
	u->n_max = WIRE_BATCH_MAX;
	remember_acked(u, b->first_seq);
	return spooldir_write_count(u->spool, SPOOL_REJECTED, n_rejected, err);
}

/* Everything but a 2xx, 304 or a refusal of the content. */
static enum rc
take_failure(struct upload *u, const struct post_reply *reply,
    const char *reason, struct err *err)
{
	u->retry_after_s = reply->retry_after_s;
	if (reply->status == 401 || reply->status == 403)
		return err_set(err, RC_PEER,
		    "the collector does not accept this probe's key (HTTP %ld: "
		    "%s); its operator sees why, or: catchwater-probe leave "
		    "--force, then enroll again",
		    reply->status, reason);
	if (reply->status == 429 || reply->status == 503)
		return err_set(err, RC_PEER,
		    "the collector is busy (HTTP %ld: %s)", reply->status,
		    reason);
	return err_set(err, RC_PEER, "the collector answered HTTP %ld: %s",
	    reply->status, reason);
}

static enum rc
take_batch_reply(struct upload *u, const struct backlog *b,
    const struct post_reply *reply, struct err *err)
{
	char reason[POST_REASON_LEN];

	post_reason(reply, reason);
	switch (reply->status) {
	case 200:
		return take_ack(u, b, reply, err);
	case 400:
	case 413:
	case 422:
		return take_refusal(u, b, reply->status, reason, err);
	default:
		return take_failure(u, reply, reason, err);
	}
}

/* RC_NOTFOUND: nothing waits any more. */
static enum rc
send_one(struct upload *u, struct err *err)
{
	struct post_reply reply = { 0 };
	struct backlog b;
	enum rc rc =
	    backlog_read(&b, u->spool, u->ram_dir, u->acked, u->n_max, err);

	if (rc != RC_OK)
		return rc;
	rc = post_batch(u, &b, &reply, err);
	if (rc == RC_OK)
		rc = take_batch_reply(u, &b, &reply, err);
	post_reply_fini(&reply);
	backlog_fini(&b);
	return rc;
}

static enum rc
send_all(struct upload *u, struct err *err)
{
	enum rc rc;

	do
		rc = send_one(u, err);
	while (rc == RC_OK);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* ---- the assignment ---- */

static enum rc
take_assignment(
    struct upload *u, const struct post_reply *reply, struct err *err)
{
	struct assignment a = { 0 };
	enum rc rc = assignment_decode(&a, reply->body, reply->len, err);

	assignment_fini(&a);
	if (rc != RC_OK)
		return err_at(err, rc, "the collector's assignment");
	u->assignment = "changed";
	return state_write_assignment(
	    reply->body, reply->len, u->session.dir, err);
}

static enum rc
take_assignment_reply(
    struct upload *u, const struct post_reply *reply, struct err *err)
{
	char reason[POST_REASON_LEN];

	switch (reply->status) {
	case 200:
		return take_assignment(u, reply, err);
	case 304:
		u->assignment = "unchanged";
		return RC_OK;
	case 204:
	case 404:
		u->assignment = "none";
		return RC_OK;
	default:
		return take_failure(u, reply, post_reason(reply, reason), err);
	}
}

static enum rc
fetch_assignment(struct upload *u, struct err *err)
{
	struct post_reply reply = { 0 };
	enum rc rc = post_send(u->session.post,
	    &(struct post_request){ .method = "GET",
		.path = "/v1/assignment",
		.if_none_match = u->etag[0] == '\0' ? NULL : u->etag },
	    &reply, err);

	if (rc == RC_OK)
		rc = take_assignment_reply(u, &reply, err);
	post_reply_fini(&reply);
	return rc;
}

/* ---- the command ---- */

static void
read_etag(struct upload *u)
{
	struct assignment a = { 0 };

	if (state_read_assignment(&a, u->session.dir, NULL) == RC_OK)
		snprintf(u->etag, sizeof u->etag, "%s", a.etag);
	assignment_fini(&a);
}

static enum rc
run_locked(struct upload *u, struct err *err)
{
	enum rc rc;

	state_path(u->spool, u->session.dir, STATE_SPOOL);
	if (ramdir_find(u->ram, u->session.enrolment.probe, u->spool) == RC_OK)
		u->ram_dir = u->ram;
	if (spooldir_read_count(u->spool, SPOOL_ACKED) > u->acked)
		u->acked = spooldir_read_count(u->spool, SPOOL_ACKED);
	read_etag(u);
	rc = send_all(u, err);
	return rc == RC_OK ? fetch_assignment(u, err) : rc;
}

static enum rc
run(struct upload *u, const char *state, struct err *err)
{
	enum rc rc = session_open(&u->session, state, err);
	int lock;

	if (rc == RC_OK)
		rc = state_lock(&lock, u->session.dir, STATE_UPLOAD_LOCK, err);
	if (rc == RC_OK) {
		rc = run_locked(u, err);
		close(lock);
	}
	session_close(&u->session);
	return rc;
}

/* The line that the resident probe reads (probe/courier.c). */
static void
print_json(const struct upload *u, const char *error)
{
	json_t *root = json_pack("{s:I, s:I, s:I, s:I, s:s, s:s}", "acked",
	    (json_int_t)u->acked, "n_sent", (json_int_t)u->n_sent, "n_skipped",
	    (json_int_t)u->n_skipped, "retry_after_s",
	    (json_int_t)u->retry_after_s, "assignment", u->assignment, "error",
	    error);

	json_dumpf(root, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(root);
}

/* What the resident probe knows, and nobody else. */
static enum rc
take_orders(struct upload *u, const struct upload_options *o, struct err *err)
{
	if ((o->v4 != NULL && family_state_from_name(&u->v4, o->v4) != RC_OK) ||
	    (o->v6 != NULL && family_state_from_name(&u->v6, o->v6) != RC_OK))
		return err_set(err, RC_MALFORMED,
		    "--v4, --v6: expected ok, none or unknown");
	u->is_told = o->acked >= 0;
	if (u->is_told)
		u->acked = (uint64_t)o->acked;
	return RC_OK;
}

int
command_upload(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 0, "state", OPTION_TEXT,
		    offsetof(struct upload_options, state), 0, 0, "DIR",
		    "state directory" },
		{ 0, "json", OPTION_FLAG,
		    offsetof(struct upload_options, is_json), 0, 0, NULL,
		    "one line of JSON for a program" },
		{ 0, "v4", OPTION_TEXT, offsetof(struct upload_options, v4), 0,
		    0, "STATE", "can this host measure IPv4: ok or none" },
		{ 0, "v6", OPTION_TEXT, offsetof(struct upload_options, v6), 0,
		    0, "STATE", "the same of IPv6" },
		{ 0, "acked", OPTION_COUNT,
		    offsetof(struct upload_options, acked), 0,
		    (int64_t)SPOOL_SEQ_MAX, "SEQ",
		    "the collector has all up to it; write nothing down" },
		{ 0 },
	};
	static const struct command_spec spec = { "catchwater-probe", "upload",
		"", 0, 0, "send what the spool holds, now", specs };
	struct upload_options options = { .acked = -1 };
	struct upload u = { .n_max = WIRE_BATCH_MAX, .assignment = "unknown" };
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc = options_parse(
	    &spec, &options, argc, argv, &operands, &n_operands, &err);

	if (rc != RC_OK) {
		if (rc != RC_NOTFOUND)
			fprintf(stderr, "%s\n", err.text);
		return rc == RC_NOTFOUND ? 0 : 2;
	}
	rc = take_orders(&u, &options, &err);
	if (rc == RC_OK)
		rc = run(&u, options.state, &err);
	if (options.is_json)
		print_json(&u, err.text);
	else if (rc == RC_OK)
		printf("sent %" PRIu64
		       " observations, the collector has all up "
		       "to seq %" PRIu64 "; assignment %s\n",
		    u.n_sent, u.acked, u.assignment);
	else
		fprintf(stderr, "catchwater-probe upload: %s\n", err.text);
	return rc == RC_OK ? 0 : 1;
}
