/* listen.c - see listen.h. */
#include "collector/listen.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512

static enum rc
parse_port(uint16_t *port, const char *text)
{
	unsigned v = 0;

	if (*text == '\0')
		return RC_MALFORMED;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return RC_MALFORMED;
		v = 10 * v + (unsigned)(*text - '0');
		if (v > UINT16_MAX)
			return RC_RANGE;
	}
	*port = (uint16_t)v;
	return RC_OK;
}

enum rc
listen_parse(
    struct addr *address, uint16_t *port, const char *text, struct err *err)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);
	bool is_bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	char host[ADDR_TEXT_LEN];

	if (is_bracketed) {
		text++;
		len -= 2;
	}
	if (len > 0 && len < sizeof host) {
		memcpy(host, text, len);
		host[len] = '\0';
		if (addr_parse(address, host) == RC_OK &&
		    is_bracketed == (address->family == 6) &&
		    parse_port(port, colon + 1) == RC_OK)
			return RC_OK;
	}
	return err_set(err, RC_MALFORMED,
	    "listen: expected an address with a port, such as "
	    "\"[::]:8420\" or \"127.0.0.1:8420\"");
}

static enum rc
bind_and_listen(int fd, const struct addr *address, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(address, port, &ss);
	int on = 1, off = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
		return RC_SYS;
	if (address->family == 6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)
		return RC_SYS;
	if (bind(fd, (struct sockaddr *)&ss, len) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return RC_SYS;
	return RC_OK;
}

enum rc
listen_open(int *fd, char where[static LISTEN_TEXT_LEN],
    const struct addr *address, uint16_t port, struct err *err)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	char text[ADDR_TEXT_LEN];
	enum rc rc;
	int s;

	addr_format(address, text);
	s = socket(addr_domain(address),
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s < 0)
		return err_sys(err, "socket for %s", text);
	if (bind_and_listen(s, address, port) != RC_OK ||
	    getsockname(s, (struct sockaddr *)&ss, &len) != 0) {
		rc = err_sys(err, "cannot listen on %s port %u", text, port);
		close(s);
		return rc;
	}
	(void)addr_from_sockaddr((struct sockaddr *)&ss, &port);
	snprintf(where, LISTEN_TEXT_LEN,
	    address->family == 6 ? "[%s]:%u" : "%s:%u", text, port);
	*fd = s;
	return RC_OK;
}

enum rc
listen_check(struct addr *address, uint16_t *port, const char *text,
    bool has_tls, struct err *err)
{
	enum rc rc = listen_parse(address, port, text, err);

	if (rc == RC_OK && !has_tls && !addr_is_loopback(address))
		return err_set(err, RC_RANGE,
		    "without TLS only a loopback address may be listened on, "
		    "not %s: add tls { certificate = \"...\" key = \"...\" }, "
		    "or listen on 127.0.0.1 behind a proxy that ends TLS",
		    text);
	return rc;
}
