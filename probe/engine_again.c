/* engine_again.c - see engine_again.h. */
#include "probe/engine_again.h"

#include "schema/base/bytes.h"

uint64_t
again_answer_hash(uint16_t rcode, const struct identity *nsid)
{
	uint64_t h = bytes_hash(BYTES_HASH_START, &rcode, sizeof rcode);

	return bytes_hash(h, nsid->bytes, nsid->len);
}

/* What is_present when it is a well-formed reply with that id. */
static struct second_answer
read_second(const struct flight *f, const struct again_reply *reply)
{
	struct second_answer second = { 0 };
	struct dnsmsg_reply m;

	if (dnsmsg_parse(&m, reply->bytes, reply->len) != RC_OK ||
	    !m.is_response || m.id != f->id)
		return second;
	second.is_present = true;
	second.is_different =
	    f->is_answered &&
	    f->answer_hash != again_answer_hash(m.rcode, &m.nsid);
	second.rcode = m.rcode;
	second.nsid = m.nsid;
	second.rtt_us = rtt_between(reply->sent, &reply->arrival).us;
	return second;
}

void
again_take(struct ask *a, struct flight *f, const struct again_reply *reply)
{
	struct dns_result *r = ask_dns(a);
	struct second_answer second = read_second(f, reply);

	count_up(f->is_answered ? &r->n_duplicate : &r->n_late);
	f->is_answered = true;
	if (second.is_present)
		r->second = second;
}

void
again_take_past(struct engine *e, struct flight *f, const struct port_in *in)
{
	const struct again_reply reply = { .sent = &f->sent,
		.arrival = in->arrival,
		.bytes = in->bytes,
		.len = in->len };
	struct second_answer second = read_second(f, &reply);

	flight_leave_word(e, f, &second);
}
