/* trace_table.c - see trace_table.h. */
#include "probe/trace_table.h"

#include <string.h>

/* Newton's method, from above: libm would cost each process 350 kB. */
static double
square_root(double v)
{
	double r = v > 1 ? v : 1;

	if (v <= 0)
		return 0;
	for (unsigned i = 0; i < 100 && r * r - v > v * 1e-12; i++)
		r = (r + v / r) / 2;
	return r;
}

double
trace_node_deviation_us(const struct trace_node *n)
{
	return n->n < 2 ? 0 : square_root(n->square_us / n->n);
}

/* The row's node with that address; the last one stands for what does not
 * fit. */
static struct trace_node *
find_node(struct trace_row *row, const struct addr *address)
{
	for (unsigned i = 0; i < row->n_nodes; i++)
		if (addr_equal(&row->nodes[i].address, address))
			return &row->nodes[i];
	if (row->n_nodes == TRACE_NODES_MAX)
		return &row->nodes[TRACE_NODES_MAX - 1];
	row->nodes[row->n_nodes] = (struct trace_node){ .address = *address };
	return &row->nodes[row->n_nodes++];
}

static void
add_rtt(struct trace_node *n, int64_t rtt_us)
{
	double delta = (double)rtt_us - n->mean_us;

	n->n++;
	n->mean_us += delta / n->n;
	n->square_us += delta * ((double)rtt_us - n->mean_us);
	n->last_us = rtt_us;
	if (n->n == 1 || rtt_us < n->best_us)
		n->best_us = rtt_us;
	if (n->n == 1 || rtt_us > n->worst_us)
		n->worst_us = rtt_us;
}

/* Is the node another than that of the round before, and is it back? */
static void
note_order(struct trace_row *row, struct trace_node *node, unsigned round)
{
	uint8_t index = (uint8_t)(node - row->nodes);

	if (row->last_round == round && row->last_node != index) {
		row->is_set = true;
	} else if (row->last_round != 0 && row->last_node != index) {
		row->n_changes++;
		row->is_alternating |= node->n > 0;
	}
	row->last_node = index;
	row->last_round = round;
	if (node->n == 0)
		node->first_round = round;
	node->last_round = round;
}

static void
add_answer(struct trace_row *row, const struct hop *hop, unsigned round)
{
	struct trace_node *node = find_node(row, &hop->address);

	node->n_duplicate += hop->n_duplicate;
	if (hop->is_extra) {
		node->n_extra++;
		return;
	}
	note_order(row, node, round);
	row->is_linked |= hop->is_linked;
	add_rtt(node, hop->rtt_us);
	row->n_answered++;
	node->is_target = hop->is_target;
	node->icmp_type = hop->icmp_type;
	node->icmp_code = hop->icmp_code;
	node->n_labels = hop->n_labels;
	memcpy(node->labels, hop->labels, sizeof node->labels);
}

/* Packets to a TTL, as far as they tell of loss: one for each answer, and the
 * tries before the first.  Looks that were not answered are no loss, and the
 * tries of a silent TTL count as one. */
static void
count_sent(struct trace_table *t, const struct trace_result *r)
{
	unsigned first[TRACE_TTL_MAX + 1] = { 0 }, n[TRACE_TTL_MAX + 1] = { 0 };

	for (unsigned i = 0; i < r->n_hops; i++) {
		const struct hop *h = &r->hops[i];
		unsigned attempt = h->attempt > 0 ? h->attempt : 1;

		if (first[h->ttl] == 0 || attempt < first[h->ttl])
			first[h->ttl] = attempt;
		n[h->ttl] += !h->is_extra;
	}
	for (unsigned ttl = 1; ttl <= TRACE_TTL_MAX; ttl++)
		if (first[ttl] > 0)
			t->rows[ttl].n_sent +=
			    first[ttl] - 1 + (n[ttl] > 0 ? n[ttl] : 1);
}

void
trace_table_add(struct trace_table *t, const struct observation *o)
{
	const struct trace_result *r = &o->trace;

	t->n_rounds++;
	t->proto = o->proto;
	t->outcome = o->outcome;
	t->is_reached = r->is_reached;
	t->n_reached += r->is_reached;
	if (r->source_port != 0)
		t->source_port = r->source_port;
	if (r->nsid.is_present)
		t->nsid = r->nsid;
	t->last_ttl = r->n_hops > 0 ? r->hops[r->n_hops - 1].ttl : 0;
	if (t->last_ttl > t->n_ttls)
		t->n_ttls = t->last_ttl;
	if (r->n_queries > t->n_queries)
		t->n_queries = r->n_queries;
	count_sent(t, r);
	for (unsigned i = 0; i < r->n_hops; i++)
		if (r->hops[i].address.family != 0)
			add_answer(
			    &t->rows[r->hops[i].ttl], &r->hops[i], t->n_rounds);
}
