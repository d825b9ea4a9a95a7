/* test_measure_forms.c - what is told of flows, of multipath and of
 * middleboxes, to people and to scripts. */
#include "tests/unit/check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "probe/flows_text.h"
#include "probe/mda_text.h"
#include "probe/middlebox_text.h"

static void
expect(const char *text, const char *says)
{
	T_CHECK(strstr(text, says) != NULL, "'%s' is not in\n%s", says, text);
}

/* Gives compact JSON of the object, which it takes. */
static char *
dump(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	assert_non_null(text);
	return text;
}

/* A letter per question, fixed flow and others in turn: the site; '-' for a
 * timeout, '?' for an identity of no known form, '.' for none yet. */
static struct flow_table *
flow_table(const char *letters)
{
	struct flow_table *t = calloc(1, sizeof *t);
	char text[32];

	for (unsigned i = 0; letters[i] != '\0'; i++) {
		struct flow_row *r = &t->rows[t->n_rows++];

		r->is_fixed = i % 2 == 0;
		r->source_port = (uint16_t)(20000 + (i % 2) * (1 + i / 2));
		if (letters[i] == '.')
			continue;
		r->at_us = INT64_C(1790000000000000) + i * INT64_C(50000);
		r->rtt_us = 1000;
		r->outcome = letters[i] == '-' ? OUTCOME_TIMEOUT : OUTCOME_OK;
		if (letters[i] == '-')
			continue;
		snprintf(text, sizeof text, "ns1.%c.x", letters[i]);
		identity_set(&r->identity, text, strlen(text));
		if (letters[i] != '?')
			snprintf(r->site, sizeof r->site, "%c", letters[i]);
	}
	flow_table_judge(t);
	return t;
}

static const struct {
	const char *letters, *class;
} audits[] = {
	{ "aaaaaaaaaaaaaaaaaaaa", "single: every flow lands at one place" },
	{ "aaabacabaaabacabaaab", "per_flow: balanced per flow" },
	{ "aababbabbaabbbaabaab", "per_packet: balanced per packet" },
	{ "--------------------", "unknown: too few answers" },
	{ "a...................", "unknown: too few answers" },
};

static void
an_audit_names_its_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(audits); i++) {
		struct flow_table *t = flow_table(audits[i].letters);
		char *text;
		size_t len;
		FILE *to = open_memstream(&text, &len);

		flow_table_print(t, to);
		fclose(to);
		expect(text, audits[i].class);
		free(text);
		free(t);
	}
}

static void
an_audit_lists_ports_and_sites(void **state)
{
	struct flow_table *t = flow_table("aaaba-a?");
	json_t *object = json_object();
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	flow_table_print(t, to);
	fclose(to);
	expect(text, "    20000    4 x  a  ns1.a.x\n");
	expect(text, "    20001         a  ns1.a.x\n");
	expect(text, "    20002         b  ns1.b.x\n");
	expect(text, "    20003         timeout\n");
	expect(text, "    20004         ns1.?.x\n");
	free(text);
	flow_table_put(t, object);
	text = dump(object);
	expect(text, "\"places\":3");
	expect(text, "\"source_port\":20000,\"fixed\":true,\"outcome\":\"ok\","
		     "\"rcode\":0,\"rtt_us\":1000,"
		     "\"identity\":\"6e73312e612e78\",\"site\":\"a\"");
	expect(text, "\"source_port\":20003,\"outcome\":\"timeout\"}");
	free(text);
	free(t);
}

/* One router, two by the flow's parity, the target. */
static struct mda *
diamond(void)
{
	struct mda *m = calloc(1, sizeof *m);
	struct mda_probe p;
	int64_t now = 1000, until;
	enum mda_step step;

	mda_init(m, NULL);
	while ((step = mda_next(m, now, &p, &until)) != MDA_DONE) {
		struct addr a = { .family = 4, .bytes = { 10, 0, p.ttl, 1 } };

		now += 1000;
		if (step == MDA_WAIT) {
			now = until > now ? until : now;
			continue;
		}
		if (p.ttl == 2)
			a.bytes[3] = (uint8_t)(1 + p.flow % 2);
		mda_reply(
		    m, p.ttl, p.flow, &a, 1000 * p.ttl, p.ttl == 3, p.ttl == 3);
	}
	return m;
}

static void
multipath_lists_nodes_and_links(void **state)
{
	struct mda *m = diamond();
	json_t *object = json_object();
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	assert_true(mda_text_is_reached(m));
	mda_text_print(m, PROTO_UDP, 20000, NULL, to);
	fclose(to);
	expect(text, "every way followed to its end");
	expect(text, "  -> 10.0.2.1, 10.0.2.2\n");
	expect(text, "     3  10.0.3.1             3.000 ms");
	expect(text, "the target\n");
	free(text);
	mda_text_put(m, PROTO_UDP, 20000, object);
	text = dump(object);
	expect(text, "\"end\":\"complete\"");
	expect(text, "\"from\":\"10.0.1.1\",\"to\":\"10.0.2.2\"");
	expect(text, "\"from\":\"10.0.2.1\",\"to\":\"10.0.3.1\"");
	expect(text, "{\"ttl\":3,\"nodes\":[{\"address\":\"10.0.3.1\"");
	expect(text, "\"target\":true,\"end\":true}],\"links\":[]}");
	free(text);
	free(m);
}

static void
add_all(struct evidence *e)
{
	struct observation ping = { .kind = KIND_PING,
		.proto = PROTO_ICMP,
		.ping = { .n_sent = 1,
		    .n_received = 1,
		    .rtt_min_us = 20000,
		    .rtt_median_us = 20000,
		    .has_reply_ttl = true,
		    .reply_ttl = 55 } };
	struct observation dns = { .kind = KIND_DNS, .proto = PROTO_UDP };
	struct observation trace = { .kind = KIND_TRACE, .proto = PROTO_UDP };

	identity_set(&dns.dns.nsid, "box\033", 4);
	for (unsigned i = 0; i < 5; i++) {
		dns.dns.rtt_us = 1000 * (5 - i);
		evidence_add(e, 0, &ping);
		evidence_add(e, 2, &dns);
	}
	for (unsigned i = 0; i < 2; i++) {
		trace.trace.hops[trace.trace.n_hops++] =
		    (struct hop){ .ttl = (uint8_t)(1 + i),
			    .address = { .family = 4, .bytes = { 10 } },
			    .is_target = i == 1 };
	}
	evidence_add(e, 5, &trace);
}

static struct middlebox_report
intercepted(struct evidence *e, struct decoy *d, struct signal_target *t)
{
	struct middlebox_report r = { .evidence = e, .decoy = d, .target = t };

	add_all(e);
	d->address = (struct addr){ .family = 4, .bytes = { 192, 0, 2, 53 } };
	t->signals = calloc(N_SIGNALS, sizeof *t->signals);
	t->signals[SIGNAL_RTT].n = 2;
	snprintf(t->signals[SIGNAL_RTT].detail, SIGNAL_DETAIL_MAX,
	    "dns 3.0 ms, icmp 20.0 ms");
	t->signals[SIGNAL_TTL].n = 3;
	snprintf(
	    t->signals[SIGNAL_TTL].detail, SIGNAL_DETAIL_MAX, "ttl 2 of 9");
	r.verdict = (struct signal_verdict){ .is_intercepted = true,
		.score = 4,
		.n = 1,
		.list = { { .kind = SIGNAL_TTL,
		    .weight = 4,
		    .signal = &t->signals[SIGNAL_TTL] } },
		.place = { .ttl = 2,
		    .hop = { .family = 4, .bytes = { 10, 0, 0, 2 } },
		    .doubt = LOCATE_SURE } };
	return r;
}

static void
a_middlebox_is_told_with_its_numbers(void **state)
{
	struct evidence *e = calloc(1, sizeof *e);
	struct signal_target *t = calloc(1, sizeof *t);
	struct decoy d = { .n_asked = 3 };
	struct middlebox_report r = intercepted(e, &d, t);
	const struct located known = r.verdict.place;
	json_t *object = json_object();
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	middlebox_text_print(&r, to);
	d.n_answered = 2;
	middlebox_text_print(&r, to);
	r.verdict.place = (struct located){ .doubt = LOCATE_LENGTHS };
	middlebox_text_print(&r, to);
	fclose(to);
	expect(text, "ping icmp   5 of 5 answered, median 20.000 ms");
	expect(text, "dns udp     5 of 5 answered, median 3.000 ms, NOERROR, "
		     "box\\x1b");
	expect(text, "trace udp   1 of 1 answered, median 0.000 ms, answered "
		     "at TTL 2");
	expect(text, "192.0.2.53: silent, as it must be (3 questions)");
	expect(text, "192.0.2.53: ANSWERED 2 of 3");
	expect(text, "ttl       weight 4, 3 times: ttl 2 of 9");
	expect(text, "rtt       too few signs to count, 2 times: dns 3.0 ms");
	expect(text, "no sign of  foreign, shared, rcode, flags");
	expect(text,
	    "INTERCEPTED, score 4 of 4; something answers at TTL 2, at "
	    "10.0.0.2");
	expect(text, "place       unknown: paths of several lengths");
	free(text);
	r.verdict.place = known;
	middlebox_text_put(&r, object);
	text = dump(object);
	expect(text, "\"intercepted\":true,\"score\":4,\"answer_ttl\":2,"
		     "\"answer_hop\":\"10.0.0.2\",\"place\":\"known\"");
	expect(text, "{\"signal\":\"ttl\",\"weight\":4,\"signs\":3,"
		     "\"detail\":\"ttl 2 of 9\"}");
	expect(text, "{\"kind\":\"dns\",\"proto\":\"udp\",\"asked\":5,"
		     "\"answered\":5,\"rtt_median_us\":3000,\"rcode\":0,"
		     "\"identity\":\"626f781b\"}");
	expect(text, "\"decoy\":{\"address\":\"192.0.2.53\",\"asked\":3,"
		     "\"answered\":2}");
	free(text);
	free(t->signals);
	free(t);
	free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_audit_names_its_class),
		cmocka_unit_test(an_audit_lists_ports_and_sites),
		cmocka_unit_test(multipath_lists_nodes_and_links),
		cmocka_unit_test(a_middlebox_is_told_with_its_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
