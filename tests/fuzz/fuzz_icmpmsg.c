/*
 * fuzz_icmpmsg.c - any bytes as ICMP, as ICMPv6, and behind an IPv4 header.
 *
 * The first byte's lowest bits choose which.  Holds: what is quoted lies
 * within the input, and labels are within their bits.
 */
#include <assert.h>

#include "probe/icmpmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct icmpmsg *m, const uint8_t *data, size_t size)
{
	assert(m->labels.n <= HOP_LABELS);
	for (unsigned i = 0; i < m->labels.n; i++)
		assert(m->labels.label[i].label < 1U << 20 &&
		       m->labels.label[i].tc < 8);
	if (m->quote.payload_len == 0)
		return;
	assert(m->quote.payload >= data);
	assert(m->quote.payload + m->quote.payload_len <= data + size);
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
	if (how != 3 &&
	    icmpmsg_parse(&m, how == 1 ? 6 : 4, data, size) == RC_OK)
		check(&m, data, size);
	return 0;
}
