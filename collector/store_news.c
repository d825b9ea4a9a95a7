/* store_news.c - see store_news.h. */
#include "collector/store_news.h"

#include "collector/store_sqlite.h"

static const char VERSION[] = "SELECT data_version FROM pragma_data_version";

/* Of events the last hundred: open ones are among them, or have been for
 * long. */
static const char NEWS[] =
    "SELECT (SELECT max(id) FROM landing), (SELECT max(id) FROM site_state), "
    "(SELECT max(id) FROM event), (SELECT max(updated_us, "
    "coalesce(resolved_us, 0)) FROM event WHERE id > "
    "(SELECT max(id) FROM event) - 100 ORDER BY 1 DESC LIMIT 1), "
    "(SELECT coalesce(max(id), 0) + count(ended_us) FROM drain)";

static enum rc
read_version(struct store *st, int64_t *version, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, VERSION);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		*version = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_news(struct store *st, struct news *io, struct err *err)
{
	int64_t version = 0;
	sqlite3_stmt *s;
	enum rc rc = read_version(st, &version, err);

	if (rc != RC_OK || version == io->version)
		return rc;
	s = store_stmt(st, NEWS);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		*io = (struct news){
			.landings = sqlite3_column_int64(s, 0),
			.sites = sqlite3_column_int64(s, 1) +
				 sqlite3_column_int64(s, 4),
			.events = sqlite3_column_int64(s, 2),
			.events_us = sqlite3_column_int64(s, 3),
			.version = version,
		};
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}
