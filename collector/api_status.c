/* api_status.c - GET /v1/assignment, /healthz and /metrics; see api.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api_answer.h"
#include "collector/assign.h"
#include "collector/report.h"
#include "collector/store_probe.h"

void
api_get_assignment(struct api *a, struct exchange *x)
{
	const struct settings *settings;
	size_t rank = 0, n = 1;
	struct probe_row probe;
	struct assignment as;
	char *body;
	enum rc rc;

	if (!api_authenticate(a, x, &probe))
		return;
	pthread_mutex_lock(&a->read.lock);
	rc = store_probe_rank(a->read.store, probe.id, &rank, &n, NULL);
	pthread_mutex_unlock(&a->read.lock);
	if (rc != RC_OK) {
		api_refuse(a, x, &refusal_not_stored,
		    "the fleet cannot be counted now");
		return;
	}
	settings = api_enter_settings(a);
	assign(&as, &settings->services, settings->upload_every_us, rank, n);
	body = assignment_encode(&as);
	api_leave_settings(a); /* as lends zones of it */
	if (api_has_etag(x, as.etag))
		exchange_answer(
		    x, &(struct answer){
			   .status = 304, .body = "", .etag = as.etag });
	else
		exchange_answer(x, &(struct answer){ .status = 200,
				       .body = body,
				       .len = strlen(body),
				       .etag = as.etag });
	free(body);
	assignment_fini(&as);
}

/* {"healthy":true,"checks":{"store":"ok",...}}; a part that is not says why,
 * and "error" has all that makes the answer a 503. */
void
api_get_health(struct api *a, struct exchange *x)
{
	json_t *body = json_object(), *checks = json_object();
	struct self_report r;
	char error[SELF_PARTS * (SELF_WHY_LEN + 2)] = "";
	bool is_healthy;

	selfcheck_look(a->parts.selfcheck, &r);
	is_healthy = self_is_healthy(&r);
	for (unsigned i = 0; i < SELF_PARTS; i++) {
		size_t len = strlen(error);

		json_object_set_new(checks, self_part_name(i),
		    report_json_text(r.is_well[i] ? "ok" : r.why[i]));
		if (!r.is_well[i] && i != SELF_DISK)
			snprintf(error + len, sizeof error - len, "%s%s",
			    len > 0 ? "; " : "", r.why[i]);
	}
	json_object_set_new(body, "healthy", json_boolean(is_healthy));
	if (!is_healthy)
		json_object_set_new(body, "error", report_json_text(error));
	json_object_set_new(body, "checks", checks);
	api_say(x, is_healthy ? 200 : 503, body);
}

void
api_get_metrics(struct api *a, struct exchange *x)
{
	enum exposition_format format =
	    exposition_choose(exchange_header(x, "Accept"));
	size_t len;
	char *text = metrics_page_text(a->metrics_page, format, &len);

	exchange_answer(x, &(struct answer){ .status = 200,
			       .type = exposition_content_type(format),
			       .vary = "Accept",
			       .body = text,
			       .len = len });
	free(text);
}
