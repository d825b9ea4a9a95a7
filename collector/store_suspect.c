/* store_suspect.c - see store_suspect.h. */
#include "collector/store_suspect.h"

#include "collector/store_row.h"

static const char PUT_VIEW[] =
    "INSERT INTO vantage_target (vantage_id, target_id, class, "
    "class_since_us, is_intercepted, intercepted_since_us, score, "
    "answer_ttl, answer_hop, place) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
    "ON CONFLICT DO UPDATE SET class = excluded.class, "
    "class_since_us = excluded.class_since_us, "
    "is_intercepted = excluded.is_intercepted, "
    "intercepted_since_us = excluded.intercepted_since_us, "
    "score = excluded.score, answer_ttl = excluded.answer_ttl, "
    "answer_hop = excluded.answer_hop, place = excluded.place";
static const char PUT_SIGNAL[] =
    "INSERT INTO vantage_signal (vantage_id, target_id, signal, n, first_us, "
    "last_us, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
    "ON CONFLICT DO UPDATE SET n = excluded.n, first_us = excluded.first_us, "
    "last_us = excluded.last_us, detail = excluded.detail";
static const char VIEWS[] =
    "SELECT vantage_id, target_id, class, class_since_us, is_intercepted, "
    "intercepted_since_us, score, answer_ttl, answer_hop, place, s.name, "
    "t.address "
    "FROM vantage_target v JOIN target t ON t.id = v.target_id "
    "LEFT JOIN service s ON s.id = t.service_id "
    "WHERE ?1 = 0 OR vantage_id = ?1 ORDER BY vantage_id, target_id";
static const char SIGNALS[] =
    "SELECT vantage_id, target_id, signal, n, first_us, last_us, detail, "
    "t.address FROM vantage_signal v JOIN target t ON t.id = v.target_id "
    "WHERE ?1 = 0 OR vantage_id = ?1 "
    "ORDER BY vantage_id, target_id, signal";

enum rc
store_suspect_view(
    struct store *st, const struct suspect_view *v, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_VIEW);
	char text[ADDR_TEXT_LEN];

	store_bind_int(s, 1, v->vantage_id);
	store_bind_int(s, 2, v->target_id);
	store_bind_text(s, 3, flow_class_name(v->class));
	store_bind_int_or_null(s, 4, v->class_since_us != 0, v->class_since_us);
	store_bind_int(s, 5, v->is_intercepted);
	store_bind_int_or_null(
	    s, 6, v->is_intercepted, v->intercepted_since_us);
	store_bind_int(s, 7, v->score);
	store_bind_int_or_null(s, 8, v->place.ttl != 0, v->place.ttl);
	if (v->place.hop.family != 0)
		store_bind_text(s, 9, addr_format(&v->place.hop, text));
	if (v->is_intercepted)
		store_bind_text(s, 10, locate_text(v->place.doubt));
	return store_run(st, s, err);
}

enum rc
store_suspect_signal(
    struct store *st, const struct suspect_signal *x, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_SIGNAL);

	store_bind_int(s, 1, x->vantage_id);
	store_bind_int(s, 2, x->target_id);
	store_bind_text(s, 3, signal_name(x->kind));
	store_bind_int(s, 4, x->signal.n);
	store_bind_int(s, 5, x->signal.first_us);
	store_bind_int(s, 6, x->signal.last_us);
	store_bind_text(s, 7, x->signal.detail);
	return store_run(st, s, err);
}

static void
fill_view(sqlite3_stmt *s, void *row)
{
	struct view_row *r = row;
	struct suspect_view *v = &r->view;

	v->vantage_id = sqlite3_column_int64(s, 0);
	v->target_id = sqlite3_column_int64(s, 1);
	if (flow_class_from_name(&v->class, store_text(s, 2)) != RC_OK)
		v->class = FLOWS_UNKNOWN;
	v->class_since_us = sqlite3_column_int64(s, 3);
	v->is_intercepted = sqlite3_column_int(s, 4) != 0;
	v->intercepted_since_us = sqlite3_column_int64(s, 5);
	v->score = (unsigned)sqlite3_column_int(s, 6);
	v->place.ttl = (uint8_t)sqlite3_column_int(s, 7);
	if (addr_parse(&v->place.hop, store_text(s, 8)) != RC_OK)
		v->place.hop.family = 0;
	if (locate_from_text(&v->place.doubt, store_text(s, 9)) != RC_OK)
		v->place.doubt = LOCATE_FEW;
	ROW_TEXT(r->service, s, 10);
	ROW_TEXT(r->target, s, 11);
}

/* A word that this program does not know: n 0, so that it says nothing. */
static void
fill_signal(sqlite3_stmt *s, void *row)
{
	struct signal_row *r = row;
	struct suspect_signal *x = &r->found;

	x->vantage_id = sqlite3_column_int64(s, 0);
	x->target_id = sqlite3_column_int64(s, 1);
	if (signal_from_name(&x->kind, store_text(s, 2)) == RC_OK)
		x->signal.n = (uint32_t)sqlite3_column_int64(s, 3);
	x->signal.first_us = sqlite3_column_int64(s, 4);
	x->signal.last_us = sqlite3_column_int64(s, 5);
	ROW_TEXT(x->signal.detail, s, 6);
	ROW_TEXT(r->target, s, 7);
}

enum rc
store_suspect_views(struct store *st, int64_t vantage_id, struct view_list *out,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, VIEWS);

	store_bind_int(s, 1, vantage_id);
	return store_rows(st, s, sizeof *out->rows, fill_view,
	    (void **)&out->rows, &out->n, err);
}

enum rc
store_suspect_signals(struct store *st, int64_t vantage_id,
    struct signal_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, SIGNALS);

	store_bind_int(s, 1, vantage_id);
	return store_rows(st, s, sizeof *out->rows, fill_signal,
	    (void **)&out->rows, &out->n, err);
}
