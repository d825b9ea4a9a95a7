/* rollups.c - see rollups.h. */
#include "collector/rollups.h"

#include <stdlib.h>

#include "collector/rollup.h"
#include "collector/store_rollup.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"

#define TICK_BUDGET_US (50 * US_PER_MS)
#define SAMPLES_MAX 250000
#define LOOK_ROWS 5000 /* observations in a step */
#define PUT_ROWS 200   /* rows written in a transaction */
#define MOVE_EVERY_US (60 * US_PER_S)

/* What one observation adds. */
struct sample {
	int64_t hour;
	int64_t vantage_id, target_id;
	uint32_t n, n_lost;
	uint32_t rtt_us;
	uint8_t kind, slot;
	bool has_rtt;
};

enum phase { PHASE_LOOK, PHASE_PUT };

struct rollups {
	bool is_known; /* state has been read */
	struct rollup_state state;
	enum phase phase;
	int64_t seen_id;   /* looked at up to it */
	int64_t before_us; /* received later: another time */
	bool is_over;      /* no more to look at now */
	size_t n, n_put, cap;
	struct sample *samples; /* put: sorted, the first n_put are written */
	int64_t until_mono_us;  /* of this tick */
	int64_t next_move_us;   /* of hours into days */
};

struct rollups *
rollups_new(void)
{
	return mem_new(sizeof(struct rollups));
}

void
rollups_free(struct rollups *r)
{
	if (r == NULL)
		return;
	free(r->samples);
	free(r);
}

int64_t
rollups_done_id(const struct rollups *r)
{
	return r->state.done_id;
}

static bool
has_time(const struct rollups *r)
{
	return clock_mono_us() < r->until_mono_us;
}

/* Looking through observations. */

static bool
is_lost(enum outcome o)
{
	return o == OUTCOME_TIMEOUT || o == OUTCOME_UNREACHABLE ||
	       o == OUTCOME_REFUSED || o == OUTCOME_RESET ||
	       o == OUTCOME_MALFORMED;
}

static bool
is_counted(const struct rollup_seen *o)
{
	return o->why == WHY_ROUND && o->at_us >= 0 &&
	       (o->kind == KIND_DNS || o->kind == KIND_PING) &&
	       (is_lost(o->outcome) || outcome_is_answer(o->outcome));
}

static uint32_t
at_most_u32(int64_t v)
{
	return v < 0 ? 0 : v > SKETCH_MAX_US ? UINT32_MAX : (uint32_t)v;
}

static struct sample
sample_of(const struct rollup_seen *o)
{
	bool is_ping = o->kind == KIND_PING && o->n_sent > 0;
	struct sample s = { .hour = o->at_us / ROLLUP_HOUR_US,
		.vantage_id = o->vantage_id,
		.target_id = o->target_id,
		.n = is_ping ? at_most_u32(o->n_sent) : 1,
		.n_lost = is_ping ? at_most_u32(o->n_sent - o->n_received)
				  : is_lost(o->outcome),
		.rtt_us = at_most_u32(o->rtt_us),
		.kind = (uint8_t)o->kind,
		.slot = (uint8_t)(o->at_us % ROLLUP_HOUR_US / ROLLUP_SLOT_US),
		.has_rtt = o->has_rtt && outcome_is_answer(o->outcome) };

	return s;
}

/* After a restart, exactly what the rows begun were made of. */
static bool
take(void *ctx, const struct rollup_seen *o)
{
	struct rollups *r = ctx;

	if (r->state.until_id != 0
		? o->id > r->state.until_id
		: o->received_us >= r->before_us || r->n == SAMPLES_MAX) {
		r->is_over = true;
		return false;
	}
	r->seen_id = o->id;
	if (!is_counted(o))
		return true;
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 256 : 2 * r->cap;
		r->samples = mem_grow(r->samples, r->cap, sizeof *r->samples);
	}
	r->samples[r->n++] = sample_of(o);
	return true;
}

static int
order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* By row. */
static int
compare(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;
	int order = order_of(a->hour, b->hour);

	if (order == 0)
		order = order_of(a->vantage_id, b->vantage_id);
	if (order == 0)
		order = order_of(a->target_id, b->target_id);
	return order != 0 ? order : order_of(a->kind, b->kind);
}

static enum rc
look(struct rollups *r, struct store *st, struct err *err)
{
	int64_t n_told = LOOK_ROWS;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !r->is_over && n_told == LOOK_ROWS && has_time(r))
		rc = store_rollup_each(
		    st, r->seen_id, LOOK_ROWS, take, r, &n_told, err);
	if (rc != RC_OK || (!r->is_over && n_told == LOOK_ROWS))
		return rc;
	if (r->n > 0)
		qsort(r->samples, r->n, sizeof *r->samples, compare);
	r->phase = PHASE_PUT;
	return RC_OK;
}

/* Writing rows. */

/* What cannot be read would stop everything behind it: it is given up. */
static void
decode(struct rollup *row, const uint8_t *body, size_t len, int64_t series_id)
{
	if (rollup_decode(row, body, len) == RC_OK)
		return;
	log_error("rollups: a row was damaged and begins anew series=%lld",
	    (long long)series_id);
	rollup_fini(row);
}

static enum rc
read_row(struct store *st, enum rollup_span span, int64_t at, int64_t series_id,
    struct rollup *row, struct err *err)
{
	uint8_t *body;
	size_t len;
	enum rc rc =
	    store_rollup_get(st, span, at, series_id, &body, &len, err);

	if (rc != RC_OK)
		return rc == RC_NOTFOUND ? RC_OK : rc;
	decode(row, body, len, series_id);
	free(body);
	return RC_OK;
}

static enum rc
write_row(struct store *st, enum rollup_span span, int64_t at,
    int64_t series_id, const struct rollup *row, struct err *err)
{
	size_t len;
	uint8_t *body = rollup_encode(row, &len);
	enum rc rc = store_rollup_put(st, span, at, series_id, body, len, err);

	free(body);
	return rc;
}

static void
add_sample(struct rollup *row, const struct sample *s)
{
	struct rollup_slot *slot = &row->slots[s->slot];

	slot->n += s->n;
	slot->n_lost += s->n_lost;
	if (s->has_rtt)
		sketch_add(&slot->rtt, s->rtt_us, 1);
}

/* The next row of samples; *n: how many of them are behind it. */
static enum rc
put_row(struct rollups *r, struct store *st, size_t *n, struct err *err)
{
	const struct sample *first = &r->samples[*n];
	struct rollup row = { 0 };
	int64_t series_id = 0;
	enum rc rc = store_series(st, first->vantage_id, first->target_id,
	    (enum kind)first->kind, &series_id, err);

	if (rc == RC_OK)
		rc = read_row(
		    st, ROLLUP_HOUR, first->hour, series_id, &row, err);
	for (; *n < r->n && compare(first, &r->samples[*n]) == 0; (*n)++)
		add_sample(&row, &r->samples[*n]);
	if (rc == RC_OK)
		rc = write_row(
		    st, ROLLUP_HOUR, first->hour, series_id, &row, err);
	rollup_fini(&row);
	return rc;
}

static size_t
skip_row(const struct rollups *r, size_t n)
{
	size_t first = n;

	while (n < r->n && compare(&r->samples[first], &r->samples[n]) == 0)
		n++;
	return n;
}

static enum rc
put_some(struct rollups *r, struct store *st, struct err *err)
{
	struct rollup_state state = r->state;
	size_t n = r->n_put;
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	for (int i = 0; rc == RC_OK && i < PUT_ROWS && n < r->n; i++) {
		rc = put_row(r, st, &n, err);
		state.n_done++;
	}
	state.until_id = r->seen_id;
	if (n == r->n)
		state = (struct rollup_state){ .done_id = r->seen_id };
	if (rc == RC_OK)
		rc = store_rollup_state_put(st, &state, err);
	rc = store_end(st, rc, err);
	if (rc == RC_OK) {
		r->state = state;
		r->n_put = n;
	}
	return rc;
}

static void
begin_look(struct rollups *r)
{
	r->phase = PHASE_LOOK;
	r->seen_id = r->state.done_id;
	r->n = r->n_put = 0;
	r->is_over = false;
}

/* Rows that were written before a restart are not written again. */
static void
skip_written(struct rollups *r)
{
	if (r->n_put == 0)
		for (int64_t i = 0; i < r->state.n_done; i++)
			r->n_put = skip_row(r, r->n_put);
}

static enum rc
put(struct rollups *r, struct store *st, struct err *err)
{
	enum rc rc = RC_OK;

	skip_written(r);
	while (rc == RC_OK && r->phase == PHASE_PUT && has_time(r)) {
		if (r->seen_id != r->state.done_id)
			rc = put_some(r, st, err);
		if (rc == RC_OK && r->n_put == r->n)
			begin_look(r);
	}
	return rc;
}

/* Hours into days. */

static enum rc
move_hour(struct store *st, int64_t hour, int64_t series_id,
    const struct rollup *from, struct err *err)
{
	struct rollup row = { 0 };
	enum rc rc = read_row(st, ROLLUP_DAY, hour / 24, series_id, &row, err);

	for (size_t i = 0; rc == RC_OK && i < ROLLUP_SLOTS; i++)
		rollup_slot_merge(&row.slots[hour % 24], &from->slots[i]);
	if (rc == RC_OK)
		rc = write_row(st, ROLLUP_DAY, hour / 24, series_id, &row, err);
	rollup_fini(&row);
	if (rc == RC_OK)
		rc = store_rollup_delete(st, ROLLUP_HOUR, hour, series_id, err);
	return rc;
}

/* RC_NOTFOUND: there is none. */
static enum rc
move_oldest(struct store *st, int64_t before, struct err *err)
{
	struct rollup from = { 0 };
	int64_t hour, series_id;
	uint8_t *body;
	size_t len;
	enum rc rc = store_rollup_oldest(
	    st, before, &hour, &series_id, &body, &len, err);

	if (rc != RC_OK)
		return rc;
	decode(&from, body, len, series_id);
	free(body);
	rc = move_hour(st, hour, series_id, &from, err);
	rollup_fini(&from);
	return rc;
}

/* RC_NOTFOUND: no more. */
static enum rc
move_some(struct store *st, int64_t before, struct err *err)
{
	enum rc rc = store_begin(st, err), end;

	for (int i = 0; rc == RC_OK && i < PUT_ROWS; i++)
		rc = move_oldest(st, before, err);
	end = store_end(st, rc == RC_NOTFOUND ? RC_OK : rc, err);
	return end != RC_OK ? end : rc;
}

static enum rc
move_hours(struct rollups *r, struct store *st, int64_t keep_us, int64_t now_us,
    struct err *err)
{
	enum rc rc = RC_OK;

	if (keep_us <= 0 || now_us < r->next_move_us)
		return RC_OK;
	while (rc == RC_OK && has_time(r))
		rc = move_some(st, (now_us - keep_us) / ROLLUP_HOUR_US, err);
	if (rc != RC_NOTFOUND)
		return rc;
	r->next_move_us = now_us + MOVE_EVERY_US;
	return RC_OK;
}

static enum rc
know_state(struct rollups *r, struct store *st, struct err *err)
{
	enum rc rc;

	if (r->is_known)
		return RC_OK;
	rc = store_rollup_state(st, &r->state, err);
	if (rc != RC_OK)
		return rc;
	r->is_known = true;
	begin_look(r);
	return RC_OK;
}

/* As far as the time goes. */
static enum rc
work(struct rollups *r, struct store *st, struct err *err)
{
	enum rc rc = know_state(r, st, err);

	if (rc == RC_OK && r->phase == PHASE_LOOK)
		rc = look(r, st, err);
	if (rc == RC_OK && r->phase == PHASE_PUT)
		rc = put(r, st, err);
	if (rc != RC_OK)
		r->is_known = false; /* as after a restart */
	return rc;
}

enum rc
rollups_tick(struct rollups *r, struct store *st, int64_t keep_us,
    int64_t now_us, struct err *err)
{
	enum rc rc;

	r->until_mono_us = clock_mono_us() + TICK_BUDGET_US;
	r->before_us = now_us - now_us % ROLLUP_SLOT_US;
	rc = work(r, st, err);
	return rc == RC_OK ? move_hours(r, st, keep_us, now_us, err) : rc;
}
