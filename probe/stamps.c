/* stamps.c - see stamps.h. */
#include "probe/stamps.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/ancillary.h"

#define WAIT_MS 250
#define TRIES 8
#define PAUSE_MS 20

/* A socket on loopback that talks to itself; -1: there is none. */
static int
open_loop(void)
{
	struct sockaddr_in self = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof self;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (ancillary_ask_stamps(fd) &&
	    bind(fd, (struct sockaddr *)&self, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&self, &len) == 0 &&
	    connect(fd, (struct sockaddr *)&self, len) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Does a message wait there, and has it a stamp? */
static bool
has_stamp(int fd, int flags)
{
	_Alignas(struct cmsghdr) char control[ANCILLARY_LEN];
	char bytes[64];
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof bytes };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control };
	struct ancillary a;

	if (recvmsg(fd, &msg, flags | MSG_DONTWAIT) < 0)
		return false;
	ancillary_read(&a, &msg);
	return a.kernel_ns != 0;
}

struct stamps
stamps_try(void)
{
	struct stamps s = { false, false };
	int fd = open_loop();

	if (fd < 0)
		return s;
	/* The kernel begins to stamp arrivals a little after the first socket
	 * of the host asks for it: one message may be too early. */
	for (unsigned i = 0; i < TRIES && !(s.has_departure && s.has_arrival);
	     i++) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		if (send(fd, "?", 1, 0) != 1)
			break;
		(void)poll(&wait, 1, WAIT_MS);
		s.has_departure |= has_stamp(fd, MSG_ERRQUEUE);
		s.has_arrival |= has_stamp(fd, 0);
		if (i > 0)
			(void)poll(NULL, 0, PAUSE_MS);
	}
	close(fd);
	return s;
}
