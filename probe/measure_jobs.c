/* measure_jobs.c - see measure_jobs.h. */
#include "probe/measure_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "probe/screen.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/text.h"
#include "schema/fields.h"

#define NAME_LEN 300 /* of a target that is none, as it is told */

struct target { /* one argument of the command line */
	struct measure *measure;
	const char *name;
	char failure[256]; /* why there is nothing to measure; else "" */
	bool is_resolved;
	unsigned n_running;
	struct job *jobs[2]; /* IPv4, IPv6; NULL: none */
	size_t n_more[2];    /* further addresses, left out */
};

struct jobs {
	const struct job_kind *kind;
	unsigned n_printed; /* of the targets, from the first on */
	struct screen screen;
	uv_timer_t refresh;
	struct target *targets;
};

static const struct job_kind *
kind_of(const struct measure *m)
{
	const struct measure_options *o = &m->options;

	if (o->n_flows > 0)
		return &measure_flows_kind;
	if (o->mda)
		return &measure_mda_kind;
	return o->middlebox ? &measure_middlebox_kind : &measure_rounds_kind;
}

const char *
job_name(const struct job *j)
{
	return j->target->name;
}

unsigned
job_index(const struct job *j)
{
	const struct jobs *jobs = j->measure->state;

	return (unsigned)(j->target - jobs->targets);
}

void
job_print_head(
    const struct job *j, uint16_t port, const struct addr *source, FILE *to)
{
	char target[ADDR_TEXT_LEN], text[ADDR_TEXT_LEN];

	fputs(addr_format(&j->address, target), to);
	if (strcmp(target, j->target->name) != 0)
		fprintf(to, "  %s", j->target->name);
	if (port != 0)
		fprintf(to, "  port %u", port);
	if (source->family != 0)
		fprintf(to, "  from %s", addr_format(source, text));
	fputc('\n', to);
}

void
job_put_head(const struct job *j, json_t *to, const char *kind, uint16_t port,
    const struct addr *source)
{
	char text[ADDR_TEXT_LEN];

	fields_put_text(to, "kind", kind);
	fields_put_text(to, "target", addr_format(&j->address, text));
	if (strcmp(text, j->target->name) != 0)
		fields_put_text(to, "name", j->target->name);
	if (port != 0)
		fields_put_int(to, "port", port);
	if (source->family != 0)
		fields_put_text(to, "source", addr_format(source, text));
}

/* What this host lets us do, and how to be let do more. */
static void
print_mode(const struct socks_icmp *icmp, const char *families, FILE *to)
{
	static const char *const kinds[] = {
		[SOCKS_RAW] = "raw socket",
		[SOCKS_DATAGRAM] = "datagram socket",
		[SOCKS_NONE] = "none, so ping goes by TCP",
	};

	fprintf(to, "ICMP (%s): %s; %s\n", families, kinds[icmp->mode],
	    icmp->reason);
	if (icmp->mode == SOCKS_NONE)
		fputs("  to change that: run it as root, or "
		      "'setcap cap_net_raw+ep' the program, or widen "
		      "net.ipv4.ping_group_range\n",
		    to);
}

static void
print_modes(const struct measure *m, FILE *to)
{
	const struct jobs *jobs = m->state;
	const struct socks_icmp *v4 = &m->socks.v4, *v6 = &m->socks.v6;
	bool has[2] = { false, false };

	if (!m->options.ping && !m->options.trace)
		return; /* DNS needs no ICMP */
	for (unsigned i = 0; i < m->n_words; i++)
		for (unsigned k = 0; k < 2; k++)
			has[k] |= jobs->targets[i].jobs[k] != NULL;
	if (has[0] && has[1] && strcmp(v4->reason, v6->reason) == 0) {
		print_mode(v4, "IPv4 and IPv6", to);
		return;
	}
	if (has[0])
		print_mode(v4, "IPv4", to);
	if (has[1])
		print_mode(v6, "IPv6", to);
}

static void
print_target(const struct target *t, FILE *to)
{
	const struct jobs *jobs = t->measure->state;
	char safe[NAME_LEN];

	if (t->failure[0] != '\0')
		fprintf(to, "%s\n  %s\n\n",
		    text_safe(safe, sizeof safe, t->name), t->failure);
	for (unsigned i = 0; i < 2; i++) {
		if (t->jobs[i] == NULL)
			continue;
		jobs->kind->print(t->jobs[i], to);
		if (t->n_more[i] > 0)
			fprintf(to,
			    "  (%zu more addresses of this name were not "
			    "measured)\n",
			    t->n_more[i]);
		fputc('\n', to);
	}
}

static void
write_target(struct measure *m, const struct target *t)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		return;
	print_target(t, to);
	fclose(to);
	out_write(&m->out, text, len);
	free(text);
}

static void
write_json(const struct target *t)
{
	const struct jobs *jobs = t->measure->state;
	char safe[NAME_LEN];

	if (t->failure[0] != '\0')
		fprintf(stderr, "%s: %s\n",
		    text_safe(safe, sizeof safe, t->name), t->failure);
	for (unsigned i = 0; i < 2; i++)
		if (t->jobs[i] != NULL && jobs->kind->print_json != NULL)
			jobs->kind->print_json(t->jobs[i]);
}

static bool
is_over(const struct target *t)
{
	return t->is_resolved && t->n_running == 0;
}

static bool
is_all_over(const struct measure *m)
{
	const struct jobs *jobs = m->state;

	for (unsigned i = 0; i < m->n_words; i++)
		if (!is_over(&jobs->targets[i]))
			return false;
	return true;
}

/* Writes what is complete, in the order of the command line. */
static void
print_complete(struct measure *m)
{
	struct jobs *jobs = m->state;

	if (jobs->kind->is_together && !is_all_over(m))
		return;
	while (jobs->n_printed < m->n_words &&
	       is_over(&jobs->targets[jobs->n_printed])) {
		const struct target *t = &jobs->targets[jobs->n_printed++];

		if (m->options.json)
			write_json(t);
		else if (!m->options.watch)
			write_target(m, t);
	}
	if (jobs->n_printed == m->n_words)
		uv_stop(&m->loop);
}

void
job_over(struct job *j)
{
	if (j->is_over)
		return;
	j->is_over = true;
	j->target->n_running--;
	print_complete(j->measure);
}

static struct job *
new_job(struct target *t, const struct addr *address)
{
	struct measure *m = t->measure;
	const struct jobs *jobs = m->state;
	struct job *j = mem_new(jobs->kind->size);

	j->measure = m;
	j->target = t;
	j->address = *address;
	j->source_port = measure_source_port();
	t->n_running++;
	jobs->kind->begin(j);
	return j;
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
		t->jobs[0] = new_job(t, &answer->v4[0]);
		t->n_more[0] = answer->n_v4 - 1;
	}
	if (answer->n_v6 > 0 && !o->only4) {
		t->jobs[1] = new_job(t, &answer->v6[0]);
		t->n_more[1] = answer->n_v6 - 1;
	}
	if (t->jobs[0] == NULL && t->jobs[1] == NULL)
		explain_nothing(t, answer);
	print_complete(t->measure);
}

/* All that is known of all targets, for --watch. */
static void
on_refresh(uv_timer_t *timer)
{
	struct measure *m = timer->data;
	struct jobs *jobs = m->state;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		return;
	for (unsigned i = 0; i < m->n_words; i++)
		print_target(&jobs->targets[i], to);
	fclose(to);
	screen_show(&jobs->screen, &m->out, text, len);
	free(text);
}

static void
start_watching(struct measure *m)
{
	struct jobs *jobs = m->state;
	uint64_t every_ms = (uint64_t)(m->options.interval_us / US_PER_MS);

	screen_open(&jobs->screen, &m->out);
	uv_timer_init(&m->loop, &jobs->refresh); /* cannot fail */
	jobs->refresh.data = m;
	uv_timer_start(&jobs->refresh, on_refresh, every_ms, every_ms);
}

static enum rc
start(struct measure *m, struct err *err)
{
	struct jobs *jobs = mem_new(sizeof *jobs);

	(void)err;
	m->state = jobs;
	jobs->kind = kind_of(m);
	jobs->targets = mem_new(m->n_words * sizeof jobs->targets[0]);
	if (m->options.watch)
		start_watching(m);
	for (unsigned i = 0; i < m->n_words; i++) {
		jobs->targets[i].measure = m;
		jobs->targets[i].name = m->words[i];
	}
	for (unsigned i = 0; i < m->n_words; i++)
		names_resolve(
		    m->names, m->words[i], on_resolved, &jobs->targets[i]);
	return RC_OK;
}

static bool
is_answered(const struct jobs *jobs, const struct target *t)
{
	for (unsigned i = 0; i < 2; i++)
		if (t->jobs[i] != NULL && jobs->kind->is_answered(t->jobs[i]))
			return true;
	return false;
}

/* After an interrupt: what there is of the rest. */
static void
print_rest(struct measure *m)
{
	struct jobs *jobs = m->state;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		return;
	for (; jobs->n_printed < m->n_words; jobs->n_printed++)
		print_target(&jobs->targets[jobs->n_printed], to);
	print_modes(m, to);
	fclose(to);
	out_write(&m->out, text, len);
	free(text);
}

static int
finish(struct measure *m)
{
	struct jobs *jobs = m->state;
	int status = 0;

	if (m->options.watch) {
		screen_close(&jobs->screen, &m->out);
		jobs->n_printed = 0; /* the last state, to stay */
	}
	if (!m->options.json)
		print_rest(m);
	for (unsigned i = 0; i < m->n_words; i++)
		if (!is_answered(jobs, &jobs->targets[i]))
			status = 1;
	return status;
}

static void
release(struct measure *m)
{
	struct jobs *jobs = m->state;

	for (unsigned i = 0; i < m->n_words; i++) {
		free(jobs->targets[i].jobs[0]);
		free(jobs->targets[i].jobs[1]);
	}
	free(jobs->targets);
	free(jobs);
}

const struct measure_form measure_jobs_form = {
	.start = start, .finish = finish, .release = release
};
