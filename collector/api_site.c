/* api_site.c - POST /v1/site; see api.h. */
#include <errno.h>
#include <stdlib.h>

#include "collector/api_answer.h"
#include "collector/store_site.h"
#include "schema/base/clock.h"
#include "schema/site_report.h"

static const struct refusal *
site_refusal(enum rc rc)
{
	static const struct refusal other_site = { METRIC_REFUSED_OTHER_SITE,
		403, 0 };
	static const struct refusal no_site = { METRIC_N, 404, 0 };

	if (rc == RC_PEER)
		return &other_site;
	if (rc == RC_NOTFOUND || rc == RC_RANGE)
		return &no_site;
	return &refusal_not_stored;
}

/* Catchwater-Seq, which the signature covers.  False: no number above 0. */
static bool
read_seq(const struct exchange *x, int64_t *seq)
{
	const char *text = exchange_header(x, "Catchwater-Seq");
	char *end;

	errno = 0;
	*seq = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && *seq > 0;
}

/* One transaction.  The time is taken under the lock, so that reports are
 * stored in its order. */
static enum rc
take_report(struct api *a, const struct probe_row *probe,
    const struct site_report *r, int64_t seq, int64_t *last_seq,
    struct err *err)
{
	int64_t keep_us = api_enter_settings(a)->keep_observations_us;
	struct store *st = a->edit.store;
	int64_t now_us;
	enum rc rc;

	api_leave_settings(a);
	pthread_mutex_lock(&a->edit.lock);
	rc = store_begin(st, err);
	now_us = clock_steady_us();
	if (rc == RC_OK)
		rc =
		    store_site_report(st, probe, r, seq, now_us, last_seq, err);
	if (rc == RC_OK && keep_us > 0)
		rc = store_site_forget(st, now_us - keep_us, err);
	if (rc == RC_OK)
		rc = store_commit(st, err);
	store_rollback(st);
	pthread_mutex_unlock(&a->edit.lock);
	return rc;
}

void
api_post_site(struct api *a, struct exchange *x)
{
	struct auth_request r = api_auth_request(x);
	struct err err = ERR_NONE;
	struct site_report report;
	struct probe_row probe;
	int64_t seq, last_seq = 0;
	enum rc rc;

	if (!api_authenticate(a, x, &probe))
		return;
	rc = site_report_decode(&report, r.body, r.len, &err);
	if (rc != RC_OK || !read_seq(x, &seq)) {
		api_refuse(a, x, &refusal_malformed,
		    rc != RC_OK ? err.text : "Catchwater-Seq: not a number");
		return;
	}
	rc = take_report(a, &probe, &report, seq, &last_seq, &err);
	if (rc == RC_LIMIT) {
		api_say(x, 409,
		    json_pack("{s:s, s:I}", "error", err.text, "last_seq",
			(json_int_t)last_seq));
	} else if (rc != RC_OK) {
		api_refuse(a, x, site_refusal(rc),
		    rc == RC_DB ? "not stored; try again later" : err.text);
	} else {
		metrics_add(a->parts.metrics, METRIC_SITE_REPORTS, 1);
		metrics_note_heard(a->parts.metrics);
		api_say(x, 200,
		    json_pack(
			"{s:I}", "lease_us", (json_int_t)report.lease_us));
	}
}
