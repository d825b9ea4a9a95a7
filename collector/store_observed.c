/*
 * store_observed.c - all observations, packed or not, as one table.  (edge)
 *
 * Uses     store_sqlite.h, store_chunk, block
 * Used by  store; by name, every statement that reads observations which may
 *          be packed
 *
 * See store_observed_open in store_sqlite.h.
 */

#include <stdlib.h>

#include "collector/block.h"
#include "collector/store_sqlite.h"
#include "schema/base/mem.h"

/* ---- the table ---- */

#define TYPE_N " INTEGER, "
#define TYPE_T " TEXT, "
#define TYPE_B " BLOB, "
#define X(column, name, holds) #name TYPE_##holds
static const char DECLARED[] =
    "CREATE TABLE observed (" CHUNK_COLUMNS(X) "unused HIDDEN)";
#undef X
#define X(column, name, holds) #name ", "
static const char RAW[] =
    "SELECT " CHUNK_COLUMNS(X) "0 FROM observation "
			       "WHERE id >= ?1 AND id <= ?2 ORDER BY id";
#undef X

struct table {
	sqlite3_vtab base;
	struct store *store;
	/* The block that was read last, and when. */
	struct block *block;
	struct chunk_block block_of;
	int64_t block_changes;
	unsigned n_readers; /* cursors in the block */
	sqlite3_stmt *idle; /* a statement of what is not packed */
};

/* First the blocks, then what is not packed. */
struct cursor {
	sqlite3_vtab_cursor base;
	int64_t from_id, to_id; /* what is left to read */
	int64_t packed_id;
	struct block *block; /* NULL: in none */
	bool is_lent;        /* it is the table's */
	size_t place;
	sqlite3_stmt *raw;
	bool is_end;
};

static int
fail(struct table *t, const struct err *err)
{
	sqlite3_free(t->base.zErrMsg);
	t->base.zErrMsg = sqlite3_mprintf("%s", err->text);
	return err->rc == RC_MALFORMED ? SQLITE_CORRUPT_VTAB : SQLITE_ERROR;
}

static int
x_connect(sqlite3 *db, void *store, int argc, const char *const *argv,
    sqlite3_vtab **out, char **why)
{
	struct table *t;
	int r = sqlite3_declare_vtab(db, DECLARED);

	(void)argc;
	(void)argv;
	(void)why;
	if (r != SQLITE_OK)
		return r;
	t = mem_new(sizeof *t);
	t->store = store;
	*out = &t->base;
	return SQLITE_OK;
}

static int
x_disconnect(sqlite3_vtab *base)
{
	struct table *t = (struct table *)base;

	sqlite3_finalize(t->idle);
	block_free(t->block);
	free(t);
	return SQLITE_OK;
}

/* ---- bounds ---- */

/* Which bounds there are, in their order: a bit each in idxNum. */
static const struct {
	unsigned char op;
	int bit;
} bounds[] = {
	{ SQLITE_INDEX_CONSTRAINT_EQ, 1 },
	{ SQLITE_INDEX_CONSTRAINT_GT, 2 },
	{ SQLITE_INDEX_CONSTRAINT_GE, 4 },
	{ SQLITE_INDEX_CONSTRAINT_LT, 8 },
	{ SQLITE_INDEX_CONSTRAINT_LE, 16 },
};
#define N_BOUNDS (sizeof bounds / sizeof *bounds)

static bool
is_id(int column)
{
	return column < 0 || column == CHUNK_ID;
}

static int
x_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	int n = 0;

	(void)base;
	for (size_t b = 0; b < N_BOUNDS; b++)
		for (int i = 0; i < info->nConstraint; i++) {
			if (info->aConstraint[i].usable == 0 ||
			    info->aConstraint[i].op != bounds[b].op ||
			    !is_id(info->aConstraint[i].iColumn))
				continue;
			info->aConstraintUsage[i].argvIndex = ++n;
			info->idxNum |= bounds[b].bit;
			break;
		}
	if (info->nOrderBy == 1 && is_id(info->aOrderBy[0].iColumn) &&
	    !info->aOrderBy[0].desc)
		info->orderByConsumed = 1;
	info->estimatedCost = (info->idxNum & 1) != 0   ? 10
			      : (info->idxNum & 6) != 0 ? 1e6
							: 1e8;
	info->estimatedRows = (sqlite3_int64)info->estimatedCost;
	if ((info->idxNum & 1) != 0)
		info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
	return SQLITE_OK;
}

/* What is no whole number bounds nothing: SQLite looks at each row again. */
static void
bound(struct cursor *c, int op, sqlite3_value *value)
{
	int64_t v = sqlite3_value_int64(value);

	if (sqlite3_value_type(value) == SQLITE_NULL) {
		c->to_id = INT64_MIN; /* nothing compares with it */
		return;
	}
	if (sqlite3_value_type(value) != SQLITE_INTEGER)
		return;
	if (op != SQLITE_INDEX_CONSTRAINT_LT &&
	    op != SQLITE_INDEX_CONSTRAINT_LE && v > c->from_id)
		c->from_id = v;
	if (op != SQLITE_INDEX_CONSTRAINT_GT &&
	    op != SQLITE_INDEX_CONSTRAINT_GE && v < c->to_id)
		c->to_id = v;
}

/* ---- cursors ---- */

static int
x_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct cursor *c = mem_new(sizeof *c);

	(void)base;
	*out = &c->base;
	return SQLITE_OK;
}

static void
leave_block(struct table *t, struct cursor *c)
{
	if (c->is_lent)
		t->n_readers--;
	else
		block_free(c->block);
	c->block = NULL;
	c->is_lent = false;
}

static void
let_go(struct table *t, struct cursor *c)
{
	leave_block(t, c);
	if (c->raw == NULL)
		return;
	sqlite3_reset(c->raw);
	if (t->idle == NULL)
		t->idle = c->raw;
	else
		sqlite3_finalize(c->raw);
	c->raw = NULL;
}

static int
x_close(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	let_go((struct table *)base->pVtab, c);
	free(c);
	return SQLITE_OK;
}

static bool
is_kept(const struct table *t, const struct chunk_block *of)
{
	return t->block != NULL && t->block_of.first_id == of->first_id &&
	       t->block_of.last_id == of->last_id &&
	       t->block_changes ==
		   sqlite3_total_changes64(store_handle(t->store));
}

/* One block stays in memory for who reads row by row. */
static enum rc
enter_block(struct table *t, struct cursor *c, const struct chunk_block *of,
    struct err *err)
{
	struct chunk_bodies bodies = { 0 };
	enum rc rc = RC_OK;

	if (is_kept(t, of)) {
		c->block = t->block;
	} else {
		rc = store_chunk_bodies(t->store, of, &bodies, err);
		if (rc == RC_OK)
			rc = block_open(&c->block, of, &bodies, err);
		if (rc != RC_OK)
			return rc;
		if (t->n_readers > 0)
			return RC_OK; /* its own */
		block_free(t->block);
		t->block = c->block;
		t->block_of = *of;
		t->block_changes =
		    sqlite3_total_changes64(store_handle(t->store));
	}
	c->is_lent = true;
	t->n_readers++;
	return RC_OK;
}

/* To the first row from from_id on in a block; RC_NOTFOUND: in none. */
static enum rc
find_packed(struct table *t, struct cursor *c, struct err *err)
{
	struct chunk_block of;
	enum rc rc = RC_OK;

	while (c->from_id <= c->to_id && c->from_id <= c->packed_id) {
		rc = store_chunk_block(t->store, c->from_id, &of, err);
		if (rc != RC_OK)
			return rc;
		if (of.first_id > c->to_id)
			return RC_NOTFOUND;
		rc = enter_block(t, c, &of, err);
		if (rc != RC_OK)
			return rc;
		c->place = block_find(c->block, c->from_id);
		if (c->place != block_end(c->block))
			return RC_OK;
		leave_block(t, c);
		c->from_id = of.last_id + 1;
	}
	return RC_NOTFOUND;
}

static int
step_raw(struct cursor *c)
{
	int r = sqlite3_step(c->raw);

	c->is_end = r != SQLITE_ROW;
	return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int
begin_raw(struct table *t, struct cursor *c)
{
	sqlite3 *db = store_handle(t->store);
	int r;

	c->raw = t->idle;
	t->idle = NULL;
	if (c->raw == NULL) {
		r = sqlite3_prepare_v3(
		    db, RAW, -1, SQLITE_PREPARE_PERSISTENT, &c->raw, NULL);
		if (r != SQLITE_OK)
			return r;
	}
	sqlite3_bind_int64(c->raw, 1,
	    c->from_id > c->packed_id ? c->from_id : c->packed_id + 1);
	sqlite3_bind_int64(c->raw, 2, c->to_id);
	return step_raw(c);
}

/* To the first row from from_id on. */
static int
find(struct table *t, struct cursor *c)
{
	struct err err = ERR_NONE;
	enum rc rc = find_packed(t, c, &err);

	if (rc == RC_OK) {
		c->is_end = block_id(c->block, c->place) > c->to_id;
		return SQLITE_OK;
	}
	return rc == RC_NOTFOUND ? begin_raw(t, c) : fail(t, &err);
}

static int
x_filter(sqlite3_vtab_cursor *base, int which, const char *unused, int argc,
    sqlite3_value **argv)
{
	struct table *t = (struct table *)base->pVtab;
	struct cursor *c = (struct cursor *)base;
	struct err err = ERR_NONE;
	int n = 0;

	(void)unused;
	let_go(t, c);
	c->from_id = INT64_MIN;
	c->to_id = INT64_MAX;
	for (size_t b = 0; b < N_BOUNDS; b++)
		if ((which & bounds[b].bit) != 0 && n < argc)
			bound(c, bounds[b].op, argv[n++]);
	if (store_chunk_packed(t->store, &c->packed_id, &err) != RC_OK)
		return fail(t, &err);
	return find(t, c);
}

static int
x_next(sqlite3_vtab_cursor *base)
{
	struct table *t = (struct table *)base->pVtab;
	struct cursor *c = (struct cursor *)base;

	if (c->raw != NULL)
		return step_raw(c);
	c->place = block_next(c->block, c->place);
	if (c->place != block_end(c->block)) {
		c->is_end = block_id(c->block, c->place) > c->to_id;
		return SQLITE_OK;
	}
	c->from_id = block_id(c->block, c->place);
	leave_block(t, c);
	return find(t, c);
}

static int
x_eof(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)base)->is_end;
}

static void
give_text(
    sqlite3_context *to, const struct block_row *at, enum chunk_column column)
{
	size_t len;
	const char *bytes = chunk_bytes(at->chunk, at->row, column, &len);

	if (chunk_holds(column) == CHUNK_HOLDS_T)
		sqlite3_result_text(
		    to, len > 0 ? bytes : "", (int)len, SQLITE_TRANSIENT);
	else
		sqlite3_result_blob(
		    to, len > 0 ? bytes : "", (int)len, SQLITE_TRANSIENT);
}

static int
x_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int i)
{
	struct cursor *c = (struct cursor *)base;
	enum chunk_column column = (enum chunk_column)i;
	struct err err = ERR_NONE;
	struct block_row at;

	if (i >= CHUNK_N_COLUMNS)
		return SQLITE_OK;
	if (c->raw != NULL) {
		sqlite3_result_value(to, sqlite3_column_value(c->raw, i));
		return SQLITE_OK;
	}
	if (block_row(c->block, c->place, column, &at, &err) != RC_OK)
		return fail((struct table *)base->pVtab, &err);
	if (!chunk_has(at.chunk, at.row, column))
		return SQLITE_OK;
	if (chunk_holds(column) == CHUNK_HOLDS_N)
		sqlite3_result_int64(to, chunk_int(at.chunk, at.row, column));
	else
		give_text(to, &at, column);
	return SQLITE_OK;
}

static int
x_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	struct cursor *c = (struct cursor *)base;

	*id = c->raw != NULL ? sqlite3_column_int64(c->raw, CHUNK_ID)
			     : block_id(c->block, c->place);
	return SQLITE_OK;
}

/* Without xCreate it is there by its name alone, in every schema. */
static const sqlite3_module module = {
	.xConnect = x_connect,
	.xDisconnect = x_disconnect,
	.xBestIndex = x_best_index,
	.xOpen = x_open,
	.xClose = x_close,
	.xFilter = x_filter,
	.xNext = x_next,
	.xEof = x_eof,
	.xColumn = x_column,
	.xRowid = x_rowid,
};

enum rc
store_observed_open(struct store *st, struct err *err)
{
	if (sqlite3_create_module(store_handle(st), "observed", &module, st) !=
	    SQLITE_OK)
		return store_db_err(st, err, "database");
	return RC_OK;
}
