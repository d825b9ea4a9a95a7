/*
 * api.h - what each path of the collector answers.                 (wiring)
 *
 * Uses     httpd, auth, inflate, wire, queue, enrolment, assign, store_probe,
 *          desk, web
 * Used by  serve
 *
 * POST /v1/batches and /v1/leave, GET /v1/assignment: signed by an enrolled
 * probe.  POST /v1/enroll: signed by the new key.  GET /healthz and /metrics:
 * open.  The dashboard, its views (views.h) and the stream of news: for
 * people, as the configuration lets them.  A refusal is {"error": "..."}.
 */
#ifndef COLLECTOR_API_H
#define COLLECTOR_API_H

#include "collector/api_parts.h"
#include "collector/httpd.h"
#include "schema/base/err.h"

struct api;

/* Gives *out: release with api_close.  Opens connections of its own to the
 * database, which must be there.  RC_DB. */
MUST_USE enum rc
api_open(struct api **out, const struct api_parts *parts, struct err *err);
void api_close(struct api *a); /* NULL is fine */

/* From now on answers by these, which it lends; the ones before are no longer
 * used once this returns.  The database must be the same. */
void api_set_settings(struct api *a, const struct settings *settings);

/* Answers the people that wait; from now on they are refused. */
void api_quiet(struct api *a);

struct httpd_handlers api_handlers(struct api *a);

#endif
