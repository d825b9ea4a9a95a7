/* api.c - see api.h: which path is answered by what, and the first look at a
 * request's head. */
#include "collector/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/api_answer.h"
#include "collector/desk.h"
#include "collector/enrolment.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"
#include "schema/site_report.h"
#include "schema/wire.h"

struct route {
	const char *path, *method;
	size_t max_body;
	bool is_signed, takes_zstd, is_for_people;
	void (*run)(struct api *a, struct exchange *x);
};

static const struct route routes[] = {
	{ "/v1/batches", "POST", WIRE_POST_MAX, true, true, false,
	    api_post_batch },
	{ "/v1/assignment", "GET", 0, true, false, false, api_get_assignment },
	{ "/v1/enroll", "POST", ENROLMENT_BODY_MAX, true, false, false,
	    api_post_enroll },
	{ "/v1/leave", "POST", ENROLMENT_BODY_MAX, true, false, false,
	    api_post_leave },
	{ "/v1/site", "POST", SITE_REPORT_BODY_MAX, true, false, false,
	    api_post_site },
	{ "/healthz", "GET", 0, false, false, false, api_get_health },
	{ "/metrics", "GET", 0, false, false, false, api_get_metrics },
	{ "/v1/stream", "GET", 0, false, false, true, api_get_stream },
};
static const struct route of_views = { "", "GET", 0, false, false, true,
	api_get_view };
static const struct route of_web = { "", "GET", 0, false, false, true,
	api_get_web };

static const struct route *
find_route(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	if (api_is_view(path))
		return &of_views;
	return api_is_web(path) ? &of_web : NULL;
}

/* The length that the head announces, 0 when it announces no body (RFC 9112
 * section 6.3).  RC_MALFORMED: it is no number. */
static enum rc
announced_length(const struct exchange *x, size_t *out)
{
	const char *p = exchange_header(x, "Content-Length");
	size_t v = 0;

	for (; p != NULL && *p >= '0' && *p <= '9'; p++)
		v = v > SIZE_MAX / 16 ? v : 10 * v + (size_t)(*p - '0');
	*out = v;
	return p == NULL || *p == '\0' ? RC_OK : RC_MALFORMED;
}

/* What of a POST can be refused before its body is read. */
static bool
admit_body(struct api *a, struct exchange *x, const struct route *route)
{
	static const struct refusal no_length = { METRIC_REFUSED_MALFORMED, 411,
		0 };
	static const struct refusal bad_encoding = { METRIC_REFUSED_ENCODING,
		415, 0 };
	const char *encoding = exchange_header(x, "Content-Encoding");
	size_t len = 0;

	if (announced_length(x, &len) != RC_OK) {
		api_refuse(a, x, &no_length, "Content-Length is needed");
		return false;
	}
	if (len > route->max_body) {
		api_refuse(a, x, &refusal_too_large, "the body is too large");
		return false;
	}
	if (encoding != NULL && strcasecmp(encoding, "identity") != 0 &&
	    !(route->takes_zstd && api_is_zstd(x))) {
		api_refuse(a, x, &bad_encoding,
		    route->takes_zstd ? "Content-Encoding: zstd or identity"
				      : "no Content-Encoding is taken here");
		return false;
	}
	return true;
}

/* What two readers of one request could take differently is refused, and its
 * connection with it: a proxy before us may have seen another request than we
 * do (RFC 9112 section 11.2), and a signature covers one value. */
static bool
admit_head(struct api *a, struct exchange *x)
{
	static const char *const once[] = { "Host", "Content-Length",
		"Content-Encoding", "Content-Digest", "Catchwater-Seq",
		"Signature-Input", "Signature" };
	static const struct refusal chunked = { METRIC_REFUSED_MALFORMED, 411,
		0 };
	static const struct refusal unclear = { METRIC_REFUSED_MALFORMED, 400,
		0 };
	char why[80];

	if (!exchange_is_plain(x)) {
		api_refuse_all(a, x, &unclear,
		    "a header line is not 'Name: value', or a folded one, or "
		    "there is a NUL");
		return false;
	}
	if (exchange_header(x, "Transfer-Encoding") != NULL) {
		api_refuse_all(a, x, &chunked,
		    "Content-Length is needed, not Transfer-Encoding");
		return false;
	}
	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
		if (exchange_n_headers(x, once[i]) <= 1)
			continue;
		snprintf(why, sizeof why, "%s is there twice", once[i]);
		api_refuse_all(a, x, &unclear, why);
		return false;
	}
	return true;
}

/* Counts it by where it comes from; what is not signed is not. */
static bool
admit_often(struct api *a, struct exchange *x, const struct route *route)
{
	struct addr from = exchange_source(x);
	int64_t now_us = clock_mono_us();
	unsigned wait_s;

	if (!route->is_signed && !route->is_for_people)
		return true;
	wait_s = route->run == api_post_enroll
		     ? gate_enrolment(a->gate, &from, now_us)
		     : gate_request(a->gate, &from, now_us);
	if (wait_s > 0)
		api_refuse_rate(a, x, wait_s);
	return wait_s == 0;
}

static bool
admit_signed(struct api *a, struct exchange *x)
{
	if (exchange_header(x, "Signature-Input") != NULL &&
	    exchange_header(x, "Signature") != NULL &&
	    exchange_header(x, "Content-Digest") != NULL &&
	    exchange_header(x, "Catchwater-Seq") != NULL)
		return true;
	api_refuse_auth(a, x, AUTH_NO_SIGNATURE);
	return false;
}

static size_t
on_head(void *ctx, struct exchange *x)
{
	static const struct refusal no_path = { METRIC_N, 404, 0 };
	static const char no_method[] = "{\"error\":\"method not allowed\"}";
	const struct route *route = find_route(exchange_path(x));
	struct api *a = ctx;

	if (!admit_head(a, x))
		return 0;
	if (route == NULL) {
		api_refuse(a, x, &no_path, "no such path");
		return 0;
	}
	if (strcmp(route->method, exchange_method(x)) != 0) {
		exchange_answer(x, &(struct answer){ .status = 405,
				       .body = no_method,
				       .len = sizeof no_method - 1,
				       .allow = route->method });
		return 0;
	}
	if (!admit_often(a, x, route))
		return 0;
	if (strcmp(route->method, "POST") == 0 && !admit_body(a, x, route))
		return 0;
	if (route->is_signed && !admit_signed(a, x))
		return 0;
	if (route->is_for_people && !api_admit_person(a, x))
		return 0;
	return route->max_body;
}

static void
on_whole(void *ctx, struct exchange *x)
{
	find_route(exchange_path(x))->run(ctx, x);
}

struct httpd_handlers
api_handlers(struct api *a)
{
	return (struct httpd_handlers){
		.head = on_head, .whole = on_whole, .ctx = a
	};
}

const struct settings *
api_enter_settings(struct api *a)
{
	pthread_rwlock_rdlock(&a->settings_lock);
	return a->parts.settings;
}

void
api_leave_settings(struct api *a)
{
	pthread_rwlock_unlock(&a->settings_lock);
}

void
api_set_settings(struct api *a, const struct settings *settings)
{
	struct err err = ERR_NONE;

	pthread_rwlock_wrlock(&a->settings_lock);
	a->parts.settings = settings;
	pthread_rwlock_unlock(&a->settings_lock);
	if (gate_reload(a->gate, settings, &err) != RC_OK)
		log_error("serve: reload: the limits stay what they were: %s",
		    err.text);
}

enum rc
api_open(struct api **out, const struct api_parts *parts, struct err *err)
{
	struct api *a = mem_new(sizeof *a);
	enum rc rc;

	a->parts = *parts;
	pthread_rwlock_init(&a->settings_lock, NULL);
	pthread_mutex_init(&a->read.lock, NULL);
	pthread_mutex_init(&a->edit.lock, NULL);
	rc = gate_open(&a->gate, parts->settings, err);
	if (rc == RC_OK)
		rc = store_open(
		    &a->read.store, parts->settings->database, STORE_READ, err);
	if (rc == RC_OK)
		rc = store_open(
		    &a->edit.store, parts->settings->database, STORE_EDIT, err);
	if (rc == RC_OK)
		rc = metrics_page_open(&a->metrics_page,
		    parts->settings->database, parts->metrics, parts->selfcheck,
		    err);
	if (rc == RC_OK)
		rc = desk_open(&a->desk, parts->settings->database, err);
	if (rc != RC_OK) {
		api_close(a);
		return rc;
	}
	*out = a;
	return RC_OK;
}

void
api_quiet(struct api *a)
{
	desk_quiet(a->desk);
}

void
api_close(struct api *a)
{
	if (a == NULL)
		return;
	desk_close(a->desk);
	gate_close(a->gate);
	metrics_page_close(a->metrics_page);
	store_close(a->read.store);
	store_close(a->edit.store);
	pthread_mutex_destroy(&a->read.lock);
	pthread_mutex_destroy(&a->edit.lock);
	pthread_rwlock_destroy(&a->settings_lock);
	free(a);
}
