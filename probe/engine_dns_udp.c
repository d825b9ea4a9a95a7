/* engine_dns_udp.c - see engine_dns_udp.h. */
#include "probe/engine_dns_udp.h"

#include <errno.h>
#include <string.h>

#include "probe/engine_dns.h"
#include "probe/engine_dns_tcp.h"
#include "probe/engine_slot.h"

/* A write fails with the error of an earlier packet when one is waiting:
 * that is taken first, and the write tried again. */
static enum rc
send_datagram(
    struct ask *a, const uint8_t *query, size_t len, struct moment *sent)
{
	int fd = a->slot->flow.fd;

	if (flow_write(fd, NULL, query, len, 0, sent) == RC_OK)
		return RC_OK;
	return flow_write(fd, NULL, query, len, 0, sent);
}

static void
step(struct ask *a, int64_t now_mono_us)
{
	enum rc rc = a->slot != NULL ? RC_OK : slot_join_udp(a);

	if (rc != RC_OK)
		dns_finish(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno));
	else
		dns_step(a, now_mono_us, send_datagram);
}

/* The whole pair again over TCP, so that one server answers it. */
static void
start_over_by_tcp(struct ask *a)
{
	ask_leave_slot(a);
	memset(&a->observation.dns, 0, sizeof a->observation.dns);
	a->observation.dns.is_truncated_udp = true;
	if (dns_tcp_begin(a) == RC_OK)
		ask_wake_at(a, 0);
}

static bool
packet(struct ask *a, const struct flow_packet *p, const uint8_t *bytes)
{
	enum dns_verdict verdict = dns_take(a, p, bytes, p->len);

	if (verdict == DNS_TRUNCATED)
		start_over_by_tcp(a);
	return verdict != DNS_NOT_OURS;
}

static bool
notice(struct ask *a, const struct notice *n)
{
	enum icmpmsg_meaning meaning =
	    icmpmsg_meaning(a->question.target.family, n->type, n->code);
	enum outcome outcome = meaning == ICMPMSG_PORT_CLOSED
				   ? OUTCOME_REFUSED
				   : OUTCOME_UNREACHABLE;
	const struct arrival *at = &n->arrival;

	if (meaning == ICMPMSG_IGNORED)
		return false;
	if (n->quote_len >= 2)
		return dns_end_one(
		    a, dnsmsg_id(n->quote, n->quote_len), outcome, at);
	/* A quote cut before the id concerns whatever waits here; only an
	 * exceeded TTL must be about a trace on the same flow. */
	if (meaning == ICMPMSG_TTL_EXCEEDED)
		return false;
	dns_end_all(
	    a, outcome, rtt_between(&a->dns.parts[PART_ZONE].sent, at).us);
	return true;
}

static const struct ask_ops ops = {
	.step = step, .packet = packet, .notice = notice, .has_id = dns_has_id
};

enum rc
dns_udp_begin(struct ask *a)
{
	a->ops = &ops;
	return dns_begin(a);
}
