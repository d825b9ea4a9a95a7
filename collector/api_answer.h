/*
 * api_answer.h - what the paths of the collector share.            (wiring)
 *
 * Uses     httpd, auth, gate, metrics, store
 * Used by  api*.c only
 */
#ifndef COLLECTOR_API_ANSWER_H
#define COLLECTOR_API_ANSWER_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

#include "collector/api_parts.h"
#include "collector/auth.h"
#include "collector/gate.h"
#include "collector/httpd.h"
#include "collector/metrics.h"
#include "collector/metrics_page.h"
#include "collector/store.h"

#define RETRY_OVERLOAD_S 5
#define RETRY_NOT_STORED_S 30

/* A connection to the database that threads take turns with. */
struct door {
	pthread_mutex_t lock;
	struct store *store;
};

struct desk;

struct api {
	struct api_parts parts;
	pthread_rwlock_t settings_lock; /* of parts.settings */
	struct gate *gate;
	struct door read, edit;
	struct metrics_page *metrics_page;
	struct desk *desk; /* answers people */
};

/* How one kind of refusal is told and counted. */
struct refusal {
	enum metric metric; /* METRIC_N: not counted */
	unsigned status, retry_after_s;
};

extern const struct refusal refusal_too_large, refusal_malformed,
    refusal_other_probe, refusal_token, refusal_overload, refusal_not_stored;

/* Lends the settings in force, until api_leave_settings. */
const struct settings *api_enter_settings(struct api *a);
void api_leave_settings(struct api *a);

/* Answers with a JSON object, which it takes. */
void api_say(struct exchange *x, unsigned status, json_t *what);

/* Answers with {"error": why}, and counts it. */
void api_refuse(struct api *a, struct exchange *x, const struct refusal *r,
    const char *why);

/* The same, and closes the connection. */
void api_refuse_all(struct api *a, struct exchange *x, const struct refusal *r,
    const char *why);

/* The same for a request that is not signed as it should be. */
void api_refuse_auth(struct api *a, struct exchange *x, enum auth auth);

/* The same for one that comes too soon. */
void api_refuse_rate(struct api *a, struct exchange *x, unsigned wait_s);

/* Lends what the exchange says of its signature. */
struct auth_request api_auth_request(const struct exchange *x);

/* Did an enrolled probe sign?  *probe is its row when AUTH_OK.  Whoever asks
 * this and not api_authenticate sets the probe no limit. */
MUST_USE enum auth
api_check_auth(struct api *a, struct exchange *x, struct probe_row *probe);

/* True when one did, and not too often; else the exchange is answered. */
bool
api_authenticate(struct api *a, struct exchange *x, struct probe_row *probe);

/* Does the one who asks have this version already? */
bool api_has_etag(const struct exchange *x, const char *etag);

/* Is the body said to be packed with zstd? */
bool api_is_zstd(const struct exchange *x);

/* The paths. */
void api_post_batch(struct api *a, struct exchange *x);
void api_get_assignment(struct api *a, struct exchange *x);
void api_post_enroll(struct api *a, struct exchange *x);
void api_post_leave(struct api *a, struct exchange *x);
void api_post_site(struct api *a, struct exchange *x);
void api_get_health(struct api *a, struct exchange *x);
void api_get_metrics(struct api *a, struct exchange *x);
void api_get_view(struct api *a, struct exchange *x);
void api_get_stream(struct api *a, struct exchange *x);
void api_get_web(struct api *a, struct exchange *x);

/* Is there a view, or a file of the dashboard, at this path? */
bool api_is_view(const char *path);
bool api_is_web(const char *path);

/* May this person look?  If not, the exchange is answered. */
bool api_admit_person(struct api *a, struct exchange *x);

#endif
