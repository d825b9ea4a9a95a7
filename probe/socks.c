/* socks.c - see socks.h. */
#include "probe/socks.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/filter.h> /* after netinet/in.h, for musl */
#include <linux/icmp.h>

#include "probe/ancillary.h"
#include "probe/tcpmsg.h"

#define RECEIVE_BUFFER_BYTES (1 << 20)

/* Lets through what answers or refuses a packet of ours, nothing else. */
static int
filter_raw(int fd, int domain)
{
	struct icmp6_filter only6;
	struct icmp_filter only4 = { .data = ~(1U << ICMP_ECHOREPLY |
					       1U << ICMP_DEST_UNREACH |
					       1U << ICMP_TIME_EXCEEDED) };

	if (domain == AF_INET)
		return setsockopt(
		    fd, SOL_RAW, ICMP_FILTER, &only4, sizeof only4);
	ICMP6_FILTER_SETBLOCKALL(&only6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only6);
	ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &only6);
	ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &only6);
	return setsockopt(
	    fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only6, sizeof only6);
}

/* Returns a descriptor, or -1 with errno. */
static int
open_icmp(int domain, int type)
{
	int proto = domain == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int size = RECEIVE_BUFFER_BYTES;
	int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);

	if (fd < 0)
		return -1;
	/* A smaller buffer than asked for is no reason to go without. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (ancillary_ask(fd, domain, type != SOCK_RAW) != RC_OK ||
	    (type == SOCK_RAW && filter_raw(fd, domain) != 0)) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	(void)ancillary_ask_stamps(fd);
	return fd;
}

/* Lets through TCP segments with SYN or RST to the ports of ours: all others
 * are the system's own business, and there may be very many. */
static int
filter_syn(int fd, int domain)
{
	/* A raw IPv4 socket sees the IP header too, an IPv6 one does not. */
	struct sock_filter program[] = {
		domain == AF_INET
		    ? (struct sock_filter)BPF_STMT(BPF_LDX + BPF_B + BPF_MSH, 0)
		    : (struct sock_filter)BPF_STMT(BPF_LDX + BPF_IMM, 0),
		BPF_STMT(BPF_LD + BPF_H + BPF_IND, 2),
		BPF_JUMP(BPF_JMP + BPF_JGE + BPF_K, SOCKS_SYN_PORT_MIN, 0, 4),
		BPF_JUMP(BPF_JMP + BPF_JGT + BPF_K, SOCKS_SYN_PORT_MAX, 3, 0),
		BPF_STMT(BPF_LD + BPF_B + BPF_IND, 13),
		BPF_JUMP(
		    BPF_JMP + BPF_JSET + BPF_K, TCPMSG_SYN | TCPMSG_RST, 0, 1),
		BPF_STMT(BPF_RET + BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET + BPF_K, 0),
	};
	const struct sock_fprog filter = {
		.len = sizeof program / sizeof program[0], .filter = program
	};

	return setsockopt(
	    fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

/* Returns a descriptor, or -1: SYNs then leave by the system's own TCP. */
static int
open_syn(int domain)
{
	const int checksum_at = TCPMSG_CHECKSUM_AT;
	int fd = socket(
	    domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return -1;
	if (filter_syn(fd, domain) != 0 ||
	    ancillary_ask(fd, domain, false) != RC_OK ||
	    (domain == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &checksum_at,
		    sizeof checksum_at) != 0)) {
		close(fd);
		return -1;
	}
	(void)ancillary_ask_stamps(fd);
	return fd;
}

static void
open_best(struct socks_icmp *s, int domain)
{
	int raw_errno;

	s->syn_fd = -1;
	s->mode = SOCKS_RAW;
	s->fd = open_icmp(domain, SOCK_RAW);
	if (s->fd >= 0) {
		s->syn_fd = open_syn(domain);
		snprintf(s->reason, sizeof s->reason,
		    "this user may open raw sockets");
		return;
	}
	raw_errno = errno;
	s->mode = SOCKS_DATAGRAM;
	s->fd = open_icmp(domain, SOCK_DGRAM);
	if (s->fd >= 0) {
		snprintf(s->reason, sizeof s->reason,
		    "no CAP_NET_RAW, but net.ipv4.ping_group_range lets this "
		    "user ping");
		return;
	}
	s->mode = SOCKS_NONE;
	if (errno == EAFNOSUPPORT)
		snprintf(s->reason, sizeof s->reason,
		    "this system has no IPv%d", domain == AF_INET ? 4 : 6);
	else if (raw_errno == EPERM && errno == EACCES)
		snprintf(s->reason, sizeof s->reason,
		    "no CAP_NET_RAW, and net.ipv4.ping_group_range leaves this "
		    "user's groups out");
	else
		snprintf(s->reason, sizeof s->reason,
		    "raw socket: %s; datagram socket: %s", strerror(raw_errno),
		    strerror(errno));
}

static enum rc
drop_capabilities(struct err *err)
{
	cap_t none = cap_init();
	int status;

	if (none == NULL)
		return err_sys(err, "cap_init");
	status = cap_set_proc(none);
	cap_free(none);
	if (status != 0)
		return err_sys(err, "cannot drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(err, "cannot forbid new privileges");
	return RC_OK;
}

enum rc
socks_open(struct socks *out, struct err *err)
{
	struct socks s = { 0 };
	enum rc rc;

	open_best(&s.v4, AF_INET);
	open_best(&s.v6, AF_INET6);
	rc = drop_capabilities(err);
	if (rc != RC_OK)
		socks_close(&s);
	else
		*out = s;
	return rc;
}

static void
close_family(struct socks_icmp *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->syn_fd >= 0)
		close(s->syn_fd);
	s->fd = s->syn_fd = -1;
}

void
socks_close(struct socks *s)
{
	if (s == NULL)
		return;
	close_family(&s->v4);
	close_family(&s->v6);
}

const struct socks_icmp *
socks_for(const struct socks *s, const struct addr *a)
{
	return a->family == 6 ? &s->v6 : &s->v4;
}

const char *
socks_mode_name(enum socks_mode mode)
{
	static const char *const names[] = {
		[SOCKS_NONE] = "none",
		[SOCKS_DATAGRAM] = "datagram",
		[SOCKS_RAW] = "raw",
	};

	return names[mode];
}
