/* segment.c - see segment.h. */
#include "probe/segment.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "schema/wire.h"

#define SEQ_LIMIT (UINT64_C(1) << 60) /* more than there are */

/* The length of the line at the cursor with its newline; 0 when it is torn. */
static size_t
line_length(const struct segment_cursor *c)
{
	const char *start = c->bytes + c->pos;
	const char *end;

	if (c->pos >= c->len)
		return 0;
	end = memchr(start, '\n', c->len - c->pos);
	return end == NULL ? 0 : (size_t)(end - start) + 1;
}

static bool
read_header(struct anchor *a, const char *line, size_t len)
{
	json_int_t at_us, mono_us;
	const char *boot;
	json_t *root = json_loadb(line, len, 0, NULL);
	bool is_header =
	    root != NULL &&
	    json_unpack(root, "{s:s, s:I, s:I}", "boot", &boot, "anchor_at_us",
		&at_us, "anchor_mono_us", &mono_us) == 0 &&
	    strlen(boot) <= BOOT_ID_LEN && at_us >= 0 && mono_us >= 0;

	if (is_header) {
		snprintf(a->boot, sizeof a->boot, "%s", boot);
		a->at_us = at_us;
		a->mono_us = mono_us;
	}
	json_decref(root);
	return is_header;
}

size_t
segment_encode_header(
    const struct anchor *a, char buf[static SEGMENT_HEADER_MAX])
{
	json_t *root =
	    json_pack("{s:s, s:I, s:I}", "boot", a->boot, "anchor_at_us",
		(json_int_t)a->at_us, "anchor_mono_us", (json_int_t)a->mono_us);
	size_t n = json_dumpb(root, buf, SEGMENT_HEADER_MAX - 1, JSON_COMPACT);

	json_decref(root);
	buf[n] = '\n';
	return n + 1;
}

struct segment_cursor
segment_over(const char *bytes, size_t len)
{
	struct segment_cursor c = { .bytes = bytes, .len = len };
	size_t n = line_length(&c);

	/* Without a header the first line may be an observation: read on. */
	if (n > 0 && read_header(&c.anchor, bytes, n))
		c.pos = n;
	return c;
}

static bool
read_line(
    struct segment_line *out, const char *text, size_t len, uint64_t after)
{
	struct observation o;

	if (wire_decode_observation(&o, text, len, NULL) != RC_OK ||
	    o.seq <= after)
		return false;
	*out = (struct segment_line){ text, len, o.seq };
	return true;
}

bool
segment_next(struct segment_cursor *c, struct segment_line *out)
{
	size_t n;

	while ((n = line_length(c)) > 0) {
		const char *text = c->bytes + c->pos;

		c->pos += n;
		if (read_line(out, text, n, c->last_seq)) {
			c->last_seq = out->seq;
			return true;
		}
		c->n_bad++;
	}
	if (c->pos < c->len) {
		c->pos = c->len;
		c->n_bad++;
	}
	return false;
}

/* The seq that a line begins with, as our writer writes it; 0: it does not. */
static uint64_t
leading_seq(const char *line, size_t len)
{
	static const char key[] = "{\"seq\":";
	uint64_t seq = 0;
	size_t i = sizeof key - 1;

	if (len < sizeof key || memcmp(line, key, i) != 0)
		return 0;
	for (; i < len && line[i] >= '0' && line[i] <= '9'; i++)
		seq = seq < SEQ_LIMIT ? 10 * seq + (uint64_t)(line[i] - '0')
				      : SEQ_LIMIT;
	return seq;
}

void
segment_skip(struct segment_cursor *c, uint64_t after)
{
	size_t n;

	while ((n = line_length(c)) > 0) {
		uint64_t seq = leading_seq(c->bytes + c->pos, n);

		if (seq == 0 || seq > after)
			return;
		c->pos += n;
	}
}

struct segment_sum
segment_summarise(const char *bytes, size_t len)
{
	struct segment_cursor c = segment_over(bytes, len);
	struct segment_sum sum = { 0 };
	struct segment_line line;

	while (segment_next(&c, &line)) {
		if (sum.first_seq == 0)
			sum.first_seq = line.seq;
		sum.last_seq = line.seq;
		sum.good_len = c.pos;
	}
	sum.n_bad = c.n_bad;
	return sum;
}
