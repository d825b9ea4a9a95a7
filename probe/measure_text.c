/* measure_text.c - see measure_text.h. */
#include "probe/measure_text.h"

#include <stdlib.h>
#include <string.h>

#include "probe/dnsmsg.h"
#include "probe/ede.h"
#include "probe/site_forms.h"
#include "probe/trace_text.h"
#include "probe/rtt.h"
#include "schema/dnswire.h"
#include "schema/base/clock.h"

#define LABEL "  %-9s "

static double
ms(int64_t us)
{
	return (double)us / 1000.0;
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

static void
print_site(const struct summary *s, const struct seen_identity *seen, FILE *to)
{
	struct identity_match match;
	const char *form =
	    site_forms_match(s->own_template, &seen->identity, &match);

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
		fprintf(to, LABEL "%u different identities on %s\n", "",
		    s->n_identities,
		    s->dns.proto == PROTO_UDP ? "one flow" : "its connections");
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
	if (identity_equal(&s->chaos.txt, nsid))
		return ", the same as NSID";
	/* A name of the operator's may well ask for something else. */
	return s->chaos.name == CHAOS_GIVEN ? "" : ", DIFFERS from NSID";
}

static void
print_chaos(const struct summary *s, FILE *to)
{
	const struct chaos *c = &s->chaos;

	if (!c->is_asked)
		return;
	fprintf(to, LABEL, c->name == CHAOS_GIVEN ? "name" : "CHAOS");
	if (c->txt.is_present) {
		print_identity(&c->txt, to);
		fprintf(to, "  (%s%s)\n",
		    c->name == CHAOS_GIVEN ? s->identity_name
					   : chaos_name_text(c->name),
		    agreement(s));
	} else if (outcome_is_answer(c->outcome)) {
		fprintf(to, "no name given (%s)\n",
		    c->rcode == 0 ? "empty answer"
				  : dnswire_rcode_name(c->rcode));
	} else {
		fprintf(to, "no answer (%s)%s\n", outcome_name(c->outcome),
		    s->dns.n_answered > 0
			? "; BIND limits this question to 3 a second"
			: "");
	}
}

static void
print_nsid(const struct summary *s, FILE *to)
{
	const struct dns_result *d = &s->last_dns;

	fprintf(to, LABEL, "NSID");
	if (d->nsid.is_present)
		print_identity(&d->nsid, to);
	else
		fputs("none", to);
	fputc('\n', to);
}

static void
print_zone(const struct summary *s, FILE *to)
{
	const struct dns_result *d = &s->last_dns;

	fprintf(
	    to, LABEL "%s %s", "zone", s->zone, dnswire_rcode_name(d->rcode));
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
	fputc('\n', to);
	for (unsigned i = 0; i < d->n_ede; i++)
		fprintf(to, LABEL "extended error %u: %s\n", "", d->ede[i],
		    ede_name(d->ede[i]));
}

static void
print_version(const struct summary *s, FILE *to)
{
	const struct zoneversion *v = &s->last_dns.zoneversion;
	uint32_t serial = 0;

	if (!v->is_present)
		return;
	fprintf(to, LABEL, "version");
	if (v->type == 0 && v->len == 4) {
		for (unsigned i = 0; i < 4; i++)
			serial = serial << 8 | v->bytes[i];
		fprintf(to, "SOA serial %u", serial);
	} else {
		fprintf(to, "type %u, ", v->type);
		for (unsigned i = 0; i < v->len; i++)
			fprintf(to, "%02x", v->bytes[i]);
	}
	fprintf(to, ", of a zone of %u labels (ZONEVERSION)\n", v->n_labels);
}

/* Text of a certificate: bytes from the network as any. */
static void
print_text(const char *label, const char *text, FILE *to)
{
	struct identity bytes;

	if (text[0] == '\0')
		return;
	identity_set(&bytes, text, strlen(text));
	fputs(label, to);
	print_identity(&bytes, to);
}

static void
print_tls(const struct summary *s, FILE *to)
{
	static const char digits[] = "0123456789abcdef";
	const struct tls_result *t = &s->tls;
	char until[CLOCK_TEXT_LEN];

	if (!t->is_present)
		return;
	fprintf(to, LABEL "1.%u, connected in %.3f ms, handshake %.3f ms, ",
	    "TLS", t->version, ms(t->connect_us), ms(t->handshake_us));
	if (t->is_verified)
		fputs("certificate verified", to);
	else
		print_text("certificate NOT verified: ", t->fault, to);
	fprintf(to, "\n" LABEL "valid until %s", "",
	    clock_format(t->not_after_us, until));
	print_text(", ", t->subject, to);
	print_text(", for ", t->names, to);
	print_text(", issued by ", t->issuer, to);
	fputc('\n', to);
	fprintf(to, LABEL "SHA-256 ", "");
	for (unsigned i = 0; i < sizeof t->fingerprint; i++)
		fprintf(to, "%c%c", digits[t->fingerprint[i] >> 4],
		    digits[t->fingerprint[i] & 0xf]);
	fputc('\n', to);
}

/* Replies beside the one that was waited for. */
static void
print_further(const struct summary *s, FILE *to)
{
	const struct second_answer *a = &s->second.last;

	if (s->n_late + s->n_duplicate > 0)
		fprintf(to, LABEL "%u late and %u duplicate replies\n", "",
		    s->n_late, s->n_duplicate);
	if (s->second.n == 0)
		return;
	fprintf(to, LABEL "a second answer, ", "");
	if (s->second.n > 1)
		fprintf(to,
		    "%u times, of them %u different; the last: ", s->second.n,
		    s->second.n_different);
	fputs(a->is_different ? "different" : "the same", to);
	if (s->second.first_rtt_us > 0)
		fprintf(to, ", %.3f ms later",
		    ms(a->rtt_us - s->second.first_rtt_us));
	fprintf(to, ": %s, NSID ", dnswire_rcode_name(a->rcode));
	if (a->nsid.is_present)
		print_identity(&a->nsid, to);
	else
		fputs("none", to);
	fputs(
	    a->is_different ? "; two servers answer: injection?\n" : "\n", to);
}

static void
print_spread(const struct tally *t, FILE *to)
{
	int64_t sorted[SUMMARY_RTTS];
	unsigned n =
	    t->n_answered < SUMMARY_RTTS ? t->n_answered : SUMMARY_RTTS;

	memcpy(sorted, t->rtts_us, n * sizeof sorted[0]);
	qsort(sorted, n, sizeof sorted[0], rtt_compare);
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

/* Who took the times. */
static const char *
stamps_of(const struct tally *t)
{
	if (t->n_stamps[STAMP_KERNEL] == t->n_answered)
		return "kernel stamps";
	if (t->n_stamps[STAMP_RECEIVE] == t->n_answered)
		return "kernel receive stamps";
	return t->n_stamps[STAMP_USER] == t->n_answered ? "user stamps"
							: "mixed stamps";
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
		fprintf(to, ", %s", stamps_of(t));
	if (t->n_answered > 0 && t->has_reply_ttl)
		fprintf(to, ", reply TTL %u", t->reply_ttl);
	fputc('\n', to);
	print_failures(s, t, to);
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
	if (summary_is_unsent(s)) {
		fputs("  ", to);
		print_failure(s, s->unsent, to);
		fputc('\n', to);
		return;
	}
	print_sites(s, to);
	if (s->dns.n_answered > 0) {
		print_nsid(s, to);
		print_chaos(s, to);
		print_zone(s, to);
		print_version(s, to);
	}
	print_tls(s, to);
	print_tally(s, &s->dns, "dns", to);
	print_further(s, to);
	print_tally(s, &s->ping, "ping", to);
	trace_text_print(&s->trace, s->asn, to);
}
