/* api_view.c - GET of what people look at, and the stream of news; see api.h.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api_answer.h"
#include "collector/desk.h"
#include "collector/views.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/text.h"

#define QUERY_MAX 2048

static const struct {
	const char *path;
	view *view;
} views[] = {
	{ "/v1/catchment", view_catchment },
	{ "/v1/diff", view_diff },
	{ "/v1/event", view_event },
	{ "/v1/events", view_events },
	{ "/v1/history", view_history },
	{ "/v1/landing", view_landing },
	{ "/v1/shares", view_shares },
	{ "/v1/sites", view_sites },
	{ "/v1/vantages", view_vantages },
};

enum argument_kind { ARGUMENT_TEXT, ARGUMENT_COUNT, ARGUMENT_DURATION };

static const struct argument {
	const char *name;
	enum argument_kind kind;
	size_t offset;
} arguments[] = {
	{ "at", ARGUMENT_TEXT, offsetof(struct view_query, at) },
	{ "by", ARGUMENT_TEXT, offsetof(struct view_query, by) },
	{ "family", ARGUMENT_COUNT, offsetof(struct view_query, family) },
	{ "from", ARGUMENT_TEXT, offsetof(struct view_query, from) },
	{ "id", ARGUMENT_COUNT, offsetof(struct view_query, id) },
	{ "kind", ARGUMENT_TEXT, offsetof(struct view_query, kind) },
	{ "service", ARGUMENT_TEXT, offsetof(struct view_query, service) },
	{ "since", ARGUMENT_TEXT, offsetof(struct view_query, since) },
	{ "site", ARGUMENT_TEXT, offsetof(struct view_query, site) },
	{ "step", ARGUMENT_DURATION, offsetof(struct view_query, step_us) },
	{ "target", ARGUMENT_TEXT, offsetof(struct view_query, target) },
	{ "to", ARGUMENT_TEXT, offsetof(struct view_query, to) },
	{ "until", ARGUMENT_TEXT, offsetof(struct view_query, until) },
	{ "vantage", ARGUMENT_TEXT, offsetof(struct view_query, vantage) },
};

struct reading { /* of a query */
	struct view_query q;
	char *text; /* what q lends from */
	size_t len;
	struct err err;
};

static view *
find_view(const char *path)
{
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
		if (strcmp(views[i].path, path) == 0)
			return views[i].view;
	return NULL;
}

bool
api_is_view(const char *path)
{
	return find_view(path) != NULL;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
	    c == '\0'
		? NULL
		: strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* Undoes %-escapes (RFC 3986 section 2.1).  Lends; NULL: an escape that is
 * none, or that stands for a control character. */
static const char *
unescape(struct reading *r, const char *value)
{
	char *to = r->text + r->len, *begin = to;

	for (; *value != '\0'; value++) {
		int high, low, c = (unsigned char)*value;

		if (c == '%') {
			high = hex_digit(value[1]);
			low = high < 0 ? -1 : hex_digit(value[2]);
			if (low < 0)
				return NULL;
			c = 16 * high + low;
			value += 2;
		}
		if (c < ' ' || c == 0x7f)
			return NULL;
		*to++ = (char)c;
	}
	*to++ = '\0';
	r->len += (size_t)(to - begin);
	return begin;
}

static enum rc
read_count(int64_t *out, const char *name, const char *text, struct err *err)
{
	int64_t n = 0;
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 15 || text[len] != '\0')
		return err_set(
		    err, RC_MALFORMED, "%s: expected a number", name);
	for (; *text != '\0'; text++)
		n = 10 * n + (*text - '0');
	*out = n;
	return RC_OK;
}

static enum rc
put_argument(struct reading *r, const struct argument *a, const char *value)
{
	char *field = (char *)&r->q + a->offset;
	int64_t number = 0;
	enum rc rc;

	if (a->kind == ARGUMENT_TEXT) {
		memcpy(field, &value, sizeof value);
		return RC_OK;
	}
	rc = a->kind == ARGUMENT_COUNT
		 ? read_count(&number, a->name, value, &r->err)
		 : clock_parse_duration(&number, value, &r->err);
	if (rc == RC_OK)
		memcpy(field, &number, sizeof number);
	return rc;
}

static bool
fail(struct reading *r, const char *what, const char *name)
{
	char safe[TEXT_SAFE_LEN(40)], cut[41];

	snprintf(cut, sizeof cut, "%.40s", name);
	(void)err_set(&r->err, RC_MALFORMED, "%s '%s'", what,
	    text_safe(safe, sizeof safe, cut));
	return false;
}

static bool
take_argument(void *ctx, const char *name, const char *value)
{
	struct reading *r = ctx;

	if (value == NULL || strlen(value) + r->len >= QUERY_MAX)
		return fail(r, "no value, or too long a one, for", name);
	value = unescape(r, value);
	if (value == NULL)
		return fail(r, "not a text: the value of", name);
	if (strcmp(name, "open") == 0) {
		r->q.is_open_only = true;
		return true;
	}
	for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++)
		if (strcmp(arguments[i].name, name) == 0)
			return put_argument(r, &arguments[i], value) == RC_OK;
	return fail(r, "there is no parameter", name);
}

void
api_get_view(struct api *a, struct exchange *x)
{
	view *v = find_view(exchange_path(x));
	struct reading r = { .text = mem_new(QUERY_MAX), .err = ERR_NONE };

	if (exchange_each_argument(x, take_argument, &r)) {
		free(r.text);
		api_refuse(a, x, &refusal_malformed, r.err.text);
		return;
	}
	if (!desk_ask(a->desk, x, v, &r.q, r.text))
		api_refuse(a, x, &refusal_overload, "too many ask at once");
}

void
api_get_stream(struct api *a, struct exchange *x)
{
	if (!desk_wait(a->desk, x, exchange_header(x, "Last-Event-ID")))
		api_refuse(a, x, &refusal_overload, "too many wait for news");
}
