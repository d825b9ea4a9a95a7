/* store_services.c - see store_services.h. */
#include "collector/store_services.h"

#include "collector/store_sqlite.h"

static const char PUT_SERVICE[] =
    "INSERT INTO service (name) VALUES (?1) "
    "ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";

static const char PUT_SITE[] =
    "INSERT INTO site (service_id, name, scope, latitude, longitude, capacity) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT (service_id, name) DO UPDATE SET scope = excluded.scope, "
    "latitude = excluded.latitude, longitude = excluded.longitude, "
    "capacity = excluded.capacity RETURNING id";

static const char PUT_TARGET[] =
    "INSERT INTO target (role, service_id, site_id, family, address, port) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT (address, port) DO UPDATE SET role = excluded.role, "
    "service_id = excluded.service_id, site_id = excluded.site_id "
    "RETURNING id";

static const char FIND_SERVICE[] = "SELECT id FROM service WHERE name = ?1";
static const char FIND_SITE[] =
    "SELECT id FROM site WHERE service_id = ?1 AND name = ?2";
static const char FIND_TARGET[] =
    "SELECT id FROM target WHERE address = ?1 AND port = ?2";

/* Steps a statement that returns one id, to its end. */
static enum rc
run_for_id(struct store *st, sqlite3_stmt *s, int64_t *id, struct err *err)
{
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		*id = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND
		   ? err_set(err, RC_DB, "database: no id came back")
		   : rc;
}

static enum rc
put_site(
    struct store *st, int64_t service_id, struct site *site, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_SITE);

	store_bind_int(s, 1, service_id);
	store_bind_text(s, 2, site->name);
	store_bind_text(s, 3, site->is_local ? "local" : "global");
	store_bind_real_or_null(s, 4, site->has_position, site->latitude);
	store_bind_real_or_null(s, 5, site->has_position, site->longitude);
	store_bind_int_or_null(s, 6, site->capacity != 0, site->capacity);
	return run_for_id(st, s, &site->id, err);
}

static enum rc
put_service(struct store *st, struct service *service, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_SERVICE);
	enum rc rc;

	store_bind_text(s, 1, service->name);
	rc = run_for_id(st, s, &service->id, err);
	for (size_t i = 0; rc == RC_OK && i < service->n_sites; i++)
		rc = put_site(st, service->id, &service->sites[i], err);
	return rc;
}

static enum rc
put_target(struct store *st, const struct services *all, struct target *t,
    struct err *err)
{
	const struct service *service = &all->list[t->service];
	sqlite3_stmt *s = store_stmt(st, PUT_TARGET);
	char text[ADDR_TEXT_LEN];

	store_bind_text(s, 1, target_role_name(t->role));
	store_bind_int_or_null(s, 2,
	    t->role == ROLE_SERVICE || t->role == ROLE_UNICAST, service->id);
	if (t->role == ROLE_UNICAST)
		store_bind_int(s, 3, service->sites[t->site].id);
	store_bind_int(s, 4, t->address.family);
	store_bind_text(s, 5, addr_format(&t->address, text));
	store_bind_int(s, 6, t->port);
	return run_for_id(st, s, &t->id, err);
}

enum rc
store_sync_services(struct store *st, struct services *s, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < s->n; i++)
		rc = put_service(st, &s->list[i], err);
	for (size_t i = 0; rc == RC_OK && i < s->n_targets; i++)
		rc = put_target(st, s, &s->targets[i], err);
	return rc;
}

/* Runs a statement for one id; without a row: the next free one. */
static enum rc
find_id(struct store *st, sqlite3_stmt *s, int64_t *next, int64_t *id,
    struct err *err)
{
	enum rc rc = store_step(st, s, err);

	*id = rc == RC_OK ? sqlite3_column_int64(s, 0) : ++*next;
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
find_sites(
    struct store *st, struct service *service, int64_t *next, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND_SERVICE);
	enum rc rc;

	store_bind_text(s, 1, service->name);
	rc = find_id(st, s, next, &service->id, err);
	for (size_t i = 0; rc == RC_OK && i < service->n_sites; i++) {
		s = store_stmt(st, FIND_SITE);
		store_bind_int(s, 1, service->id);
		store_bind_text(s, 2, service->sites[i].name);
		rc = find_id(st, s, next, &service->sites[i].id, err);
	}
	return rc;
}

enum rc
store_find_services(struct store *st, struct services *all, struct err *err)
{
	int64_t next = INT64_C(1) << 62; /* rows never come that far */
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < all->n; i++)
		rc = find_sites(st, &all->list[i], &next, err);
	for (size_t i = 0; rc == RC_OK && i < all->n_targets; i++) {
		sqlite3_stmt *s = store_stmt(st, FIND_TARGET);
		char text[ADDR_TEXT_LEN];

		store_bind_text(
		    s, 1, addr_format(&all->targets[i].address, text));
		store_bind_int(s, 2, all->targets[i].port);
		rc = find_id(st, s, &next, &all->targets[i].id, err);
	}
	return rc;
}
