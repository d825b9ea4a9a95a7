/* wire_batch.c - a whole body: the header's line and its observations'. */
#include "schema/wire.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/wire_read.h"

/* The next line, with its newline; moves *p past it. */
static size_t
next_line(const char **line, const char **p, const char *end)
{
	const char *newline = memchr(*p, '\n', (size_t)(end - *p));

	*line = *p;
	*p = newline == NULL ? end : newline + 1;
	return (size_t)(*p - *line);
}

static size_t
count_lines(const char *p, const char *end)
{
	const char *line;
	size_t n = 0;

	while (p < end && n <= WIRE_BATCH_MAX + 1) {
		next_line(&line, &p, end);
		n++;
	}
	return n;
}

/* Observation i of n has come: is its seq where it has to be? */
static enum rc
check_seq(const struct batch *b, size_t i, size_t n, struct err *err)
{
	uint64_t seq = b->observations[i].seq;

	if (i == 0 && seq != b->header.first_seq)
		return err_set(err, RC_MALFORMED, "seq: not first_seq");
	if (i > 0 && seq <= b->observations[i - 1].seq)
		return err_set(err, RC_MALFORMED, "seq: does not rise");
	if (i == n - 1 && seq != b->header.last_seq)
		return err_set(err, RC_MALFORMED, "seq: not last_seq");
	return RC_OK;
}

static enum rc
decode_observations(struct batch *b, struct doc *d, const char *p,
    const char *end, size_t n, struct err *err)
{
	enum rc rc = RC_OK;

	b->observations = mem_grow(NULL, n, sizeof *b->observations);
	for (b->n = 0; b->n < n; b->n++) {
		const char *line;
		size_t len = next_line(&line, &p, end);

		rc = wire_read_observation(
		    d, &b->observations[b->n], line, len, err);
		if (rc == RC_OK)
			rc = check_seq(b, b->n, n, err);
		if (rc != RC_OK)
			return err_at(err, rc, "line %zu", b->n + 2);
	}
	return rc;
}

static enum rc
decode_lines(
    struct batch *b, const char *p, const char *end, size_t n, struct err *err)
{
	struct doc doc = { 0 };
	const char *line;
	size_t len = next_line(&line, &p, end);
	enum rc rc = wire_read_header(&doc, &b->header, line, len, err);

	if (rc == RC_OK)
		rc = decode_observations(b, &doc, p, end, n, err);
	else
		err_at(err, rc, "line 1");
	doc_fini(&doc);
	return rc;
}

enum rc
wire_decode_batch(
    struct batch *out, const char *body, size_t len, struct err *err)
{
	struct batch b = { 0 };
	size_t n_lines;
	enum rc rc;

	if (len > WIRE_BODY_MAX)
		return err_set(
		    err, RC_LIMIT, "body longer than %d bytes", WIRE_BODY_MAX);
	n_lines = count_lines(body, body + len);
	if (n_lines > WIRE_BATCH_MAX + 1)
		return err_set(
		    err, RC_LIMIT, "more than %d observations", WIRE_BATCH_MAX);
	if (n_lines < 2)
		return err_set(err, RC_MALFORMED,
		    "a batch is a header and at least one observation");
	rc = decode_lines(&b, body, body + len, n_lines - 1, err);
	if (rc == RC_OK)
		*out = b;
	else
		batch_fini(&b);
	return rc;
}

void
batch_fini(struct batch *b)
{
	if (b == NULL)
		return;
	free(b->observations);
	b->observations = NULL;
	b->n = 0;
}
