/* notify.c - see notify.h and sd_notify(3). */
#include "schema/base/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "schema/base/clock.h"

/* 0 for what is no number. */
static int64_t
number(const char *text)
{
	int64_t v = 0;

	for (; text != NULL && *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || v > INT64_MAX / 16)
			return 0;
		v = 10 * v + (*text - '0');
	}
	return v;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path == NULL ? 0 : strlen(path);
	int fd;

	if (len < 2 || len >= sizeof to.sun_path ||
	    strchr("/@", path[0]) == NULL)
		return -1;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* of the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				       len)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void
notify_open(struct notify *n)
{
	const char *pid = getenv("WATCHDOG_PID");

	n->fd = connect_to(getenv("NOTIFY_SOCKET"));
	n->watchdog_us = 0;
	if (n->fd >= 0 && (pid == NULL || number(pid) == getpid()))
		n->watchdog_us = number(getenv("WATCHDOG_USEC"));
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

void
notify_say(const struct notify *n, const char *lines)
{
	ssize_t sent;

	if (n->fd < 0)
		return;
	sent = send(n->fd, lines, strlen(lines), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent; /* a supervisor that does not listen is no fault of ours */
}

void
notify_reloading(const struct notify *n)
{
	char lines[64];

	snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    clock_awake_us());
	notify_say(n, lines);
}
