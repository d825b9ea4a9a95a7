/* test_hostwatch.c - what the kernel says of a network, in a namespace of its
 * own where that may be had. */
#include "probe/hostwatch.h"

#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define DEADLINE_MS 20000

static const struct addr here = { 4, { 127, 0, 0, 1 } };

struct heard {
	uv_loop_t *loop;
	unsigned n;
	struct hostwatch_news last;
};

static void
hear(void *ctx, const struct hostwatch_news *news)
{
	struct heard *h = ctx;

	h->n++;
	h->last = *news;
	uv_stop(h->loop);
}

static void
give_up(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/* Runs until something is heard. */
static void
listen_once(struct heard *h)
{
	unsigned before = h->n;
	uv_timer_t timer;

	uv_timer_init(h->loop, &timer);
	uv_timer_start(&timer, give_up, DEADLINE_MS, 0);
	uv_run(h->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(h->loop, UV_RUN_NOWAIT);
	T_CHECK(h->n > before, "nothing was heard in %d ms", DEADLINE_MS);
}

static void
set_loopback(bool is_up)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	r.ifr_flags =
	    (short)(is_up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	close(fd);
}

static void
open_watch(struct hostwatch **w, struct heard *h, uv_loop_t *loop)
{
	struct err err = ERR_NONE;

	uv_loop_init(loop);
	*h = (struct heard){ .loop = loop };
	T_CHECK(hostwatch_new(w, loop, hear, h, &err) == RC_OK, "%s", err.text);
}

static void
close_watch(struct hostwatch *w, uv_loop_t *loop)
{
	hostwatch_stop(w);
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

static void
nobody_needs_a_family_without_targets(void **state)
{
	struct family_look look = hostwatch_look(NULL, 6, NULL, 0);

	(void)state;
	assert_false(look.has_targets);
	hostwatch_stop(NULL);
}

static void
a_link_that_goes_and_comes_is_heard(void **state)
{
	struct hostwatch *w;
	struct family_look look;
	struct heard h;
	uv_loop_t loop;

	(void)state;
	if (unshare(CLONE_NEWNET) != 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		skip(); /* namespaces are not for us here */
	open_watch(&w, &h, &loop);
	look = hostwatch_look(w, 4, &here, 1);
	assert_true(look.has_targets && look.source.family == 0);
	set_loopback(true);
	listen_once(&h);
	assert_false(h.last.was_lost[0] || h.last.is_clock);
	look = hostwatch_look(w, 4, &here, 1);
	assert_true(look.is_up && addr_equal(&look.source, &here));
	/* Down and up again before anybody looks. */
	set_loopback(false);
	set_loopback(true);
	listen_once(&h);
	assert_true(h.last.was_lost[0]);
	assert_false(h.last.was_lost[1]);
	assert_true(h.last.waited_us > 0);
	look = hostwatch_look(w, 4, &here, 1);
	assert_true(look.is_up);
	set_loopback(false);
	listen_once(&h);
	assert_true(h.last.was_lost[0]);
	look = hostwatch_look(w, 4, &here, 1);
	assert_false(look.is_up);
	close_watch(w, &loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_needs_a_family_without_targets),
		cmocka_unit_test(a_link_that_goes_and_comes_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
