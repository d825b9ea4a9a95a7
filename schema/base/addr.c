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

/* Writes v, 0 to 255, in decimal; returns the end. */
static char *
put_octet(char *p, unsigned v)
{
	if (v >= 100)
		*p++ = (char)('0' + v / 100);
	if (v >= 10)
		*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

static void
format_v4(const uint8_t *bytes, char *p)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*p++ = '.';
		p = put_octet(p, bytes[i]);
	}
	*p = '\0';
}

/* Finds the first longest run of zero groups: what "::" stands for.  One
 * group alone is not shortened (RFC 5952 section 4.2.2). */
static void
find_zeros(const unsigned *groups, int *first, int *end)
{
	*first = *end = -1;
	for (int i = 0, start = 0; i < 8; i++) {
		if (groups[i] != 0)
			start = i + 1;
		else if (i > start && i + 1 - start > *end - *first) {
			*first = start;
			*end = i + 1;
		}
	}
}

static char *
put_group(char *p, unsigned v)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = 12; shift > 0; shift -= 4)
		if (v >> shift != 0)
			*p++ = digits[v >> shift & 0xf];
	*p++ = digits[v & 0xf];
	return p;
}

static void
format_v6(const uint8_t *bytes, char *p)
{
	unsigned groups[8];
	int first, end;

	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
	find_zeros(groups, &first, &end);
	for (int i = 0; i < 8; i++) {
		if (i == first) {
			*p++ = ':';
			*p++ = ':';
			i = end - 1;
			continue;
		}
		if (i > 0 && i != end)
			*p++ = ':';
		p = put_group(p, groups[i]);
	}
	*p = '\0';
}

/* As inet_ntop, which goes through printf: a sweep formats two addresses for
 * every line.  What may have IPv4 notation at its end is left to it. */
const char *
addr_format(const struct addr *a, char buf[static ADDR_TEXT_LEN])
{
	static const uint8_t zeros[10];

	buf[0] = '\0';
	if (a->family == 4)
		format_v4(a->bytes, buf);
	else if (a->family == 6 && memcmp(a->bytes, zeros, 10) != 0)
		format_v6(a->bytes, buf);
	else if (a->family == 6)
		inet_ntop(AF_INET6, a->bytes, buf, ADDR_TEXT_LEN);
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
