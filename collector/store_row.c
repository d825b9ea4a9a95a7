/* store_row.c - see store_row.h. */
#include "collector/store_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

enum rc
store_rows(struct store *st, sqlite3_stmt *s, size_t size, store_fill_row *fill,
    void **rows, size_t *n, struct err *err)
{
	char *list = NULL;
	size_t used = 0;
	enum rc rc;

	while ((rc = store_step(st, s, err)) == RC_OK) {
		if ((used & (used - 1)) == 0)
			list = mem_grow(list, used == 0 ? 1 : 2 * used, size);
		memset(list + used * size, 0, size);
		fill(s, list + used * size);
		used++;
	}
	if (s != NULL)
		sqlite3_reset(s);
	if (rc != RC_NOTFOUND) {
		free(list);
		return rc;
	}
	*rows = list;
	*n = used;
	return RC_OK;
}

void
row_text(char *to, size_t cap, sqlite3_stmt *s, int column)
{
	snprintf(to, cap, "%s", store_text(s, column));
}

bool
row_int(sqlite3_stmt *s, int column, int64_t *to)
{
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return false;
	*to = sqlite3_column_int64(s, column);
	return true;
}
