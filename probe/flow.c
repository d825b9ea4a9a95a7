/* flow.c - see flow.h. */
#include "probe/flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/ancillary.h"
#include "schema/base/clock.h"

#define PORT_TRIES 8      /* the wanted source port and the next few */
#define DISCARD_PORT 9    /* connecting a UDP socket to it sends nothing */
#define NEWS_TEXT_LEN 256 /* of a quoted packet: nobody looks at it */

struct moment
flow_now(void)
{
	return (struct moment){ .at_us = clock_wall_us(),
		.mono_us = clock_mono_us() };
}

static int
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value);
}

enum rc
flow_bind(int fd, uint8_t family, uint16_t source_port)
{
	const struct addr any = { .family = family };
	struct sockaddr_storage ss;

	for (unsigned i = 0; i < PORT_TRIES; i++) {
		unsigned port = source_port == 0 ? 0 : source_port + i;
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
set_up(int fd, const struct addr *target, uint8_t ttl)
{
	const struct linger reset = { .l_onoff = 1 };
	int failed = set(fd, IPPROTO_TCP, TCP_NODELAY, 1) |
		     set(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (ancillary_ask(fd, addr_domain(target), true) != RC_OK || failed)
		return RC_SYS;
	if (ttl == 0)
		return RC_OK;
	/* A trace opens the same 5-tuple again at once: no TIME_WAIT. */
	failed |= setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	failed |= set(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
	failed |= target->family == 4
		      ? set(fd, IPPROTO_IP, IP_TTL, ttl)
		      : set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
	return failed ? RC_SYS : RC_OK;
}

enum rc
flow_open_tcp(struct flow *out, const struct addr *target, uint16_t port,
    uint16_t source_port, uint8_t ttl)
{
	struct flow f = { .target = *target, .port = port };
	int saved;

	f.fd = socket(
	    addr_domain(target), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (f.fd < 0)
		return RC_SYS;
	if (set_up(f.fd, target, ttl) != RC_OK ||
	    (source_port != 0 &&
		flow_bind(f.fd, target->family, source_port) != RC_OK) ||
	    connect_to(f.fd, target, port) != RC_OK) {
		saved = errno;
		close(f.fd);
		errno = saved;
		return RC_SYS;
	}
	learn_source(&f);
	*out = f;
	return RC_OK;
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
	struct sockaddr_storage peer;
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return errno;
	/* Who takes an ICMP error from the queue takes it from SO_ERROR too. */
	len = sizeof peer;
	if (error == 0 &&
	    getpeername(f->fd, (struct sockaddr *)&peer, &len) != 0)
		return EHOSTUNREACH;
	return error;
}

int64_t
flow_connect_rtt_us(const struct flow *f)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;

	if (getsockopt(f->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return 0;
	return info.tcpi_rtt; /* one sample so far: not smoothed */
}

void
flow_stamp(const struct flow *f)
{
	(void)ancillary_restart_keys(f->fd);
}

enum rc
flow_write(
    const struct flow *f, const void *bytes, size_t len, struct moment *before)
{
	*before = flow_now();
	return send(f->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len ? RC_OK
								     : RC_SYS;
}

/* recvmsg with everything beside the bytes.  Returns the length or -1. */
static ssize_t
receive(const struct flow *f, struct iovec *iov, int flags, struct ancillary *a,
    struct moment *now)
{
	_Alignas(struct cmsghdr) char control[ANCILLARY_LEN];
	struct msghdr msg = { .msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control };
	ssize_t n = recvmsg(f->fd, &msg, flags | MSG_DONTWAIT);

	if (n < 0)
		return -1;
	*now = flow_now();
	ancillary_read(a, &msg);
	return n;
}

enum rc
flow_read(const struct flow *f, void *buf, size_t cap, struct flow_bytes *out)
{
	struct iovec iov = { .iov_base = buf, .iov_len = cap };
	struct ancillary a;
	struct moment now;
	ssize_t n = receive(f, &iov, 0, &a, &now);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? RC_AGAIN : RC_SYS;
	*out = (struct flow_bytes){ .arrival = { now, a.kernel_ns },
		.has_ttl = a.has_ttl,
		.ttl = a.ttl,
		.len = (size_t)n };
	return RC_OK;
}

enum rc
flow_read_news(const struct flow *f, struct flow_news *out)
{
	uint8_t quote[NEWS_TEXT_LEN];
	struct iovec iov = { .iov_base = quote, .iov_len = sizeof quote };
	struct ancillary a;
	struct moment now;
	ssize_t n;

	do {
		n = receive(f, &iov, MSG_ERRQUEUE, &a, &now);
		if (n < 0)
			return RC_AGAIN;
	} while (!ancillary_is_departure(&a) && !ancillary_is_icmp(&a));
	*out = (struct flow_news){ .is_departure = ancillary_is_departure(&a),
		.key = a.error.ee_data,
		.arrival = { now, a.kernel_ns },
		.from = a.offender,
		.type = a.error.ee_type,
		.code = a.error.ee_code,
		.has_ttl = a.has_ttl,
		.ttl = a.ttl };
	if (!out->is_departure && a.error.ee_rfc4884.len > 0 &&
	    a.error.ee_rfc4884.len < n)
		icmpmsg_parse_extensions(&out->labels,
		    quote + a.error.ee_rfc4884.len,
		    (size_t)n - a.error.ee_rfc4884.len);
	return RC_OK;
}

struct addr
flow_source_by(int fd, const struct addr *target)
{
	struct flow f = { .fd = fd };

	if (connect_to(fd, target, DISCARD_PORT) == RC_OK)
		learn_source(&f);
	return f.source;
}

struct addr
flow_source_towards(const struct addr *target)
{
	struct addr source = { 0 };
	int fd = socket(addr_domain(target), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return source;
	source = flow_source_by(fd, target);
	saved = errno;
	close(fd);
	errno = saved;
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

enum outcome
flow_connect_outcome(int sys_errno)
{
	switch (sys_errno) {
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ETIMEDOUT:
		return OUTCOME_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENOPROTOOPT:
		return OUTCOME_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_RESET;
	default:
		return OUTCOME_SEND_FAILED;
	}
}
