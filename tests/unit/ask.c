/* ask.c - rows of a collector's database as its programs see them, packed
 * observations too: ask FILE SQL.  Columns are told by tabs. */
#include <stdio.h>
#include <stdlib.h>

#include "collector/store.h"
#include "collector/store_sqlite.h"

int
main(int argc, char **argv)
{
	struct err err = ERR_NONE;
	struct store *st = NULL;
	sqlite3_stmt *s;
	enum rc rc;

	if (argc != 3)
		return 2;
	rc = store_open(&st, argv[1], STORE_READ, &err);
	if (rc == RC_OK) {
		s = store_stmt(st, argv[2]);
		while ((rc = store_step(st, s, &err)) == RC_OK)
			for (int i = 0; i < sqlite3_column_count(s); i++)
				printf("%s%c", store_text(s, i),
				    i + 1 < sqlite3_column_count(s) ? '\t'
								    : '\n');
	}
	store_close(st);
	if (rc == RC_NOTFOUND)
		return 0;
	fprintf(stderr, "ask: %s\n", err.text);
	return 1;
}
