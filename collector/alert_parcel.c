/* alert_parcel.c - see alert_parcel.h. */
#include "collector/alert_parcel.h"

#include <stdlib.h>
#include <string.h>

#include "collector/alert_policy.h"
#include "collector/store_drain.h"
#include "collector/store_event.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"
#include "schema/base/text.h"

#define OPEN_MAX 500

struct taking {
	struct store *st;
	const struct alert_settings *alert;
	int64_t now_us;
	struct err *err;
};

static enum rc
apply(const struct taking *t, const struct delivery *d, const struct policy *p)
{
	if (p->act == POLICY_WAIT)
		return store_delivery_wait(t->st, d->id, p->until_us, t->err);
	log_info(
	    "alert: held back: %s alert=%s key=%s", p->why, d->alert, d->key);
	return store_delivery_hold(t->st, d->id, t->now_us, p->why, t->err);
}

/* RC_AGAIN: something was not to go out, and does not any more. */
static enum rc
sift_one(const struct taking *t, const struct delivery *d)
{
	struct event_row event;
	struct policy p;
	bool is_drained = false;
	enum rc rc;

	if (d->event_id == 0)
		return RC_OK;
	rc = store_event_find(t->st, d->event_id, &event, t->err);
	if (rc == RC_OK)
		rc = store_drain_covers(
		    t->st, d->event_id, t->now_us, &is_drained, t->err);
	if (rc != RC_OK)
		return rc;
	p = policy_decide(t->alert, d, &event, is_drained, t->now_us);
	if (p.act == POLICY_SEND)
		return RC_OK;
	rc = apply(t, d, &p);
	return rc == RC_OK ? RC_AGAIN : rc;
}

/* Those that were grouped were sifted when they were. */
static enum rc
sift(const struct taking *t, const struct delivery_list *list)
{
	bool is_any_out = false;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < list->n && list->rows[i].group_id == 0; i++) {
		rc = sift_one(t, &list->rows[i]);
		if (rc != RC_OK && rc != RC_AGAIN)
			return rc;
		is_any_out |= rc == RC_AGAIN;
	}
	return is_any_out ? RC_AGAIN : RC_OK;
}

static enum notice_kind
kind_of(const struct delivery *d)
{
	if (d->event_id == 0)
		return NOTICE_TEST;
	if (strcmp(d->notice, "resolve") == 0)
		return NOTICE_RESOLVE;
	return d->n_repeat > 0 ? NOTICE_REPEAT : NOTICE_OPEN;
}

/* Where its beginning was told, unless that is in this parcel. */
static void
set_first(struct alert_notice *n, const struct delivery_list *list,
    const struct delivery *d)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->rows[i].id == d->open_id ||
		    list->rows[i].id == d->first_id)
			return;
	text_safe(n->first_key, sizeof n->first_key, d->first_key);
	n->first_us = d->first_us;
}

static enum rc
write_notice(const struct taking *t, const struct delivery_list *list,
    const struct delivery *d, struct alert_notice *n)
{
	struct event_moves moves = { 0 };
	struct event_row event;
	enum rc rc;

	if (d->event_id == 0)
		notice_of_test(n, d->alert, d->created_us);
	n->kind = kind_of(d);
	text_safe(n->key, sizeof n->key, d->key);
	n->created_us = d->created_us;
	set_first(n, list, d);
	if (d->event_id == 0)
		return RC_OK;
	rc = store_event_find(t->st, d->event_id, &event, t->err);
	if (rc == RC_OK)
		rc = store_event_moves(t->st, d->event_id, &moves, t->err);
	if (rc == RC_OK)
		notice_of_event(n, &event, &moves);
	return rc;
}

/* Takes the list, whatever comes of it. */
static enum rc
write_notices(
    const struct taking *t, struct delivery_list *list, struct parcel *out)
{
	struct parcel p = { .deliveries = *list };
	enum rc rc = RC_OK;

	p.notices = mem_new((list->n + 1) * sizeof *p.notices);
	for (size_t i = 0; rc == RC_OK && i < list->n; i++)
		rc = write_notice(t, list, &list->rows[i], &p.notices[i]);
	if (rc == RC_OK)
		*out = p;
	else
		parcel_fini(&p);
	return rc;
}

enum rc
parcel_take(struct parcel *out, struct store *st,
    const struct alert_settings *a, int64_t now_us, struct err *err)
{
	const struct taking t = { st, a, now_us, err };
	struct delivery_list list;
	enum rc rc;

	do {
		rc = store_delivery_due(
		    st, a->name, a->group_wait_us, now_us, &list, err);
		if (rc != RC_OK)
			return rc;
		rc = sift(&t, &list);
		if (rc == RC_OK && list.rows[0].group_id == 0 &&
		    a->group_wait_us > 0)
			rc = store_delivery_group(st, &list, err);
		if (rc == RC_OK)
			return write_notices(&t, &list, out);
		free(list.rows);
	} while (rc == RC_AGAIN);
	return rc;
}

enum rc
parcel_take_open(struct parcel *out, struct store *st,
    const struct alert_settings *a, struct err *err)
{
	const struct taking t = { .st = st, .alert = a, .err = err };
	struct delivery_list list = { 0 };
	enum rc rc = store_delivery_open(st, a->name, OPEN_MAX, &list, err);

	if (rc != RC_OK)
		return rc;
	if (list.n == 0)
		return RC_NOTFOUND;
	return write_notices(&t, &list, out);
}

void
parcel_fini(struct parcel *p)
{
	for (size_t i = 0; p->notices != NULL && i < p->deliveries.n; i++)
		notice_fini(&p->notices[i]);
	free(p->notices);
	free(p->deliveries.rows);
	*p = (struct parcel){ 0 };
}
