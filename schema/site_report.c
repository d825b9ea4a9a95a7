#include "schema/site_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/fields.h"

#define FOR_MAX_US (INT64_C(100) * 366 * 86400 * 1000000)

static const char *const words[] = { "", "unknown", "no", "yes" };
#define N_WORDS (sizeof words / sizeof words[0])

const char *
said_name(enum said s)
{
	return (size_t)s < N_WORDS ? words[s] : "";
}

void
site_answer_explain(struct site_answer *a, const char *why)
{
	size_t n = 0;

	for (; why[n] != '\0' && n < sizeof a->why - 1; n++)
		a->why[n] =
		    (char)(why[n] >= 0x20 && why[n] < 0x7f ? why[n] : '?');
	a->why[n] = '\0';
}

/* ---- writing ---- */

static void
put_answer(json_t *to, const char *name, const struct site_answer *a)
{
	json_t *answer;

	if (a->said == SAID_NOTHING)
		return;
	answer = json_object();
	fields_put_text(answer, "is", said_name(a->said));
	fields_put_int(answer, "for_us", a->for_us);
	if (a->why[0] != '\0')
		fields_put_text(answer, "why", a->why);
	fields_put(to, name, answer);
}

static json_t *
make_family(const struct site_family *f)
{
	json_t *family = json_object();

	fields_put_int(family, "family", f->family);
	put_answer(family, "announced", &f->announced);
	put_answer(family, "healthy", &f->healthy);
	if (f->has_serial)
		fields_put_int(family, "serial", f->serial);
	return family;
}

char *
site_report_encode(const struct site_report *r)
{
	json_t *root = json_object(), *families = json_array();
	char *text;

	fields_put_text(root, "version", r->version);
	fields_put_text(root, "site", r->site);
	if (r->service[0] != '\0')
		fields_put_text(root, "service", r->service);
	fields_put_int(root, "lease_us", r->lease_us);
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(families, make_family(&r->families[i]));
	fields_put(root, "families", families);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text == NULL)
		abort(); /* out of memory, or text of ours that is not UTF-8 */
	return text;
}

/* ---- reading ---- */

/* A text of 1 to cap - 1 printable ASCII characters, when it is there or must
 * be; spaces where they are allowed. */
static void
read_text(struct fields *f, const char *key, char *to, size_t cap,
    bool is_needed, bool has_spaces)
{
	const char *text =
	    is_needed ? fields_text(f, key) : fields_text_if(f, key);
	size_t n = 0;

	if (text == NULL || f->fault->rc != RC_OK)
		return;
	while (text[n] > (has_spaces ? 0x1f : 0x20) && text[n] < 0x7f)
		n++;
	if (n == 0 || n >= cap || text[n] != '\0')
		fields_fail(f, RC_RANGE, key,
		    "expected printable ASCII of limited length");
	else
		memcpy(to, text, n + 1);
}

static void
read_answer(struct fields *f, const char *key, struct site_answer *a)
{
	struct fields o;
	const char *word;

	if (!fields_has(f, key))
		return;
	o = fields_object(f, key);
	word = fields_text(&o, "is");
	for (size_t i = SAID_UNKNOWN; i < N_WORDS; i++)
		if (strcmp(word, words[i]) == 0)
			a->said = (enum said)i;
	if (a->said == SAID_NOTHING)
		fields_fail(&o, RC_MALFORMED, "is", "unknown word");
	a->for_us = fields_int(&o, "for_us", 0, FOR_MAX_US);
	read_text(&o, "why", a->why, sizeof a->why, false, true);
}

static void
read_family(struct fields *f, struct site_family *to)
{
	int64_t serial;

	to->family = (uint8_t)fields_int(f, "family", 4, 6);
	if (to->family == 5)
		fields_fail(f, RC_RANGE, "family", "expected 4 or 6");
	read_answer(f, "announced", &to->announced);
	read_answer(f, "healthy", &to->healthy);
	to->has_serial = fields_int_if(f, "serial", 0, UINT32_MAX, &serial);
	if (to->has_serial)
		to->serial = (uint32_t)serial;
}

static void
read_report(struct fields *f, struct site_report *r)
{
	read_text(f, "version", r->version, sizeof r->version, true, false);
	read_text(f, "site", r->site, sizeof r->site, true, false);
	read_text(f, "service", r->service, sizeof r->service, false, false);
	r->lease_us =
	    fields_int(f, "lease_us", SITE_LEASE_MIN_US, SITE_LEASE_MAX_US);
	r->n = fields_count(f, "families", 2);
	for (size_t i = 0; i < r->n; i++) {
		struct fields element = fields_element(f, "families", i);

		read_family(&element, &r->families[i]);
	}
	if (r->n == 2 && r->families[0].family == r->families[1].family)
		fields_fail(f, RC_RANGE, "families", "the same family twice");
}

enum rc
site_report_decode(
    struct site_report *out, const char *body, size_t len, struct err *err)
{
	struct fields_fault fault = { .rc = RC_OK, .err = err };
	struct site_report r = { 0 };
	struct fields root;
	struct doc doc = { 0 };
	enum rc rc;

	if (len > SITE_REPORT_BODY_MAX)
		return err_set(err, RC_LIMIT, "longer than any report");
	rc = doc_load(&doc, body, len, err);
	if (rc != RC_OK)
		return rc;
	root = fields_root(&doc, &fault);
	read_report(&root, &r);
	doc_fini(&doc);
	if (fault.rc == RC_OK)
		*out = r;
	return fault.rc;
}
