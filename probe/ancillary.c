/* ancillary.c - see ancillary.h. */
#include "probe/ancillary.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/net_tstamp.h>

#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 26
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 31
#endif
#ifndef IPV6_AUTOFLOWLABEL
#define IPV6_AUTOFLOWLABEL 70
#endif

#define NS_PER_S INT64_C(1000000000)
#define RECEIVE_FLAGS (SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE)
#define STAMP_FLAGS \
	(RECEIVE_FLAGS | SOF_TIMESTAMPING_TX_SOFTWARE | \
	    SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY)

static int
set(int fd, int level, int option, unsigned value)
{
	return setsockopt(fd, level, option, &value, sizeof value);
}

bool
ancillary_ask_stamps(int fd)
{
	return set(fd, SOL_SOCKET, SO_TIMESTAMPING, STAMP_FLAGS) == 0;
}

bool
ancillary_restart_keys(int fd)
{
	/* The kernel sets the count to 0 when OPT_ID is switched on. */
	return set(fd, SOL_SOCKET, SO_TIMESTAMPING, RECEIVE_FLAGS) == 0 &&
	       ancillary_ask_stamps(fd);
}

static int
ask_v4(int fd, bool with_errors)
{
	/* Our packets are small: never in fragments, so their IPv4 ids need
	 * not differ (RFC 6864), which spares the kernel the choosing. */
	int failed = set(fd, IPPROTO_IP, IP_RECVTTL, 1) |
		     set(fd, IPPROTO_IP, IP_PKTINFO, 1) |
		     set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);

	if (with_errors) {
		failed |= set(fd, IPPROTO_IP, IP_RECVERR, 1);
		/* Linux 5.9; without it labels need a raw socket. */
		(void)set(fd, IPPROTO_IP, IP_RECVERR_RFC4884, 1);
	}
	return failed;
}

static int
ask_v6(int fd, bool with_errors)
{
	int failed = set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) |
		     set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);

	/* The flow label is part of the flow (RFC 6438): always 0. */
	failed |= set(fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	if (with_errors) {
		failed |= set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
		(void)set(fd, IPPROTO_IPV6, IPV6_RECVERR_RFC4884, 1);
	}
	return failed;
}

enum rc
ancillary_ask(int fd, int domain, bool with_errors)
{
	int failed = domain == AF_INET ? ask_v4(fd, with_errors)
				       : ask_v6(fd, with_errors);

	/* Transmit stamps raise POLLPRI with POLLERR, not POLLERR alone. */
	(void)set(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1);
	return failed ? RC_SYS : RC_OK;
}

static void
read_stamp(struct ancillary *a, const struct cmsghdr *c)
{
	struct timespec ts; /* the first of three is the software's */

	memcpy(&ts, CMSG_DATA(c), sizeof ts);
	a->kernel_ns = ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void
read_ttl(struct ancillary *a, const struct cmsghdr *c)
{
	int hops;

	memcpy(&hops, CMSG_DATA(c), sizeof hops);
	a->has_ttl = hops > 0 && hops <= UINT8_MAX;
	a->ttl = (uint8_t)hops;
}

static void
read_local(struct ancillary *a, const struct cmsghdr *c)
{
	if (c->cmsg_level == IPPROTO_IP) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof info);
		a->local.family = 4;
		memcpy(a->local.bytes, &info.ipi_addr, 4);
	} else {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof info);
		a->local.family = 6;
		memcpy(a->local.bytes, &info.ipi6_addr, 16);
	}
}

static void
read_error(struct ancillary *a, const struct cmsghdr *c)
{
	struct sockaddr_storage offender = { 0 };
	size_t len = c->cmsg_len - CMSG_LEN(0);
	const unsigned char *data = CMSG_DATA(c);

	if (len < sizeof a->error)
		return;
	a->has_error = true;
	memcpy(&a->error, data, sizeof a->error);
	len -= sizeof a->error;
	if (len > sizeof offender)
		len = sizeof offender;
	memcpy(&offender, data + sizeof a->error, len);
	if (ancillary_is_icmp(a))
		a->offender =
		    addr_from_sockaddr((struct sockaddr *)&offender, NULL);
}

void
ancillary_read(struct ancillary *out, struct msghdr *msg)
{
	*out = (struct ancillary){ 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c)) {
		bool is_ip = c->cmsg_level == IPPROTO_IP;
		bool is_ip6 = c->cmsg_level == IPPROTO_IPV6;

		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPING)
			read_stamp(out, c);
		else if ((is_ip && c->cmsg_type == IP_TTL) ||
			 (is_ip6 && c->cmsg_type == IPV6_HOPLIMIT))
			read_ttl(out, c);
		else if ((is_ip && c->cmsg_type == IP_PKTINFO) ||
			 (is_ip6 && c->cmsg_type == IPV6_PKTINFO))
			read_local(out, c);
		else if ((is_ip && c->cmsg_type == IP_RECVERR) ||
			 (is_ip6 && c->cmsg_type == IPV6_RECVERR))
			read_error(out, c);
	}
}

bool
ancillary_is_departure(const struct ancillary *a)
{
	return a->has_error &&
	       a->error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING &&
	       a->error.ee_info == SCM_TSTAMP_SND;
}

bool
ancillary_is_icmp(const struct ancillary *a)
{
	return a->has_error && (a->error.ee_origin == SO_EE_ORIGIN_ICMP ||
				   a->error.ee_origin == SO_EE_ORIGIN_ICMP6);
}
