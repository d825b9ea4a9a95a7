/* addr.c - see addr.h. */
#include "schema/base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum rc
addr_parse(struct addr *out, const char *text)
{
	struct addr a = { 0 };

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = 6;
	else
		return RC_MALFORMED;
	*out = a;
	return RC_OK;
}

const char *
addr_format(const struct addr *a, char buf[static ADDR_TEXT_LEN])
{
	buf[0] = '\0';
	if (a->family != 0)
		inet_ntop(addr_domain(a), a->bytes, buf, ADDR_TEXT_LEN);
	return buf;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	size_t n = a->family == 4 ? 4 : a->family == 6 ? 16 : 0;

	return a->family == b->family && memcmp(a->bytes, b->bytes, n) == 0;
}

int
addr_domain(const struct addr *a)
{
	return a->family == 6 ? AF_INET6 : AF_INET;
}

socklen_t
addr_to_sockaddr(
    const struct addr *a, uint16_t port, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof *ss);
	if (a->family == 6) {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
			.sin6_port = htons(port) };

		memcpy(&in6.sin6_addr, a->bytes, 16);
		memcpy(ss, &in6, sizeof in6);
		return sizeof in6;
	}
	struct sockaddr_in in4 = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	memcpy(&in4.sin_addr, a->bytes, 4);
	memcpy(ss, &in4, sizeof in4);
	return sizeof in4;
}

static struct addr
from_in6(const struct sockaddr *sa, uint16_t *port)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct addr a = { .family = 6 };
	struct sockaddr_in6 in6;

	memcpy(&in6, sa, sizeof in6);
	*port = ntohs(in6.sin6_port);
	memcpy(a.bytes, &in6.sin6_addr, 16);
	if (memcmp(a.bytes, mapped, sizeof mapped) == 0) {
		a.family = 4;
		memmove(a.bytes, a.bytes + 12, 4);
		memset(a.bytes + 4, 0, 12);
	}
	return a;
}

struct addr
addr_from_sockaddr(const struct sockaddr *sa, uint16_t *port)
{
	struct addr a = { 0 };
	struct sockaddr_in in4;
	uint16_t unused;

	if (port == NULL)
		port = &unused;
	*port = 0;
	if (sa->sa_family == AF_INET6)
		return from_in6(sa, port);
	if (sa->sa_family != AF_INET)
		return a;
	memcpy(&in4, sa, sizeof in4);
	*port = ntohs(in4.sin_port);
	a.family = 4;
	memcpy(a.bytes, &in4.sin_addr, 4);
	return a;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == 4)
		return a->bytes[0] == 127;
	return a->family == 6 && memcmp(a->bytes, one, sizeof one) == 0;
}

bool
addr_is_private(const struct addr *a)
{
	const uint8_t *b = a->bytes;
	static const uint8_t zero[16];

	if (addr_is_loopback(a) || memcmp(b, zero, sizeof zero) == 0)
		return true;
	if (a->family == 6)
		return (b[0] & 0xfe) == 0xfc ||                 /* RFC 4193 */
		       (b[0] == 0xfe && (b[1] & 0xc0) == 0x80); /* RFC 4291 */
	return b[0] == 0 || b[0] == 10 ||                       /* RFC 1918 */
	       (b[0] == 172 && (b[1] & 0xf0) == 16) ||
	       (b[0] == 192 && b[1] == 168) ||
	       (b[0] == 169 && b[1] == 254) ||       /* RFC 3927 */
	       (b[0] == 100 && (b[1] & 0xc0) == 64); /* RFC 6598 */
}
