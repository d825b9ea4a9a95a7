/*
 * views.c - how long the reports of a database take.
 *
 * usage: views DATABASE ADDRESS TIME TIMES
 * The catchment of a service address at TIME, its shares in the day before, by
 * the hour, and who of all moved in that day: each asked once to warm up, then
 * so many TIMES, as the API answers it.  Prints a name and milliseconds, line
 * by line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "collector/store.h"
#include "collector/views.h"
#include "tools/bench.d/bench.h"

static void
ask(struct store *st, const char *name, view *v, const struct view_query *q,
    int n)
{
	struct err err;

	for (int i = 0; i <= n; i++) {
		int64_t begun_us = clock_mono_us();
		json_t *json = NULL;

		if (v(st, q, &json, &err) != RC_OK) {
			fprintf(stderr, "views: %s: %s\n", name, err.text);
			exit(EXIT_FAILURE);
		}
		if (i > 0)
			printf("%s %.3f\n", name,
			    (double)(clock_mono_us() - begun_us) / 1e3);
		json_decref(json);
	}
}

int
main(int argc, char **argv)
{
	struct view_query here = { 0 }, moved = { 0 };
	char since[CLOCK_TEXT_LEN];
	struct store *st;
	struct err err;
	int64_t at_us;

	if (argc != 5) {
		fputs("usage: views DATABASE ADDRESS TIME TIMES\n", stderr);
		return 2;
	}
	if (clock_parse(&at_us, argv[3], 0, &err) != RC_OK ||
	    store_open(&st, argv[1], STORE_READ, &err) != RC_OK) {
		fprintf(stderr, "views: %s\n", err.text);
		return EXIT_FAILURE;
	}
	clock_format(at_us - 86400 * US_PER_S, since);
	here.target = argv[2];
	here.at = here.until = moved.to = argv[3];
	here.since = moved.from = since;
	here.step_us = 3600 * US_PER_S;
	ask(st, "catchment", view_catchment, &here, atoi(argv[4]));
	ask(st, "shares", view_shares, &here, atoi(argv[4]));
	ask(st, "diff", view_diff, &moved, atoi(argv[4]));
	store_close(st);
	return EXIT_SUCCESS;
}
