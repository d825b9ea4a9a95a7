/*
 * report.h - a report: typed columns and rows, and its forms.        (pure)
 *
 * Uses     jansson, report_tone.h, schema/base/terminal.h
 * Used by  the report subcommands, collector/httpd
 *
 * A report is filled row by row, cell by cell from left to right.  Text is
 * made safe when it enters: printable ASCII stays, every other byte becomes
 * \xHH, so nothing from the network reaches a terminal or breaks a format.
 */
#ifndef COLLECTOR_REPORT_H
#define COLLECTOR_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cell_kind {
	CELL_TEXT,
	CELL_COUNT,
	CELL_PERCENT, /* tenths of a percent; JSON: a number with one decimal */
	CELL_PPM,     /* shown as a percentage with four decimals, as in JSON */
	CELL_TIME,    /* Unix microseconds; RFC 3339, exact in JSON */
	CELL_MS,      /* microseconds; the table shows milliseconds */
	CELL_AGO,     /* microseconds; the table shows "3m 20s" */
	CELL_TENTHS,  /* tenths; JSON: a number with one decimal */
	CELL_DEGREES, /* ten-thousandths of a degree, of which JSON has four */
	CELL_BYTES    /* the table shows "1.5 GB" */
};

struct column {
	const char *key;   /* in JSON and CSV, with its unit: "rtt_median_us" */
	const char *title; /* in the table; NULL: not shown there */
	enum cell_kind kind;
};

struct cell {
	bool is_set;
	int64_t number; /* of every kind but text */
	char *text;
};

struct report {
	const struct column *columns; /* lent: constants */
	size_t n_columns, n_cells;
	struct cell *cells;
};

/* Lends columns for the report's life. */
void report_init(struct report *r, const struct column *columns, size_t n);
void report_fini(struct report *r);
size_t report_n_rows(const struct report *r);

/* Fill the next cell.  The kind of its column says what the number means. */
void report_text(struct report *r, const char *text); /* copies; NULL: none */
void report_number(struct report *r, int64_t number);
void report_number_if(struct report *r, bool has, int64_t number);
void report_none(struct report *r);

/* How a table is to look. */
struct table_look {
	int width;       /* columns that there are; 0: any number */
	bool has_colour; /* report_tone.h */
};

/* A cell as a person reads it; "-" when it is not set.  Lends it or buf. */
#define REPORT_CELL_LEN 40
const char *report_cell_text(const struct cell *c, enum cell_kind kind,
    char buf[static REPORT_CELL_LEN]);

/* The forms.  The table is aligned, numbers to the right; empty is the
 * sentence printed in place of a table without rows.  What is too wide has its
 * longest texts cut, with ".." where something is missing, and becomes a list
 * when that is not enough. */
void report_print_table_as(const struct report *r, const char *empty,
    const struct table_look *look, FILE *to);
/* As the stream is: what is no terminal has any width and no colour. */
void report_print_table(const struct report *r, const char *empty, FILE *to);
/* Each row as lines "title: value", every column; a blank line between. */
void report_print_list(const struct report *r, FILE *to);
void report_print_csv(const struct report *r, FILE *to); /* RFC 4180 */
/* A whole HTML page, with bars for percentages and, of rows in time, plots. */
void report_print_html(
    const struct report *r, const char *title, const char *empty, FILE *to);
json_t *report_json(const struct report *r); /* array of objects.  Gives. */

/* Text made safe as above, for what stands outside a report.  Gives. */
char *report_safe(const char *text);
json_t *report_json_text(const char *text); /* null for NULL.  Gives. */
json_t *report_json_time(int64_t at_us);    /* RFC 3339, exact.  Gives. */

/* "850ms", "42s", "3m 20s", "5h 3m", "2d 4h".  Returns buf. */
#define REPORT_AGO_LEN 32
const char *report_ago(int64_t us, char buf[static REPORT_AGO_LEN]);

#endif
