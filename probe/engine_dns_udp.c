/* engine_dns_udp.c - see engine_dns_udp.h. */
#include "probe/engine_dns_udp.h"

#include <errno.h>

#include "probe/engine_dns.h"
#include "probe/engine_dns_tcp.h"
#include "probe/engine_port.h"

static enum rc
send_datagram(struct ask *a, enum dns_part_index i)
{
	struct dns_part *part = &a->dns.parts[i];
	struct flight_key key = { .kind = FLIGHT_UDP,
		.target = a->question.target,
		.target_port = a->question.port,
		.source_port = a->udp->port.source_port };
	struct port_out *out;

	key.id = part->id = port_new_id(a);
	part->flight = flight_new(a, &key, true);
	part->flight->what = (uint8_t)i;
	out = port_send(a->udp, part->flight, 0);
	out->len = (uint16_t)dns_write(a, i, out->bytes, part->id);
	return RC_OK;
}

static void
step(struct ask *a, int64_t now_mono_us)
{
	enum rc rc = a->udp != NULL ? RC_OK : port_join(a);

	if (rc != RC_OK)
		dns_end_all(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno),
		    0);
	else
		dns_step(a, now_mono_us, send_datagram);
}

static void
not_sent(struct ask *a, struct flight *f, int sys_errno)
{
	dns_end_one(a, f->what, flow_outcome(sys_errno), NULL);
}

/* The whole pair again over TCP, so that one server answers it. */
static void
start_over_by_tcp(struct ask *a)
{
	flights_release(a->engine, a);
	port_leave(a);
	*ask_dns(a) = (struct dns_result){ .is_truncated_udp = true };
	if (dns_tcp_begin(a) == RC_OK)
		ask_wake_at(a, 0);
}

static void
packet(struct ask *a, struct flight *f, const struct port_in *in)
{
	struct dns_part *part = &a->dns.parts[f->what];
	const struct again_reply reply = { .sent = &f->sent,
		.arrival = in->arrival,
		.has_ttl = in->has_ttl,
		.ttl = in->ttl,
		.bytes = in->bytes,
		.len = in->len };

	if (part->flight != f || part->state != PART_SENT) {
		again_take(a, f, &reply);
		return;
	}
	if (in->local.family != 0)
		a->source = in->local;
	if (dns_take(a, f->what, &reply) == DNS_TRUNCATED)
		start_over_by_tcp(a);
}

static void
notice(struct ask *a, struct flight *f, const struct notice *n)
{
	enum icmpmsg_meaning meaning =
	    icmpmsg_meaning(a->question.target.family, n->type, n->code);
	struct rtt rtt = rtt_between(&f->sent, &n->arrival);

	if (meaning == ICMPMSG_IGNORED || a->dns.parts[f->what].flight != f ||
	    a->dns.parts[f->what].state != PART_SENT)
		return;
	a->dns.parts[f->what].is_answered = true;
	dns_end_one(a, f->what,
	    meaning == ICMPMSG_PORT_CLOSED ? OUTCOME_REFUSED
					   : OUTCOME_UNREACHABLE,
	    &rtt);
}

static const struct ask_ops ops = {
	.step = step, .not_sent = not_sent, .packet = packet, .notice = notice
};

enum rc
dns_udp_begin(struct ask *a)
{
	a->ops = &ops;
	return dns_begin(a);
}
