/* alert_self.c - see alert_self.h. */
#include "collector/alert_self.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/alert_webhook.h"
#include "collector/store_trouble.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"

enum rc
self_channel_restore(struct self_channel *c, struct err *err)
{
	enum rc rc = RC_OK;

	for (unsigned i = 0; rc == RC_OK && i < SELF_PARTS; i++) {
		enum self_part p = (enum self_part)i;
		int64_t since_us;

		c->parts[i].is_stored = true;
		rc = store_trouble_find(c->store, c->settings->name,
		    self_part_name(p), &since_us, err);
		if (rc == RC_OK) {
			c->parts[i].is_told = true;
			c->parts[i].since_us = since_us;
			troubles_restore(
			    c->troubles, p, since_us, clock_mono_us());
		} else if (rc == RC_NOTFOUND) {
			rc = RC_OK;
		}
	}
	return rc;
}

static void
keep(struct self_channel *c, enum self_part p)
{
	const char *alert = c->settings->name, *part = self_part_name(p);
	enum rc rc = c->parts[p].is_told
			 ? store_trouble_put(c->store, alert, part,
			       c->parts[p].since_us, NULL)
			 : store_trouble_drop(c->store, alert, part, NULL);

	c->parts[p].is_stored = rc == RC_OK;
}

static void
make_key(const struct self_channel *c, enum self_part p, int64_t since_us,
    const char *what, char key[static NOTICE_KEY_LEN])
{
	snprintf(key, NOTICE_KEY_LEN, "self-%s-%" PRId64 "-%s-%s",
	    self_part_name(p), since_us / US_PER_S, what, c->settings->name);
}

static void
make_notice(const struct self_channel *c, enum self_part p,
    const struct trouble *t, struct alert_notice *n)
{
	const struct self_notice self = {
		.part = self_part_name(p),
		.severity = severity_name(troubles_severity(p)),
		.since_us =
		    c->parts[p].is_told ? c->parts[p].since_us : t->since_us,
		.detected_us = t->detected_us,
		.is_over = !t->is_open,
		.over_us = t->over_us,
		.why = t->why,
	};

	*n = (struct alert_notice){ 0 };
	notice_of_self(n, &self);
	make_key(
	    c, p, self.since_us, self.is_over ? "resolve" : "open", n->key);
	if (!self.is_over)
		return;
	make_key(c, p, self.since_us, "open", n->first_key);
	n->first_us = self.since_us;
}

size_t
self_channel_open(const struct self_channel *c, struct alert_notice *out)
{
	size_t n = 0;

	for (unsigned i = 0; c->troubles != NULL && i < SELF_PARTS; i++) {
		struct trouble t = troubles_get(c->troubles, (enum self_part)i);

		if (c->parts[i].is_told && t.is_open)
			make_notice(c, (enum self_part)i, &t, &out[n++]);
	}
	return n;
}

static void
conclude(struct self_channel *c, enum self_part p, const struct trouble *t,
    enum rc rc, const char *key, const struct err *err)
{
	if (rc == RC_OK) {
		log_info(
		    "alert: delivered alert=%s key=%s", c->settings->name, key);
		c->parts[p].is_told = t->is_open;
		c->parts[p].since_us = t->since_us;
		c->parts[p].is_stored = false;
		c->parts[p].n_tries = c->parts[p].next_try_mono_us = 0;
		return;
	}
	if (c->parts[p].n_tries == 0)
		log_warn("alert: will try again: %s alert=%s key=%s", err->text,
		    c->settings->name, key);
	c->parts[p].next_try_mono_us =
	    clock_mono_us() + webhook_backoff_us(c->parts[p].n_tries++);
}

static void
tell_part(struct self_channel *c, enum self_part p)
{
	struct trouble t = troubles_get(c->troubles, p);
	struct alert_notice n;
	const struct message m = { 1, &n };
	struct err err = ERR_NONE;
	long status;
	enum rc rc;

	if (t.is_open == c->parts[p].is_told ||
	    clock_mono_us() < c->parts[p].next_try_mono_us)
		return;
	make_notice(c, p, &t, &n);
	rc = alert_send(c->sending, &m, &status, &err);
	if (rc != RC_AGAIN) /* else it was broken off, and stays due */
		conclude(c, p, &t, rc, n.key, &err);
}

void
self_channel_tell(struct self_channel *c)
{
	if (c->troubles == NULL || !c->settings->tells_itself)
		return;
	for (unsigned i = 0; i < SELF_PARTS; i++) {
		tell_part(c, (enum self_part)i);
		if (!c->parts[i].is_stored)
			keep(c, (enum self_part)i);
	}
}
