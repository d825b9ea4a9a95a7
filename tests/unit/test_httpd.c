/* test_httpd.c - the HTTPS server where clients are slow. */
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "collector/httpd.h"
#include "schema/base/clock.h"
#include "schema/base/file.h"

#define N_CLIENTS 8

static size_t
nothing_welcome(void *ctx, struct exchange *x)
{
	(void)ctx, (void)x;
	return 0;
}

static void
not_here(void *ctx, struct exchange *x)
{
	(void)ctx;
	exchange_answer(x, &(struct answer){ .status = 404, .body = "" });
}

/* Gives one made by openssl. */
static struct tls_identity *
new_identity(struct scratch *s)
{
	struct tls_identity *identity;
	char command[600], certificate[256];
	struct err err;

	snprintf(command, sizeof command,
	    "cd '%s' && openssl req -x509 -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem "
	    "-days 2 -subj /CN=test 2>/dev/null",
	    s->dir);
	assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
	snprintf(
	    certificate, sizeof certificate, "%s", scratch_path(s, "cert.pem"));
	T_CHECK(tls_identity_load(&identity, certificate,
		    scratch_path(s, "key.pem"), &err) == RC_OK,
	    "%s", err.text);
	return identity;
}

static int
loopback_socket(struct sockaddr_in *sa, bool is_server)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof *sa;

	assert_true(fd >= 0);
	if (is_server) {
		*sa = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		assert_int_equal(bind(fd, (struct sockaddr *)sa, len), 0);
		assert_int_equal(listen(fd, 64), 0);
		getsockname(fd, (struct sockaddr *)sa, &len);
	} else {
		assert_int_equal(connect(fd, (struct sockaddr *)sa, len), 0);
	}
	return fd;
}

static int64_t
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

/* libmicrohttpd with epoll asked again and again whether the rest of a
 * handshake has come: a client far away cost a core. */
static void
half_a_handshake_costs_no_cpu(void **state)
{
	struct httpd_handlers handlers = { .head = nothing_welcome,
		.whole = not_here };
	struct httpd_settings hs = { .n_threads = 2 };
	struct scratch s;
	struct sockaddr_in sa;
	struct httpd *h;
	struct err err;
	int fds[N_CLIENTS];
	int64_t from_us;

	(void)state;
	scratch_make(&s);
	hs.identity = new_identity(&s);
	hs.listen_fd = loopback_socket(&sa, true);
	T_CHECK(httpd_start(&h, &hs, &handlers, &err) == RC_OK, "%s", err.text);
	for (size_t i = 0; i < N_CLIENTS; i++) {
		fds[i] = loopback_socket(&sa, false);
		assert_int_equal(write(fds[i], "\x16\x03\x01", 3), 3);
	}
	usleep(300 * 1000);
	from_us = cpu_us();
	usleep(1000 * 1000);
	T_CHECK(cpu_us() - from_us < US_PER_S / 10, "%lld us of CPU in 1 s",
	    (long long)(cpu_us() - from_us));
	for (size_t i = 0; i < N_CLIENTS; i++)
		close(fds[i]);
	httpd_stop(h);
	scratch_remove(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_a_handshake_costs_no_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
