/* api_enroll.c - POST /v1/enroll and /v1/leave; see api.h. */
#include "collector/api_answer.h"
#include "collector/enrolment.h"
#include "collector/store_probe.h"
#include "schema/base/clock.h"

static const struct refusal *
enrol_refusal(enum rc rc)
{
	static const struct refusal taken = { METRIC_N, 409, 0 };

	if (rc == RC_PEER)
		return &refusal_token;
	return rc == RC_RANGE ? &taken : &refusal_not_stored;
}

/* Without the write lock, so that guessing at tokens holds nobody up. */
static enum rc
check_token(struct api *a, const struct enrolment *e, struct err *err)
{
	struct probe_row there;
	enum rc rc;

	pthread_mutex_lock(&a->read.lock);
	rc = store_probe_find(a->read.store, e->probe.id, &there, err);
	if (rc == RC_NOTFOUND)
		rc = store_token_check(
		    a->read.store, e->token_hash, clock_wall_us(), err);
	pthread_mutex_unlock(&a->read.lock);
	return rc;
}

/* One transaction; on RC_OK *row is the probe as it is stored. */
static enum rc
enrol(struct api *a, const struct enrolment *e, struct probe_row *row,
    struct err *err)
{
	struct store *st = a->edit.store;
	enum rc rc;

	pthread_mutex_lock(&a->edit.lock);
	rc = store_begin(st, err);
	if (rc == RC_OK)
		rc = store_probe_enrol(
		    st, &e->probe, e->token_hash, clock_wall_us(), err);
	if (rc == RC_OK)
		rc = store_probe_find(st, e->probe.id, row, err);
	if (rc == RC_OK)
		rc = store_commit(st, err);
	store_rollback(st);
	pthread_mutex_unlock(&a->edit.lock);
	return rc;
}

void
api_post_enroll(struct api *a, struct exchange *x)
{
	struct auth_request r = api_auth_request(x);
	struct err err = ERR_NONE;
	struct probe_row row;
	struct enrolment e;
	enum auth auth;
	enum rc rc = enrolment_decode(&e, r.body, r.len, &err);

	if (rc != RC_OK) {
		api_refuse(a, x, &refusal_malformed, err.text);
		return;
	}
	auth = auth_check_key(&r, e.probe.public_key);
	if (auth != AUTH_OK) {
		api_refuse_auth(a, x, auth);
		return;
	}
	rc = check_token(a, &e, &err);
	if (rc == RC_OK)
		rc = enrol(a, &e, &row, &err);
	if (rc != RC_OK) {
		api_refuse(a, x, enrol_refusal(rc),
		    rc == RC_DB ? "not stored; try again later" : err.text);
		return;
	}
	metrics_add(a->parts.metrics, METRIC_ENROLLED, 1);
	api_say(
	    x, 200, json_pack("{s:s, s:s}", "probe", row.id, "name", row.name));
}

static enum rc
leave(struct api *a, const char *id)
{
	struct store *st = a->edit.store;
	enum rc rc;

	pthread_mutex_lock(&a->edit.lock);
	rc = store_begin(st, NULL);
	if (rc == RC_OK)
		rc = store_probe_set_state(
		    st, id, PROBE_LEFT, NULL, clock_wall_us(), NULL);
	if (rc == RC_OK)
		rc = store_commit(st, NULL);
	store_rollback(st);
	pthread_mutex_unlock(&a->edit.lock);
	return rc;
}

void
api_post_leave(struct api *a, struct exchange *x)
{
	/* Its first answer was lost: it may erase its key now. */
	static const struct refusal gone = { METRIC_N, 410, 0 };
	struct probe_row probe;
	enum auth auth = api_check_auth(a, x, &probe);

	if (auth == AUTH_LEFT) {
		api_refuse(a, x, &gone, auth_text(auth));
		return;
	}
	if (auth != AUTH_OK) {
		api_refuse_auth(a, x, auth);
		return;
	}
	if (leave(a, probe.id) != RC_OK) {
		api_refuse(
		    a, x, &refusal_not_stored, "not stored; try again later");
		return;
	}
	api_say(x, 200, json_pack("{s:s}", "probe", probe.id));
}
