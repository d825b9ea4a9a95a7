/*
 * measure_core.h - what all forms of catchwater-probe measure share. (wiring)
 *
 * Uses     probe/engine.h, names, out, asn, measure_options
 * Used by  probe/measure*.c only
 *
 * One form (struct measure_form) runs at a time: rounds for a person,
 * streaming, flows, multipath, middleboxes.
 */
#ifndef PROBE_MEASURE_CORE_H
#define PROBE_MEASURE_CORE_H

#include <jansson.h>
#include <uv.h>

#include "probe/capture.h"
#include "probe/engine.h"
#include "probe/measure_options.h"
#include "probe/names.h"
#include "probe/out.h"
#include "probe/sandbox.h"
#include "probe/socks.h"
#include "schema/identity.h"

#define MEASURE_SIGNALS 3

struct asn;

struct measure {
	struct measure_options options;
	char **words; /* the targets, lent from argv */
	unsigned n_words;
	struct identity_template template;
	uv_loop_t loop;
	uv_signal_t signals[MEASURE_SIGNALS];
	struct socks socks;
	struct sandbox sandbox;
	struct capture *capture; /* NULL: not wanted, or not permitted */
	struct err capture_err;  /* why not */
	struct engine *engine;
	struct names *names;
	struct asn *asn; /* NULL: no database given */
	struct out out;
	uint64_t seq;
	const struct measure_form *form;
	void *state;                       /* the form's */
	void *shared;                      /* of a kind of job, over its jobs */
	void (*free_shared)(void *shared); /* NULL: free() */
};

struct measure_form {
	/* Sets m->state, and what the loop is to do. */
	enum rc (*start)(struct measure *m, struct err *err);
	/* The loop is over, by itself or by an interrupt: prints the rest,
	 * returns the exit status. */
	int (*finish)(struct measure *m);
	/* Before the loop's handles are closed, and after.  NULL: nothing. */
	void (*stop)(struct measure *m);
	void (*release)(struct measure *m);
};

extern const struct measure_form measure_jobs_form; /* some targets */
extern const struct measure_form measure_many_form; /* --targets */

/* The question of that kind, as the options say. */
struct question measure_question(const struct measure *m, enum kind kind,
    const struct addr *target, uint16_t source_port);

/* A source port of our own choice. */
uint16_t measure_source_port(void);

/* engine_ask, with the target in the capture if there is one. */
MUST_USE enum rc measure_ask(
    struct measure *m, const struct question *q, engine_done *done, void *ctx);

/* Lends the operator's template; NULL: none. */
const struct identity_template *measure_template(const struct measure *m);

/* Writes one observation as a line of JSON. */
void measure_json(struct measure *m, const struct observation *o);

/* Writes an object, which it takes, as a line of JSON. */
void measure_json_object(struct measure *m, json_t *object);

/* Puts bytes of the network into an object, as lower-case hexadecimal;
 * nothing when they are absent. */
void
measure_put_identity(json_t *to, const char *key, const struct identity *id);

#endif
