/* assignment.c - see assignment.h. */
#include "schema/assignment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/fields.h"

#define DAY_US (86400 * US_PER_S)
#define TIMEOUT_MIN_US (100 * US_PER_MS)
#define TIMEOUT_MAX_US (60 * US_PER_S)
#define AFTER_MAX_US (3600 * US_PER_S)

static void
fill_etag(struct assignment *a, const char *body, size_t len)
{
	snprintf(a->etag, sizeof a->etag, "%016" PRIx64,
	    bytes_hash(BYTES_HASH_START, body, len));
}

/* ---- the targets ---- */

void
assignment_fini(struct assignment *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_zones; i++)
		free(a->zones[i]);
	free(a->zones);
	free(a->targets);
	free(a->by_address);
	*a = (struct assignment){ 0 };
}

struct assigned_target *
assignment_add(struct assignment *a)
{
	if (a->n_targets == a->cap_targets) {
		a->cap_targets = a->cap_targets == 0 ? 8 : 2 * a->cap_targets;
		a->targets =
		    mem_grow(a->targets, a->cap_targets, sizeof *a->targets);
	}
	a->targets[a->n_targets] = (struct assigned_target){ 0 };
	return &a->targets[a->n_targets++];
}

/* Neighbours mostly share a zone: the last one is looked at first. */
const char *
assignment_zone(struct assignment *a, const char *zone)
{
	for (size_t i = a->n_zones; i-- > 0;)
		if (strcmp(a->zones[i], zone) == 0)
			return a->zones[i];
	if (a->n_zones == a->cap_zones) {
		a->cap_zones = a->cap_zones == 0 ? 4 : 2 * a->cap_zones;
		a->zones = mem_grow(a->zones, a->cap_zones, sizeof *a->zones);
	}
	return a->zones[a->n_zones++] = mem_strdup(zone);
}

static int
compare(const struct addr *a, uint16_t a_port, const struct addr *b,
    uint16_t b_port)
{
	int order = a->family - b->family;

	if (order == 0)
		order = memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16);
	return order != 0 ? order : a_port - b_port;
}

static int
compare_indexed(const void *left, const void *right, void *ctx)
{
	const struct assigned_target *targets = ctx;
	const struct assigned_target *a = &targets[*(const uint16_t *)left];
	const struct assigned_target *b = &targets[*(const uint16_t *)right];

	return compare(&a->address, a->port, &b->address, b->port);
}

void
assignment_index(struct assignment *a)
{
	size_t n = a->n_targets;

	a->n_indexed = 0;
	if (n > ASSIGNMENT_TARGETS_MAX)
		return;
	a->by_address = mem_grow(a->by_address, n + 1, sizeof *a->by_address);
	for (size_t i = 0; i < n; i++)
		a->by_address[i] = (uint16_t)i;
	qsort_r(a->by_address, n, sizeof *a->by_address, compare_indexed,
	    a->targets);
	a->n_indexed = n;
}

static bool
is_target(
    const struct assigned_target *t, const struct addr *address, uint16_t port)
{
	return addr_equal(&t->address, address) &&
	       (port == 0 || port == t->port);
}

/* The first that does not stand before the address and port: port 0 stands
 * before every other. */
static size_t
find_indexed(
    const struct assignment *a, const struct addr *address, uint16_t port)
{
	size_t low = 0, high = a->n_indexed;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct assigned_target *t =
		    &a->targets[a->by_address[middle]];

		if (compare(&t->address, t->port, address, port) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < a->n_indexed &&
	    is_target(&a->targets[a->by_address[low]], address, port))
		return a->by_address[low];
	return a->n_targets;
}

size_t
assignment_find(
    const struct assignment *a, const struct addr *address, uint16_t port)
{
	if (a->n_indexed == a->n_targets && a->n_targets > 0)
		return find_indexed(a, address, port);
	for (size_t i = 0; i < a->n_targets; i++)
		if (is_target(&a->targets[i], address, port))
			return i;
	return a->n_targets;
}

/* ---- JSON ---- */

static void
put_times(json_t *to, const char *key, const int64_t *times, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_integer(times[i]));
	fields_put(to, key, list);
}

static json_t *
new_target(const struct assigned_target *t)
{
	char address[ADDR_TEXT_LEN];
	json_t *o = json_object();

	fields_put_text(o, "address", addr_format(&t->address, address));
	fields_put_int(o, "port", t->port);
	fields_put_text(o, "role", t->is_control ? "control" : "service");
	if (t->is_decoy)
		fields_put(o, "decoy", json_true());
	fields_put_text(o, "zone", t->zone);
	if (t->identity == ASSIGNED_CHAOS)
		fields_put_text(o, "identity", "chaos");
	if (t->identity == ASSIGNED_NAME) {
		fields_put_text(o, "identity", "txt");
		fields_put_text(o, "identity_name", t->identity_name);
	}
	fields_put_int(o, "phase_us", t->phase_us);
	fields_put_int(o, "dns_every_us", t->dns_every_us);
	fields_put_int(o, "ping_every_us", t->ping_every_us);
	fields_put_int(o, "trace_every_us", t->trace_every_us);
	return o;
}

char *
assignment_encode(struct assignment *a)
{
	json_t *o = json_object(), *targets = json_array();
	char *body;

	fields_put_int(o, "upload_every_us", a->upload_every_us);
	fields_put_int(o, "timeout_us", a->timeout_us);
	put_times(o, "confirm_after_us", a->confirm_after_us, a->n_confirm);
	put_times(o, "retry_after_us", a->retry_after_us, a->n_retry);
	for (size_t i = 0; i < a->n_targets; i++)
		json_array_append_new(targets, new_target(&a->targets[i]));
	fields_put(o, "targets", targets);
	body = json_dumps(o, JSON_COMPACT);
	if (body == NULL)
		abort();
	json_decref(o);
	fill_etag(a, body, strlen(body));
	return body;
}

static uint8_t
read_times(struct fields *f, const char *key, int64_t *times)
{
	size_t n = fields_count(f, key, ASSIGNMENT_TRIES_MAX);

	for (size_t i = 0; i < n; i++)
		times[i] =
		    fields_element_int(f, key, i, TIMEOUT_MIN_US, AFTER_MAX_US);
	return (uint8_t)n;
}

/* A period: 0 for never, or a second to a day. */
static int64_t
read_period(struct fields *f, const char *key)
{
	int64_t v = fields_int(f, key, 0, DAY_US);

	if (v > 0 && v < US_PER_S)
		fields_fail(f, RC_RANGE, key, "shorter than a second");
	return v;
}

static void
read_address(struct fields *f, struct addr *a)
{
	if (addr_parse(a, fields_text(f, "address")) != RC_OK)
		fields_fail(f, RC_MALFORMED, "address", "not an IP address");
}

static bool
read_is_control(struct fields *f)
{
	const char *role = fields_text(f, "role");

	if (strcmp(role, "control") == 0)
		return true;
	if (strcmp(role, "service") != 0)
		fields_fail(
		    f, RC_MALFORMED, "role", "neither service nor control");
	return false;
}

/* Only what makes it safe to carry; what a name is, dnsmsg knows. */
static const char *
read_name(struct fields *f, struct assignment *a, const char *key)
{
	const char *text = fields_text(f, key);
	size_t n = 0;

	while (text[n] > ' ' && text[n] <= '~' && n <= ZONE_TEXT_MAX)
		n++;
	if (text[n] == '\0' && n > 0 && n <= ZONE_TEXT_MAX &&
	    text[n - 1] == '.')
		return assignment_zone(a, text);
	fields_fail(
	    f, RC_MALFORMED, key, "not a domain name with its final dot");
	return assignment_zone(a, ".");
}

/* A word that a later collector may say is taken for none. */
static void
read_identity(struct fields *f, struct assignment *a, struct assigned_target *t)
{
	const char *word;

	if (!fields_has(f, "identity"))
		return;
	word = fields_text(f, "identity");
	if (strcmp(word, "chaos") == 0)
		t->identity = ASSIGNED_CHAOS;
	if (strcmp(word, "txt") != 0)
		return;
	t->identity = ASSIGNED_NAME;
	t->identity_name = read_name(f, a, "identity_name");
}

static void
read_target(struct fields *f, struct assignment *a)
{
	struct assigned_target *t = assignment_add(a);

	read_address(f, &t->address);
	t->port = (uint16_t)fields_int(f, "port", 1, UINT16_MAX);
	t->is_control = read_is_control(f);
	t->is_decoy = fields_bool(f, "decoy");
	t->zone = read_name(f, a, "zone");
	read_identity(f, a, t);
	t->phase_us = fields_int(f, "phase_us", 0, DAY_US);
	t->dns_every_us = read_period(f, "dns_every_us");
	t->ping_every_us = read_period(f, "ping_every_us");
	t->trace_every_us = read_period(f, "trace_every_us");
}

static void
read_assignment(struct fields *f, struct assignment *a)
{
	size_t n;

	a->upload_every_us = fields_int(f, "upload_every_us", US_PER_S, DAY_US);
	a->timeout_us =
	    fields_int(f, "timeout_us", TIMEOUT_MIN_US, TIMEOUT_MAX_US);
	a->n_confirm = read_times(f, "confirm_after_us", a->confirm_after_us);
	a->n_retry = read_times(f, "retry_after_us", a->retry_after_us);
	if (!fields_has(f, "targets"))
		fields_fail(f, RC_MALFORMED, "targets", "missing");
	n = fields_count(f, "targets", ASSIGNMENT_TARGETS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct fields target = fields_element(f, "targets", i);

		read_target(&target, a);
	}
	assignment_index(a);
}

enum rc
assignment_decode(
    struct assignment *out, const char *body, size_t len, struct err *err)
{
	struct fields_fault fault = { .err = err };
	struct assignment a = { 0 };
	struct fields f;
	struct doc doc = { 0 };
	enum rc rc;

	if (len > ASSIGNMENT_BODY_MAX)
		return err_set(
		    err, RC_LIMIT, "longer than %d bytes", ASSIGNMENT_BODY_MAX);
	rc = doc_load(&doc, body, len, err);
	if (rc != RC_OK)
		return rc;
	f = fields_root(&doc, &fault);
	read_assignment(&f, &a);
	fill_etag(&a, body, len);
	doc_fini(&doc);
	if (fault.rc == RC_OK)
		*out = a;
	else
		assignment_fini(&a);
	return fault.rc;
}
