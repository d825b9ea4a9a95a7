/* round.c - see round.h. */
#include "collector/round.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "collector/interpret.h"
#include "collector/store_round.h"
#include "schema/base/mem.h"

#define READ_BYTES (256 << 10)

void
round_fini(struct round *r)
{
	map_fini(&r->by_source);
	free(r->entries);
	*r = (struct round){ 0 };
}

static uint64_t
eight(const uint8_t *bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | bytes[i];
	return v;
}

/* The entry of a vantage; MAP_NONE.  No host of IPv6 has ffff:ffff:... */
static size_t
find_entry(const struct round *r, const struct addr *a, uint64_t key[2])
{
	key[0] = a->family == 6 ? eight(a->bytes) : UINT64_MAX;
	key[1] = a->family == 6 ? eight(a->bytes + 8) : eight(a->bytes) >> 32;
	return map_get(&r->by_source, key[0], key[1]);
}

/* Adds the entry, or puts it in place of a later one of the same vantage. */
static void
put_entry(struct round *r, const struct round_entry *e)
{
	uint64_t key[2];
	size_t i = find_entry(r, &e->source, key);

	if (i != MAP_NONE) {
		if (e->at_us < r->entries[i].at_us)
			r->entries[i] = *e;
		return;
	}
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 1024 : 2 * r->cap;
		r->entries = mem_grow(r->entries, r->cap, sizeof *r->entries);
	}
	map_add(&r->by_source, key[0], key[1], r->n);
	r->entries[r->n++] = *e;
}

/* Replies. */

static const struct target *
find_target(const struct services *s, const struct addr *a)
{
	for (size_t i = 0; i < s->n_targets; i++)
		if (s->targets[i].role == ROLE_SERVICE &&
		    addr_equal(&s->targets[i].address, a))
			return &s->targets[i];
	return NULL;
}

/* The site that a receiver is, by the service's templates or by its name. */
static bool
find_site(const struct service *s, const char *client, size_t *site)
{
	struct interpretation meaning;
	struct identity id;

	identity_set(&id, client, strlen(client));
	meaning = interpret_identity(s, &id);
	for (size_t i = 0; i < s->n_sites; i++) {
		*site = i;
		if (meaning.site_id != 0
			? s->sites[i].id == meaning.site_id
			: strcasecmp(s->sites[i].name, client) == 0)
			return true;
	}
	return false;
}

/* NULL, or why the reply is none of the round's. */
static const char *
take_reply(struct round *r, const struct services *services,
    const struct catchment_reply *reply)
{
	const struct target *t = find_target(services, &reply->destination);
	struct round_entry e = { .source = reply->source,
		.at_us = reply->at_us,
		.rtt_us = reply->rtt_us,
		.target = t,
		.has_rtt = reply->has_rtt,
		.ttl = reply->ttl,
		.asn = reply->asn };

	if (t == NULL)
		return "destination_address: no service has it";
	if (r->service == NULL)
		r->service = &services->list[t->service];
	if (r->service != &services->list[t->service])
		return "destination_address: another service's";
	if (!find_site(r->service, reply->client, &e.site))
		return "client_id: no site of the service";
	if (reply->source.family != t->address.family)
		return "source_address: of the other family";
	memcpy(e.country, reply->country, sizeof e.country);
	if (r->n == 0 || e.at_us < r->first_us)
		r->first_us = e.at_us;
	if (r->n == 0 || e.at_us > r->last_us)
		r->last_us = e.at_us;
	put_entry(r, &e);
	return NULL;
}

/* Files. */

/* The next line, of CSV_LINE_MAX bytes at most; *is_long: there was more of
 * it, which is skipped.  False: the end. */
static bool
next_line(gzFile file, char line[static CSV_LINE_MAX], bool *is_long)
{
	size_t n;
	int c;

	*is_long = false;
	if (gzgets(file, line, CSV_LINE_MAX) == NULL)
		return false;
	n = strlen(line);
	if (n + 1 < CSV_LINE_MAX || (n > 0 && line[n - 1] == '\n'))
		return true;
	*is_long = true;
	do
		c = gzgetc(file);
	while (c != '\n' && c != -1);
	return true;
}

static void
read_lines(struct round *r, const struct services *services,
    const struct csv_columns *columns, gzFile file)
{
	char line[CSV_LINE_MAX];
	struct catchment_reply reply;
	const char *why;
	bool is_long;

	while (next_line(file, line, &is_long)) {
		if (line[strspn(line, " \r\n")] == '\0')
			continue;
		r->n_replies++;
		why = is_long ? "a line of over 4 KiB"
			      : csv_reply(&reply, columns, line);
		if (why == NULL)
			why = take_reply(r, services, &reply);
		if (why != NULL)
			tally_add(&r->rejected, why, 1);
	}
}

static enum rc
check_read(
    const struct round *r, gzFile file, const char *path, struct err *err)
{
	int fault = Z_OK;

	(void)gzerror(file, &fault);
	if (fault != Z_OK && fault != Z_STREAM_END)
		return err_set(err, RC_SYS,
		    "%s cannot be read or unpacked to its end: is the file "
		    "whole?",
		    path);
	if (r->n > 0)
		return RC_OK;
	return err_set(err, RC_NOTFOUND,
	    "%s has no reply for a service of the configuration: %s", path,
	    r->rejected.n > 0 ? r->rejected.rows[0].why : "it has no lines");
}

static enum rc
open_rounds(gzFile *file, const char *path, struct csv_columns *columns,
    struct err *err)
{
	char line[CSV_LINE_MAX];
	bool is_long;
	enum rc rc;

	errno = 0;
	*file = gzopen(path, "rbe");
	if (*file == NULL)
		return err_sys(err, "open %s", path);
	gzbuffer(*file, READ_BYTES);
	if (!next_line(*file, line, &is_long))
		rc = err_set(err, RC_MALFORMED, "it is empty, or no file");
	else
		rc = csv_header(columns, line, err);
	if (rc == RC_OK)
		return RC_OK;
	gzclose(*file);
	return err_at(err, rc, "%s", path);
}

enum rc
round_read(struct round *r, const struct services *services, const char *path,
    struct err *err)
{
	struct csv_columns columns;
	gzFile file;
	enum rc rc = open_rounds(&file, path, &columns, err);

	*r = (struct round){ 0 };
	if (rc != RC_OK)
		return rc;
	read_lines(r, services, &columns, file);
	rc = check_read(r, file, path, err);
	gzclose(file);
	return rc;
}

bool
round_peek(const char *path, int64_t *at_us)
{
	char line[CSV_LINE_MAX];
	struct catchment_reply reply;
	struct csv_columns columns;
	bool is_long, is_found = false;
	gzFile file;

	if (open_rounds(&file, path, &columns, NULL) != RC_OK)
		return false;
	while (!is_found && next_line(file, line, &is_long))
		is_found =
		    !is_long && csv_reply(&reply, &columns, line) == NULL;
	gzclose(file);
	*at_us = reply.at_us;
	return is_found;
}

/* The round before. */

static void
load_row(void *ctx, const char *probe, int64_t site_id)
{
	struct round *r = ctx;
	struct round_entry e = { 0 };

	if (addr_parse(&e.source, probe) != RC_OK)
		return;
	for (size_t i = 0; i < r->service->n_sites; i++) {
		if (r->service->sites[i].id != site_id)
			continue;
		e.site = i;
		put_entry(r, &e);
	}
}

enum rc
round_load(struct round *r, struct store *st, const struct service *service,
    int64_t first_us, int64_t last_us, struct err *err)
{
	*r = (struct round){
		.service = service, .first_us = first_us, .last_us = last_us
	};
	return store_round_each(
	    st, service->id, first_us, last_us, load_row, r, err);
}

/* Comparing. */

struct cell {
	size_t from, to;
	int64_t n;
};

static int
most_first(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
				  : (x->to > y->to) - (x->to < y->to);
}

static json_t *
moves_json(const struct service *s, struct cell *cells, size_t n)
{
	json_t *out = json_array();

	qsort(cells, n, sizeof *cells, most_first);
	for (size_t i = 0; i < n && cells[i].n > 0; i++)
		json_array_append_new(
		    out, json_pack("{s:s, s:s, s:I}", "from",
			     s->sites[cells[i].from].name, "to",
			     s->sites[cells[i].to].name, "vantages",
			     (json_int_t)cells[i].n));
	return out;
}

/* Vantages of a that b does not have. */
static size_t
count_missing(const struct round *a, const struct round *b)
{
	uint64_t key[2];
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += find_entry(b, &a->entries[i].source, key) == MAP_NONE;
	return n;
}

json_t *
round_compare(const struct round *before, const struct round *now)
{
	size_t n_sites = now->service->n_sites, n_moved = 0;
	struct cell *cells = mem_new((n_sites * n_sites + 1) * sizeof *cells);
	json_t *out, *moves;
	uint64_t key[2];

	for (size_t i = 0; i < now->n; i++) {
		const struct round_entry *e = &now->entries[i];
		size_t k = find_entry(before, &e->source, key), from;
		struct cell *c;

		if (k == MAP_NONE || before->entries[k].site == e->site)
			continue;
		from = before->entries[k].site;
		c = &cells[from * n_sites + e->site];
		*c = (struct cell){ from, e->site, c->n + 1 };
		n_moved++;
	}
	moves = moves_json(now->service, cells, n_sites * n_sites);
	free(cells);
	out = json_pack("{s:I, s:I, s:I, s:I, s:o}", "vantages",
	    (json_int_t)now->n, "moved", (json_int_t)n_moved, "new",
	    (json_int_t)count_missing(now, before), "silent",
	    (json_int_t)count_missing(before, now), "moves", moves);
	return out;
}
