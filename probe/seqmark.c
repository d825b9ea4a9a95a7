/* seqmark.c - see seqmark.h. */
#include "probe/seqmark.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe/spooldir.h"
#include "schema/base/file.h"

#define WAITING_MAX (UINT64_C(1) << 20) /* more than a buffer ever holds */

static struct seqmark
parse(const char *text)
{
	char *middle, *end;
	struct seqmark m;

	m.reserved = strtoull(text, &middle, 10);
	m.waiting = strtoull(middle, &end, 10);
	if (middle == text || end == middle || *end != '\n' ||
	    m.reserved > SPOOL_SEQ_MAX || m.waiting > WAITING_MAX)
		return (struct seqmark){ 0 };
	return m;
}

struct seqmark
seqmark_read(const char *dir)
{
	char path[SPOOL_PATH_MAX];
	struct seqmark m;
	char *text;
	size_t len;

	snprintf(path, sizeof path, "%s/" SPOOL_RESERVED, dir);
	if (file_read(path, 64, &text, &len, NULL) != RC_OK)
		return (struct seqmark){ 0 };
	m = parse(text);
	free(text);
	return m;
}

enum rc
seqmark_write(const struct seqmark *m, const char *dir, struct err *err)
{
	char path[SPOOL_PATH_MAX], text[64];
	int len = snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 "\n",
	    m->reserved, m->waiting);

	snprintf(path, sizeof path, "%s/" SPOOL_RESERVED, dir);
	return file_replace(path, 0600, text, (size_t)len, err);
}

enum rc
seqmark_cover(struct seqmark *m, uint64_t seq, uint64_t n_waiting,
    const char *dir, struct err *err)
{
	struct seqmark next = *m;
	enum rc rc;

	if (seq <= m->reserved && n_waiting <= m->waiting)
		return RC_OK;
	if (seq > next.reserved)
		next.reserved = seq - 1 + SEQMARK_BLOCK;
	if (next.waiting < SEQMARK_WAITING_MIN)
		next.waiting = SEQMARK_WAITING_MIN;
	while (next.waiting < n_waiting)
		next.waiting *= 2;
	rc = seqmark_write(&next, dir, err);
	if (rc == RC_OK)
		*m = next;
	return rc;
}

uint64_t
seqmark_resume(const struct seqmark *m, uint64_t next_seq, uint64_t *n_lost)
{
	uint64_t n_open;

	*n_lost = 0;
	if (m->reserved < next_seq)
		return next_seq;
	n_open = m->reserved - next_seq + 1;
	*n_lost = n_open < m->waiting ? n_open : m->waiting;
	return m->reserved + 1;
}
