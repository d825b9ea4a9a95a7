/* stamps.c - see stamps.h. */
#include "probe/stamps.h"

#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 250
#define TRIES 4

/* A socket on loopback that talks to itself; -1: there is none. */
static int
open_loop(void)
{
	struct sockaddr_in self = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof self;
	const int flags = SOF_TIMESTAMPING_SOFTWARE |
			  SOF_TIMESTAMPING_RX_SOFTWARE |
			  SOF_TIMESTAMPING_TX_SOFTWARE;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
	if (bind(fd, (struct sockaddr *)&self, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&self, &len) == 0 &&
	    connect(fd, (struct sockaddr *)&self, len) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Does a message wait there, and has it a stamp of the kernel's software? */
static bool
has_stamp(int fd, int flags)
{
	_Alignas(struct cmsghdr) char control[512];
	char byte[64];
	struct iovec iov = { .iov_base = byte, .iov_len = sizeof byte };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control };
	struct cmsghdr *c;

	if (recvmsg(fd, &msg, flags | MSG_DONTWAIT) < 0)
		return false;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		struct timespec software; /* the first of three */

		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPING)
			continue;
		memcpy(&software, CMSG_DATA(c), sizeof software);
		if (software.tv_sec != 0)
			return true;
	}
	return false;
}

struct stamps
stamps_try(void)
{
	struct stamps s = { false, false };
	int fd = open_loop();

	if (fd < 0)
		return s;
	if (send(fd, "?", 1, 0) == 1) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		for (unsigned i = 0; i < TRIES; i++) {
			(void)poll(&wait, 1, WAIT_MS);
			s.has_departure |= has_stamp(fd, MSG_ERRQUEUE);
			s.has_arrival |= has_stamp(fd, 0);
			if (s.has_departure && s.has_arrival)
				break;
		}
	}
	close(fd);
	return s;
}
