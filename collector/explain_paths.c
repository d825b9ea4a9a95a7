/* explain_paths.c - explain.h: each voter's path before and during. */
#include <string.h>

#include "collector/explain.h"
#include "collector/report.h"
#include "schema/base/clock.h"

static const struct column hop_columns[] = {
	{ "mark", "    ", CELL_TEXT },
	{ "ttl", "ttl", CELL_COUNT },
	{ "before", "before", CELL_TEXT },
	{ "during", "during", CELL_TEXT },
};

/* The addresses that answered one TTL; "*" when none did, "" past the end. */
static void
hop_text(const json_t *hops, int ttl, char *buf, size_t cap)
{
	size_t i, used = 0;
	json_t *hop;

	buf[0] = '\0';
	json_array_foreach(hops, i, hop)
	{
		const char *address =
		    json_string_value(json_object_get(hop, "address"));

		if (json_integer_value(json_object_get(hop, "ttl")) != ttl ||
		    used >= cap)
			continue;
		used += (size_t)snprintf(buf + used, cap - used, "%s%.45s%s",
		    used > 0 ? " " : "", address != NULL ? address : "*",
		    json_object_get(hop, "labels") != NULL ? " (MPLS)" : "");
	}
}

static int
last_ttl(const json_t *hops)
{
	size_t i;
	json_t *hop;
	int last = 0;

	json_array_foreach(hops, i, hop)
	{
		json_int_t ttl =
		    json_integer_value(json_object_get(hop, "ttl"));

		if (ttl > last && ttl <= TRACE_TTL_MAX)
			last = (int)ttl;
	}
	return last;
}

/* Does a path show that address at that TTL? */
static bool
has_address(const json_t *hops, int ttl, const char *address)
{
	size_t i;
	json_t *hop;

	json_array_foreach(hops, i, hop)
	{
		const char *has =
		    json_string_value(json_object_get(hop, "address"));

		if (json_integer_value(json_object_get(hop, "ttl")) == ttl &&
		    has != NULL && strcmp(has, address) == 0)
			return true;
	}
	return false;
}

/* Is a TTL balanced in one path, and has it a hop in common with the other?
 * Then which of them answered says nothing. */
static bool
is_of_one_set(const json_t *one, const json_t *other, int ttl)
{
	bool is_balanced = false, is_common = false;
	size_t i;
	json_t *hop;

	json_array_foreach(one, i, hop)
	{
		const char *address =
		    json_string_value(json_object_get(hop, "address"));

		if (json_integer_value(json_object_get(hop, "ttl")) != ttl ||
		    address == NULL)
			continue;
		is_balanced |= json_is_true(json_object_get(hop, "balanced"));
		is_common |= has_address(other, ttl, address);
	}
	return is_balanced && is_common;
}

static bool
is_different(const json_t *before, const json_t *during, int ttl,
    const char *left, const char *right)
{
	return before != NULL && during != NULL && strcmp(left, right) != 0 &&
	       !is_of_one_set(before, during, ttl) &&
	       !is_of_one_set(during, before, ttl);
}

static void
print_hops(const json_t *before, const json_t *during, FILE *to)
{
	int last = last_ttl(before) > last_ttl(during) ? last_ttl(before)
						       : last_ttl(during);
	char left[160], right[160];
	struct report r;

	report_init(
	    &r, hop_columns, sizeof hop_columns / sizeof hop_columns[0]);
	for (int ttl = 1; ttl <= last; ttl++) {
		hop_text(before, ttl, left, sizeof left);
		hop_text(during, ttl, right, sizeof right);
		report_text(&r, is_different(before, during, ttl, left, right)
				    ? "   !"
				    : "    ");
		report_number(&r, ttl);
		report_text(&r, left);
		report_text(&r, right);
	}
	report_print_table(&r, "    no hops", to);
	report_fini(&r);
}

static void
print_path(const struct testimony *t, FILE *to)
{
	const struct sample *b = t->path_before, *d = t->path_during;
	char at[CLOCK_TEXT_LEN];
	json_t *before, *during;

	if (b == NULL && d == NULL)
		return;
	fprintf(to, "  %s/%u", t->vote->probe, t->vote->family);
	if (b != NULL)
		fprintf(to, "  before %s", clock_format(b->at_us, at));
	if (d != NULL)
		fprintf(to, "  during %s", clock_format(d->at_us, at));
	fputs(b != NULL && d != NULL && b->path_id == d->path_id
		  ? "  (the same path)\n"
		  : "\n",
	    to);
	before = b != NULL ? json_loads(b->hops, 0, NULL) : NULL;
	during = d != NULL ? json_loads(d->hops, 0, NULL) : NULL;
	print_hops(before, during, to);
	json_decref(before);
	json_decref(during);
}

void
explain_paths(const struct explanation *x, FILE *to)
{
	bool has_any = false;

	fputs("\npaths (!: what differs)\n", to);
	for (size_t i = 0; i < x->votes.n; i++) {
		struct testimony t;

		explain_vote(x, &x->votes.rows[i], &t);
		has_any |= t.path_before != NULL || t.path_during != NULL;
		print_path(&t, to);
	}
	if (!has_any)
		fputs("  none: nobody traced the path in this time\n", to);
}
