/* trace_text.c - see trace_text.h. */
#include "probe/trace_text.h"

#include <inttypes.h>
#include <string.h>

#include "probe/icmpmsg.h"

#define LABEL "  %-9s "
#define AS_WIDTH_MAX 32

struct layout {
	const struct asn *asn;
	bool is_table; /* several rounds: loss and spread */
	int address_width, as_width;
};

static double
ms(double us)
{
	return us / 1000.0;
}

/* "AS64501 Transit One", or "" when it is not known. */
static int
format_as(char buf[static ASN_NAME_MAX + 16], const struct asn *asn,
    const struct addr *address)
{
	struct asn_entry entry;

	buf[0] = '\0';
	if (asn_find(asn, address, &entry) != RC_OK)
		return 0;
	return snprintf(buf, ASN_NAME_MAX + 16, "AS%" PRIu32 "%s%s",
	    entry.number, entry.name[0] != '\0' ? " " : "", entry.name);
}

static struct layout
lay_out(const struct trace_table *t, const struct asn *asn)
{
	struct layout l = { .asn = asn, .is_table = t->n_rounds > 1 };

	l.address_width = 15;
	for (unsigned ttl = 1; ttl <= t->n_ttls; ttl++) {
		const struct trace_row *row = &t->rows[ttl];

		for (unsigned i = 0; i < row->n_nodes; i++) {
			const struct addr *a = &row->nodes[i].address;
			char text[ADDR_TEXT_LEN], as[ASN_NAME_MAX + 16];
			int width = (int)strlen(addr_format(a, text));
			int as_width = format_as(as, asn, a);

			if (width > l.address_width)
				l.address_width = width;
			if (as_width > l.as_width)
				l.as_width = as_width;
		}
	}
	if (l.as_width > AS_WIDTH_MAX)
		l.as_width = AS_WIDTH_MAX;
	return l;
}

/* What an ICMP error says that is not "TTL exceeded". */
static void
print_error(const struct trace_node *n, FILE *to)
{
	switch (
	    icmpmsg_meaning(n->address.family, n->icmp_type, n->icmp_code)) {
	case ICMPMSG_PORT_CLOSED:
		fputs("  port closed", to);
		break;
	case ICMPMSG_UNREACHABLE:
		fprintf(to, "  says unreachable (ICMP %u/%u)", n->icmp_type,
		    n->icmp_code);
		break;
	case ICMPMSG_TTL_EXCEEDED:
	case ICMPMSG_IGNORED:
		break;
	}
}

/* Which part the node has in the paths, where there are several. */
static void
print_part(const struct trace_table *t, const struct trace_row *row,
    const struct trace_node *n, FILE *to)
{
	if (n->n == 0) {
		fputs("  not the first answer: a third party, in no path", to);
		return;
	}
	if (n->n_extra > 0)
		fprintf(to, "  %u times not the first answer", n->n_extra);
	if (n->n_duplicate > 0)
		fprintf(to, "  %u duplicates", n->n_duplicate);
	if (row->is_set)
		fputs("  balanced packet by packet", to);
	else if (row->is_alternating)
		fputs("  alternates", to);
	else if (row->n_changes > 0 && n->first_round > 1)
		fprintf(to, "  path changed: since round %u", n->first_round);
	else if (row->n_changes > 0 && n->last_round < t->n_rounds)
		fprintf(to, "  path changed: until round %u", n->last_round);
}

/* A link between two rows of one hop each that looks did not prove. */
static void
print_link(const struct trace_table *t, const struct trace_row *row, FILE *to)
{
	const struct trace_row *above = row - 1;

	if (t->n_queries > 1 && row > &t->rows[1] && !row->is_linked &&
	    row->n_nodes == 1 && above->n_nodes == 1)
		fputs("  link to the hop before not proven", to);
}

static void
print_figures(const struct trace_row *row, const struct trace_node *n,
    bool is_first, FILE *to)
{
	double lost = row->n_sent > row->n_answered
			  ? (double)(row->n_sent - row->n_answered)
			  : 0;

	if (is_first)
		fprintf(to, "  %5.1f%%  %5u", 100 * lost / row->n_sent,
		    row->n_sent);
	else
		fprintf(to, "  %6s  %5s", "", "");
	if (n == NULL || n->n == 0)
		return;
	fprintf(to, "  %8.3f %8.3f %8.3f %8.3f %8.3f", ms((double)n->last_us),
	    ms(n->mean_us), ms((double)n->best_us), ms((double)n->worst_us),
	    ms(trace_node_deviation_us(n)));
}

static void
print_node(const struct trace_table *t, const struct trace_row *row,
    const struct trace_node *n, const struct layout *l, FILE *to)
{
	char text[ADDR_TEXT_LEN], as[ASN_NAME_MAX + 16];

	fprintf(to, "%-*s", l->address_width, addr_format(&n->address, text));
	format_as(as, l->asn, &n->address);
	if (l->as_width > 0)
		fprintf(to, "  %-*s", l->as_width, as);
	if (l->is_table)
		print_figures(row, n, n == row->nodes, to);
	else if (n->n > 0)
		fprintf(to, "  %9.3f ms", ms((double)n->last_us));
	for (unsigned i = 0; i < n->n_labels; i++)
		fprintf(to, "  MPLS %" PRIu32 " tc %u ttl %u",
		    n->labels[i].label, n->labels[i].tc, n->labels[i].ttl);
	if (n->is_target)
		fputs("  the target", to);
	else
		print_error(n, to);
	print_part(t, row, n, to);
	print_link(t, row, to);
	fputc('\n', to);
}

static void
print_row(
    const struct trace_table *t, unsigned ttl, const struct layout *l, FILE *to)
{
	const struct trace_row *row = &t->rows[ttl];

	fprintf(to, "    %2u  ", ttl);
	if (row->n_nodes == 0) {
		fprintf(to, "%-*s", l->is_table ? l->address_width : 1, "*");
		if (l->is_table && row->n_sent > 0) {
			if (l->as_width > 0)
				fprintf(to, "  %-*s", l->as_width, "");
			print_figures(row, NULL, true, to);
		}
		fputc('\n', to);
		return;
	}
	for (unsigned i = 0; i < row->n_nodes; i++) {
		if (i > 0)
			fputs("        ", to);
		print_node(t, row, &row->nodes[i], l, to);
	}
}

/* Why the last round did not reach the target. */
static void
print_missed(const struct trace_table *t, FILE *to)
{
	const struct trace_row *row = &t->rows[t->last_ttl];
	char text[ADDR_TEXT_LEN];

	fputs("; the target is not reached: ", to);
	if (outcome_is_own_fault(t->outcome))
		fputs("nothing could be sent", to);
	else if (t->outcome == OUTCOME_UNREACHABLE && row->n_answered > 0)
		fprintf(to, "%s says unreachable",
		    addr_format(&row->nodes[row->last_node].address, text));
	else if (t->last_ttl >= TRACE_TTL_MAX)
		fprintf(to, "%u hops and no end", TRACE_TTL_MAX);
	else
		fprintf(to, "nothing answers after hop %u", t->last_ttl);
}

static void
print_head(const struct trace_table *t, FILE *to)
{
	char text[IDENTITY_TEXT_LEN];

	fprintf(to, LABEL "by %s", "path", proto_name(t->proto));
	if (t->proto == PROTO_UDP)
		fputs(", the DNS question itself", to);
	if (t->source_port != 0)
		fprintf(to, ", from port %u", t->source_port);
	if (t->n_queries > 1)
		fprintf(to, ", %u packets to a hop", t->n_queries);
	if (t->n_rounds > 1)
		fprintf(to, "; reached in %u of %u rounds", t->n_reached,
		    t->n_rounds);
	if (!t->is_reached)
		print_missed(t, to);
	if (t->nsid.is_present)
		fprintf(to, "; there NSID %s", identity_format(&t->nsid, text));
	fputc('\n', to);
}

void
trace_text_print(const struct trace_table *t, const struct asn *asn, FILE *to)
{
	struct layout l;

	if (t->n_rounds == 0)
		return;
	l = lay_out(t, asn);
	print_head(t, to);
	if (l.is_table) {
		fprintf(to, "   ttl  %-*s", l.address_width, "address");
		if (l.as_width > 0)
			fprintf(to, "  %-*s", l.as_width, "network");
		fputs("    loss   sent      last      avg     best    worst "
		      "   stdev  (ms)\n",
		    to);
	}
	for (unsigned ttl = 1; ttl <= t->n_ttls; ttl++)
		print_row(t, ttl, &l, to);
}
