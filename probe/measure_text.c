/* measure_text.c - see measure_text.h. */
#include "probe/measure_text.h"

#include <stdlib.h>
#include <string.h>

#include "probe/dnsmsg.h"
#include "probe/icmpmsg.h"

#define LABEL "  %-9s "

/* Forms of identities that large services document or use; tried in order
 * when the operator gives no template of his own. */
static const char *const known_forms[] = {
	"ns{instance}.{site}.k.ripe.net",
	"{instance}.{site}.h.root-servers.org",
	"{site}.cf.f.root-servers.org",
	"{instance}.{site}.eroot",
	"{instance}.{site}.root",
	"M-{site}-{instance}",
	"gpdns-{site}",
	"res{instance}.{site}.rrdns.pch.net",
	"ns{instance}.{site}.*",
};
#define N_KNOWN_FORMS (sizeof known_forms / sizeof known_forms[0])

static double
ms(int64_t us)
{
	return (double)us / 1000.0;
}

static void
add_identity(struct summary *s, const struct identity *id)
{
	for (unsigned i = 0; i < s->n_identities; i++) {
		if (!identity_equal(&s->identities[i].identity, id))
			continue;
		s->identities[i].n++;
		return;
	}
	if (s->n_identities < SUMMARY_IDENTITIES_MAX)
		s->identities[s->n_identities++] =
		    (struct seen_identity){ .identity = *id, .n = 1 };
}

static void
tally(struct tally *t, const struct observation *o, bool is_answered,
    int64_t rtt_us)
{
	t->proto = o->proto;
	t->port = o->port;
	t->n_asked++;
	t->n_outcomes[o->outcome]++;
	if (!is_answered || t->n_answered == SUMMARY_COUNT_MAX)
		return;
	t->rtts_us[t->n_answered++] = rtt_us;
	t->n_kernel_stamps += o->stamp == STAMP_KERNEL;
}

static void
add_dns(struct summary *s, const struct observation *o)
{
	const struct dns_result *d = &o->dns;
	bool is_answered = outcome_is_answer(o->outcome);

	tally(&s->dns, o, is_answered, d->rtt_us);
	s->n_late += d->n_late;
	s->n_duplicate += d->n_duplicate;
	if (d->chaos.is_asked &&
	    (!s->chaos.txt.is_present || outcome_is_answer(d->chaos.outcome)))
		s->chaos = d->chaos;
	if (d->source_port != 0)
		s->source_port = d->source_port;
	if (d->nsid.is_present)
		add_identity(s, &d->nsid);
	else if (d->chaos.txt.is_present)
		add_identity(s, &d->chaos.txt);
	if (!is_answered)
		return;
	s->last_dns = *d;
	s->dns.has_reply_ttl = d->has_reply_ttl;
	s->dns.reply_ttl = d->reply_ttl;
}

static void
add_ping(struct summary *s, const struct observation *o)
{
	const struct ping_result *p = &o->ping;

	tally(&s->ping, o, p->n_received > 0, p->rtt_median_us);
	if (p->n_received == 0)
		return;
	s->ping.has_reply_ttl = p->has_reply_ttl;
	s->ping.reply_ttl = p->reply_ttl;
}

void
summary_add(struct summary *s, const struct observation *o)
{
	if (o->source.family != 0)
		s->source = o->source;
	switch (o->kind) {
	case KIND_DNS:
		add_dns(s, o);
		break;
	case KIND_PING:
		add_ping(s, o);
		break;
	case KIND_TRACE:
		s->has_trace = true;
		s->trace = *o;
		if (s->source_port == 0)
			s->source_port = o->trace.source_port;
		if (o->trace.nsid.is_present && s->dns.n_asked == 0)
			add_identity(s, &o->trace.nsid);
		break;
	}
}

bool
summary_is_answered(const struct summary *s)
{
	return s->dns.n_answered > 0 || s->ping.n_answered > 0 ||
	       (s->has_trace && s->trace.trace.is_reached);
}

static void
print_identity(const struct identity *id, FILE *to)
{
	char text[IDENTITY_TEXT_LEN];

	fputs(identity_format(id, text), to);
	if (id->len == 0)
		fputs("(empty)", to);
	if (id->is_cut)
		fputs("... (cut)", to);
}

/* Matches against the operator's template, or else the known forms.  Lends
 * the text of the template that matched; NULL: none. */
static const char *
match_site(const struct summary *s, const struct identity *id,
    struct identity_match *match)
{
	struct identity_template known;

	if (s->own_template != NULL)
		return identity_template_match(
			   match, s->own_template, id, NULL, 0) == RC_OK
			   ? s->own_template->text
			   : NULL;
	for (size_t i = 0; i < N_KNOWN_FORMS; i++)
		if (identity_template_parse(&known, known_forms[i], NULL) ==
			RC_OK &&
		    identity_template_match(match, &known, id, NULL, 0) ==
			RC_OK)
			return known_forms[i];
	return NULL;
}

static void
print_site(const struct summary *s, const struct seen_identity *seen, FILE *to)
{
	struct identity_match match;
	const char *form = match_site(s, &seen->identity, &match);

	fprintf(to, LABEL, "site");
	if (form == NULL)
		fputs("unknown (no template matches)", to);
	else
		fprintf(to, "%s%s%s  (by template %s)", match.site,
		    match.instance[0] != '\0' ? ", instance " : "",
		    match.instance, form);
	if (s->n_identities > 1) {
		fprintf(to, "  %u times: ", seen->n);
		print_identity(&seen->identity, to);
	}
	fputc('\n', to);
}

static void
print_sites(const struct summary *s, FILE *to)
{
	for (unsigned i = 0; i < s->n_identities; i++)
		print_site(s, &s->identities[i], to);
	if (s->n_identities > 1)
		fprintf(to, LABEL "%u different identities on one flow\n", "",
		    s->n_identities);
	if (s->n_identities == 0 && s->dns.n_answered > 0)
		fprintf(to, LABEL "unknown (it gives neither NSID nor CHAOS)\n",
		    "site");
}

static const char *
agreement(const struct summary *s)
{
	const struct identity *nsid = &s->chaos.nsid;

	if (!nsid->is_present)
		nsid = &s->last_dns.nsid;
	if (!s->chaos.txt.is_present || !nsid->is_present)
		return "";
	return identity_equal(&s->chaos.txt, nsid) ? ", the same as NSID"
						   : ", DIFFERS from NSID";
}

static void
print_chaos(const struct summary *s, FILE *to)
{
	const struct chaos *c = &s->chaos;

	if (!c->is_asked)
		return;
	fprintf(to, LABEL, "CHAOS");
	if (c->txt.is_present) {
		print_identity(&c->txt, to);
		fprintf(
		    to, "  (%s%s)\n", chaos_name_text(c->name), agreement(s));
	} else if (outcome_is_answer(c->outcome)) {
		fprintf(to, "no name given (%s)\n",
		    c->rcode == 0 ? "empty answer"
				  : dnsmsg_rcode_name(c->rcode));
	} else {
		fprintf(to, "no answer (%s)%s\n", outcome_name(c->outcome),
		    s->dns.n_answered > 0
			? "; BIND limits this question to 3 a second"
			: "");
	}
}

static void
print_zone(const struct summary *s, FILE *to)
{
	const struct dns_result *d = &s->last_dns;

	fprintf(to, LABEL, "NSID");
	if (d->nsid.is_present)
		print_identity(&d->nsid, to);
	else
		fputs("none", to);
	fputc('\n', to);
	print_chaos(s, to);
	fprintf(
	    to, LABEL "%s %s", "zone", s->zone, dnsmsg_rcode_name(d->rcode));
	if (d->rcode > 10)
		fprintf(to, " (%u)", d->rcode);
	if (d->is_aa)
		fputs(", authoritative (AA)", to);
	if (d->is_ra)
		fputs(", recursion available (RA)", to);
	if (d->has_serial)
		fprintf(to, ", serial %u", d->serial);
	if (d->is_truncated_udp)
		fputs(", truncated over UDP, asked again over TCP", to);
	for (unsigned i = 0; i < d->n_ede; i++)
		fprintf(to, ", extended error %u", d->ede[i]);
	fputc('\n', to);
}

static int
compare_us(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static void
print_spread(const struct tally *t, FILE *to)
{
	int64_t sorted[SUMMARY_COUNT_MAX];
	unsigned n = t->n_answered;

	memcpy(sorted, t->rtts_us, n * sizeof sorted[0]);
	qsort(sorted, n, sizeof sorted[0], compare_us);
	fprintf(to, "%.3f / %.3f / %.3f ms  min/median/max, ", ms(sorted[0]),
	    ms((sorted[(n - 1) / 2] + sorted[n / 2]) / 2), ms(sorted[n - 1]));
}

/* What a failure means, and what to do about it. */
static void
print_failure(const struct summary *s, enum outcome outcome, FILE *to)
{
	int family = s->target.family;

	switch (outcome) {
	case OUTCOME_TIMEOUT:
		fprintf(
		    to, "no answer within %.3g s", (double)s->timeout_us / 1e6);
		break;
	case OUTCOME_REFUSED:
		fputs("refused: the address is there, the port is closed", to);
		break;
	case OUTCOME_UNREACHABLE:
		fputs("unreachable: a router on the way says so (ICMP)", to);
		break;
	case OUTCOME_RESET:
		fputs("the connection was broken off", to);
		break;
	case OUTCOME_MALFORMED:
		fputs("what came back is no DNS message", to);
		break;
	case OUTCOME_MISMATCH:
		fputs("what came back answers another question", to);
		break;
	case OUTCOME_NO_FAMILY:
		fprintf(to,
		    "nothing sent: this host has no IPv%d address or route "
		    "there (ip -%d route)",
		    family, family);
		break;
	case OUTCOME_SEND_FAILED:
		fputs("nothing sent: this host's own system refused; look at "
		      "its firewall and limits",
		    to);
		break;
	case OUTCOME_OK:
	case OUTCOME_RCODE:
		break;
	}
}

static const char *
stamps_of(const struct tally *t)
{
	if (t->n_kernel_stamps == t->n_answered)
		return "kernel";
	return t->n_kernel_stamps == 0 ? "user" : "mixed";
}

static void
print_failures(const struct summary *s, const struct tally *t, FILE *to)
{
	for (unsigned i = OUTCOME_TIMEOUT; i <= OUTCOME_SEND_FAILED; i++) {
		if (t->n_outcomes[i] == 0)
			continue;
		fprintf(to, LABEL "%u x ", "", t->n_outcomes[i]);
		print_failure(s, (enum outcome)i, to);
		fputc('\n', to);
	}
}

static void
print_tally(
    const struct summary *s, const struct tally *t, const char *label, FILE *to)
{
	if (t->n_asked == 0)
		return;
	fprintf(to, LABEL, label);
	if (t->n_answered > 0)
		print_spread(t, to);
	fprintf(to, "%u of %u answered by %s", t->n_answered, t->n_asked,
	    proto_name(t->proto));
	if (t->n_answered > 0)
		fprintf(to, ", %s stamps", stamps_of(t));
	if (t->n_answered > 0 && t->has_reply_ttl)
		fprintf(to, ", reply TTL %u", t->reply_ttl);
	fputc('\n', to);
	print_failures(s, t, to);
}

/* What an ICMP error says that is not "TTL exceeded". */
static void
print_hop_error(const struct hop *h, FILE *to)
{
	switch (
	    icmpmsg_meaning(h->address.family, h->icmp_type, h->icmp_code)) {
	case ICMPMSG_PORT_CLOSED:
		fputs("  port closed", to);
		break;
	case ICMPMSG_UNREACHABLE:
		fprintf(to, "  says unreachable (ICMP %u/%u)", h->icmp_type,
		    h->icmp_code);
		break;
	case ICMPMSG_TTL_EXCEEDED:
	case ICMPMSG_IGNORED:
		break;
	}
}

static void
print_hop(const struct hop *h, bool is_same_ttl, FILE *to)
{
	char text[ADDR_TEXT_LEN];

	if (is_same_ttl)
		fputs("        ", to);
	else
		fprintf(to, "    %2u  ", h->ttl);
	if (h->address.family == 0) {
		fputs("*\n", to);
		return;
	}
	fprintf(to, "%-*s  %9.3f ms", h->address.family == 4 ? 15 : 28,
	    addr_format(&h->address, text), ms(h->rtt_us));
	for (unsigned i = 0; i < h->n_labels; i++)
		fprintf(to, "  MPLS %u tc %u ttl %u", h->labels[i].label,
		    h->labels[i].tc, h->labels[i].ttl);
	if (h->is_target)
		fputs("  the target", to);
	else
		print_hop_error(h, to);
	fputc('\n', to);
}

static void
print_trace(const struct summary *s, FILE *to)
{
	const struct trace_result *t = &s->trace.trace;

	if (!s->has_trace)
		return;
	fprintf(to, LABEL "by %s", "path", proto_name(s->trace.proto));
	if (s->trace.proto == PROTO_UDP)
		fprintf(to, ", the DNS question itself, from port %u",
		    t->source_port);
	if (!t->is_reached)
		fputs("; the target is not reached", to);
	fputc('\n', to);
	for (unsigned i = 0; i < t->n_hops; i++)
		print_hop(&t->hops[i],
		    i > 0 && t->hops[i].ttl == t->hops[i - 1].ttl, to);
}

/* Did no packet leave, for this host's own reasons? */
static bool
is_unsent(const struct summary *s, enum outcome outcome)
{
	unsigned n_asked = s->dns.n_asked + s->ping.n_asked + s->has_trace;
	unsigned n = s->dns.n_outcomes[outcome] + s->ping.n_outcomes[outcome] +
		     (s->has_trace && s->trace.outcome == outcome);

	return n_asked > 0 && n == n_asked;
}

static void
print_head(const struct summary *s, FILE *to)
{
	char target[ADDR_TEXT_LEN], source[ADDR_TEXT_LEN];

	addr_format(&s->target, target);
	fputs(target, to);
	if (strcmp(target, s->name) != 0)
		fprintf(to, "  %s", s->name);
	fprintf(to, "  port %u", s->port);
	if (s->source.family != 0)
		fprintf(to, "  from %s", addr_format(&s->source, source));
	if (s->source.family != 0 && s->source_port != 0)
		fprintf(to, " port %u", s->source_port);
	fputc('\n', to);
}

void
summary_print(const struct summary *s, FILE *to)
{
	print_head(s, to);
	if (is_unsent(s, OUTCOME_NO_FAMILY)) {
		fputs("  ", to);
		print_failure(s, OUTCOME_NO_FAMILY, to);
		fputc('\n', to);
		return;
	}
	print_sites(s, to);
	if (s->dns.n_answered > 0)
		print_zone(s, to);
	print_tally(s, &s->dns, "dns", to);
	if (s->n_late + s->n_duplicate > 0)
		fprintf(to, LABEL "%u late and %u duplicate replies\n", "",
		    s->n_late, s->n_duplicate);
	print_tally(s, &s->ping, "ping", to);
	print_trace(s, to);
}
