/*
 * fuzz_dnsmsg.c - any bytes as a DNS reply.
 *
 * Holds: what parses says nothing beyond its own limits, and a question that
 * was read, written as a query and read again is the same question.
 */
#include <assert.h>
#include <string.h>

#include "probe/dnsmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t wire[DNSMSG_QUERY_MAX];
	struct dnsmsg_reply m, again;
	size_t len;

	if (dnsmsg_parse(&m, data, size) != RC_OK)
		return 0;
	assert(m.n_ede <= EDE_MAX);
	assert(m.has_edns || !m.nsid.is_present);
	assert(m.n_answers > 0 || !(m.txt.is_present || m.has_serial));
	if (!m.has_question)
		return 0;
	len = dnsmsg_write_query(wire, m.id, &m.question);
	assert(dnsmsg_parse(&again, wire, len) == RC_OK);
	assert(again.id == m.id && !again.is_response);
	assert(again.question.name_len == m.question.name_len);
	assert(memcmp(again.question.name, m.question.name,
		   m.question.name_len) == 0);
	return 0;
}
