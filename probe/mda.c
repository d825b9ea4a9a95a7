/* mda.c - see mda.h. */
#include "probe/mda.h"

#include <stddef.h>

#include "schema/base/power.h"

/* Node control ends when the flows known at a TTL are so many times what
 * equal shares would have needed: a node that is met so rarely may be none
 * (silence by loss). */
#define CONTROL_FACTOR 4

const struct mda_params mda_defaults = {
	.error = 0.05,
	.first_ttl = 1,
	.last_ttl = MDA_TTL_MAX,
	.n_attempts = 3,
	.n_confirm = 5,
	.max_active = 16,
	.max_flows = 512,
	.max_packets = 5000,
	.deadline_us = INT64_C(300000000),
	.gap_us = 10000,
	.slow_gap_us = 1000000,
};

unsigned
mda_stopping_point(unsigned k, double error)
{
	return power_reach((double)k / (k + 1), error / (k + 1));
}

static unsigned
within(unsigned value, unsigned least, unsigned most)
{
	return value < least ? least : value > most ? most : value;
}

void
mda_init(struct mda *m, const struct mda_params *p)
{
	struct mda_params *q = &m->params;

	*m = (struct mda){ .params = p == NULL ? mda_defaults : *p,
		.begun_us = INT64_MIN };
	if (!(q->error >= 1e-6))
		q->error = 1e-6;
	if (q->error > 0.5)
		q->error = 0.5;
	q->last_ttl = (uint8_t)within(q->last_ttl, 1, MDA_TTL_MAX);
	q->first_ttl = (uint8_t)within(q->first_ttl, 1, q->last_ttl);
	q->n_attempts = (uint8_t)within(q->n_attempts, 1, 10);
	q->n_confirm = (uint8_t)within(q->n_confirm, 1, 20);
	q->max_active = (uint16_t)within(q->max_active, 1, MDA_FLOWS_MAX);
	q->max_flows = (uint16_t)within(q->max_flows, 1, MDA_FLOWS_MAX);
	for (unsigned ttl = 0; ttl <= MDA_TTL_MAX; ttl++)
		m->ttls[ttl].sent_us = INT64_MIN;
	for (unsigned k = 1; k <= MDA_NODES_MAX; k++)
		m->stop[k] = (uint16_t)mda_stopping_point(k, q->error);
}

/* What is asked next: the first thing that is missing and may be sent now. */
struct search {
	struct mda *m;
	int64_t now_us;
	int64_t until_us; /* when more may be sent */
	bool is_cut;      /* a way was not followed to its end */
	bool is_pending;  /* more of the TTL is under way, or waits */
	struct mda_probe *probe;
};

static bool
offer(struct search *s, unsigned ttl, unsigned flow)
{
	const struct mda_ttl *t = &s->m->ttls[ttl];
	const struct mda_params *p = &s->m->params;
	int64_t gap_us = t->is_slow ? p->slow_gap_us : p->gap_us;

	if (t->sent_us != INT64_MIN && s->now_us - t->sent_us < gap_us) {
		s->is_pending = true;
		if (t->sent_us + gap_us < s->until_us)
			s->until_us = t->sent_us + gap_us;
		return false;
	}
	s->probe->ttl = (uint8_t)ttl;
	s->probe->flow = (uint16_t)flow;
	return true;
}

/* Before the first TTL all flows are at the vantage. */
static bool
is_root(const struct mda *m, unsigned ttl)
{
	return ttl + 1 == m->params.first_ttl;
}

static bool
is_through(const struct mda *m, unsigned ttl, unsigned node, unsigned flow)
{
	return is_root(m, ttl) || m->cells[ttl][flow].node == node + 1;
}

/* A flow that nobody has tried to send through the TTL, or a new one; the
 * number of flows: none is left. */
static unsigned
unused_flow(const struct mda *m, unsigned ttl)
{
	unsigned f;

	for (f = 0; f < m->n_flows; f++) {
		const struct mda_cell *c = &m->cells[ttl][f];

		if (c->node == 0 && !c->is_active)
			return f;
	}
	return f;
}

/* Node control: more flows are wanted that go through a node. */
static bool
look_for_flows(struct search *s, unsigned ttl, unsigned node, unsigned need,
    unsigned missing)
{
	struct mda *m = s->m;
	unsigned n_known = 0, n_pending = 0, flow;

	if (is_root(m, ttl)) {
		m->is_short |= m->n_flows == m->params.max_flows;
		return m->n_flows < m->params.max_flows &&
		       offer(s, ttl + 1, m->n_flows);
	}
	for (unsigned f = 0; f < m->n_flows; f++) {
		const struct mda_cell *c = &m->cells[ttl][f];

		n_known += c->node != 0;
		n_pending += c->node == 0 && c->is_active;
	}
	if (n_pending >= missing) {
		s->is_pending = true;
		return false;
	}
	flow = unused_flow(m, ttl);
	if (flow >= m->params.max_flows ||
	    n_known >= CONTROL_FACTOR * need * m->ttls[ttl].n_nodes) {
		m->is_short |= m->ttls[ttl].nodes[node].address.family != 0;
		return false;
	}
	return offer(s, ttl, flow);
}

/* Have all next hops of a node been found? */
static bool
examine_node(struct search *s, unsigned ttl, unsigned node)
{
	struct mda *m = s->m;
	unsigned n_done = 0, need, fresh = MDA_FLOWS_MAX;
	uint64_t next = 0;

	for (unsigned f = 0; f < m->n_flows; f++) {
		const struct mda_cell *c = &m->cells[ttl + 1][f];

		if (!is_through(m, ttl, node, f))
			continue;
		if (c->node != 0 && c->node != MDA_VOID)
			next |= UINT64_C(1) << (c->node - 1);
		s->is_pending |= c->node == 0 && c->is_active;
		if (c->node != 0 || c->is_active)
			n_done++;
		else if (fresh == MDA_FLOWS_MAX)
			fresh = f;
	}
	need = m->stop[next == 0 ? 1 : __builtin_popcountll(next)];
	if (n_done >= need)
		return false;
	if (fresh < MDA_FLOWS_MAX)
		return offer(s, ttl + 1, fresh);
	return look_for_flows(s, ttl, node, need, need - n_done);
}

/* A node that was found by node control: where do its flows come from? */
static bool
look_back(struct search *s, unsigned ttl, unsigned node)
{
	const struct mda *m = s->m;
	unsigned flow = MDA_FLOWS_MAX;

	for (unsigned f = 0; f < m->n_flows; f++) {
		if (!is_through(m, ttl, node, f))
			continue;
		if (m->cells[ttl - 1][f].is_active)
			s->is_pending = true;
		if (m->cells[ttl - 1][f].node != 0 ||
		    m->cells[ttl - 1][f].is_active)
			return false;
		if (flow == MDA_FLOWS_MAX)
			flow = f;
	}
	return flow < MDA_FLOWS_MAX && offer(s, ttl - 1, flow);
}

/* Silence at the TTL and as many before it that nothing is hoped for. */
static bool
is_lost(const struct mda *m, unsigned ttl)
{
	for (unsigned i = 0; i < MDA_SILENT_MAX; i++) {
		if (ttl < m->params.first_ttl + i ||
		    m->ttls[ttl - i].has_answered)
			return false;
	}
	return true;
}

static bool
examine_ttl(struct search *s, unsigned ttl)
{
	const struct mda_ttl *t = &s->m->ttls[ttl];

	if (is_root(s->m, ttl))
		return examine_node(s, ttl, 0);
	for (unsigned i = 0; i < t->n_nodes; i++) {
		if (ttl > s->m->params.first_ttl &&
		    t->nodes[i].address.family != 0 && look_back(s, ttl, i))
			return true;
		if (t->nodes[i].is_end)
			continue;
		if (ttl == s->m->params.last_ttl || is_lost(s->m, ttl))
			s->is_cut = true;
		else if (examine_node(s, ttl, i))
			return true;
	}
	return false;
}

/* One node at either end, and the flows that found no other there are test
 * enough; but not behind branches that packets choose among. */
static bool
is_single(const struct mda *m, unsigned ttl, const struct mda_link *l)
{
	return !m->ttls[ttl - 1].is_per_packet && m->ttls[ttl].n_nodes == 1 &&
	       m->ttls[ttl + 1].n_nodes == 1 &&
	       l->n_flows >= m->params.n_confirm;
}

/* Does the (TTL, flow) have to be asked again? */
static bool
is_doubtful(const struct mda *m, unsigned ttl, unsigned flow)
{
	const struct mda_cell *c = &m->cells[ttl][flow];

	return c->n_again < m->params.n_confirm && !c->is_active &&
	       c->n_silent < m->params.n_attempts;
}

/* Which end of a link to ask first.  A balancer that deals packets out in
 * turn would pass a test whose packets come in turn too: one end is asked
 * twice in a row, and which one is up to chance. */
static unsigned
first_end(struct mda *m, unsigned ttl, unsigned flow)
{
	if (m->cells[ttl][flow].n_again % 2 == 1)
		return ttl;
	if (m->cells[ttl + 1][flow].n_again % 2 == 1)
		return ttl + 1;
	m->random = m->random * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
	return ttl + (unsigned)(m->random >> 63);
}

static bool
confirm_links(struct search *s, unsigned ttl)
{
	struct mda *m = s->m;
	const struct mda_ttl *t = &m->ttls[ttl];

	if (t->is_per_packet || t[1].is_per_packet)
		return false;
	for (unsigned i = 0; i < t->n_links; i++) {
		const struct mda_link *l = &t->links[i];
		unsigned first = first_end(m, ttl, l->flow);
		unsigned second = 2 * ttl + 1 - first;

		if (is_single(m, ttl, l))
			continue;
		if (is_doubtful(m, first, l->flow) && offer(s, first, l->flow))
			return true;
		if (is_doubtful(m, second, l->flow) &&
		    offer(s, second, l->flow))
			return true;
	}
	return false;
}

/* One TTL after the other: were packets to two TTLs sent by turns, a balancer
 * that deals them out in turn would show one branch at each, and never both. */
static bool
find_probe(struct search *s)
{
	const struct mda_params *p = &s->m->params;

	s->m->is_short = s->m->is_crowded;
	for (unsigned ttl = p->first_ttl - 1U; ttl <= p->last_ttl; ttl++) {
		s->is_pending = false;
		if (examine_ttl(s, ttl))
			return true;
		if (s->is_pending)
			return false;
		if (ttl > p->first_ttl && confirm_links(s, ttl - 1))
			return true;
	}
	return false;
}

static enum mda_step
finish(struct mda *m, enum mda_end end)
{
	m->end = end;
	return MDA_DONE;
}

static enum mda_step
go(struct mda *m, int64_t now_us, struct mda_probe *probe)
{
	struct mda_cell *c = &m->cells[probe->ttl][probe->flow];

	if (probe->flow >= m->n_flows)
		m->n_flows = probe->flow + 1;
	if (m->begun_us == INT64_MIN)
		m->begun_us = now_us;
	m->ttls[probe->ttl].sent_us = now_us;
	m->n_packets++;
	m->n_active++;
	c->is_active = true;
	probe->attempt = c->n_sent < UINT8_MAX ? ++c->n_sent : UINT8_MAX;
	return MDA_SEND;
}

enum mda_step
mda_next(
    struct mda *m, int64_t now_us, struct mda_probe *probe, int64_t *until_us)
{
	struct search s = {
		.m = m, .now_us = now_us, .until_us = INT64_MAX, .probe = probe
	};

	if (m->end != MDA_RUNNING)
		return MDA_DONE;
	if (m->params.deadline_us > 0 && m->begun_us != INT64_MIN) {
		s.until_us = m->begun_us + m->params.deadline_us;
		if (now_us >= s.until_us)
			return finish(m, MDA_OUT_OF_TIME);
	}
	*until_us = s.until_us;
	if (m->n_active >= m->params.max_active)
		return MDA_WAIT;
	if (m->n_packets >= m->params.max_packets)
		return m->n_active > 0 ? MDA_WAIT
				       : finish(m, MDA_OUT_OF_PACKETS);
	if (find_probe(&s))
		return go(m, now_us, probe);
	if (m->n_active > 0 || s.until_us < *until_us) {
		*until_us = s.until_us;
		return MDA_WAIT;
	}
	return finish(m, m->is_short ? MDA_OUT_OF_FLOWS
			 : s.is_cut  ? MDA_SILENT_END
				     : MDA_COMPLETE);
}

/* The node's position and 1; MDA_VOID: no room. */
static uint8_t
node_of(struct mda *m, unsigned ttl, const struct mda_node *like)
{
	struct mda_ttl *t = &m->ttls[ttl];
	unsigned i;

	for (i = 0; i < t->n_nodes; i++) {
		if (addr_equal(&t->nodes[i].address, &like->address) &&
		    t->nodes[i].is_end == like->is_end)
			return (uint8_t)(i + 1);
	}
	if (i == MDA_NODES_MAX) {
		m->is_crowded = true;
		return MDA_VOID;
	}
	t->nodes[i] = *like;
	t->nodes[i].n_flows = 0;
	t->n_nodes++;
	return (uint8_t)(i + 1);
}

/* The flow's nodes at ttl and the next are known: it went along a link. */
static void
note_link(struct mda *m, unsigned ttl, unsigned flow)
{
	struct mda_ttl *t = &m->ttls[ttl];
	uint8_t from = m->cells[ttl][flow].node;
	uint8_t to = m->cells[ttl + 1][flow].node;
	unsigned i;

	if (from == 0 || from == MDA_VOID || to == 0 || to == MDA_VOID)
		return;
	from--;
	to--;
	if (t->nodes[from].is_end || t->nodes[from].address.family == 0 ||
	    t[1].nodes[to].address.family == 0)
		return;
	for (i = 0; i < t->n_links; i++) {
		if (t->links[i].from != from || t->links[i].to != to)
			continue;
		t->links[i].n_flows++;
		return;
	}
	if (i == MDA_LINKS_MAX) {
		m->is_crowded = true;
		return;
	}
	t->links[i] = (struct mda_link){
		.from = from, .to = to, .n_flows = 1, .flow = (uint16_t)flow
	};
	t->n_links++;
}

/* The flow meets a node at ttl, for the first time or again. */
static void
meet(struct mda *m, unsigned ttl, unsigned flow, const struct mda_node *like)
{
	struct mda_ttl *t = &m->ttls[ttl];
	struct mda_cell *c = &m->cells[ttl][flow];
	uint8_t node = node_of(m, ttl, like);

	if (node != MDA_VOID &&
	    like->rtt_min_us < t->nodes[node - 1].rtt_min_us)
		t->nodes[node - 1].rtt_min_us = like->rtt_min_us;
	if (c->node != 0) {
		if (c->node == node)
			c->n_again++;
		else
			t->is_per_packet = true;
		return;
	}
	c->node = node;
	if (node == MDA_VOID)
		return;
	t->nodes[node - 1].n_flows++;
	if (ttl > m->params.first_ttl)
		note_link(m, ttl - 1, flow);
	if (ttl < m->params.last_ttl)
		note_link(m, ttl, flow);
}

/* The cell whose packet is under way, which it is no longer; or NULL. */
static struct mda_cell *
take(struct mda *m, unsigned ttl, unsigned flow)
{
	struct mda_cell *c;

	if (ttl < m->params.first_ttl || ttl > m->params.last_ttl ||
	    flow >= m->n_flows)
		return NULL;
	c = &m->cells[ttl][flow];
	if (!c->is_active)
		return NULL;
	c->is_active = false;
	m->n_active--;
	return c;
}

void
mda_reply(struct mda *m, uint8_t ttl, uint16_t flow, const struct addr *address,
    int64_t rtt_us, bool is_end, bool is_target)
{
	struct mda_cell *c = take(m, ttl, flow);

	if (c == NULL)
		return;
	c->n_silent = 0;
	m->ttls[ttl].has_answered = true;
	meet(m, ttl, flow,
	    &(struct mda_node){ .address = *address,
		.is_end = is_end,
		.is_target = is_target,
		.rtt_min_us = rtt_us });
}

void
mda_silent(struct mda *m, uint8_t ttl, uint16_t flow)
{
	struct mda_cell *c = take(m, ttl, flow);

	if (c == NULL)
		return;
	c->n_silent++;
	m->ttls[ttl].is_slow |= m->ttls[ttl].has_answered;
	if (c->node == 0 && c->n_silent >= m->params.n_attempts)
		meet(m, ttl, flow, &(struct mda_node){ 0 });
}

unsigned
mda_n_ttls(const struct mda *m)
{
	unsigned n = MDA_TTL_MAX;

	while (n > 0 && m->ttls[n].n_nodes == 0)
		n--;
	return n;
}

unsigned
mda_n_nodes(const struct mda *m, unsigned ttl)
{
	return ttl <= MDA_TTL_MAX ? m->ttls[ttl].n_nodes : 0;
}

const struct mda_node *
mda_node(const struct mda *m, unsigned ttl, unsigned i)
{
	return i < mda_n_nodes(m, ttl) ? &m->ttls[ttl].nodes[i] : NULL;
}

bool
mda_is_per_packet(const struct mda *m, unsigned ttl)
{
	return ttl <= MDA_TTL_MAX && m->ttls[ttl].is_per_packet;
}

static bool
is_believed(const struct mda *m, unsigned ttl, const struct mda_link *l)
{
	unsigned n = m->params.n_confirm;

	return is_single(m, ttl, l) ||
	       (m->cells[ttl][l->flow].n_again >= n &&
		   m->cells[ttl + 1][l->flow].n_again >= n);
}

const struct mda_link *
mda_link(const struct mda *m, unsigned ttl, unsigned i)
{
	const struct mda_ttl *t = &m->ttls[ttl];

	if (ttl >= MDA_TTL_MAX || t->is_per_packet || t[1].is_per_packet)
		return NULL;
	for (unsigned k = 0; k < t->n_links; k++) {
		if (is_believed(m, ttl, &t->links[k]) && i-- == 0)
			return &t->links[k];
	}
	return NULL;
}

const char *
mda_end_name(enum mda_end e)
{
	static const char *const names[] = {
		[MDA_RUNNING] = "running",
		[MDA_COMPLETE] = "complete",
		[MDA_SILENT_END] = "silent",
		[MDA_OUT_OF_PACKETS] = "packets",
		[MDA_OUT_OF_FLOWS] = "flows",
		[MDA_OUT_OF_TIME] = "time",
	};

	return (unsigned)e < sizeof names / sizeof names[0] ? names[e] : "?";
}
