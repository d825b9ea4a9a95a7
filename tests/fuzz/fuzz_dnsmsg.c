/*
 * fuzz_dnsmsg.c - any bytes as a DNS reply.
 *
 * Holds: what parses says nothing beyond its own limits, and a question that
 * was read, written as a query (with options and a case that the message
 * chose) and read again is the same question.
 */
#include <assert.h>
#include <string.h>

#include "probe/dnsmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_version(const struct dnsmsg_reply *m)
{
	const struct zoneversion *v = &m->zoneversion;

	assert(m->has_edns || !(v->is_present || m->has_cookie));
	assert(v->len <= ZONEVERSION_MAX);
	if (!v->is_present)
		return;
	assert(v->type != 0 || v->len == 4);
	assert(!m->has_question || v->n_labels < DNSMSG_NAME_MAX / 2 + 1);
}

static void
check_round_trip(const struct dnsmsg_reply *m)
{
	struct dnsmsg_extras extras = { .with_zoneversion = m->id & 1,
		.with_cookie = m->id & 2 };
	uint8_t wire[DNSMSG_QUERY_MAX], random[DNSMSG_CASE_LEN];
	struct dnsmsg_question q = m->question;
	struct dnsmsg_reply again;
	size_t len;

	memset(random, m->id >> 8, sizeof random);
	memcpy(extras.cookie, m->cookie, sizeof extras.cookie);
	if (m->id & 4)
		dnsmsg_question_mix_case(&q, random);
	len = dnsmsg_write_query(wire, m->id, &q, &extras);
	assert(dnsmsg_parse(&again, wire, len) == RC_OK);
	assert(again.id == m->id && !again.is_response);
	assert(again.has_cookie == extras.with_cookie);
	assert(dnsmsg_cookie_fits(&again, &extras));
	again.is_response = true;
	assert(dnsmsg_is_reply_to(&again, m->id, &q));
	assert(dnsmsg_is_reply_to(&again, m->id, &m->question));
	assert(again.question.name_len == q.name_len);
	assert(memcmp(again.question.name, q.name, q.name_len) == 0);
}

/* The same bytes as a name that a person or a collector gives. */
static void
check_name(const uint8_t *data, size_t size)
{
	uint8_t wire[DNSMSG_QUERY_MAX];
	struct dnsmsg_extras extras = { 0 };
	struct dnsmsg_question q;
	struct dnsmsg_reply m;
	char name[300];
	size_t len = size < sizeof name - 1 ? size : sizeof name - 1;

	memcpy(name, data, len);
	name[len] = '\0';
	if (dnsmsg_question_set(&q, name, 16, 3) != RC_OK)
		return;
	len = dnsmsg_write_query(wire, 7, &q, &extras);
	assert(dnsmsg_id(wire, len) == 7);
	assert(dnsmsg_parse(&m, wire, len) == RC_OK);
	assert(m.question.type == 16 && m.question.class == 3);
	m.is_response = true;
	assert(dnsmsg_is_reply_to(&m, 7, &q));
	assert(!dnsmsg_is_reply_to(&m, 8, &q));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dnsmsg_reply m;

	check_name(data, size);
	if (dnsmsg_parse(&m, data, size) != RC_OK)
		return 0;
	assert(m.n_ede <= EDE_MAX);
	assert(m.has_edns || !m.nsid.is_present);
	assert(m.n_answers > 0 || !(m.txt.is_present || m.has_serial));
	check_version(&m);
	if (m.has_question)
		check_round_trip(&m);
	return 0;
}
