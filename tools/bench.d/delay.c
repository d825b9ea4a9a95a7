/*
 * delay.c - a link that takes time, for the benchmark: this kernel may have
 * no netem.
 *
 * usage: delay ONE_WAY_US DEVICE DEVICE
 * Passes every Ethernet frame that comes in at one device on to the other,
 * ONE_WAY_US after it came by the kernel's own stamp.  Frames keep their
 * order.  Ends with the devices, or by a signal.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/if_ether.h>

#define FRAME_MAX 1600
#define FRAMES 8192 /* held in one direction; a power of two */
#define BUFFER_BYTES (8 << 20)
#define NS_PER_S INT64_C(1000000000)

struct frame {
	int64_t due_ns;
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

struct direction {
	int in, out;
	unsigned first, end; /* of the held frames, counted for ever */
	struct frame *held;
};

static void
die(const char *what)
{
	fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int
open_device(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name) };
	int on = 1, bytes = BUFFER_BYTES;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	if (fd < 0 || to.sll_ifindex == 0)
		die(name);
	if (setsockopt(
		fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
	    bind(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die(name);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
	return fd;
}

static int64_t
stamp_of(struct msghdr *msg)
{
	struct timespec t;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof t);
		return t.tv_sec * NS_PER_S + t.tv_nsec;
	}
	return now_ns();
}

/* Takes in what has come; a full table loses frames as a full queue does. */
static void
take(struct direction *d, int64_t delay_ns)
{
	while (d->end - d->first < FRAMES) {
		struct frame *f = &d->held[d->end % FRAMES];
		char control[128];
		struct iovec iov = { f->bytes, sizeof f->bytes };
		struct msghdr msg = { .msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control };
		ssize_t n = recvmsg(d->in, &msg, 0);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("receive");
		f->len = (size_t)n;
		f->due_ns = stamp_of(&msg) + delay_ns;
		d->end++;
	}
}

static void
release(struct direction *d)
{
	while (d->first != d->end) {
		struct frame *f = &d->held[d->first % FRAMES];

		if (f->due_ns > now_ns())
			return;
		if (send(d->out, f->bytes, f->len, 0) < 0 && errno == ENETDOWN)
			exit(EXIT_SUCCESS);
		d->first++;
	}
}

static void
sleep_until_due(const struct direction d[2])
{
	struct pollfd fds[2] = { { d[0].in, POLLIN, 0 },
		{ d[1].in, POLLIN, 0 } };
	int64_t due = INT64_MAX, wait;
	struct timespec t;

	for (int i = 0; i < 2; i++)
		if (d[i].first != d[i].end &&
		    d[i].held[d[i].first % FRAMES].due_ns < due)
			due = d[i].held[d[i].first % FRAMES].due_ns;
	wait = due - now_ns();
	if (wait <= 0)
		return;
	t.tv_sec = wait / NS_PER_S;
	t.tv_nsec = wait % NS_PER_S;
	if (ppoll(fds, 2, due == INT64_MAX ? NULL : &t, NULL) < 0 &&
	    errno != EINTR)
		die("poll");
}

/* A late frame is a wrong delay: go before the load of the benchmark. */
static void
hurry(void)
{
	struct sched_param p = { .sched_priority = 1 };

	prctl(PR_SET_TIMERSLACK, 1UL);
	sched_setscheduler(0, SCHED_RR, &p);
}

int
main(int argc, char **argv)
{
	struct direction d[2] = { { 0 } };
	int64_t delay_ns;

	if (argc != 4) {
		fputs("usage: delay ONE_WAY_US DEVICE DEVICE\n", stderr);
		return 2;
	}
	delay_ns = 1000 * (int64_t)strtoll(argv[1], NULL, 10);
	d[0].in = d[1].out = open_device(argv[2]);
	d[0].out = d[1].in = open_device(argv[3]);
	for (int i = 0; i < 2; i++) {
		d[i].held = calloc(FRAMES, sizeof *d[i].held);
		if (d[i].held == NULL)
			die("memory");
	}
	hurry();
	for (;;) {
		for (int i = 0; i < 2; i++) {
			take(&d[i], delay_ns);
			release(&d[i]);
		}
		sleep_until_due(d);
	}
}
