/*
 * measure.c - catchwater-probe measure: targets, now, for a person. (wiring)
 *
 * Every address of every target is a subject: rounds of a DNS question and an
 * echo at the set interval, and one trace.  All subjects run at once; their
 * blocks are printed in the order of the command line.
 */
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "probe/capture.h"
#include "probe/commands.h"
#include "probe/engine.h"
#include "probe/measure_options.h"
#include "probe/measure_text.h"
#include "probe/names.h"
#include "probe/sandbox.h"
#include "probe/socks.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/identity.h"
#include "schema/wire.h"

/* BIND answers 3 CHAOS questions a second and then none at all. */
#define CHAOS_EVERY_US US_PER_S
#define BUSY_RETRY_MS 20
#define BURST_PACKETS 50
#define SOURCE_PORT_MIN 20000
#define SOURCE_PORTS 12000 /* below what systems hand out by themselves */

struct subject { /* one address of one target */
	struct target *target;
	struct summary summary;
	uv_timer_t timer;
	uint16_t source_port;
	int64_t round; /* begun */
	unsigned kind; /* next of the round */
	bool is_all_asked;
	unsigned n_open;
	int64_t next_chaos_mono_us;
};

struct target { /* one argument of the command line */
	struct measure *measure;
	const char *name;
	char failure[256]; /* why there is nothing to measure; else "" */
	bool is_resolved;
	unsigned n_running;
	struct subject *subjects[2]; /* IPv4, IPv6; NULL: none */
	size_t n_more[2];            /* further addresses, left out */
};

struct measure {
	struct measure_options options;
	struct identity_template template;
	uv_loop_t loop;
	uv_signal_t interrupt;
	struct socks socks;
	struct sandbox sandbox;
	struct capture *capture; /* NULL: not wanted, or not permitted */
	struct err capture_err;  /* why not */
	struct engine *engine;
	struct names *names;
	uint64_t seq;
	unsigned n_targets, n_printed;
	struct target *targets;
};

static void
set_targets(struct measure *m, char **names, int n)
{
	m->n_targets = (unsigned)n;
	m->targets = mem_new((size_t)n * sizeof m->targets[0]);
	for (unsigned i = 0; i < m->n_targets; i++) {
		m->targets[i].measure = m;
		m->targets[i].name = names[i];
	}
}

static enum rc
read_options(struct measure *m, int argc, char **argv, struct err *err)
{
	char **names;
	int n;
	enum rc rc =
	    measure_options_parse(&m->options, argc, argv, &names, &n, err);

	if (rc == RC_OK && m->options.identity != NULL)
		rc = identity_template_parse(
		    &m->template, m->options.identity, err);
	if (rc == RC_OK && m->options.pcap != NULL && m->capture == NULL)
		rc = err_set(err, RC_SYS, "%s", m->capture_err.text);
	if (rc == RC_OK)
		set_targets(m, names, n);
	return rc;
}

static struct question
question_of(struct subject *s, enum kind kind)
{
	const struct measure_options *o = &s->target->measure->options;
	struct question q = { .kind = kind,
		.why = WHY_MANUAL,
		.target = s->summary.target,
		.port = (uint16_t)o->port,
		.source_port = s->source_port,
		.timeout_us = o->timeout_us,
		.n_pings = 1 };

	q.proto = o->protos[kind];
	if (q.proto == PROTO_TCP || q.proto == PROTO_TLS)
		q.source_port = 0; /* one connection after the other */
	snprintf(q.zone, sizeof q.zone, "%s", o->zone);
	snprintf(q.tls_name, sizeof q.tls_name, "%s",
	    o->tls_name != NULL ? o->tls_name : "");
	return q;
}

/* What this host lets us do, and how to be let do more. */
static void
print_mode(const struct socks_icmp *icmp, const char *families)
{
	static const char *const kinds[] = {
		[SOCKS_RAW] = "raw socket",
		[SOCKS_DATAGRAM] = "datagram socket",
		[SOCKS_NONE] = "none, so ping goes by TCP",
	};

	printf(
	    "ICMP (%s): %s; %s\n", families, kinds[icmp->mode], icmp->reason);
	if (icmp->mode == SOCKS_NONE)
		puts("  to change that: run it as root, or "
		     "'setcap cap_net_raw+ep' the program, or widen "
		     "net.ipv4.ping_group_range");
}

static void
print_modes(const struct measure *m)
{
	const struct socks_icmp *v4 = &m->socks.v4, *v6 = &m->socks.v6;
	bool has[2] = { false, false };

	for (unsigned i = 0; i < m->n_targets; i++)
		for (unsigned k = 0; k < 2; k++)
			has[k] |= m->targets[i].subjects[k] != NULL;
	if (has[0] && has[1] && strcmp(v4->reason, v6->reason) == 0) {
		print_mode(v4, "IPv4 and IPv6");
		return;
	}
	if (has[0])
		print_mode(v4, "IPv4");
	if (has[1])
		print_mode(v6, "IPv6");
}

static void
print_target(const struct target *t)
{
	if (t->failure[0] != '\0')
		printf("%s\n  %s\n\n", t->name, t->failure);
	for (unsigned i = 0; i < 2; i++) {
		if (t->subjects[i] == NULL)
			continue;
		summary_print(&t->subjects[i]->summary, stdout);
		if (t->n_more[i] > 0)
			printf("  (%zu more addresses of this name were not "
			       "measured)\n",
			    t->n_more[i]);
		putchar('\n');
	}
	fflush(stdout);
}

static bool
is_over(const struct target *t)
{
	return t->is_resolved && t->n_running == 0;
}

/* Prints what is complete, in the order of the command line. */
static void
print_complete(struct measure *m)
{
	while (
	    m->n_printed < m->n_targets && is_over(&m->targets[m->n_printed])) {
		const struct target *t = &m->targets[m->n_printed++];

		if (!m->options.json)
			print_target(t);
		else if (t->failure[0] != '\0')
			fprintf(stderr, "%s: %s\n", t->name, t->failure);
	}
	if (m->n_printed == m->n_targets)
		uv_stop(&m->loop);
}

static void
end_if_over(struct subject *s)
{
	if (!s->is_all_asked || s->n_open > 0)
		return;
	s->target->n_running--;
	print_complete(s->target->measure);
}

static void
print_json(struct measure *m, const struct observation *o)
{
	char line[WIRE_LINE_MAX];
	struct observation numbered = *o;
	size_t len;

	numbered.seq = ++m->seq;
	len = wire_encode_observation(&numbered, line);
	fwrite(line, 1, len, stdout);
	fflush(stdout);
}

static void
on_done(void *ctx, const struct observation *o)
{
	struct subject *s = ctx;

	summary_add(&s->summary, o);
	if (s->target->measure->options.json)
		print_json(s->target->measure, o);
	s->n_open--;
	end_if_over(s);
}

/* CHAOS goes with the first question, and, where there is no NSID, with more
 * of them, but never faster than BIND answers it. */
static bool
wants_chaos(struct subject *s)
{
	int64_t now = clock_mono_us();

	if (now < s->next_chaos_mono_us ||
	    (s->round > 0 && s->summary.last_dns.nsid.is_present))
		return false;
	s->next_chaos_mono_us = now + CHAOS_EVERY_US;
	return true;
}

static bool
is_wanted(const struct subject *s, enum kind kind)
{
	const struct measure_options *o = &s->target->measure->options;

	switch (kind) {
	case KIND_DNS:
		return o->dns;
	case KIND_PING:
		return o->ping;
	case KIND_TRACE:
		return o->trace && s->round == 0;
	}
	return false;
}

static enum rc
ask(struct subject *s, enum kind kind)
{
	struct question q = question_of(s, kind);
	enum rc rc;

	q.with_chaos = kind == KIND_DNS && wants_chaos(s);
	rc = engine_ask(s->target->measure->engine, &q, on_done, s);
	if (rc == RC_OK)
		s->n_open++;
	return rc;
}

/* One round, or the rest of one that found the engine's table full. */
static void
on_round(uv_timer_t *timer)
{
	struct subject *s = timer->data;
	const struct measure_options *o = &s->target->measure->options;

	for (; s->kind < MEASURE_KINDS; s->kind++) {
		if (is_wanted(s, (enum kind)s->kind) &&
		    ask(s, (enum kind)s->kind) != RC_OK) {
			uv_timer_start(timer, on_round, BUSY_RETRY_MS, 0);
			return;
		}
	}
	s->kind = 0;
	s->round++;
	s->is_all_asked = s->round == o->count;
	if (!s->is_all_asked)
		uv_timer_start(
		    timer, on_round, (uint64_t)(o->interval_us / US_PER_MS), 0);
}

static struct subject *
new_subject(struct target *t, const struct addr *address)
{
	struct measure *m = t->measure;
	struct subject *s = mem_new(sizeof *s);

	capture_add(m->capture, address);
	s->target = t;
	s->source_port =
	    (uint16_t)(SOURCE_PORT_MIN + randombytes_uniform(SOURCE_PORTS));
	s->summary.name = t->name;
	s->summary.zone = m->options.zone;
	s->summary.target = *address;
	s->summary.port = (uint16_t)m->options.port;
	s->summary.timeout_us = m->options.timeout_us;
	if (m->options.identity != NULL)
		s->summary.own_template = &m->template;
	uv_timer_init(&m->loop, &s->timer);
	s->timer.data = s;
	uv_timer_start(&s->timer, on_round, 0, 0);
	t->n_running++;
	return s;
}

static void
explain_nothing(struct target *t, const struct names_answer *answer)
{
	const struct measure_options *o = &t->measure->options;

	if (answer->failure != NULL)
		snprintf(t->failure, sizeof t->failure,
		    "the name does not resolve: %s; check its spelling and "
		    "/etc/resolv.conf",
		    answer->failure);
	else
		snprintf(t->failure, sizeof t->failure,
		    "it has no IPv%d address; leave out -%d", o->only4 ? 4 : 6,
		    o->only4 ? 4 : 6);
}

static void
on_resolved(void *ctx, const struct names_answer *answer)
{
	struct target *t = ctx;
	const struct measure_options *o = &t->measure->options;

	t->is_resolved = true;
	if (answer->n_v4 > 0 && !o->only6) {
		t->subjects[0] = new_subject(t, &answer->v4[0]);
		t->n_more[0] = answer->n_v4 - 1;
	}
	if (answer->n_v6 > 0 && !o->only4) {
		t->subjects[1] = new_subject(t, &answer->v6[0]);
		t->n_more[1] = answer->n_v6 - 1;
	}
	if (t->n_running == 0)
		explain_nothing(t, answer);
	print_complete(t->measure);
}

static void
on_interrupt(uv_signal_t *handle, int number)
{
	(void)number;
	uv_stop(handle->loop);
}

static enum rc
start_capture(struct measure *m, struct err *err)
{
	const uint16_t port = (uint16_t)m->options.port;

	return capture_start(
	    m->capture, &m->loop, m->options.pcap, &port, 1, err);
}

/* Completes the file.  Returns false, after a word, when it could not. */
static bool
stop_capture(struct measure *m)
{
	struct capture_counts counts;
	struct err err = ERR_NONE;

	if (capture_stop(m->capture, &counts, &err) != RC_OK) {
		fprintf(stderr, "catchwater-probe measure: %s\n", err.text);
		return false;
	}
	if (m->capture != NULL)
		fprintf(stderr,
		    "%s: %" PRIu64 " packets, %u dropped by the kernel\n",
		    m->options.pcap, counts.n_written, counts.n_dropped);
	return true;
}

static enum rc
start(struct measure *m, struct err *err)
{
	const struct engine_limits limits = { .packets_per_s =
						  (unsigned)m->options.rate,
		.burst_packets = BURST_PACKETS,
		.tls_ca = m->options.ca };
	enum rc rc = engine_new(&m->engine, &m->loop, &m->socks, &limits, err);

	if (rc == RC_OK)
		rc = names_new(&m->names, &m->loop, err);
	if (rc == RC_OK)
		rc = start_capture(m, err);
	if (rc != RC_OK)
		return rc;
	uv_signal_init(&m->loop, &m->interrupt);
	uv_signal_start(&m->interrupt, on_interrupt, SIGINT);
	for (unsigned i = 0; i < m->n_targets; i++)
		names_resolve(
		    m->names, m->targets[i].name, on_resolved, &m->targets[i]);
	return RC_OK;
}

/* After an interrupt: what there is of the rest. */
static void
print_rest(struct measure *m)
{
	if (m->options.json)
		return;
	for (; m->n_printed < m->n_targets; m->n_printed++)
		print_target(&m->targets[m->n_printed]);
	print_modes(m);
}

static bool
is_answered(const struct target *t)
{
	for (unsigned i = 0; i < 2; i++)
		if (t->subjects[i] != NULL &&
		    summary_is_answered(&t->subjects[i]->summary))
			return true;
	return false;
}

static bool
is_all_answered(const struct measure *m)
{
	for (unsigned i = 0; i < m->n_targets; i++)
		if (!is_answered(&m->targets[i]))
			return false;
	return true;
}

static void
close_handle(uv_handle_t *handle, void *unused)
{
	(void)unused;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* The engine's and c-ares' handles close themselves; the rest is ours. */
static void
stop(struct measure *m)
{
	engine_free(m->engine);
	names_free(m->names);
	uv_walk(&m->loop, close_handle, NULL);
	uv_run(&m->loop, UV_RUN_DEFAULT);
	uv_loop_close(&m->loop);
	for (unsigned i = 0; i < m->n_targets; i++) {
		free(m->targets[i].subjects[0]);
		free(m->targets[i].subjects[1]);
	}
	free(m->targets);
}

static int
run(struct measure *m)
{
	struct err err = ERR_NONE;
	int status;

	uv_loop_init(&m->loop);
	if (start(m, &err) == RC_OK) {
		uv_run(&m->loop, UV_RUN_DEFAULT);
		print_rest(m);
		status = is_all_answered(m) ? 0 : 1;
		if (!stop_capture(m))
			status = 1;
	} else {
		fprintf(stderr, "catchwater-probe measure: %s\n", err.text);
		status = 1;
	}
	stop(m);
	return status;
}

/* What needs privilege, and the end of it.  Nothing was read until then, but
 * whether an argument begins like --pcap. */
static enum rc
use_privileges(struct measure *m, int argc, char **argv, struct err *err)
{
	enum rc rc;

	if (capture_is_wanted(argc, argv) &&
	    capture_open(&m->capture, &m->capture_err) != RC_OK)
		m->capture = NULL;       /* read_options complains */
	rc = socks_open(&m->socks, err); /* then no capability is left */
	if (rc == RC_OK)
		sandbox_enter(&m->sandbox);
	else
		capture_free(m->capture);
	return rc;
}

int
command_measure(int argc, char **argv)
{
	struct measure m = { 0 };
	struct err err = ERR_NONE;
	enum rc rc = use_privileges(&m, argc, argv, &err);
	int status = 1;

	if (rc != RC_OK) {
		fprintf(stderr, "catchwater-probe measure: %s\n", err.text);
		return 1;
	}
	rc = read_options(&m, argc, argv, &err);
	if (rc == RC_OK)
		status = run(&m);
	else if (rc == RC_NOTFOUND)
		status = 0; /* --help */
	else {
		fprintf(stderr, "catchwater-probe measure: %s\n", err.text);
		status = 2;
	}
	capture_free(m.capture);
	socks_close(&m.socks);
	return status;
}
