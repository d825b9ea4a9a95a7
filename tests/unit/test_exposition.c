/* test_exposition.c - metrics as text: escapes, formats, histograms. */
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/exposition.h"
#include "collector/histogram.h"
#include "collector/rtts.h"
#include "schema/base/clock.h"

#define FFFD "\xEF\xBF\xBD"

static const struct {
	const char *value, *want;
} values[] = {
	{ "plain", "plain" },
	{ "", "" },
	{ "a\"b\\c\nd", "a\\\"b\\\\c\\nd" },
	{ "\"} 1\nevil_total 2", "\\\"} 1\\nevil_total 2" },
	{ "\x1B[31mred\x07", FFFD "[31mred" FFFD },
	{ "tab\tcr\r", "tab" FFFD "cr" FFFD },
	{ "\x7F", FFFD },
	{ "Z\xC3\xBCrich", "Z\xC3\xBCrich" },
	{ "\xF0\x9F\x8C\x8D", "\xF0\x9F\x8C\x8D" },
	{ "C1 \xC2\x9B", "C1 " FFFD },
	{ "cut \xE2\x82", "cut " FFFD FFFD },
	{ "overlong \xC0\xAF", "overlong " FFFD FFFD },
	{ "surrogate \xED\xA0\x80", "surrogate " FFFD FFFD FFFD },
	{ "beyond \xF4\x90\x80\x80", "beyond " FFFD FFFD FFFD FFFD },
	{ "\xFF", FFFD },
};

/* Gives what write makes of it: free(). */
static char *
text_of(void (*write)(struct exposition *e, const void *ctx), const void *ctx,
    enum exposition_format format)
{
	char *text = NULL;
	size_t len = 0;
	struct exposition e = { .to = open_memstream(&text, &len),
		.format = format };

	assert_non_null(e.to);
	write(&e, ctx);
	fclose(e.to);
	return text;
}

static void
write_value(struct exposition *e, const void *ctx)
{
	const struct exposition_label label = { "v", ctx };

	e->family = "x";
	e->type = EXPOSITION_GAUGE;
	exposition_int(e, &label, 1, 1);
}

static void
hostile_values_stay_inside_their_label(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(values); i++) {
		char want[200];
		char *got = text_of(
		    write_value, values[i].value, EXPOSITION_OPENMETRICS);

		snprintf(want, sizeof want, "x{v=\"%s\"} 1\n", values[i].want);
		T_CHECK(strcmp(got, want) == 0, "%zu: %s", i, got);
		free(got);
	}
}

static void
write_all(struct exposition *e, const void *ctx)
{
	const struct exposition_label version = { "version", "1" };

	(void)ctx;
	exposition_family(e, "a", EXPOSITION_COUNTER, "Count.");
	exposition_int(e, NULL, 0, 7);
	exposition_family(e, "b_bytes", EXPOSITION_GAUGE, "Size.");
	exposition_real(e, NULL, 0, 0.5);
	exposition_family(e, "c", EXPOSITION_INFO, "Build.");
	exposition_int(e, &version, 1, 1);
	exposition_end(e);
}

static void
both_formats_say_the_same_each_in_its_way(void **state)
{
	char *new = text_of(write_all, NULL, EXPOSITION_OPENMETRICS);
	char *old = text_of(write_all, NULL, EXPOSITION_TEXT);

	(void)state;
	assert_string_equal(new,
	    "# TYPE a counter\n# HELP a Count.\na_total 7\n"
	    "# TYPE b_bytes gauge\n# UNIT b_bytes bytes\n# HELP b_bytes Size.\n"
	    "b_bytes 0.5\n"
	    "# TYPE c info\n# HELP c Build.\nc_info{version=\"1\"} 1\n# EOF\n");
	assert_string_equal(old,
	    "# TYPE a_total counter\n# HELP a_total Count.\na_total 7\n"
	    "# TYPE b_bytes gauge\n# HELP b_bytes Size.\nb_bytes 0.5\n"
	    "# TYPE c_info gauge\n# HELP c_info Build.\n"
	    "c_info{version=\"1\"} 1\n");
	free(new);
	free(old);
}

#define OM EXPOSITION_OPENMETRICS
#define TEXT EXPOSITION_TEXT

static const struct {
	const char *accept;
	enum exposition_format want;
} accepts[] = {
	{ NULL, OM },
	{ "", OM },
	{ "*/*", OM },
	{ "text/plain", TEXT },
	{ "text/plain;version=0.0.4", TEXT },
	{ "TEXT/Plain ; Version=0.0.4", TEXT },
	{ "text/plain;version=1.0.0", OM },
	{ "text/*", TEXT },
	{ "application/openmetrics-text", OM },
	{ "application/*;q=0.1, text/plain;q=0.2", TEXT },
	{ "application/json", OM },
	/* Prometheus 2.42, and 3 */
	{ "application/openmetrics-text;version=1.0.0,"
	  "application/openmetrics-text;version=0.0.1;q=0.75,"
	  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	    OM },
	{ "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
	  "q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
	  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
	  "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
	    OM },
	{ "text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT },
	{ "application/openmetrics-text;version=\"1.0.0\";q=0.3,"
	  "text/plain;q=0.2",
	    OM },
	{ "application/openmetrics-text;version=2.0.0,text/plain;q=0.2", TEXT },
	{ "application/openmetrics-text;q=0, text/plain;q=0.001", TEXT },
	{ "text/plain;q=0.5, application/openmetrics-text;q=0.50", OM },
	{ "text/plain;q=nonsense", TEXT },
	{ ",,;;,q=1,/,*", OM },
	{ "text/plain;q=", TEXT },
};

static void
clients_get_what_they_would_rather_have(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(accepts); i++)
		T_CHECK(exposition_choose(accepts[i].accept) == accepts[i].want,
		    "%s", accepts[i].accept);
}

static void
write_rtts(struct exposition *e, const void *ctx)
{
	union {
		const void *in;
		struct rtts *out;
	} rtts = { ctx };

	rtts_write(rtts.out, e);
}

#define LINE(le, n) \
	"catchwater_rtt_seconds_bucket{service=\"web\",site=\"ams\"," \
	"family=\"4\",le=\"" le "\"} " n "\n"

static void
round_trips_are_counted_by_site_and_only_by_those_configured(void **state)
{
	struct site sites[2] = { { .id = 7, .name = "ams" },
		{ .id = 3, .name = "fra" } };
	struct service web = {
		.id = 1, .name = "web", .n_sites = 2, .sites = sites
	};
	struct services all = { .n = 1, .list = &web };
	struct rtts *r = rtts_new();
	char *text;

	(void)state;
	rtts_add(NULL, 1, 7, 4, 1);
	rtts_add(r, 1, 7, 4, 1); /* nothing is configured yet */
	rtts_set_services(r, &all);
	rtts_add(r, 1, 7, 4, 5 * US_PER_MS);
	rtts_add(r, 1, 7, 4, 5 * US_PER_MS + 1);
	rtts_add(r, 1, 99, 4, 5000);
	rtts_add(r, 2, 7, 4, 5000);
	rtts_set_services(r, &all); /* as a reload does */
	rtts_add(r, 1, 7, 4, 3 * US_PER_S);
	text = text_of(write_rtts, r, EXPOSITION_OPENMETRICS);
	assert_non_null(strstr(text,
	    LINE("0.005", "1") LINE("0.01", "2") LINE("0.02", "2")
		LINE("0.05", "2") LINE("0.1", "2") LINE("0.2", "2")
		    LINE("0.5", "2") LINE("1.0", "2") LINE("+Inf",
			"3") "catchwater_rtt_seconds_count{service=\"web\","
			     "site=\"ams\",family=\"4\"} 3\n"
			     "catchwater_rtt_seconds_sum{service=\"web\","
			     "site=\"ams\",family=\"4\"} 3.010001\n"));
	assert_null(strstr(text, "fra"));
	free(text);
	rtts_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_values_stay_inside_their_label),
		cmocka_unit_test(both_formats_say_the_same_each_in_its_way),
		cmocka_unit_test(clients_get_what_they_would_rather_have),
		cmocka_unit_test(
		    round_trips_are_counted_by_site_and_only_by_those_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
