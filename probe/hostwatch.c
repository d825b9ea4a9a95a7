/* hostwatch.c - see hostwatch.h. */
#include "probe/hostwatch.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "probe/flow.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define SHORTEST_MS 250
#define LONGEST_MS 8000
#define QUIET_US (30 * US_PER_S)   /* then the shortest wait is enough again */
#define NEVER_S (INT64_C(1) << 33) /* year 2242; the kernel counts to 2262 */
#define MESSAGES_BYTES 16384
#define GROUPS \
	(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | \
	    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE)

struct hostwatch {
	uv_loop_t *loop;
	hostwatch_heard *heard;
	void *ctx;
	int netlink, clock; /* descriptors */
	uv_poll_t netlink_poll, clock_poll;
	uv_timer_t timer; /* runs while news are gathered */
	unsigned n_open;  /* handles not closed yet */
	uint64_t wait_ms;
	int64_t first_us, told_us; /* awake clock */
	struct addr source[2];     /* as last looked at */
	unsigned link[2];          /* its interface; 0: not known */
};

/* ---- a look ---- */

/* Addresses that reach no further than the next wire do not count. */
static bool
is_link_local(const struct addr *a)
{
	if (a->family == 4)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* Finds the interface that has the address; without one the link is taken for
 * good: what says so may be forbidden here. */
static bool
is_link_up(const struct addr *source, unsigned *link)
{
	struct ifaddrs *all, *i;
	bool is_up = true;

	*link = 0;
	if (getifaddrs(&all) != 0)
		return true;
	for (i = all; i != NULL; i = i->ifa_next) {
		struct addr a;

		if (i->ifa_addr == NULL)
			continue;
		a = addr_from_sockaddr(i->ifa_addr, NULL);
		if (!addr_equal(&a, source))
			continue;
		*link = if_nametoindex(i->ifa_name);
		is_up = (i->ifa_flags & IFF_UP) != 0 &&
			(i->ifa_flags & IFF_RUNNING) != 0;
		break;
	}
	freeifaddrs(all);
	return is_up;
}

struct family_look
hostwatch_look(
    struct hostwatch *w, uint8_t family, const struct addr *targets, size_t n)
{
	struct family_look look = { .has_targets = n > 0 };
	unsigned link = 0;

	for (size_t i = 0; i < n && !look.is_up; i++) {
		struct addr source = flow_source_towards(&targets[i]);

		if (source.family == 0 ||
		    (is_link_local(&source) && !is_link_local(&targets[i])))
			continue;
		look.source = source;
		look.is_up = is_link_up(&source, &link);
	}
	if (w != NULL) {
		w->source[family == 6] = look.source;
		w->link[family == 6] = link;
	}
	return look;
}

/* ---- what the kernel says ---- */

static void
hear_link(
    const struct hostwatch *w, struct nlmsghdr *m, struct hostwatch_news *news)
{
	const struct ifinfomsg *link = NLMSG_DATA(m);
	unsigned needed = IFF_UP | IFF_RUNNING;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof *link) ||
	    (m->nlmsg_type == RTM_NEWLINK &&
		(link->ifi_flags & needed) == needed))
		return;
	for (int i = 0; i < 2; i++)
		if (w->link[i] != 0 && w->link[i] == (unsigned)link->ifi_index)
			news->was_lost[i] = true;
}

/* Is the attribute the bytes of the address? */
static bool
is_address(struct rtattr *attribute, const struct addr *a)
{
	size_t len = a->family == 4 ? 4 : 16;

	return (attribute->rta_type == IFA_LOCAL ||
		   attribute->rta_type == IFA_ADDRESS) &&
	       RTA_PAYLOAD(attribute) == len &&
	       memcmp(RTA_DATA(attribute), a->bytes, len) == 0;
}

static void
hear_address_gone(
    const struct hostwatch *w, struct nlmsghdr *m, struct hostwatch_news *news)
{
	struct ifaddrmsg *gone = NLMSG_DATA(m);
	int which = gone->ifa_family == AF_INET6;
	struct rtattr *a;
	size_t left;

	if (w->source[which].family == 0)
		return;
	left = IFA_PAYLOAD(m);
	for (a = IFA_RTA(gone); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (is_address(a, &w->source[which]))
			news->was_lost[which] = true;
}

static void
hear(const struct hostwatch *w, void *bytes, size_t len,
    struct hostwatch_news *news)
{
	struct nlmsghdr *m = bytes;

	for (; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		if (m->nlmsg_type == RTM_NEWLINK ||
		    m->nlmsg_type == RTM_DELLINK)
			hear_link(w, m, news);
		else if (m->nlmsg_type == RTM_DELADDR &&
			 m->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
			hear_address_gone(w, m, news);
	}
}

/* Reads all that waits.  Only the kernel (port 0) is listened to. */
static void
read_netlink(const struct hostwatch *w, struct hostwatch_news *news)
{
	_Alignas(struct nlmsghdr) char bytes[MESSAGES_BYTES];

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(w->netlink, bytes, sizeof bytes,
		    MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == ENOBUFS)
			continue; /* too much was said: looking tells */
		if (n < 0)
			return;
		if (from.nl_pid == 0)
			hear(w, bytes, (size_t)n, news);
	}
}

/* ---- gathering ---- */

static void on_netlink(uv_poll_t *poll, int status, int events);

static void
tell(uv_timer_t *timer)
{
	struct hostwatch *w = timer->data;
	struct hostwatch_news news = { 0 };

	read_netlink(w, &news);
	uv_poll_start(&w->netlink_poll, UV_READABLE, on_netlink);
	w->told_us = clock_awake_us();
	news.waited_us = w->told_us - w->first_us;
	w->heard(w->ctx, &news);
}

/* Something has changed: what comes with it is waited for, unheard. */
static void
on_netlink(uv_poll_t *poll, int status, int events)
{
	struct hostwatch *w = poll->data;

	(void)status, (void)events;
	uv_poll_stop(poll);
	w->first_us = clock_awake_us();
	if (w->first_us - w->told_us > QUIET_US || w->wait_ms == 0)
		w->wait_ms = SHORTEST_MS;
	else if (w->wait_ms < LONGEST_MS)
		w->wait_ms *= 2;
	uv_timer_start(&w->timer, tell, w->wait_ms, 0);
}

/* ---- the clock ---- */

/* A timer that never expires, and that the kernel cancels when the wall clock
 * is set, which it also is when the host wakes up. */
static bool
arm_clock(int fd)
{
	struct itimerspec never = { .it_value = { .tv_sec = (time_t)NEVER_S } };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
		   &never, NULL) == 0;
}

static void
on_clock(uv_poll_t *poll, int status, int events)
{
	struct hostwatch *w = poll->data;
	struct hostwatch_news news = { .is_clock = true };
	uint64_t n;

	(void)status, (void)events;
	if (read(w->clock, &n, sizeof n) < 0 && errno == EAGAIN)
		return;
	if (!arm_clock(w->clock))
		uv_poll_stop(poll);
	w->heard(w->ctx, &news);
}

/* ---- life ---- */

static int
open_netlink(void)
{
	struct sockaddr_nl groups = { .nl_family = AF_NETLINK,
		.nl_groups = GROUPS };
	int fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&groups, sizeof groups) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_clock(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0 && !arm_clock(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
on_closed(uv_handle_t *handle)
{
	struct hostwatch *w = handle->data;

	if (--w->n_open > 0)
		return;
	close(w->netlink);
	if (w->clock >= 0)
		close(w->clock);
	free(w);
}

enum rc
hostwatch_new(struct hostwatch **out, uv_loop_t *loop, hostwatch_heard *heard,
    void *ctx, struct err *err)
{
	struct hostwatch *w;
	int fd = open_netlink();

	if (fd < 0)
		return err_sys(err, "listen to changes of the network");
	w = mem_new(sizeof *w);
	w->loop = loop;
	w->heard = heard;
	w->ctx = ctx;
	w->netlink = fd;
	w->clock = open_clock();
	w->netlink_poll.data = w->clock_poll.data = w->timer.data = w;
	uv_timer_init(loop, &w->timer);
	uv_poll_init(loop, &w->netlink_poll, w->netlink);
	uv_poll_start(&w->netlink_poll, UV_READABLE, on_netlink);
	w->n_open = 2;
	if (w->clock >= 0) {
		uv_poll_init(loop, &w->clock_poll, w->clock);
		uv_poll_start(&w->clock_poll, UV_READABLE, on_clock);
		w->n_open++;
	}
	*out = w;
	return RC_OK;
}

void
hostwatch_stop(struct hostwatch *w)
{
	if (w == NULL)
		return;
	uv_close((uv_handle_t *)&w->timer, on_closed);
	uv_close((uv_handle_t *)&w->netlink_poll, on_closed);
	if (w->clock >= 0)
		uv_close((uv_handle_t *)&w->clock_poll, on_closed);
}
