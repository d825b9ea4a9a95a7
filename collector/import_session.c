/* import_session.c - see import_session.h. */
#include "collector/import_session.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/text.h"

#define READ_BYTES (256 << 10)
#define TICK_US (60 * US_PER_S)
#define TICKS_MAX 200 /* over one gap: then time jumps */

/* The pace that the newest import of the source had learned, so that this one
 * goes on with it. */
static enum rc
load_paces(struct import_session *s, struct err *err)
{
	const struct services *services = &s->settings.services;
	struct import_row row = { .source = s->source };
	enum rc rc = store_import_newest(s->store, &row, err);
	json_t *paces = json_object_get(row.summary, "pace_us");

	for (size_t i = 0; i < services->n; i++) {
		const struct service *v = &services->list[i];
		struct pace *p = &s->paces[i];
		int64_t every_us =
		    json_integer_value(json_object_get(paces, v->name));

		p->configured_us = v->dns_every_us;
		p->times = times_of_service(v);
		p->times.n_agree = 1;
		if (every_us > v->dns_every_us)
			p->times.dns_every_us = every_us;
	}
	json_decref(row.summary);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static json_t *
paces_json(const struct import_session *s)
{
	const struct services *services = &s->settings.services;
	json_t *out = json_object();

	for (size_t i = 0; i < services->n; i++)
		json_object_set_new(out, services->list[i].name,
		    json_integer(s->paces[i].times.dns_every_us));
	return out;
}

static enum rc
open_database(
    struct import_session *s, const struct where *where, struct err *err)
{
	const char *path =
	    where->database != NULL ? where->database : s->settings.database;
	enum rc rc = store_open(&s->store, path, STORE_SERVE, err);

	if (rc == RC_LIMIT)
		return err_set(err, rc,
		    "%s is in use by a running 'catchwater serve' or another "
		    "import; stop it, or import into another database with "
		    "--db FILE",
		    path);
	if (rc == RC_OK)
		rc = geo_open(
		    &s->geo, s->settings.geo_asn, s->settings.geo_city, err);
	if (rc == RC_OK)
		rc = store_last_received(s->store, &s->now_us, err);
	if (rc == RC_OK)
		rc = ingest_open(&s->ingest, s->store, &s->settings, s->geo,
		    &s->metrics, s->now_us, err);
	return rc == RC_OK ? load_paces(s, err) : rc;
}

enum rc
import_session_open(struct import_session *s, const char *source,
    const struct where *where, struct err *err)
{
	const char *path =
	    where->config != NULL ? where->config : DEFAULT_CONFIG;
	enum rc rc;

	*s = (struct import_session){ .source = source };
	rc = where->database != NULL
		 ? settings_load_without_database(&s->settings, path, err)
		 : settings_load(&s->settings, path, err);
	if (rc == RC_NOTFOUND && where->config == NULL)
		return err_set(err, rc,
		    "no configuration at " DEFAULT_CONFIG "; say which with "
		    "--config FILE: it names the services and their sites");
	if (rc != RC_OK)
		return rc;
	s->n_alerts = s->settings.n_alerts;
	s->settings.n_alerts = 0;
	s->settings.keep_observations_us = 0;
	s->paces = mem_new((s->settings.services.n + 1) * sizeof *s->paces);
	return open_database(s, where, err);
}

void
import_session_close(struct import_session *s)
{
	ingest_close(s->ingest);
	geo_close(s->geo);
	store_close(s->store);
	s->settings.n_alerts = s->n_alerts;
	settings_fini(&s->settings);
	map_fini(&s->by_id);
	map_fini(&s->by_target);
	free(s->vantages);
	free(s->looks_us);
	free(s->paces);
}

/* Files. */

static enum rc
hash_file(
    uint8_t out[static IMPORT_HASH_BYTES], const char *path, struct err *err)
{
	crypto_generichash_state state;
	gzFile file;
	uint8_t *bytes;
	int got, fault = Z_OK;

	errno = 0;
	file = gzopen(path, "rbe");
	if (file == NULL)
		return err_sys(err, "open %s", path);
	bytes = mem_new(READ_BYTES);
	crypto_generichash_init(&state, NULL, 0, IMPORT_HASH_BYTES);
	while ((got = gzread(file, bytes, READ_BYTES)) > 0)
		crypto_generichash_update(
		    &state, bytes, (unsigned long long)got);
	(void)gzerror(file, &fault);
	crypto_generichash_final(&state, out, IMPORT_HASH_BYTES);
	gzclose(file);
	free(bytes);
	if (got < 0 || (fault != Z_OK && fault != Z_STREAM_END))
		return err_set(err, RC_SYS,
		    "%s cannot be read or unpacked to its end: is the file "
		    "whole?",
		    path);
	return RC_OK;
}

enum rc
import_session_file(struct import_session *s, const char *path,
    struct import_row *row, struct err *err)
{
	const char *name = strrchr(path, '/');
	enum rc rc;

	*row = (struct import_row){ .source = s->source,
		.at_us = clock_wall_us() };
	rc = hash_file(row->hash, path, err);
	if (rc == RC_OK)
		rc = store_import_find(s->store, row, err);
	if (rc != RC_NOTFOUND)
		return rc;
	text_safe(row->name, sizeof row->name, name == NULL ? path : name + 1);
	row->summary = json_object();
	return RC_OK;
}

/* Transactions. */

enum rc
import_session_begin(struct import_session *s, struct err *err)
{
	enum rc rc = ingest_foreign_begin(s->ingest, s->now_us, err);

	s->err = err;
	for (size_t i = 0; rc == RC_OK && i < s->settings.services.n; i++)
		rc = ingest_foreign_retime(s->ingest, &s->paces[i].times);
	return rc;
}

enum rc
import_session_end(struct import_session *s, struct import_row *row)
{
	enum rc rc;

	json_object_set_new(row->summary, "pace_us", paces_json(s));
	rc = store_import_put(s->store, row, s->err);
	if (rc == RC_OK)
		return ingest_foreign_end(s->ingest, s->now_us);
	store_rollback(s->store);
	return rc;
}

enum rc
import_session_advance(struct import_session *s, int64_t at_us)
{
	enum rc rc = RC_OK;

	if (s->tick_us == 0)
		s->tick_us = s->now_us > 0 ? s->now_us : at_us;
	if (at_us - s->tick_us > TICKS_MAX * TICK_US) {
		rc = ingest_foreign_tick(s->ingest, s->tick_us + TICK_US);
		s->tick_us = at_us - TICKS_MAX / 2 * TICK_US;
	}
	while (rc == RC_OK && s->tick_us + TICK_US <= at_us) {
		s->tick_us += TICK_US;
		rc = ingest_foreign_tick(s->ingest, s->tick_us);
	}
	if (at_us > s->now_us)
		s->now_us = at_us;
	return rc;
}

static uint64_t
number_of(const char *probe_id)
{
	return strtoull(probe_id, NULL, 16);
}

enum rc
import_session_vantage(struct import_session *s,
    const struct foreign_vantage *v, int64_t at_us,
    const struct vantage_row **out)
{
	uint64_t number = number_of(v->probe.id);
	size_t i = map_get(&s->by_id, number, v->family);
	struct vantage_row row;
	enum rc rc;

	if (i != MAP_NONE) {
		*out = &s->vantages[i];
		return RC_OK;
	}
	rc = ingest_foreign_vantage(s->ingest, v, at_us, &row);
	if (rc != RC_OK)
		return rc;
	map_add(&s->by_id, number, v->family, s->n_vantages);
	s->vantages =
	    mem_grow(s->vantages, s->n_vantages + 1, sizeof *s->vantages);
	s->vantages[s->n_vantages] = row;
	*out = &s->vantages[s->n_vantages++];
	return RC_OK;
}

/* Pace. */

static int
by_length(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t
median_gap(const struct pace *p)
{
	int64_t sorted[PACE_GAPS];

	memcpy(sorted, p->gaps_us, p->n * sizeof *sorted);
	qsort(sorted, p->n, sizeof *sorted, by_length);
	return sorted[p->n / 2];
}

/* Looks further apart than was configured: so are all times that count
 * looks. */
static enum rc
follow_pace(struct import_session *s, struct pace *p)
{
	int64_t every_us = median_gap(p);

	p->times.dns_every_us =
	    every_us > p->configured_us ? every_us : p->configured_us;
	return ingest_foreign_retime(s->ingest, &p->times);
}

enum rc
import_session_pace(struct import_session *s, int64_t vantage_id,
    const struct target *target, int64_t at_us)
{
	size_t i =
	    map_get(&s->by_target, (uint64_t)vantage_id, (uint64_t)target->id);
	struct pace *p = &s->paces[target->service];
	int64_t gap_us;

	if (i == MAP_NONE) {
		map_add(&s->by_target, (uint64_t)vantage_id,
		    (uint64_t)target->id, s->n_looks);
		s->looks_us =
		    mem_grow(s->looks_us, s->n_looks + 1, sizeof *s->looks_us);
		s->looks_us[s->n_looks++] = at_us;
		return RC_OK;
	}
	gap_us = at_us - s->looks_us[i];
	s->looks_us[i] = at_us;
	if (gap_us <= 0 || p->n == PACE_GAPS)
		return RC_OK;
	p->gaps_us[p->n++] = gap_us;
	if ((p->n & (p->n - 1)) != 0) /* 1, 2, 4 ... */
		return RC_OK;
	return follow_pace(s, p);
}

const struct target *
import_session_target(const struct import_session *s, const struct addr *a)
{
	const struct services *v = &s->settings.services;

	for (size_t i = 0; i < v->n_targets; i++)
		if (addr_equal(&v->targets[i].address, a))
			return &v->targets[i];
	return NULL;
}

void
import_probe_id(
    char out[static PROBE_ID_LEN + 1], const char *source, const char *name)
{
	uint8_t hash[crypto_generichash_BYTES_MIN];
	char text[IMPORT_NAME_LEN];
	snprintf(text, sizeof text, "catchwater import %s %s", source, name);

	crypto_generichash(
	    hash, sizeof hash, (const uint8_t *)text, strlen(text), NULL, 0);
	sodium_bin2hex(out, PROBE_ID_LEN + 1, hash, PROBE_ID_LEN / 2);
}
