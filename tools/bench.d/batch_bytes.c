/*
 * batch_bytes.c - what a spool would cost to upload, for the benchmark.
 *
 * usage: batch_bytes SPOOL-DIRECTORY | FILE.jsonl
 * Reads the observations of a spool, or of a file (a segment of one, a batch,
 * or plain lines), makes the bodies that catchwater-probe upload would post,
 * and prints how many bytes they have and how many observations, with a space
 * between.  A file's lines are shared out to as few batches as will hold them;
 * a spool's batches end where its segments do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "probe/backlog.h"
#include "probe/batch.h"
#include "probe/segment.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"
#include "schema/wire.h"

struct sum {
	size_t n_bytes, n_observations;
};

static size_t
body_bytes(const struct backlog *b)
{
	struct batch_header header = {
		.probe = "5d1c0a72e94b3f86",
		.version = CATCHWATER_VERSION,
		.first_seq = b->first_seq,
		.last_seq = b->last_seq,
		.has_sent_at = true,
		.sent_at_us = INT64_C(1763712062000000),
		.anchor_at_us = INT64_C(1763700000000000),
		.anchor_mono_us = 8400000,
		.clock = CLOCK_SYNCHRONISED,
		.assignment = "8c2e61d0f3a94b57",
		.v4 = FAMILY_OK,
		.v6 = FAMILY_OK,
	};
	char *body;
	size_t n = batch_pack(&body, &header, b);

	free(body);
	return n;
}

static void
add(struct sum *sum, const struct backlog *b)
{
	sum->n_bytes += body_bytes(b);
	sum->n_observations += b->n_lines;
}

static enum rc
add_spool(struct sum *sum, const char *dir, struct err *err)
{
	struct backlog b;
	uint64_t after = 0;
	enum rc rc;

	while ((rc = backlog_read(&b, dir, NULL, after, WIRE_BATCH_MAX, err)) ==
	       RC_OK) {
		add(sum, &b);
		after = b.last_seq;
		backlog_fini(&b);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static size_t
count_lines(const char *bytes, size_t len)
{
	struct segment_cursor c = segment_over(bytes, len);
	struct segment_line line;
	size_t n = 0;

	while (segment_next(&c, &line))
		n++;
	return n;
}

static void
add_lines(struct sum *sum, const char *bytes, size_t len)
{
	size_t n = count_lines(bytes, len);
	size_t n_batches = (n + WIRE_BATCH_MAX - 1) / WIRE_BATCH_MAX;
	struct segment_cursor c = segment_over(bytes, len);
	struct segment_line line = { 0 };

	for (size_t i = 0; i < n_batches; i++) {
		struct backlog b = { .lines = mem_new(len) };
		size_t n_lines = n * (i + 1) / n_batches - n * i / n_batches;

		while (b.n_lines < n_lines && segment_next(&c, &line)) {
			if (b.n_lines++ == 0)
				b.first_seq = line.seq;
			b.last_seq = line.seq;
			memcpy(b.lines + b.len, line.text, line.len);
			b.len += line.len;
		}
		add(sum, &b);
		backlog_fini(&b);
	}
}

static enum rc
add_file(struct sum *sum, const char *path, struct err *err)
{
	char *bytes;
	size_t len;
	enum rc rc = file_read(path, 1 << 30, &bytes, &len, err);

	if (rc != RC_OK)
		return rc;
	add_lines(sum, bytes, len);
	free(bytes);
	return RC_OK;
}

int
main(int argc, char **argv)
{
	struct sum sum = { 0 };
	struct err err = ERR_NONE;
	struct stat is;
	enum rc rc;

	if (argc != 2) {
		fputs("usage: batch_bytes SPOOL-DIRECTORY | FILE.jsonl\n",
		    stderr);
		return 2;
	}
	if (stat(argv[1], &is) == 0 && S_ISDIR(is.st_mode))
		rc = add_spool(&sum, argv[1], &err);
	else
		rc = add_file(&sum, argv[1], &err);
	if (rc != RC_OK) {
		fprintf(stderr, "batch_bytes: %s\n", err.text);
		return EXIT_FAILURE;
	}
	printf("%zu %zu\n", sum.n_bytes, sum.n_observations);
	return EXIT_SUCCESS;
}
