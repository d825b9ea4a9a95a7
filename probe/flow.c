/* flow.c - see flow.h. */
#include "probe/flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include "schema/base/clock.h"

#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 26
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 31
#endif
#ifndef IPV6_AUTOFLOWLABEL
#define IPV6_AUTOFLOWLABEL 70
#endif

#define PORT_TRIES 8 /* the wanted source port and the next few */
#define WRITE_TRIES 4

struct moment
flow_now(void)
{
	return (struct moment){ .at_us = clock_wall_us(),
		.mono_us = clock_mono_us() };
}

static int
switch_on(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof on);
}

enum rc
flow_prepare(int fd, int domain)
{
	const int off = 0;
	int failed = switch_on(fd, SOL_SOCKET, SO_TIMESTAMPNS);

	if (domain == AF_INET) {
		failed |= switch_on(fd, IPPROTO_IP, IP_RECVTTL);
		failed |= switch_on(fd, IPPROTO_IP, IP_RECVERR);
		/* Linux 5.9; without it labels need a raw socket. */
		(void)switch_on(fd, IPPROTO_IP, IP_RECVERR_RFC4884);
	} else {
		failed |= switch_on(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
		failed |= switch_on(fd, IPPROTO_IPV6, IPV6_RECVERR);
		/* The flow label is part of the flow (RFC 6438): always 0. */
		failed |= setsockopt(
		    fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, &off, sizeof off);
		(void)switch_on(fd, IPPROTO_IPV6, IPV6_RECVERR_RFC4884);
	}
	return failed ? RC_SYS : RC_OK;
}

/* Binds to any address and source_port or one of the next. */
static enum rc
bind_port(int fd, const struct addr *target, uint16_t source_port)
{
	const struct addr any = { .family = target->family };
	struct sockaddr_storage ss;

	for (unsigned i = 0; i < PORT_TRIES; i++) {
		unsigned port = source_port + i;
		socklen_t len;

		if (port > UINT16_MAX)
			break;
		len = addr_to_sockaddr(&any, (uint16_t)port, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) == 0)
			return RC_OK;
		if (errno != EADDRINUSE && errno != EACCES)
			break;
	}
	return RC_SYS;
}

static enum rc
connect_to(int fd, const struct addr *target, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(target, port, &ss);

	if (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return RC_OK;
	return RC_SYS;
}

static void
learn_source(struct flow *f)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof ss;

	if (getsockname(f->fd, (struct sockaddr *)&ss, &len) == 0)
		f->source =
		    addr_from_sockaddr((struct sockaddr *)&ss, &f->source_port);
}

static enum rc
set_up_tcp(int fd, const struct addr *target, uint8_t ttl)
{
	const int n_syn = 1, hops = ttl;
	const struct linger reset = { .l_onoff = 1 };
	int failed = switch_on(fd, IPPROTO_TCP, TCP_NODELAY) |
		     switch_on(fd, SOL_SOCKET, SO_REUSEADDR);

	if (ttl == 0)
		return failed ? RC_SYS : RC_OK;
	/* A trace opens the same 5-tuple again at once: no TIME_WAIT. */
	failed |= setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	failed |= setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &n_syn, sizeof n_syn);
	failed |= target->family == 4
		      ? setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof hops)
		      : setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops,
			    sizeof hops);
	return failed ? RC_SYS : RC_OK;
}

static enum rc
open_flow(struct flow *out, const struct flow *wanted, int type, uint8_t ttl)
{
	struct flow f = *wanted;
	int domain = addr_domain(&f.target);
	int saved;

	f.fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (f.fd < 0)
		return RC_SYS;
	if (flow_prepare(f.fd, domain) != RC_OK ||
	    (type == SOCK_STREAM &&
		set_up_tcp(f.fd, &f.target, ttl) != RC_OK) ||
	    (f.source_port != 0 &&
		bind_port(f.fd, &f.target, f.source_port) != RC_OK) ||
	    connect_to(f.fd, &f.target, f.port) != RC_OK) {
		saved = errno;
		close(f.fd);
		errno = saved;
		return RC_SYS;
	}
	learn_source(&f);
	*out = f;
	return RC_OK;
}

enum rc
flow_open_udp(struct flow *out, const struct addr *target, uint16_t port,
    uint16_t source_port)
{
	const struct flow wanted = {
		.target = *target, .port = port, .source_port = source_port
	};

	return open_flow(out, &wanted, SOCK_DGRAM, 0);
}

enum rc
flow_open_tcp(struct flow *out, const struct addr *target, uint16_t port,
    uint16_t source_port, uint8_t ttl)
{
	const struct flow wanted = {
		.target = *target, .port = port, .source_port = source_port
	};

	return open_flow(out, &wanted, SOCK_STREAM, ttl);
}

void
flow_close(struct flow *f)
{
	if (f != NULL && f->fd >= 0) {
		close(f->fd);
		f->fd = -1;
	}
}

int
flow_connect_errno(const struct flow *f)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return errno;
	return error;
}

/* Adds the TTL as ancillary data; the address family decides which. */
static void
put_ttl(struct msghdr *msg, int family, uint8_t ttl)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	const int hops = ttl;

	c->cmsg_level = family == 4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = family == 4 ? IP_TTL : IPV6_HOPLIMIT;
	c->cmsg_len = CMSG_LEN(sizeof hops);
	memcpy(CMSG_DATA(c), &hops, sizeof hops);
}

static int
family_of(int fd)
{
	int domain = AF_INET;
	socklen_t len = sizeof domain;

	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain == AF_INET ? 4 : 6;
}

enum rc
flow_write(int fd, const struct addr *to, const void *bytes, size_t len,
    uint8_t ttl, struct moment *sent)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct sockaddr_storage ss;
	struct iovec iov = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(&iov.iov_base, &bytes, sizeof bytes); /* sendmsg only reads */
	if (to != NULL) {
		msg.msg_name = &ss;
		msg.msg_namelen = addr_to_sockaddr(to, 0, &ss);
	}
	if (ttl != 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof control;
		put_ttl(&msg, to != NULL ? to->family : family_of(fd), ttl);
	}
	/* A write fails with the ICMP error of an earlier packet when one is
	 * waiting, and so takes it away: the next one succeeds. */
	for (unsigned i = 0; i < WRITE_TRIES; i++) {
		*sent = flow_now();
		if (sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)len)
			return RC_OK;
	}
	return RC_SYS;
}

/* What the kernel tells beside the bytes. */
struct ancillary {
	struct arrival arrival;
	bool has_ttl;
	uint8_t ttl;
	bool has_error;
	struct sock_extended_err error;
	struct sockaddr_storage offender;
};

static void
read_ttl(struct ancillary *a, const struct cmsghdr *c)
{
	int hops;

	memcpy(&hops, CMSG_DATA(c), sizeof hops);
	a->has_ttl = hops > 0 && hops <= UINT8_MAX;
	a->ttl = (uint8_t)hops;
}

static void
read_extended_error(struct ancillary *a, const struct cmsghdr *c)
{
	size_t len = c->cmsg_len - CMSG_LEN(0);
	const unsigned char *data = CMSG_DATA(c);

	if (len < sizeof a->error)
		return;
	a->has_error = true;
	memcpy(&a->error, data, sizeof a->error);
	len -= sizeof a->error;
	if (len > sizeof a->offender)
		len = sizeof a->offender;
	memcpy(&a->offender, data + sizeof a->error, len);
}

static void
read_ancillary(struct ancillary *a, struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		bool is_ip = c->cmsg_level == IPPROTO_IP;
		bool is_ip6 = c->cmsg_level == IPPROTO_IPV6;

		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec ts;

			memcpy(&ts, CMSG_DATA(c), sizeof ts);
			a->arrival.has_kernel_time = true;
			a->arrival.kernel_at_us = clock_from_timespec(&ts);
		} else if ((is_ip && c->cmsg_type == IP_TTL) ||
			   (is_ip6 && c->cmsg_type == IPV6_HOPLIMIT)) {
			read_ttl(a, c);
		} else if ((is_ip && c->cmsg_type == IP_RECVERR) ||
			   (is_ip6 && c->cmsg_type == IPV6_RECVERR)) {
			read_extended_error(a, c);
		}
	}
}

/* recvmsg with everything beside the bytes.  Returns the length or -1. */
static ssize_t
receive(int fd, void *buf, size_t cap, int flags, struct sockaddr_storage *from,
    struct ancillary *a)
{
	_Alignas(struct cmsghdr) char control[512];
	struct iovec iov = { .iov_base = buf, .iov_len = cap };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
		.msg_name = from,
		.msg_namelen = sizeof *from };
	ssize_t n = recvmsg(fd, &msg, flags | MSG_DONTWAIT);

	if (n < 0)
		return -1;
	a->arrival.read = flow_now();
	read_ancillary(a, &msg);
	return n;
}

enum rc
flow_read(int fd, void *buf, size_t cap, struct flow_packet *out)
{
	struct ancillary a = { 0 };
	struct sockaddr_storage from = { 0 };
	ssize_t n = receive(fd, buf, cap, 0, &from, &a);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? RC_AGAIN : RC_SYS;
	*out = (struct flow_packet){
		.arrival = a.arrival,
		.from = addr_from_sockaddr((struct sockaddr *)&from, NULL),
		.has_ttl = a.has_ttl,
		.ttl = a.ttl,
		.len = (size_t)n,
	};
	return RC_OK;
}

/* Labels from behind the quoted datagram, where the kernel found them. */
static void
read_extensions(struct flow_error *e, const struct sock_extended_err *error,
    const uint8_t *bytes)
{
	size_t at = error->ee_rfc4884.len;

	if (at == 0 || at >= e->len ||
	    (error->ee_rfc4884.flags & SO_EE_RFC4884_FLAG_INVALID) != 0)
		return;
	icmpmsg_parse_extensions(&e->labels, bytes + at, e->len - at);
	e->len = at;
}

enum rc
flow_read_error(int fd, void *buf, size_t cap, struct flow_error *out)
{
	struct ancillary a = { 0 };
	struct sockaddr_storage from = { 0 };
	ssize_t n = receive(fd, buf, cap, MSG_ERRQUEUE, &from, &a);

	if (n < 0 || !a.has_error)
		return RC_AGAIN;
	*out = (struct flow_error){
		.arrival = a.arrival,
		.is_icmp = a.error.ee_origin == SO_EE_ORIGIN_ICMP ||
			   a.error.ee_origin == SO_EE_ORIGIN_ICMP6,
		.sys_errno = (int)a.error.ee_errno,
		.from =
		    addr_from_sockaddr((struct sockaddr *)&a.offender, NULL),
		.type = a.error.ee_type,
		.code = a.error.ee_code,
		.has_ttl = a.has_ttl,
		.ttl = a.ttl,
		.len = (size_t)n,
	};
	if (out->is_icmp)
		read_extensions(out, &a.error, buf);
	return RC_OK;
}

struct addr
flow_source_towards(const struct addr *target)
{
	struct flow f;
	struct addr source = { 0 };

	/* Connecting a UDP socket sends nothing; port 9 is discard. */
	if (flow_open_udp(&f, target, 9, 0) != RC_OK)
		return source;
	source = f.source;
	flow_close(&f);
	return source;
}

enum outcome
flow_outcome(int sys_errno)
{
	return sys_errno == ENETUNREACH || sys_errno == EADDRNOTAVAIL ||
		       sys_errno == EAFNOSUPPORT
		   ? OUTCOME_NO_FAMILY
		   : OUTCOME_SEND_FAILED;
}
