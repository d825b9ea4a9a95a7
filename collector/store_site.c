/* store_site.c - see store_site.h. */
#include "collector/store_site.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"

/* What was said this lately still explains what is seen now. */
#define REMEMBERED_US (3600 * US_PER_S)

/* Who writes takes the time a little before it is on disk, and by a clock of
 * his own: the last minute is read again, which the detector does not mind. */
#define OVERLAP_US (60 * US_PER_S)

static const char FIND_SITE[] =
    "SELECT s.id FROM site s JOIN service v ON v.id = s.service_id "
    "WHERE s.name = ?1 AND (?2 IS NULL OR v.name = ?2) "
    "AND (?3 IS NULL OR v.name = ?3)";
static const char TAKE_SEQ[] =
    "UPDATE probe SET site_seq = max(site_seq, ?2) WHERE id = ?1 "
    "RETURNING site_seq";
static const char LAST_SEQ[] = "SELECT site_seq FROM probe WHERE id = ?1";
static const char RENEW[] =
    "UPDATE site_report SET announced_why = ?6, healthy_why = ?7, serial = ?8, "
    "heard_us = ?9, lease_until_us = ?10 WHERE id = (SELECT id FROM "
    "site_report WHERE site_id = ?1 AND family = ?2 AND probe_id IS ?3 "
    "ORDER BY heard_us DESC, id DESC LIMIT 1) AND announced IS ?4 "
    "AND healthy IS ?5 AND lease_until_us > ?9";
static const char CUT[] =
    "UPDATE site_report SET lease_until_us = ?4 WHERE site_id = ?1 "
    "AND family = ?2 AND probe_id IS ?3 AND lease_until_us > ?4";
static const char PUT[] =
    "INSERT INTO site_report (site_id, family, probe_id, announced, healthy, "
    "announced_why, healthy_why, serial, at_us, heard_us, lease_until_us, "
    "announced_since_us, healthy_since_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
    "?7, ?8, ?9, ?9, ?10, ?11, ?12)";
static const char NEWS[] =
    "SELECT r.site_id, r.family, r.announced, r.healthy, r.at_us, r.heard_us, "
    "r.lease_until_us FROM site_report r WHERE (r.site_id, r.family) IN "
    "(SELECT site_id, family FROM site_report WHERE heard_us > ?1) "
    "AND (r.lease_until_us > ?2 OR r.heard_us > ?3) "
    "ORDER BY r.site_id, r.family, r.heard_us, r.id";
static const char FORGET[] =
    "DELETE FROM site_report WHERE lease_until_us < ?1";

/* ---- taking a report ---- */

/* NULL for "". */
static const char *
text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static enum rc
check_right(
    const struct probe_row *p, const struct site_report *r, struct err *err)
{
	if (p->state != PROBE_ACTIVE)
		return err_set(err, RC_PEER,
		    "this probe is %s: it is not heard",
		    probe_state_name(p->state));
	if (p->site[0] == '\0')
		return err_set(err, RC_PEER,
		    "this probe was not enrolled to speak for a site; enrol "
		    "one with a token of 'catchwater token new --site %s'",
		    r->site);
	if (strcmp(p->site, r->site) != 0)
		return err_set(err, RC_PEER,
		    "this probe was enrolled to speak for site %s, not for %s",
		    p->site, r->site);
	if (p->service[0] != '\0' && r->service[0] != '\0' &&
	    strcmp(p->service, r->service) != 0)
		return err_set(err, RC_PEER,
		    "this probe was enrolled to speak for service %s, not "
		    "for %s",
		    p->service, r->service);
	return RC_OK;
}

static enum rc
find_site(struct store *st, const struct probe_row *p,
    const struct site_report *r, int64_t *site_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND_SITE);
	size_t n = 0;
	enum rc rc;

	store_bind_text(s, 1, r->site);
	store_bind_text(s, 2, text_or_null(r->service));
	store_bind_text(s, 3, text_or_null(p->service));
	while ((rc = store_step(st, s, err)) == RC_OK) {
		*site_id = sqlite3_column_int64(s, 0);
		n++;
	}
	if (s != NULL)
		sqlite3_reset(s);
	if (rc != RC_NOTFOUND)
		return rc;
	if (n == 0)
		return err_set(err, RC_NOTFOUND,
		    "no site %s%s%s in the collector's configuration", r->site,
		    r->service[0] != '\0' ? " of service " : "", r->service);
	if (n > 1)
		return err_set(err, RC_RANGE,
		    "site %s is in several services; say which", r->site);
	return RC_OK;
}

static enum rc
take_seq(struct store *st, const char *probe_id, int64_t seq, int64_t *last_seq,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LAST_SEQ);
	enum rc rc;

	store_bind_text(s, 1, probe_id);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		*last_seq = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	if (rc != RC_OK)
		return rc;
	if (seq <= *last_seq)
		return err_set(err, RC_LIMIT,
		    "Catchwater-Seq is not above the last report's");
	s = store_stmt(st, TAKE_SEQ);
	store_bind_text(s, 1, probe_id);
	store_bind_int(s, 2, seq);
	rc = store_step(st, s, err);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

/* What one speaker says of one site in one family. */
struct word {
	int64_t site_id;
	const char *probe_id; /* NULL: an operator's automation */
	const struct site_family *family;
	int64_t now_us, lease_until_us;
};

/* The parameters that RENEW and PUT share. */
static void
bind_word(sqlite3_stmt *s, const struct word *w)
{
	const struct site_family *f = w->family;

	store_bind_int(s, 1, w->site_id);
	store_bind_int(s, 2, f->family);
	store_bind_text(s, 3, w->probe_id);
	store_bind_text(s, 4, text_or_null(said_name(f->announced.said)));
	store_bind_text(s, 5, text_or_null(said_name(f->healthy.said)));
	store_bind_text(s, 6, text_or_null(f->announced.why));
	store_bind_text(s, 7, text_or_null(f->healthy.why));
	store_bind_int_or_null(s, 8, f->has_serial, f->serial);
	store_bind_int(s, 9, w->now_us);
	store_bind_int(s, 10, w->lease_until_us);
}

static enum rc
put_word(struct store *st, const struct word *w, struct err *err)
{
	const struct site_family *f = w->family;
	sqlite3_stmt *s = store_stmt(st, CUT);
	enum rc rc;

	store_bind_int(s, 1, w->site_id);
	store_bind_int(s, 2, f->family);
	store_bind_text(s, 3, w->probe_id);
	store_bind_int(s, 4, w->now_us);
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, PUT);
	bind_word(s, w);
	store_bind_int_or_null(s, 11, f->announced.said != SAID_NOTHING,
	    w->now_us - f->announced.for_us);
	store_bind_int_or_null(s, 12, f->healthy.said != SAID_NOTHING,
	    w->now_us - f->healthy.for_us);
	return store_run(st, s, err);
}

/* Renews the speaker's last row when it says the same; else adds one. */
static enum rc
take_word(struct store *st, const struct word *w, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, RENEW);
	enum rc rc;

	bind_word(s, w);
	rc = store_run(st, s, err);
	if (rc != RC_OK || sqlite3_changes64(store_handle(st)) > 0)
		return rc;
	return put_word(st, w, err);
}

enum rc
store_site_report(struct store *st, const struct probe_row *probe,
    const struct site_report *r, int64_t seq, int64_t now_us, int64_t *last_seq,
    struct err *err)
{
	struct word w = { .probe_id = probe->id,
		.now_us = now_us,
		.lease_until_us = now_us + r->lease_us };
	enum rc rc = check_right(probe, r, err);

	if (rc == RC_OK)
		rc = find_site(st, probe, r, &w.site_id, err);
	if (rc == RC_OK)
		rc = take_seq(st, probe->id, seq, last_seq, err);
	for (size_t i = 0; rc == RC_OK && i < r->n; i++) {
		w.family = &r->families[i];
		rc = take_word(st, &w, err);
	}
	return rc;
}

enum rc
store_site_health(struct store *st, int64_t site_id, uint8_t family,
    enum said healthy, int64_t now_us, int64_t lease_until_us, struct err *err)
{
	struct site_family f = { .healthy.said = healthy };
	struct word w = { .site_id = site_id,
		.family = &f,
		.now_us = now_us,
		.lease_until_us = lease_until_us };
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	site_answer_explain(&f.healthy, "catchwater announce");
	for (f.family = 4; rc == RC_OK && f.family <= 6; f.family += 2)
		if (family == 0 || family == f.family)
			rc = take_word(st, &w, err);
	if (rc == RC_OK)
		return store_commit(st, err);
	store_rollback(st);
	return rc;
}

/* ---- telling the detector ---- */

struct site_word {
	int64_t site_id;
	uint8_t family;
	enum said announced, healthy;
	int64_t at_us, heard_us, lease_until_us;
};

static enum said
read_said(sqlite3_stmt *s, int column)
{
	const char *text = store_text(s, column);
	enum said said = SAID_YES;

	while (said > SAID_NOTHING && strcmp(said_name(said), text) != 0)
		said--;
	return said;
}

static void
fill_heard(sqlite3_stmt *s, void *row)
{
	struct site_word *h = row;

	h->site_id = sqlite3_column_int64(s, 0);
	h->family = (uint8_t)sqlite3_column_int(s, 1);
	h->announced = read_said(s, 2);
	h->healthy = read_said(s, 3);
	h->at_us = sqlite3_column_int64(s, 4);
	h->heard_us = sqlite3_column_int64(s, 5);
	h->lease_until_us = sqlite3_column_int64(s, 6);
}

typedef void tell(struct detect *d, int64_t site_id, uint8_t family,
    bool is_yes, int64_t at_us, int64_t lease_until_us);

/* One question about one site: what has been collected of it. */
struct sum {
	enum said said;
	int64_t first_us, last_us; /* of the newest interval; of all */
	int64_t lease_until_us;
};

static void
add(struct sum *to, enum said said, const struct site_word *h)
{
	if (said == SAID_NOTHING)
		return;
	if (h->at_us > to->first_us)
		to->first_us = h->at_us;
	if (h->heard_us > to->last_us)
		to->last_us = h->heard_us;
	if (said > to->said)
		to->lease_until_us = 0;
	if (said >= to->said && h->lease_until_us > to->lease_until_us)
		to->lease_until_us = h->lease_until_us;
	if (said > to->said)
		to->said = said;
}

/* "Unknown" is told of its beginning: what somebody else says after that
 * counts. */
static void
tell_sum(
    struct detect *d, const struct site_word *of, const struct sum *s, tell *f)
{
	if (s->said == SAID_UNKNOWN)
		f(d, of->site_id, of->family, false, s->first_us, s->first_us);
	else if (s->said > SAID_UNKNOWN)
		f(d, of->site_id, of->family, s->said == SAID_YES, s->last_us,
		    s->lease_until_us);
}

static void
tell_past(struct detect *d, const struct site_word *h)
{
	struct sum announced = { 0 }, healthy = { 0 };

	add(&announced, h->announced, h);
	add(&healthy, h->healthy, h);
	tell_sum(d, h, &announced, detect_announcement);
	tell_sum(d, h, &healthy, detect_health);
}

/* The n rows of one site and family: those that are over one by one, as they
 * were said, and what is in force together. */
static void
tell_site(
    struct detect *d, const struct site_word *rows, size_t n, int64_t now_us)
{
	struct sum announced = { 0 }, healthy = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (rows[i].lease_until_us <= now_us) {
			tell_past(d, &rows[i]);
			continue;
		}
		add(&announced, rows[i].announced, &rows[i]);
		add(&healthy, rows[i].healthy, &rows[i]);
	}
	tell_sum(d, rows, &announced, detect_announcement);
	tell_sum(d, rows, &healthy, detect_health);
}

static bool
is_same_site(const struct site_word *a, const struct site_word *b)
{
	return a->site_id == b->site_id && a->family == b->family;
}

enum rc
store_site_words(struct store *st, struct detect *d, int64_t now_us,
    int64_t *last_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, NEWS);
	struct site_word *rows = NULL;
	size_t n = 0, from = 0;
	enum rc rc;

	store_bind_int(s, 1, *last_us - OVERLAP_US);
	store_bind_int(s, 2, now_us);
	store_bind_int(s, 3, now_us - REMEMBERED_US);
	rc = store_rows(
	    st, s, sizeof *rows, fill_heard, (void **)&rows, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (rows[i].heard_us > *last_us)
			*last_us = rows[i].heard_us;
		if (i + 1 < n && is_same_site(&rows[i], &rows[i + 1]))
			continue;
		tell_site(d, rows + from, i + 1 - from, now_us);
		from = i + 1;
	}
	free(rows);
	return rc;
}

enum rc
store_site_forget(struct store *st, int64_t before_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FORGET);

	store_bind_int(s, 1, before_us);
	return store_run(st, s, err);
}
