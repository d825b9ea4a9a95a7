/*
 * fuzz_icmpmsg.c - any bytes as ICMP, as ICMPv6, and behind an IPv4 header.
 *
 * The first byte's lowest bits choose which.  Holds: what is quoted lies
 * within the input, and labels are within their bits.
 */
#include <assert.h>
#include <string.h>

#include "probe/icmpmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct icmpmsg *m, const uint8_t *data, size_t size)
{
	assert(m->labels.n <= HOP_LABELS);
	for (unsigned i = 0; i < m->labels.n; i++)
		assert(m->labels.label[i].label < 1U << 20 &&
		       m->labels.label[i].tc < 8);
	assert(icmpmsg_meaning(4, m->type, m->code) != ICMPMSG_TTL_EXCEEDED ||
	       m->type == 11);
	assert(icmpmsg_meaning(6, m->type, m->code) != ICMPMSG_TTL_EXCEEDED ||
	       m->type == 3);
	if (m->quote.payload_len == 0)
		return;
	assert(m->quote.payload >= data);
	assert(m->quote.payload + m->quote.payload_len <= data + size);
}

/* An echo that we write with these bytes comes back as it was. */
static void
check_own(const uint8_t *data, size_t size, int family)
{
	struct addr a = { .family = (uint8_t)family, .bytes = { 192, 0, 2 } };
	struct icmpmsg_echo echo = { .id = (uint16_t)size, .seq = data[0] };
	uint8_t buf[ICMPMSG_ECHO_LEN];
	struct icmpmsg m;

	memcpy(echo.nonce, data,
	    size < sizeof echo.nonce ? size : sizeof echo.nonce);
	assert(icmpmsg_write_echo(buf, family, &echo) == sizeof buf);
	buf[0] = family == 6 ? 129 : 0; /* the reply */
	if (family == 6) /* the checksum is the kernel's; IPv4's is ours */
		assert(
		    icmpmsg_parse(&m, 6, buf, sizeof buf) == RC_OK &&
		    m.kind == ICMPMSG_ECHO_REPLY && m.echo.id == echo.id &&
		    m.echo.seq == echo.seq &&
		    memcmp(m.echo.nonce, echo.nonce, sizeof echo.nonce) == 0);
	assert(icmpmsg_udp_checksum(&a, 1, &a, 2, data, size) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmpmsg_quote quote;
	struct icmpmsg m;
	struct addr from;
	uint8_t ttl, how;

	if (size == 0)
		return 0;
	how = data[0] & 3;
	data++;
	size--;
	if (how == 3 && icmpmsg_parse_quoted_echo(&quote, data, size) == RC_OK)
		assert(size >= 8);
	if (how == 2 && icmpmsg_skip_ip4(&data, &size, 1, &from, &ttl) != RC_OK)
		return 0;
	if (size > 0 && size < 60000)
		check_own(data, size, how == 1 ? 6 : 4);
	if (how != 3 &&
	    icmpmsg_parse(&m, how == 1 ? 6 : 4, data, size) == RC_OK)
		check(&m, data, size);
	return 0;
}
