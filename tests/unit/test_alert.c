/*
 * test_alert.c - the outbox reaches a webhook, whatever it takes.
 *
 * The webhook is a real HTTP server on loopback, which answers what the test
 * says and remembers what it was told.
 */
#include "collector/alert.h"

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "collector/alert_webhook.h"
#include "collector/store_alert.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "tests/unit/fixture.h"

#define MAX_POSTS 8
#define PATIENCE_MS 60000 /* only a failing test waits this long */
#define NOON_US (INT64_C(1772366400) * US_PER_S) /* 2026-03-01T12:00:00Z */

struct post { /* one request that came in */
	char key[DELIVERY_KEY_LEN], type[64];
	char body[4096];
	size_t len;
};

static struct hook {
	pthread_mutex_t lock;
	struct MHD_Daemon *daemon;
	unsigned n_failures; /* how many to answer with 503 first */
	unsigned n;
	struct post posts[MAX_POSTS];
} hook = { .lock = PTHREAD_MUTEX_INITIALIZER };

static char dir[] = "/tmp/test_alert.XXXXXX";
static char database[64];

static void
note_header(struct MHD_Connection *c, const char *name, char *to, size_t cap)
{
	const char *value =
	    MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	snprintf(to, cap, "%s", value != NULL ? value : "");
}

static enum MHD_Result
answer(struct MHD_Connection *c, struct post *p)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;
	unsigned status;

	note_header(c, "Idempotency-Key", p->key, sizeof p->key);
	note_header(c, "Content-Type", p->type, sizeof p->type);
	pthread_mutex_lock(&hook.lock);
	status = hook.n < hook.n_failures ? 503 : 204;
	if (hook.n < MAX_POSTS)
		hook.posts[hook.n++] = *p;
	pthread_mutex_unlock(&hook.lock);
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **state)
{
	struct post *p = *state;

	(void)ctx, (void)url, (void)method, (void)version;
	if (p == NULL) {
		*state = mem_new(sizeof *p);
		return MHD_YES;
	}
	if (*len == 0)
		return answer(c, p);
	if (p->len + *len < sizeof p->body) {
		memcpy(p->body + p->len, data, *len);
		p->len += *len;
	}
	*len = 0;
	return MHD_YES;
}

static void
on_done(void *ctx, struct MHD_Connection *c, void **state,
    enum MHD_RequestTerminationCode why)
{
	(void)ctx, (void)c, (void)why;
	free(*state);
}

/* Starts the webhook on a free port; gives its URL. */
static char *
hook_start(unsigned n_failures)
{
	char url[64];

	hook.n = 0;
	hook.n_failures = n_failures;
	hook.daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL,
	    NULL, on_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
	    MHD_OPTION_END);
	assert_non_null(hook.daemon);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/hook",
	    MHD_get_daemon_info(hook.daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	return mem_strdup(url);
}

static void
hook_stop(void)
{
	MHD_stop_daemon(hook.daemon);
}

/* Waits until a number of the database is what it should be. */
static bool
comes_true(const char *sql, int64_t want)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 20) {
		if (fixture_number(database, sql) == want)
			return true;
		usleep(20000);
	}
	return false;
}

static void
put_delivery(const char *event_id, const char *alert, const char *notice,
    int64_t created_us)
{
	char sql[300];

	snprintf(sql, sizeof sql,
	    "INSERT INTO delivery (event_id, alert, notice, key, created_us, "
	    "next_try_us) VALUES (%s, '%s', '%s', '%s-%s-%s', %lld, %lld)",
	    event_id, alert, notice, event_id, notice, alert,
	    (long long)created_us, (long long)created_us);
	fixture_run(database, sql);
}

static struct alert_settings ops = { .name = "ops",
	.timeout_us = 5 * US_PER_S,
	.give_up_after_us = 3600 * US_PER_S };

static struct troubles *troubles;

static struct alert *
start(char *webhook)
{
	static struct settings settings;
	struct err err = ERR_NONE;
	struct alert *a;

	ops.to = webhook;
	settings.database = database;
	settings.n_alerts = 1;
	settings.alerts = &ops;
	T_CHECK(alert_start(&a, &settings, troubles, NULL, &err) == RC_OK, "%s",
	    err.text);
	return a;
}

static const char *
text_at(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void
check_notice(const struct post *p, const char *notice, const char *text)
{
	json_t *whole = json_loads(p->body, 0, NULL), *event, *move;

	T_CHECK(whole != NULL, "not JSON: %s", p->body);
	assert_int_equal(
	    json_integer_value(json_object_get(whole, "version")), 1);
	assert_string_equal(text_at(whole, "notice"), notice);
	assert_string_equal(text_at(whole, "key"), p->key);
	assert_string_equal(text_at(whole, "text"), text);
	event = json_object_get(whole, "event");
	assert_int_equal(json_integer_value(json_object_get(event, "id")), 1);
	assert_string_equal(text_at(event, "kind"), "shift");
	assert_string_equal(text_at(event, "site"), "ams");
	assert_string_equal(
	    text_at(event, "since"), "2026-03-01T12:00:00.000000Z");
	assert_int_equal(json_integer_value(json_object_get(event, "asns")), 3);
	assert_true(json_is_null(json_object_get(event, "verdict")));
	move = json_array_get(json_object_get(event, "moves"), 0);
	assert_string_equal(text_at(move, "to"), "nyc");
	assert_int_equal(
	    json_integer_value(json_object_get(move, "vantages")), 2);
	json_decref(whole);
}

static void
what_fails_is_tried_again_under_the_same_key_until_it_is_there(void **state)
{
	char *url = hook_start(2);
	struct alert *a;

	(void)state;
	put_delivery("1", "ops", "open", clock_wall_us());
	a = start(url);
	assert_true(comes_true("SELECT count(*) FROM delivery "
			       "WHERE delivered_us IS NOT NULL",
	    1));
	alert_stop(a);
	hook_stop();
	free(url);
	assert_int_equal(hook.n, 3);
	for (unsigned i = 0; i < hook.n; i++) {
		assert_string_equal(hook.posts[i].key, "1-open-ops");
		assert_string_equal(hook.posts[i].type, "application/json");
	}
	check_notice(&hook.posts[2], "open",
	    "major root shift: ams lost 3 vantages (3 ASes) to nyc 2, sin 1");
	assert_int_equal(fixture_number(database,
			     "SELECT count(*) FROM attempt WHERE status = 503 "
			     "AND error LIKE '%answered with status 503%'"),
	    2);
	assert_int_equal(
	    fixture_number(database, "SELECT count(*) FROM attempt "
				     "WHERE status = 204 AND error IS NULL"),
	    1);
	assert_int_equal(
	    fixture_number(database, "SELECT n_tries FROM delivery"), 3);
}

static void
a_resolve_notice_says_how_it_ended(void **state)
{
	char *url = hook_start(0);
	struct alert *a = start(url);

	(void)state;
	put_delivery("1", "ops", "resolve", clock_wall_us());
	assert_true(comes_true("SELECT count(*) FROM delivery "
			       "WHERE delivered_us IS NOT NULL",
	    1));
	alert_stop(a);
	hook_stop();
	free(url);
	assert_int_equal(hook.n, 1);
	check_notice(&hook.posts[0], "resolve",
	    "RESOLVED root shift (settled): ams lost 3 vantages (3 ASes) to "
	    "nyc 2, sin 1");
}

static void
a_resolve_notice_waits_for_its_opening(void **state)
{
	char *url = hook_start(1);
	struct alert *a;

	(void)state;
	put_delivery("1", "ops", "open", clock_wall_us());
	put_delivery("1", "ops", "resolve", clock_wall_us());
	a = start(url);
	assert_true(comes_true("SELECT count(*) FROM delivery "
			       "WHERE delivered_us IS NOT NULL",
	    2));
	alert_stop(a);
	hook_stop();
	free(url);
	assert_int_equal(hook.n, 3);
	assert_string_equal(hook.posts[0].key, "1-open-ops");
	assert_string_equal(hook.posts[1].key, "1-open-ops");
	assert_string_equal(hook.posts[2].key, "1-resolve-ops");
}

static void
what_is_too_old_is_given_up_and_stays_so(void **state)
{
	char *url = hook_start(100);
	struct alert *a;

	(void)state;
	put_delivery("1", "ops", "open", clock_wall_us() - 7200 * US_PER_S);
	a = start(url);
	assert_true(comes_true("SELECT count(*) FROM delivery "
			       "WHERE given_up_us IS NOT NULL "
			       "AND delivered_us IS NULL AND n_tries = 1",
	    1));
	alert_stop(a);
	hook_stop();
	free(url);
}

static void
nobody_there_is_an_attempt_without_status(void **state)
{
	char *url = hook_start(0);
	struct alert *a;

	(void)state;
	hook_stop(); /* the port is free again: connections are refused */
	put_delivery("1", "ops", "open", clock_wall_us());
	a = start(url);
	assert_true(comes_true("SELECT count(*) > 0 FROM attempt "
			       "WHERE status IS NULL AND error <> ''",
	    1));
	alert_stop(a);
	free(url);
}

static void
an_alert_that_is_no_longer_configured_is_given_up(void **state)
{
	char *url = hook_start(0);
	struct alert *a;

	(void)state;
	put_delivery("1", "gone", "open", clock_wall_us());
	a = start(url);
	alert_stop(a);
	hook_stop();
	free(url);
	assert_int_equal(hook.n, 0);
	assert_int_equal(
	    fixture_number(database,
		"SELECT count(*) FROM delivery JOIN attempt ON "
		"delivery_id = delivery.id WHERE given_up_us IS NOT NULL AND "
		"error = 'no alert of this name in the configuration'"),
	    1);
}

/* Waits until the webhook was asked n times. */
static bool
comes_in(unsigned n)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 20) {
		unsigned now;

		pthread_mutex_lock(&hook.lock);
		now = hook.n;
		pthread_mutex_unlock(&hook.lock);
		if (now == n)
			return true;
		usleep(20000);
	}
	return false;
}

/* A report at a monotonic second in which the store is well or not. */
static void
step(int64_t second, const char *why)
{
	struct self_report r = { .sample = { .now_us = second * US_PER_S } };
	unsigned began, ended;

	for (unsigned i = 0; i < SELF_PARTS; i++)
		r.is_well[i] = i != SELF_STORE || why == NULL;
	if (why != NULL)
		snprintf(r.why[SELF_STORE], SELF_WHY_LEN, "%s", why);
	troubles_step(
	    troubles, &r, NOON_US + second * US_PER_S, &began, &ended);
}

static void
check_trouble(const struct post *p, const char *notice, const char *text)
{
	json_t *whole = json_loads(p->body, 0, NULL), *event;

	T_CHECK(whole != NULL, "not JSON: %s", p->body);
	assert_string_equal(text_at(whole, "notice"), notice);
	assert_string_equal(text_at(whole, "key"), p->key);
	assert_string_equal(text_at(whole, "text"), text);
	event = json_object_get(whole, "event");
	assert_true(json_is_null(json_object_get(event, "id")));
	assert_true(json_is_null(json_object_get(event, "service")));
	assert_string_equal(text_at(event, "kind"), "collector");
	assert_string_equal(text_at(event, "verdict"), "store");
	assert_string_equal(text_at(event, "severity"), "critical");
	assert_string_equal(
	    text_at(event, "since"), "2026-03-01T12:00:01.000000Z");
	json_decref(whole);
}

/* The database cannot be written while it is told, and the webhook fails at
 * first; then all starts anew, and only the end is told. */
static void
the_collectors_own_trouble_is_told_once_and_its_end(void **state)
{
	char *url = hook_start(1);
	struct alert *a;
	sqlite3 *lock;

	(void)state;
	troubles = troubles_new();
	ops.tells_itself = true;
	a = start(url);
	assert_int_equal(sqlite3_open(database, &lock), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(lock, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	step(1, "the disk is full");
	step(11, "the disk is full");
	assert_true(comes_in(2));
	sqlite3_close(lock);
	assert_true(comes_true("SELECT count(*) FROM trouble", 1));
	alert_stop(a);
	troubles_free(troubles);
	troubles = troubles_new();
	a = start(url);
	assert_true(troubles_get(troubles, SELF_STORE).is_open);
	step(1001, "the disk is full");
	step(1002, NULL);
	step(1012, NULL);
	assert_true(comes_in(3));
	assert_true(comes_true("SELECT count(*) FROM trouble", 0));
	alert_stop(a);
	hook_stop();
	free(url);
	assert_string_equal(hook.posts[0].key, hook.posts[1].key);
	check_trouble(
	    &hook.posts[1], "open", "the collector itself: the disk is full");
	check_trouble(&hook.posts[2], "resolve",
	    "RESOLVED the collector itself (over): the disk is full");
	ops.tells_itself = false;
	troubles_free(troubles);
	troubles = NULL;
}

static void
an_alert_may_leave_the_collector_itself_out(void **state)
{
	char *url = hook_start(0);
	struct alert *a;

	(void)state;
	troubles = troubles_new();
	a = start(url);
	step(1, "the disk is full");
	step(20, "the disk is full");
	put_delivery("1", "ops", "open", clock_wall_us());
	assert_true(comes_true("SELECT count(*) FROM delivery "
			       "WHERE delivered_us IS NOT NULL",
	    1));
	alert_stop(a);
	hook_stop();
	free(url);
	assert_int_equal(hook.n, 1);
	assert_string_equal(hook.posts[0].key, "1-open-ops");
	troubles_free(troubles);
	troubles = NULL;
}

static void
waits_double_up_to_five_minutes(void **state)
{
	(void)state;
	assert_int_equal(webhook_backoff_us(0), US_PER_S);
	assert_int_equal(webhook_backoff_us(1), 2 * US_PER_S);
	assert_int_equal(webhook_backoff_us(8), 256 * US_PER_S);
	assert_int_equal(webhook_backoff_us(9), 300 * US_PER_S);
	assert_int_equal(webhook_backoff_us(1000000), 300 * US_PER_S);
}

static int
make_database(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(database, sizeof database, "%s/c.db", dir);
	fixture_make(database, "tests/data/report.sql");
	return 0;
}

static int
empty_outbox(void **state)
{
	(void)state;
	fixture_run(database, "DELETE FROM attempt; DELETE FROM delivery");
	return 0;
}

static int
remove_database(void **state)
{
	static const char *const names[] = { "c.db", "c.db-wal", "c.db-shm",
		"" };
	char path[64];

	(void)state;
	for (size_t i = 0; i < T_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		remove(path);
	}
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    what_fails_is_tried_again_under_the_same_key_until_it_is_there,
		    empty_outbox),
		cmocka_unit_test_setup(
		    a_resolve_notice_says_how_it_ended, empty_outbox),
		cmocka_unit_test_setup(
		    a_resolve_notice_waits_for_its_opening, empty_outbox),
		cmocka_unit_test_setup(
		    what_is_too_old_is_given_up_and_stays_so, empty_outbox),
		cmocka_unit_test_setup(
		    nobody_there_is_an_attempt_without_status, empty_outbox),
		cmocka_unit_test_setup(
		    an_alert_that_is_no_longer_configured_is_given_up,
		    empty_outbox),
		cmocka_unit_test_setup(
		    the_collectors_own_trouble_is_told_once_and_its_end,
		    empty_outbox),
		cmocka_unit_test_setup(
		    an_alert_may_leave_the_collector_itself_out, empty_outbox),
		cmocka_unit_test(waits_double_up_to_five_minutes),
	};

	return cmocka_run_group_tests(tests, make_database, remove_database);
}
