/* test_report.c - a report's forms: table, CSV, JSON, list. */
#include "collector/report.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

static const struct column columns[] = {
	{ "site", "site", CELL_TEXT },
	{ "n", "n", CELL_COUNT },
	{ "hidden", NULL, CELL_TEXT },
	{ "share_percent", "share", CELL_PERCENT },
	{ "since", "since", CELL_TIME },
	{ "rtt_us", "rtt", CELL_MS },
	{ "lasted_us", "lasted", CELL_AGO },
};

static void
fill(struct report *r)
{
	report_init(r, columns, T_LEN(columns));
	report_text(r, "ams");
	report_number(r, 12);
	report_text(r, "a,\"b\"");
	report_number(r, 625);
	report_number(r, 1772366400 * US_PER_S);
	report_number(r, 10100);
	report_number(r, 200 * US_PER_S);
	report_text(r, "\x1b[2Jn\nyc\xc3");
	report_none(r);
	report_text(r, NULL);
	report_number_if(r, false, 7);
	report_none(r);
	report_none(r);
	report_none(r);
}

typedef void print_fn(const struct report *r, FILE *to);

static char *
printed(print_fn *print)
{
	struct report r;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	fill(&r);
	assert_int_equal(report_n_rows(&r), 2);
	print(&r, to);
	report_fini(&r);
	fclose(to);
	return text;
}

static void
print_table(const struct report *r, FILE *to)
{
	report_print_table(r, "nothing", to);
}

static void
the_table_is_aligned_and_safe_for_a_terminal(void **state)
{
	char *text = printed(print_table);

	(void)state;
	assert_string_equal(text,
	    "site                 n  share  since                     rtt  "
	    "lasted\n"
	    "ams                 12  62.5%  2026-03-01T12:00:00Z  10.1 ms  "
	    "3m 20s\n"
	    "\\x1b[2Jn\\x0ayc\\xc3   -      -  -                           -  "
	    "     -\n");
	free(text);
}

static char *
looked_at(const struct column *c, size_t n, const char *const *cells,
    size_t n_cells, const struct table_look *look)
{
	struct report r;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	report_init(&r, c, n);
	for (size_t i = 0; i < n_cells; i++)
		report_text(&r, cells[i]);
	report_print_table_as(&r, "nothing", look, to);
	report_fini(&r);
	fclose(to);
	return text;
}

static void
a_table_fits_the_terminal(void **state)
{
	static const struct column c[] = { { "kind", "kind", CELL_TEXT },
		{ "summary", "summary", CELL_TEXT },
		{ "id", "id", CELL_COUNT } };
	static const char *const cells[] = { "shift",
		"ams lost 6 vantages to nyc", NULL };
	static const struct {
		int width;
		const char *printed;
	} cases[] = {
		{ 0, "kind   summary                     id\n"
		     "shift  ams lost 6 vantages to nyc   -\n" },
		{ 37, "kind   summary                     id\n"
		      "shift  ams lost 6 vantages to nyc   -\n" },
		{ 24, "kind   summary        id\n"
		      "shift  ams lost 6 ..   -\n" },
		{ 20, "kind            shift\n"
		      "summary         ams lost 6 vantages to nyc\n"
		      "id              -\n" },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct table_look look = { cases[i].width, false };
		char *text = looked_at(c, T_LEN(c), cells, 3, &look);

		T_CHECK(strcmp(text, cases[i].printed) == 0, "width %d:\n%s",
		    cases[i].width, text);
		free(text);
	}
}

static void
bad_news_has_a_colour_where_one_is_wanted(void **state)
{
	static const struct column c[] = { { "severity", "severity",
					       CELL_TEXT },
		{ "site", "site", CELL_TEXT } };
	static const char *const cells[] = { "critical", "critical" };
	struct table_look look = { 0, true };
	char *text = looked_at(c, T_LEN(c), cells, 2, &look);

	(void)state;
	assert_string_equal(text, "\x1b[2mseverity\x1b[0m  \x1b[2msite\x1b[0m\n"
				  "\x1b[1;31mcritical\x1b[0m  critical\n");
	free(text);
}

static void
a_page_needs_nothing_else_and_keeps_text_text(void **state)
{
	static const struct column c[] = { { "at", NULL, CELL_COUNT },
		{ "site", "site", CELL_TEXT },
		{ "verdict", "verdict", CELL_TEXT },
		{ "share_percent", "share", CELL_PERCENT },
		{ "rtt_us", "rtt", CELL_MS } };
	struct report r;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	report_init(&r, c, T_LEN(c));
	for (int i = 0; i < 3; i++) {
		report_number(&r, i);
		report_text(&r, "<b title=\"a\">&amp;");
		report_text(&r, i == 0 ? "ok" : NULL);
		report_number(&r, 500);
		report_number_if(&r, i != 1, 1000 * (i + 1));
	}
	report_print_html(&r, "a<b", "nothing", to);
	report_fini(&r);
	fclose(to);
	assert_non_null(strstr(text, "default-src 'none'"));
	assert_non_null(strstr(text, "<title>a&lt;b</title>"));
	assert_null(strstr(text, "<b "));
	assert_non_null(strstr(text,
	    "<td class=\"\">&lt;b title=&quot;a&quot;&gt;&amp;amp;</td>"
	    "<td class=\"good\">ok</td><td class=\"n \"><span class=\"bar\" "
	    "style=\"width:2.5em\"></span>50.0%</td>"
	    "<td class=\"n \">1.0 ms</td></tr>"));
	/* The step without a round trip is a gap. */
	assert_non_null(
	    strstr(text, "<polyline points=\"0.0,81.3 \"/>\n"
			 "<polyline points=\"800.0,4.0 \"/>\n</svg>"));
	assert_null(strstr(text, "://"));
	assert_null(strstr(text, "<script"));
	free(text);
}

static void
csv_is_quoted_by_rfc_4180(void **state)
{
	char *text = printed(report_print_csv);

	(void)state;
	assert_string_equal(text,
	    "site,n,hidden,share_percent,since,rtt_us,lasted_us\r\n"
	    "ams,12,\"a,\"\"b\"\"\",62.5,2026-03-01T12:00:00Z,10100,"
	    "200000000\r\n"
	    "\\x1b[2Jn\\x0ayc\\xc3,,,,,,\r\n");
	free(text);
}

static void
no_csv_field_is_a_formula(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{ "=1+1", "\\x3d1+1" },
		{ "+1", "\\x2b1" },
		{ "-1", "\\x2d1" },
		{ "@sum(a,b)", "\"\\x40sum(a,b)\"" },
		{ "=\"a\"", "\"\\x3d\"\"a\"\"\"" },
		{ "\t=1", "\\x09=1" },
		{ "a=1", "a=1" },
	};
	static const struct column one[] = { { "t", "t", CELL_TEXT } };

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char *text = NULL, wanted[64];
		size_t len;
		FILE *to = open_memstream(&text, &len);
		struct report r;

		report_init(&r, one, 1);
		report_text(&r, cases[i].text);
		report_print_csv(&r, to);
		report_fini(&r);
		fclose(to);
		snprintf(
		    wanted, sizeof wanted, "t\r\n%s\r\n", cases[i].printed);
		T_CHECK(
		    strcmp(text, wanted) == 0, "%s: %s", cases[i].text, text);
		free(text);
	}
}

static void
print_json(const struct report *r, FILE *to)
{
	json_t *json = report_json(r);

	json_dumpf(json, to, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(json);
}

static void
json_leaves_out_what_is_absent(void **state)
{
	char *text = printed(print_json);

	(void)state;
	assert_string_equal(text,
	    "[{\"site\":\"ams\",\"n\":12,\"hidden\":\"a,\\\"b\\\"\","
	    "\"share_percent\":62.5,\"since\":\"2026-03-01T12:00:00.000000Z\","
	    "\"rtt_us\":10100,\"lasted_us\":200000000},"
	    "{\"site\":\"\\\\x1b[2Jn\\\\x0ayc\\\\xc3\"}]");
	free(text);
}

static void
the_list_names_every_column(void **state)
{
	char *text = printed(report_print_list);

	(void)state;
	assert_non_null(strstr(text, "hidden          a,\"b\"\n"));
	assert_non_null(strstr(text, "rtt             10.1 ms\n"));
	assert_non_null(strstr(text, "lasted          -\n"));
	free(text);
}

static void
a_table_without_rows_is_a_sentence(void **state)
{
	struct report r;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	report_init(&r, columns, T_LEN(columns));
	report_print_table(&r, "no events", to);
	report_fini(&r);
	fclose(to);
	assert_string_equal(text, "no events\n");
	free(text);
}

static const struct {
	int64_t us;
	const char *text;
} agos[] = {
	{ 0, "0ms" },
	{ 850 * US_PER_MS, "850ms" },
	{ 59 * US_PER_S, "59s" },
	{ 60 * US_PER_S, "1m 0s" },
	{ 10980 * US_PER_S, "3h 3m" },
	{ 187200 * US_PER_S, "2d 4h" },
};

static void
durations_have_two_units(void **state)
{
	char buf[REPORT_AGO_LEN];

	(void)state;
	for (size_t i = 0; i < T_LEN(agos); i++)
		assert_string_equal(report_ago(agos[i].us, buf), agos[i].text);
}

static void
sizes_and_tenths_are_short_for_people_and_exact_for_machines(void **state)
{
	static const struct column sizes[] = {
		{ "a_bytes", "a", CELL_BYTES },
		{ "b_bytes", "b", CELL_BYTES },
		{ "per_second", "rate", CELL_TENTHS },
	};
	struct report r;
	char *text = NULL, *json;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	json_t *rows;

	(void)state;
	report_init(&r, sizes, T_LEN(sizes));
	report_number(&r, 999);
	report_number(&r, INT64_C(1540000000));
	report_number(&r, 52004);
	report_print_list(&r, to);
	report_print_csv(&r, to);
	fclose(to);
	rows = report_json(&r);
	json = json_dumps(rows, JSON_COMPACT | JSON_REAL_PRECISION(15));
	assert_string_equal(text, "a_bytes         999 B\n"
				  "b_bytes         1.5 GB\n"
				  "per_second      5200.4\n"
				  "a_bytes,b_bytes,per_second\r\n"
				  "999,1540000000,5200.4\r\n");
	assert_string_equal(json, "[{\"a_bytes\":999,\"b_bytes\":1540000000,"
				  "\"per_second\":5200.4}]");
	json_decref(rows);
	report_fini(&r);
	free(json);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_aligned_and_safe_for_a_terminal),
		cmocka_unit_test(a_table_fits_the_terminal),
		cmocka_unit_test(bad_news_has_a_colour_where_one_is_wanted),
		cmocka_unit_test(a_page_needs_nothing_else_and_keeps_text_text),
		cmocka_unit_test(csv_is_quoted_by_rfc_4180),
		cmocka_unit_test(no_csv_field_is_a_formula),
		cmocka_unit_test(json_leaves_out_what_is_absent),
		cmocka_unit_test(the_list_names_every_column),
		cmocka_unit_test(
		    sizes_and_tenths_are_short_for_people_and_exact_for_machines),
		cmocka_unit_test(a_table_without_rows_is_a_sentence),
		cmocka_unit_test(durations_have_two_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
