/* test_people.c - what the collector answers people: who may ask, views, the
 * stream of news, the files of the dashboard. */
#include "tests/unit/serve_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>

#include "collector/api.h"
#include "collector/desk.h"
#include "collector/listen.h"
#include "collector/web.h"

#define ANSWER_MAX (1 << 20)
#define PATIENCE_MS 60000

struct live { /* a rig with its HTTP side; nobody writes */
	struct rig *rig;
	struct queue *queue;
	struct api *api;
	struct httpd *httpd;
	char where[LISTEN_TEXT_LEN];
	char answer[ANSWER_MAX]; /* the last one, head and body */
	size_t len;
};

static int
set_up(void **state)
{
	struct live *l = mem_new(sizeof *l);
	struct httpd_settings hs = { .n_threads = 2 };
	struct addr loopback = rig_addr("127.0.0.1");
	struct httpd_handlers handlers;
	struct err err;

	l->rig = rig_new();
	l->queue = queue_new(4, 1 << 20);
	T_CHECK(api_open(&l->api,
		    &(struct api_parts){ .settings = &l->rig->settings,
			.queue = l->queue,
			.metrics = &l->rig->metrics },
		    &err) == RC_OK,
	    "%s", err.text);
	handlers = api_handlers(l->api);
	assert_int_equal(
	    listen_open(&hs.listen_fd, l->where, &loopback, 0, &err), RC_OK);
	assert_int_equal(httpd_start(&l->httpd, &hs, &handlers, &err), RC_OK);
	*state = l;
	return 0;
}

static int
tear_down(void **state)
{
	struct live *l = *state;

	httpd_quiesce(l->httpd);
	api_quiet(l->api);
	queue_close(l->queue);
	assert_true(httpd_wait_idle(l->httpd, 60 * US_PER_S));
	httpd_stop(l->httpd);
	api_close(l->api);
	queue_free(l->queue);
	rig_free(l->rig);
	free(l);
	return 0;
}

/* A connection with a request on it; more: header lines. */
static int
send_request(
    struct live *l, const char *path, const char *host, const char *more)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char head[4096];

	sa.sin_port =
	    htons((uint16_t)strtoul(strrchr(l->where, ':') + 1, NULL, 10));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	snprintf(head, sizeof head,
	    "GET %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n", path,
	    host, more);
	assert_int_equal(write(fd, head, strlen(head)), strlen(head));
	return fd;
}

/* Reads what comes until the end, into l->answer; gives the status. */
static int
read_answer(struct live *l, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 1;

	l->len = 0;
	while (n > 0) {
		T_CHECK(poll(&p, 1, PATIENCE_MS) == 1, "no answer");
		n = read(fd, l->answer + l->len, ANSWER_MAX - 1 - l->len);
		l->len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	l->answer[l->len] = '\0';
	return strncmp(l->answer, "HTTP/1.1 ", 9) == 0
		   ? (int)strtoul(l->answer + 9, NULL, 10)
		   : 0;
}

static int
ask(struct live *l, const char *path, const char *more)
{
	return read_answer(l, send_request(l, path, "localhost:8420", more));
}

static const char *
body(const struct live *l)
{
	const char *at = strstr(l->answer, "\r\n\r\n");

	assert_non_null(at);
	return at + 4;
}

static bool
says(const struct live *l, const char *text)
{
	return strstr(l->answer, text) != NULL;
}

static void
land(struct live *l, int64_t id)
{
	char sql[400];

	snprintf(sql, sizeof sql,
	    "INSERT OR IGNORE INTO vantage (id, probe_id, family, asn, "
	    "latitude, longitude, first_us) VALUES (1, '%s', 4, 64500, 52.5, "
	    "-13.25, 1); INSERT INTO landing (id, vantage_id, target_id, "
	    "state, "
	    "site_id, since_us, last_us, n) SELECT %lld, 1, t.id, 'stable', "
	    "i.id, 1000000, 2000000, 1 FROM target t, site i WHERE t.family = "
	    "4 "
	    "AND t.role = 'service' AND i.name = 'ams'",
	    l->rig->probe, (long long)id);
	assert_int_equal(
	    sqlite3_exec(store_handle(l->rig->side), sql, NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
views_say_what_the_commands_say(void **state)
{
	static const struct {
		const char *path, *says;
	} cases[] = {
		{ "/v1/sites", "[{\"service\":\"web\",\"site\":\"ams\"," },
		{ "/v1/catchment", "\"vantage\":\"one/4\"" },
		{ "/v1/catchment?at=-1h&family=4&by=asn", "\"by\":\"asn\"" },
		{ "/v1/vantages", "\"latitude\":52.5,\"longitude\":-13.25}" },
		{ "/v1/events?open=1&kind=shift", "\r\n\r\n[]" },
		{ "/v1/landing?vantage=one%2F4&since=2000-01-01",
		    "\"site\":\"ams\",\"state\":\"stable\"" },
		{ "/v1/history?vantage=one", "\r\n\r\n[]" },
		{ "/v1/diff?from=-1h&to=now", "\"rows\":[]" },
		{ "/v1/shares?service=web&since=-60s&step=30s",
		    "\"n_moments\":3,\"groups\":[{\"service\":\"web\",\"site\":"
		    "\"ams\",\"n\":[1,1,1]}]" },
	};
	struct live *l = *state;

	land(l, 1);
	for (size_t i = 0; i < T_LEN(cases); i++) {
		int status = ask(l, cases[i].path, "");

		T_CHECK(status == 200 && says(l, cases[i].says), "%s: %s",
		    cases[i].path, l->answer);
		T_CHECK(says(l, "Content-Type: application/json"), "%s",
		    cases[i].path);
		T_CHECK(says(l, "Content-Security-Policy: default-src 'none'"),
		    "%s", cases[i].path);
		T_CHECK(says(l, "X-Content-Type-Options: nosniff"), "%s",
		    cases[i].path);
	}
}

static void
what_makes_no_sense_is_told(void **state)
{
	static char longest[3000];
	static const struct {
		const char *path;
		int status;
		const char *says;
	} cases[] = {
		{ "/v1/sites?sevice=web", 400, "no parameter 'sevice'" },
		{ "/v1/catchment?family=5", 400, "expected 4 or 6" },
		{ "/v1/catchment?family=x", 400, "family: expected a number" },
		{ "/v1/catchment?family=4444444444444444", 400, "a number" },
		{ "/v1/catchment?service=wbe", 404, "did you mean 'web'" },
		{ "/v1/catchment?at=soon", 400, "soon" },
		{ "/v1/catchment?service=%zz", 400, "not a text" },
		{ "/v1/catchment?service=%4", 400, "not a text" },
		{ "/v1/catchment?service=a%00b", 400, "not a text" },
		{ "/v1/catchment?service=%1b%5b2J", 400, "not a text" },
		{ "/v1/catchment?service=%ff%3Cscript%3E", 404,
		    "\\\\xff<script>" },
		{ "/v1/catchment?service", 400, "no value" },
		{ "/v1/event", 400, "id=NUMBER" },
		{ "/v1/event?id=7", 404, "7" },
		{ "/v1/landing", 400, "vantage=NAME" },
		{ "/v1/history?vantage=one&site=ams", 400, "one vantage" },
		{ "/v1/shares?step=1ms", 400, "a second or more" },
		{ "/v1/shares?since=now", 400, "before" },
		{ longest, 400, "too long" },
	};
	struct live *l = *state;

	snprintf(longest, sizeof longest, "/v1/catchment?service=%02500d", 1);
	for (size_t i = 0; i < T_LEN(cases); i++) {
		int status = ask(l, cases[i].path, "");

		T_CHECK(status == cases[i].status && says(l, cases[i].says),
		    "%.40s: %s", cases[i].path, l->answer);
	}
}

static void
news_is_told_when_there_is_some(void **state)
{
	struct live *l = *state;
	char more[200];
	const char *id, *end;
	struct pollfd p = { .events = POLLIN };

	land(l, 1);
	assert_int_equal(ask(l, "/v1/stream", ""), 200);
	assert_true(says(l, "Content-Type: text/event-stream"));
	assert_true(says(l, "event: news\ndata: {\"landings\":1,"));
	id = strstr(body(l), "id: ");
	assert_non_null(id);
	end = strchr(id, '\n');
	snprintf(more, sizeof more, "Last-Event-ID: %.*s\r\n",
	    (int)(end - id - 4), id + 4);
	p.fd = send_request(l, "/v1/stream", "localhost", more);
	assert_int_equal(poll(&p, 1, 1500), 0); /* nothing is new */
	land(l, 2);
	assert_int_equal(read_answer(l, p.fd), 200);
	T_CHECK(says(l, "data: {\"landings\":2,"), "%s", l->answer);
}

static void
those_who_wait_are_bounded_and_answered_at_the_end(void **state)
{
	struct live *l = *state;
	int fds[DESK_WAITERS_MAX + 1], refused = 0;
	struct pollfd polls[DESK_WAITERS_MAX + 1];
	char id[100], more[140];

	assert_int_equal(ask(l, "/v1/stream", ""), 200);
	snprintf(id, sizeof id, "%.*s",
	    (int)strcspn(strstr(body(l), "id: ") + 4, "\n"),
	    strstr(body(l), "id: ") + 4);
	snprintf(more, sizeof more, "Last-Event-ID: %s\r\n", id);
	for (size_t i = 0; i < T_LEN(fds); i++) {
		fds[i] = send_request(l, "/v1/stream", "localhost", more);
		polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	}
	/* One is refused once all others wait. */
	assert_true(poll(polls, T_LEN(polls), PATIENCE_MS) > 0);
	/* A report, and a probe's path, have their answers meanwhile. */
	assert_int_equal(ask(l, "/v1/sites", ""), 200);
	assert_int_equal(ask(l, "/v1/assignment", ""), 401);
	api_quiet(l->api);
	for (size_t i = 0; i < T_LEN(fds); i++)
		refused += read_answer(l, fds[i]) == 503;
	assert_int_equal(refused, 1);
	assert_int_equal(ask(l, "/v1/sites", ""), 503);
	assert_true(says(l, "Retry-After: 5"));
}

static void
without_a_password_only_this_machine_looks(void **state)
{
	static const char *const local[] = { "localhost", "LOCALHOST:8420",
		"127.0.0.1:8420", "[::1]:8420", "127.8.8.8" };
	static const char *const others[] = { "evil.example", "localhost.evil",
		"192.0.2.1:8420", "[2001:db8::1]", "[::1", "", ":80" };
	static const char *const proxied[] = { "X-Forwarded-For: 192.0.2.1\r\n",
		"Forwarded: for=192.0.2.1\r\n", "Via: 1.1 proxy\r\n" };
	struct live *l = *state;

	for (size_t i = 0; i < T_LEN(local); i++)
		T_CHECK(
		    read_answer(l, send_request(l, "/", local[i], "")) == 200,
		    "%s", local[i]);
	for (size_t i = 0; i < T_LEN(others); i++) {
		int status =
		    read_answer(l, send_request(l, "/v1/sites", others[i], ""));

		T_CHECK(status == 403 && says(l, "password"), "%s: %s",
		    others[i], l->answer);
	}
	for (size_t i = 0; i < T_LEN(proxied); i++)
		T_CHECK(
		    ask(l, "/v1/events", proxied[i]) == 403, "%s", proxied[i]);
	/* What is not for people stays as it is. */
	assert_int_equal(
	    read_answer(l, send_request(l, "/v1/assignment", "evil", "")), 401);
	l->rig->settings.dashboard.is_open = true;
	api_set_settings(l->api, &l->rig->settings);
	assert_int_equal(
	    read_answer(l, send_request(l, "/v1/sites", "evil.example", "")),
	    200);
}

static const char *
basic(const char *credential, char buf[static 200])
{
	char base64[120];

	sodium_bin2base64(base64, sizeof base64,
	    (const unsigned char *)credential, strlen(credential),
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(buf, 200, "Authorization: Basic %s\r\n", base64);
	return buf;
}

static void
a_password_or_a_token_lets_in(void **state)
{
	static char user[] = "noc", password[] = "correct horse",
		    token[] = "0123456789abcdef";
	static const char *const wrong[] = { "",
		"Authorization: Basic bm9jOmNvcnJlY3QgaG9yc2\r\n",
		"Authorization: Basic !!!\r\n", "Authorization: Basic \r\n",
		"Authorization: Bearer 0123456789abcde\r\n",
		"Authorization: Bearer 0123456789abcdef0\r\n",
		"Authorization: Digest x\r\n",
		"Authorization: Bearer 0123456789abcdef\r\n"
		"Authorization: Bearer 0123456789abcdef\r\n" };
	static const char *const others[] = { "noc:correct hors",
		"noc:", "nobody:correct horse", "correct horse", ":",
		"noc:correct horse1" };
	struct live *l = *state;
	char line[200];

	l->rig->settings.dashboard =
	    (struct dashboard_settings){ user, password, token, false };
	api_set_settings(l->api, &l->rig->settings);
	for (size_t i = 0; i < T_LEN(wrong); i++)
		T_CHECK(ask(l, "/", wrong[i]) == 401 &&
			    says(l, "WWW-Authenticate: Basic realm="),
		    "%s: %s", wrong[i], l->answer);
	for (size_t i = 0; i < T_LEN(others); i++)
		T_CHECK(ask(l, "/v1/sites", basic(others[i], line)) == 401,
		    "%s", others[i]);
	assert_int_equal(
	    ask(l, "/v1/sites", basic("noc:correct horse", line)), 200);
	assert_int_equal(
	    ask(l, "/v1/sites", "Authorization: bearer 0123456789abcdef\r\n"),
	    200);
	/* From anywhere, through anything. */
	snprintf(line, sizeof line,
	    "Authorization: Bearer 0123456789abcdef\r\nVia: 1.1 p\r\n");
	assert_int_equal(
	    read_answer(l, send_request(l, "/", "c.example", line)), 200);
}

static void
the_dashboard_is_served_as_it_was_built(void **state)
{
	struct live *l = *state;
	char line[120];

	assert_int_equal(ask(l, "/", ""), 200);
	if (!WEB_IS_BUILT) {
		assert_true(says(l, "Content-Type: text/plain"));
		assert_true(says(l, "no npm"));
		return;
	}
	assert_true(says(l, "Content-Type: text/html; charset=utf-8"));
	assert_true(says(l, "script-src 'self';"));
	assert_true(says(l, "Referrer-Policy: no-referrer"));
	assert_true(says(l, "<!doctype html>"));
	assert_null(strstr(body(l), "http")); /* it asks nobody else */
	for (size_t i = 0; i < n_web_files; i++) {
		const struct web_file *f = &web_files[i];

		assert_int_equal(ask(l, f->path, ""), 200);
		T_CHECK(l->len - (size_t)(body(l) - l->answer) == f->len, "%s",
		    f->path);
		assert_int_equal(
		    ask(l, f->path, "Accept-Encoding: br, gzip\r\n"), 200);
		assert_true(says(l, "Content-Encoding: gzip"));
		T_CHECK(l->len - (size_t)(body(l) - l->answer) == f->gzip_len,
		    "%s", f->path);
		snprintf(
		    line, sizeof line, "If-None-Match: \"%s\"\r\n", f->etag);
		assert_int_equal(ask(l, f->path, line), 304);
	}
	assert_int_equal(ask(l, "/package.json", ""), 404);
	assert_int_equal(ask(l, "/%2e%2e/etc/passwd", ""), 404);
}

int
main(void)
{
#define LIVE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LIVE(views_say_what_the_commands_say),
		LIVE(what_makes_no_sense_is_told),
		LIVE(news_is_told_when_there_is_some),
		LIVE(those_who_wait_are_bounded_and_answered_at_the_end),
		LIVE(without_a_password_only_this_machine_looks),
		LIVE(a_password_or_a_token_lets_in),
		LIVE(the_dashboard_is_served_as_it_was_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
