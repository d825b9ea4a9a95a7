/*
 * flows_text.h - the table of an audit of flows, for people and scripts. (pure)
 *
 * Uses     schema/flows.h, schema/fields.h
 * Used by  probe/measure_flows.c
 */
#ifndef PROBE_FLOWS_TEXT_H
#define PROBE_FLOWS_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "schema/flows.h"
#include "schema/identity.h"

#define FLOW_ROWS_MAX 512 /* 256 flows, and as many times one */

struct flow_row { /* one question */
	uint16_t source_port;
	bool is_fixed; /* the flow that is asked again and again */
	int64_t at_us; /* 0: not over */
	int64_t rtt_us;
	enum outcome outcome;
	uint16_t rcode;
	struct identity identity;
	char site[FIELD_TEXT_MAX + 1]; /* "": not known */
};

struct flow_table {
	unsigned n_rows;
	struct addr source; /* family 0: not known */
	struct flow_row rows[FLOW_ROWS_MAX];
	struct flow_verdict verdict;
};

/* Sets the verdict, from the rows that are over. */
void flow_table_judge(struct flow_table *t);

void flow_table_print(const struct flow_table *t, FILE *to);

/* Puts verdict and rows into an object. */
void flow_table_put(const struct flow_table *t, json_t *to);

#endif
