/* mda_text.c - see mda_text.h. */
#include "probe/mda_text.h"

#include <inttypes.h>

#include "schema/fields.h"

#define LABEL "  %-9s "

bool
mda_text_is_reached(const struct mda *m)
{
	for (unsigned ttl = 1; ttl <= mda_n_ttls(m); ttl++)
		for (unsigned i = 0; i < mda_n_nodes(m, ttl); i++)
			if (mda_node(m, ttl, i)->is_target)
				return true;
	return false;
}

static const char *
end_text(const struct mda *m)
{
	switch (m->end) {
	case MDA_COMPLETE:
		return "every way followed to its end";
	case MDA_SILENT_END:
		return "nothing answers beyond";
	case MDA_OUT_OF_PACKETS:
		return "stopped: too many packets, there may be more";
	case MDA_OUT_OF_FLOWS:
		return "stopped: too many ways, there may be more";
	case MDA_OUT_OF_TIME:
		return "stopped: out of time, there may be more";
	case MDA_RUNNING:
		break;
	}
	return "interrupted, there may be more";
}

/* The nodes that follow node i of that TTL, by links that may be believed. */
static void
print_next(const struct mda *m, unsigned ttl, unsigned i, FILE *to)
{
	const struct mda_link *link;
	const char *before = "  -> ";
	char text[ADDR_TEXT_LEN];

	for (unsigned k = 0; (link = mda_link(m, ttl, k)) != NULL; k++) {
		if (link->from != i)
			continue;
		fprintf(to, "%s%s", before,
		    addr_format(
			&mda_node(m, ttl + 1, link->to)->address, text));
		before = ", ";
	}
}

static void
print_node(const struct mda *m, unsigned ttl, unsigned i, const struct asn *asn,
    FILE *to)
{
	const struct mda_node *n = mda_node(m, ttl, i);
	char text[ADDR_TEXT_LEN];
	struct asn_entry as;

	if (i == 0)
		fprintf(to, "    %2u  ", ttl);
	else
		fputs("        ", to);
	if (n->address.family == 0) {
		fprintf(to, "%-*s  %12s  %3u flows\n", 15, "*", "", n->n_flows);
		return;
	}
	fprintf(to, "%-*s  %9.3f ms  %3u flows",
	    n->address.family == 4 ? 15 : 28, addr_format(&n->address, text),
	    (double)n->rtt_min_us / 1000.0, n->n_flows);
	if (asn_find(asn, &n->address, &as) == RC_OK)
		fprintf(to, "  AS%" PRIu32 " %s", as.number, as.name);
	if (n->is_target)
		fputs("  the target", to);
	else if (n->is_end)
		fputs("  says unreachable", to);
	print_next(m, ttl, i, to);
	fputc('\n', to);
}

void
mda_text_print(const struct mda *m, enum proto proto, uint16_t source_port,
    const struct asn *asn, FILE *to)
{
	fprintf(to,
	    LABEL "by %s; %" PRIu32 " packets, %u flows from port %u on; %s\n",
	    "paths", proto_name(proto), m->n_packets, m->n_flows, source_port,
	    end_text(m));
	for (unsigned ttl = 1; ttl <= mda_n_ttls(m); ttl++) {
		for (unsigned i = 0; i < mda_n_nodes(m, ttl); i++)
			print_node(m, ttl, i, asn, to);
		if (mda_is_per_packet(m, ttl))
			fputs("        balanced per packet here: which node "
			      "follows which cannot be told\n",
			    to);
	}
}

static json_t *
node_object(const struct mda_node *n)
{
	char text[ADDR_TEXT_LEN];
	json_t *o = json_object();

	if (n->address.family != 0) {
		fields_put_text(o, "address", addr_format(&n->address, text));
		fields_put_int(o, "rtt_min_us", n->rtt_min_us);
	}
	fields_put_int(o, "flows", n->n_flows);
	if (n->is_target)
		fields_put(o, "target", json_true());
	if (n->is_end)
		fields_put(o, "end", json_true());
	return o;
}

static json_t *
link_object(const struct mda *m, unsigned ttl, const struct mda_link *link)
{
	char text[ADDR_TEXT_LEN];
	json_t *o = json_object();

	fields_put_text(o, "from",
	    addr_format(&mda_node(m, ttl, link->from)->address, text));
	fields_put_text(o, "to",
	    addr_format(&mda_node(m, ttl + 1, link->to)->address, text));
	fields_put_int(o, "flows", link->n_flows);
	return o;
}

static json_t *
ttl_object(const struct mda *m, unsigned ttl)
{
	json_t *o = json_object(), *nodes = json_array(), *links = json_array();
	const struct mda_link *link;

	fields_put_int(o, "ttl", ttl);
	if (mda_is_per_packet(m, ttl))
		fields_put(o, "per_packet", json_true());
	for (unsigned i = 0; i < mda_n_nodes(m, ttl); i++)
		json_array_append_new(nodes, node_object(mda_node(m, ttl, i)));
	for (unsigned k = 0; (link = mda_link(m, ttl, k)) != NULL; k++)
		json_array_append_new(links, link_object(m, ttl, link));
	fields_put(o, "nodes", nodes);
	fields_put(o, "links", links);
	return o;
}

void
mda_text_put(
    const struct mda *m, enum proto proto, uint16_t source_port, json_t *to)
{
	json_t *ttls = json_array();

	fields_put_text(to, "proto", proto_name(proto));
	fields_put_int(to, "source_port", source_port);
	fields_put_text(to, "end", mda_end_name(m->end));
	fields_put_int(to, "packets", m->n_packets);
	fields_put_int(to, "flows", m->n_flows);
	for (unsigned ttl = 1; ttl <= mda_n_ttls(m); ttl++)
		json_array_append_new(ttls, ttl_object(m, ttl));
	fields_put(to, "ttls", ttls);
}
