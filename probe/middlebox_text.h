/*
 * middlebox_text.h - what speaks for interception, for people and scripts. (pure)
 *
 * Uses     schema/signals.h, schema/fields.h
 * Used by  probe/measure_middlebox.c
 */
#ifndef PROBE_MIDDLEBOX_TEXT_H
#define PROBE_MIDDLEBOX_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "schema/record.h"
#include "schema/signals.h"

#define EVIDENCE_STEPS 6
#define EVIDENCE_RTTS 5

struct evidence_step { /* one kind by one protocol */
	unsigned n_asked, n_answered;
	enum kind kind;
	enum proto proto;
	enum outcome outcome; /* of the last */
	int64_t rtts_us[EVIDENCE_RTTS];
	struct identity identity; /* of the last answer */
	uint16_t rcode;
	bool has_reply_ttl;
	uint8_t reply_ttl;
	uint8_t target_ttl; /* trace: where the target answered; 0: nowhere */
};

struct evidence {
	struct addr source;
	unsigned n_answered;
	bool wants_chaos; /* there is no NSID */
	struct evidence_step steps[EVIDENCE_STEPS];
};

struct decoy { /* an address where nobody is; one per family */
	struct addr address;
	bool is_taken;  /* some job asks it */
	bool is_target; /* it is asked on purpose: no decoy */
	unsigned n_asked, n_answered;
};

struct middlebox_report {
	const struct evidence *evidence;
	const struct decoy *decoy;
	const struct signal_target *target; /* NULL: nothing was answered */
	struct signal_verdict verdict;
};

void
evidence_add(struct evidence *e, unsigned step, const struct observation *o);
void decoy_add(struct decoy *d, const struct observation *o);

void middlebox_text_print(const struct middlebox_report *r, FILE *to);

/* Puts verdict, signals and evidence into an object. */
void middlebox_text_put(const struct middlebox_report *r, json_t *to);

#endif
