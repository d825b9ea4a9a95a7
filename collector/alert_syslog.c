/* alert_syslog.c - see alert_syslog.h. */
#include "collector/alert_syslog.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "schema/base/clock.h"

#define HOST_LEN 256
#define UDP "udp://"

static const struct {
	const char *name;
	int facility;
} facilities[] = {
	{ "auth", LOG_AUTH },
	{ "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
	{ "mail", LOG_MAIL },
	{ "news", LOG_NEWS },
	{ "user", LOG_USER },
	{ "uucp", LOG_UUCP },
};
#define N_FACILITIES (sizeof facilities / sizeof facilities[0])

int
syslog_facility(const char *name)
{
	for (size_t i = 0; i < N_FACILITIES; i++)
		if (strcmp(facilities[i].name, name) == 0)
			return facilities[i].facility;
	return -1;
}

const char *
syslog_facility_name(int facility)
{
	for (size_t i = 0; i < N_FACILITIES; i++)
		if (facilities[i].facility == facility)
			return facilities[i].name;
	return "";
}

/* The end of an event is a notice, whatever the event was. */
static int
priority_of(const struct alert_notice *n)
{
	enum severity severity;

	if (n->kind == NOTICE_TEST)
		return LOG_INFO;
	if (n->kind == NOTICE_RESOLVE)
		return LOG_NOTICE;
	if (severity_from_name(&severity, n->event.severity) != RC_OK)
		return LOG_WARNING;
	switch (severity) {
	case SEVERITY_INFO:
		return LOG_INFO;
	case SEVERITY_NOTICE:
		return LOG_NOTICE;
	case SEVERITY_WARNING:
		return LOG_WARNING;
	case SEVERITY_MAJOR:
		return LOG_ERR;
	case SEVERITY_CRITICAL:
		break;
	}
	return LOG_CRIT;
}

static void
local_stamp(char *buf, size_t cap, int64_t at_us)
{
	time_t at = (time_t)(at_us / US_PER_S);
	struct tm local;

	if (localtime_r(&at, &local) == NULL ||
	    strftime(buf, cap, "%b %e %H:%M:%S", &local) == 0)
		snprintf(buf, cap, "Jan  1 00:00:00");
}

size_t
syslog_line(char buf[static SYSLOG_LINE_LEN], int facility,
    const struct alert_notice *n, bool is_rfc5424)
{
	char stamp[CLOCK_TEXT_LEN], host[HOST_LEN] = "-";
	int pri = facility | priority_of(n), len;

	if (is_rfc5424) {
		if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
			snprintf(host, sizeof host, "-");
		len = snprintf(buf, SYSLOG_LINE_LEN,
		    "<%d>1 %s %s catchwater %d %s - %s key=%s", pri,
		    clock_format_exact(n->created_us, stamp), host,
		    (int)getpid(), notice_kind_name(n->kind), n->text, n->key);
	} else {
		local_stamp(stamp, sizeof stamp, n->created_us);
		len = snprintf(buf, SYSLOG_LINE_LEN,
		    "<%d>%s catchwater[%d]: %s key=%s", pri, stamp,
		    (int)getpid(), n->text, n->key);
	}
	return len < SYSLOG_LINE_LEN ? (size_t)len : SYSLOG_LINE_LEN - 1;
}

enum rc
syslog_split(const char *url, char host[static 256], char port[static 8])
{
	const char *at = url + strlen(UDP), *colon;
	size_t n;

	if (strncmp(url, UDP, strlen(UDP)) != 0)
		return RC_MALFORMED;
	colon = strrchr(at, ':');
	if (colon == NULL || colon == at || strlen(colon + 1) > 5 ||
	    colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return RC_MALFORMED;
	n = (size_t)(colon - at);
	if (at[0] == '[' && at[n - 1] == ']') {
		at++;
		n -= 2;
	}
	if (n == 0 || n >= HOST_LEN)
		return RC_MALFORMED;
	memcpy(host, at, n);
	host[n] = '\0';
	snprintf(port, 8, "%s", colon + 1);
	return RC_OK;
}

static enum rc
open_local(int *out, const char *path, struct err *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof to.sun_path)
		return err_set(err, RC_RANGE, "%.80s: too long a path", path);
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		err_set(err, RC_PEER, "%.80s: %s", path, strerror(errno));
		close(fd);
		return RC_PEER;
	}
	*out = fd;
	return RC_OK;
}

static enum rc
open_udp(int *out, const char *url, struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list = NULL;
	char host[HOST_LEN], port[8];
	int fd = -1, r;

	if (syslog_split(url, host, port) != RC_OK)
		return err_set(err, RC_MALFORMED, "%.80s: no address", url);
	r = getaddrinfo(host, port, &hints, &list);
	if (r != 0)
		return err_set(
		    err, RC_PEER, "%.80s: %s", host, gai_strerror(r));
	for (const struct addrinfo *a = list; fd < 0 && a != NULL;
	     a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd < 0)
		return err_set(err, RC_PEER, "%.80s: %s", url, strerror(errno));
	*out = fd;
	return RC_OK;
}

enum rc
syslog_send(
    const char *to, int facility, const struct message *m, struct err *err)
{
	bool is_udp = to[0] != '/';
	char line[SYSLOG_LINE_LEN];
	int fd = -1;
	enum rc rc = is_udp ? open_udp(&fd, to, err) : open_local(&fd, to, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < m->n; i++) {
		size_t n = syslog_line(line, facility, &m->notices[i], is_udp);

		if (send(fd, line, n, MSG_NOSIGNAL | MSG_DONTWAIT) !=
		    (ssize_t)n)
			rc = err_set(
			    err, RC_PEER, "%.80s: %s", to, strerror(errno));
	}
	close(fd);
	return rc;
}
