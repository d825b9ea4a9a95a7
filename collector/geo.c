/* geo.c - see geo.h. */
#include "collector/geo.h"

#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

struct geo {
	bool has_asn, has_city;
	MMDB_s asn, city;
};

static enum rc
open_one(MMDB_s *db, bool *is_open, const char *path, struct err *err)
{
	int r;

	if (path == NULL)
		return RC_OK;
	r = MMDB_open(path, MMDB_MODE_MMAP, db);
	if (r == MMDB_SUCCESS) {
		*is_open = true;
		return RC_OK;
	}
	return err_set(err,
	    r == MMDB_FILE_OPEN_ERROR ? RC_NOTFOUND : RC_MALFORMED,
	    "geo database %s: %s", path, MMDB_strerror(r));
}

enum rc
geo_open(struct geo **out, const char *asn_path, const char *city_path,
    struct err *err)
{
	struct geo *g = mem_new(sizeof *g);
	enum rc rc = open_one(&g->asn, &g->has_asn, asn_path, err);

	if (rc == RC_OK)
		rc = open_one(&g->city, &g->has_city, city_path, err);
	if (rc != RC_OK) {
		geo_close(g);
		return rc;
	}
	*out = g;
	return RC_OK;
}

void
geo_close(struct geo *g)
{
	if (g == NULL)
		return;
	if (g->has_asn)
		MMDB_close(&g->asn);
	if (g->has_city)
		MMDB_close(&g->city);
	free(g);
}

static bool
find_entry(const MMDB_s *db, const struct addr *a, MMDB_entry_s *entry)
{
	struct sockaddr_storage ss;
	MMDB_lookup_result_s found;
	int r = MMDB_SUCCESS;

	addr_to_sockaddr(a, 0, &ss);
	found = MMDB_lookup_sockaddr(db, (struct sockaddr *)&ss, &r);
	*entry = found.entry;
	return r == MMDB_SUCCESS && found.found_entry;
}

static bool
get_double(
    MMDB_entry_s *entry, const char *key, const char *sub_key, double *out)
{
	MMDB_entry_data_s data;

	if (MMDB_get_value(entry, &data, key, sub_key, NULL) != MMDB_SUCCESS ||
	    !data.has_data || data.type != MMDB_DATA_TYPE_DOUBLE)
		return false;
	*out = data.double_value;
	return true;
}

static void
look_up_asn(const MMDB_s *db, const struct addr *a, struct whereabouts *w)
{
	MMDB_entry_data_s data;
	MMDB_entry_s entry;

	if (find_entry(db, a, &entry) &&
	    MMDB_get_value(&entry, &data, "autonomous_system_number", NULL) ==
		MMDB_SUCCESS &&
	    data.has_data && data.type == MMDB_DATA_TYPE_UINT32)
		w->asn = data.uint32;
}

static void
look_up_city(const MMDB_s *db, const struct addr *a, struct whereabouts *w)
{
	double latitude, longitude;
	MMDB_entry_data_s data;
	MMDB_entry_s entry;

	if (!find_entry(db, a, &entry))
		return;
	if (MMDB_get_value(&entry, &data, "country", "iso_code", NULL) ==
		MMDB_SUCCESS &&
	    data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING &&
	    data.data_size == sizeof w->country - 1) {
		memcpy(w->country, data.utf8_string, data.data_size);
		w->country[data.data_size] = '\0';
	}
	if (get_double(&entry, "location", "latitude", &latitude) &&
	    get_double(&entry, "location", "longitude", &longitude) &&
	    latitude >= -90 && latitude <= 90 && longitude >= -180 &&
	    longitude <= 180) {
		w->has_position = true;
		w->latitude = latitude;
		w->longitude = longitude;
	}
}

void
geo_look_up(const struct geo *g, const struct addr *a, struct whereabouts *w)
{
	if (g == NULL || a->family == 0)
		return;
	if (g->has_asn)
		look_up_asn(&g->asn, a, w);
	if (g->has_city)
		look_up_city(&g->city, a, w);
}
