/*
 * exposition.h - metrics as text that Prometheus and its like read.  (pure)
 *
 * Used by  metrics, histogram, metrics_page, process_metrics, store_metrics
 *
 * OpenMetrics 1.0, or the older text format 0.0.4 for who asks for that: they
 * differ in the names of counters, in types, and in "# EOF".  Families are
 * written one after the other, each with all its samples.
 */
#ifndef COLLECTOR_EXPOSITION_H
#define COLLECTOR_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_format { EXPOSITION_OPENMETRICS, EXPOSITION_TEXT };
#define EXPOSITION_FORMATS 2

enum exposition_type {
	EXPOSITION_COUNTER,
	EXPOSITION_GAUGE,
	EXPOSITION_INFO,
	EXPOSITION_HISTOGRAM
};

struct exposition {
	FILE *to; /* the caller's */
	enum exposition_format format;
	const char *family; /* as given, without a suffix */
	enum exposition_type type;
};

struct exposition_label {
	const char *name, *value; /* any bytes as value: they are escaped */
};

/* What the client would rather have, by its Accept header (NULL: none):
 * OpenMetrics, unless it takes that not at all or with a lower quality. */
enum exposition_format exposition_choose(const char *accept);
const char *exposition_content_type(enum exposition_format f);

/* Begins a family; name and help are our own texts, and lent until the next.
 * A name that ends in _seconds or _bytes has that as its unit. */
void exposition_family(struct exposition *e, const char *name,
    enum exposition_type type, const char *help);

/* A sample of the family, with up to n labels. */
void exposition_int(struct exposition *e, const struct exposition_label *labels,
    size_t n, int64_t value);
void exposition_real(struct exposition *e,
    const struct exposition_label *labels, size_t n, double value);

/* One of a histogram: suffix is "_bucket", "_count" or "_sum". */
void exposition_part(struct exposition *e, const char *suffix,
    const struct exposition_label *labels, size_t n, double value);

/* Ends the text. */
void exposition_end(struct exposition *e);

#endif
