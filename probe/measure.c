/*
 * measure.c - catchwater-probe measure: sockets, options, loop, end. (wiring)
 *
 * What is measured and printed is the form's: see measure_core.h.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/asn.h"
#include "probe/commands.h"
#include "probe/measure_core.h"
#include "schema/base/mem.h"

#define BURST_PACKETS 50

static enum rc
read_options(struct measure *m, int argc, char **argv, struct err *err)
{
	int n;
	enum rc rc =
	    measure_options_parse(&m->options, argc, argv, &m->words, &n, err);

	if (rc == RC_OK && m->options.identity != NULL)
		rc = identity_template_parse(
		    &m->template, m->options.identity, err);
	if (rc == RC_OK && m->options.asn != NULL)
		rc = asn_open(&m->asn, m->options.asn, err);
	if (rc == RC_NOTFOUND && m->options.asn != NULL)
		rc = RC_SYS; /* no such file, as opposed to --help */
	if (rc != RC_OK)
		return rc;
	if (m->options.pcap != NULL && m->capture == NULL)
		return err_set(err, RC_SYS, "%s", m->capture_err.text);
	m->n_words = (unsigned)n;
	m->form = m->options.targets != NULL ? &measure_many_form
					     : &measure_jobs_form;
	return RC_OK;
}

static int
complain(const struct err *err, int status)
{
	fprintf(stderr, "catchwater-probe measure: %s\n", err->text);
	return status;
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	uv_stop(handle->loop);
}

static void
catch_signals(struct measure *m)
{
	static const int numbers[MEASURE_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };

	signal(SIGPIPE, SIG_IGN); /* a reader that left is seen by write */
	for (unsigned i = 0; i < MEASURE_SIGNALS; i++) {
		uv_signal_init(&m->loop, &m->signals[i]);
		uv_signal_start(&m->signals[i], on_signal, numbers[i]);
	}
}

/* The ports of all kinds of measurement. */
static enum rc
start_capture(struct measure *m, struct err *err)
{
	return capture_start(m->capture, &m->loop, m->options.pcap,
	    m->options.ports, MEASURE_KINDS, err);
}

/* Completes the file.  Returns false, after a word, when it could not. */
static bool
stop_capture(struct measure *m)
{
	struct capture_counts counts;
	struct err err = ERR_NONE;

	if (capture_stop(m->capture, &counts, &err) != RC_OK) {
		(void)complain(&err, 1);
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

	out_init(&m->out, &m->loop, STDOUT_FILENO);
	if (rc == RC_OK)
		rc = start_capture(m, err);
	if (rc == RC_OK)
		rc = names_new(&m->names, &m->loop, err);
	if (rc != RC_OK)
		return rc;
	catch_signals(m);
	return m->form->start(m, err);
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
	if (m->state != NULL && m->form->stop != NULL)
		m->form->stop(m);
	names_free(m->names);
	engine_free(m->engine);
	uv_walk(&m->loop, close_handle, NULL);
	while (uv_run(&m->loop, UV_RUN_DEFAULT) != 0)
		;
	uv_loop_close(&m->loop);
	if (m->state != NULL && m->form->release != NULL)
		m->form->release(m);
	(m->free_shared != NULL ? m->free_shared : free)(m->shared);
}

static int
run(struct measure *m)
{
	struct err err = ERR_NONE;
	int status;
	enum rc rc;

	uv_loop_init(&m->loop);
	rc = start(m, &err);
	if (rc == RC_OK) {
		uv_run(&m->loop, UV_RUN_DEFAULT);
		for (unsigned i = 0; i < MEASURE_SIGNALS; i++)
			uv_signal_stop(&m->signals[i]); /* may end a flush */
		status = m->form->finish(m);
		if (!stop_capture(m))
			status = 1;
		out_flush(&m->out);
		if (out_check(&m->out, &err) != RC_OK)
			status = complain(&err, 1);
	} else {
		status = complain(&err, rc == RC_RANGE ? 2 : 1);
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
	struct measure *m = mem_new(sizeof *m);
	struct err err = ERR_NONE;
	enum rc rc = use_privileges(m, argc, argv, &err);
	int status;

	if (rc != RC_OK) {
		free(m);
		return complain(&err, 1);
	}
	rc = read_options(m, argc, argv, &err);
	if (rc == RC_OK)
		status = run(m);
	else if (rc == RC_NOTFOUND)
		status = 0; /* --help */
	else
		status = complain(&err, 2);
	capture_free(m->capture);
	asn_close(m->asn);
	socks_close(&m->socks);
	free(m);
	return status;
}
