/*
 * fuzz_tcpmsg.c - any bytes as a TCP segment that answers our SYN.
 *
 * Holds: what parses lies within the input, answers a SYN only with its
 * number, and a SYN that we write is read as it was written.
 */
#include <assert.h>
#include <string.h>

#include "probe/tcpmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_own(const struct tcpmsg *m, uint8_t family)
{
	struct addr a = { .family = family, .bytes = { 192, 0, 2, 1 } };
	struct addr b = { .family = family, .bytes = { 192, 0, 2, 2 } };
	uint8_t syn[TCPMSG_SYN_LEN];
	struct tcpmsg own;

	assert(tcpmsg_write_syn(syn, &a, &b, m->source_port, m->target_port,
		   m->seq) == sizeof syn);
	assert(tcpmsg_parse(&own, syn, sizeof syn) == RC_OK);
	assert(own.source_port == m->source_port &&
	       own.target_port == m->target_port && own.seq == m->seq &&
	       own.flags == TCPMSG_SYN);
	assert(!tcpmsg_answers(&own, m->seq));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcpmsg m;

	if (tcpmsg_parse(&m, data, size) != RC_OK)
		return 0;
	assert(size >= 20);
	if (tcpmsg_answers(&m, m.ack - 1))
		assert((m.flags & TCPMSG_ACK) != 0 &&
		       (m.flags & (TCPMSG_SYN | TCPMSG_RST)) != 0);
	assert(!tcpmsg_answers(&m, m.ack));
	check_own(&m, 4);
	check_own(&m, 6);
	return 0;
}
