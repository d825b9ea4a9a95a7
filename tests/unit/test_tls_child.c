/* test_tls_child.c - the child that speaks TLS as the probe sees it: scripts
 * in its place answer, lie, die and keep silent. */
#include "probe/tls_child.h"

#include <string.h>
#include <sys/stat.h>

#include "schema/base/clock.h"
#include "tests/unit/scratch.h"

#define ANSWER \
	"{\"id\":%s,\"outcome\":\"refused\",\"begun\":{\"at_us\":0," \
	"\"mono_us\":0},\"connect_us\":3,\"replies\":[{},{}]}"
/* Counts its starts, then says one line for each that it reads. */
#define START "#!/bin/sh\nprintf x >>\"${0%/*}/starts\"\n"
#define EACH(say) \
	START "while read -r line; do\n" \
	      "id=${line#*:}; id=${id%%,*}\n" say "\ndone\n"
#define PRINT(what) "printf '" what "\\n' \"$id\""

static struct rig {
	uv_loop_t loop;
	struct scratch dir;
	struct tls_child *child;
	unsigned n_done, n_again;
	enum outcome last;
} rig;

static const struct tls_question question = {
	.target = { .family = 4, .bytes = { 127, 0, 0, 1 } },
	.port = 853,
	.timeout_us = 1000,
	.n_queries = 2,
	.queries = { { .len = DNSMSG_HEADER_LEN },
	    { .len = DNSMSG_HEADER_LEN } },
};

static void
set_up(const char *script, int64_t idle_us)
{
	char helper[256];

	memset(&rig, 0, sizeof rig);
	scratch_make(&rig.dir);
	if (script != NULL) {
		scratch_write(&rig.dir, "helper", script);
		chmod(scratch_path(&rig.dir, "helper"), 0700);
	}
	snprintf(helper, sizeof helper, "%s", scratch_path(&rig.dir, "helper"));
	uv_loop_init(&rig.loop);
	rig.child = tls_child_new(&rig.loop, helper, NULL, idle_us);
}

static void
tear_down(void)
{
	tls_child_free(rig.child);
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&rig.loop), 0);
	scratch_remove(&rig.dir);
}

static tls_child_done done;

static void
ask(void)
{
	unsigned before = rig.n_done;

	assert_int_equal(
	    tls_child_ask(rig.child, &question, done, NULL), RC_OK);
	assert_int_equal(rig.n_done, before); /* never from inside */
}

static void
done(void *ctx, const struct tls_answer *a)
{
	assert_null(ctx);
	rig.n_done++;
	rig.last = a->outcome;
	if (rig.n_again > 0) {
		rig.n_again--;
		ask();
	}
}

static void
run_until(unsigned n)
{
	while (rig.n_done < n)
		uv_run(&rig.loop, UV_RUN_ONCE);
}

static size_t
n_starts(void)
{
	struct stat st;

	if (stat(scratch_path(&rig.dir, "starts"), &st) != 0)
		return 0;
	return (size_t)st.st_size;
}

static const struct {
	const char *claim, *script; /* NULL: there is no program */
	enum outcome outcome;
} manners[] = {
	{ "an answer is handed over", EACH(PRINT(ANSWER)), OUTCOME_REFUSED },
	{ "a line in pieces is one line",
	    EACH("printf '{\"id\":%s,' \"$id\"; sleep 0.1; printf "
		 "'\"outcome\":\"reset\",\"begun\":{\"at_us\":0,\"mono_us\":0}"
		 ",\"connect_us\":3,\"replies\":[{},{}]}\\n'"),
	    OUTCOME_RESET },
	{ "no program", NULL, OUTCOME_SEND_FAILED },
	{ "a program that is none", "what?", OUTCOME_SEND_FAILED },
	{ "it ends at once", START "exit 0\n", OUTCOME_SEND_FAILED },
	{ "it dies of the question", EACH("kill -9 $$"), OUTCOME_SEND_FAILED },
	{ "it talks nonsense", EACH(PRINT("%s nonsense")),
	    OUTCOME_SEND_FAILED },
	{ "it answers somebody else", EACH("id=77777\n" PRINT(ANSWER)),
	    OUTCOME_SEND_FAILED },
	{ "it answers another question",
	    EACH("printf '{\"id\":%s,\"outcome\":\"ok\",\"begun\":{\"at_us\":1,"
		 "\"mono_us\":2},\"connect_us\":3,\"replies\":[]}\\n' \"$id\""),
	    OUTCOME_SEND_FAILED },
	{ "it began before it was asked",
	    EACH(
		"printf '{\"id\":%s,\"outcome\":\"reset\",\"begun\":{\"at_us\":"
		"1,\"mono_us\":1},\"connect_us\":3,\"replies\":[{},{}]}\\n' "
		"\"$id\""),
	    OUTCOME_SEND_FAILED },
	{ "it reads what is yet to come",
	    EACH(
		"now=$(cut -d. -f1 /proc/uptime)\n"
		"printf '{\"id\":%s,\"outcome\":\"reset\",\"begun\":{\"at_us\":"
		"1,\"mono_us\":%s000000},\"connect_us\":3,\"replies\":[{},{}]}"
		"\\n' \"$id\" $((now + 1000))"),
	    OUTCOME_SEND_FAILED },
	{ "its line does not end", START "exec tr '\\0' x </dev/zero\n",
	    OUTCOME_SEND_FAILED },
	{ "it never answers", START "exec sleep 1000\n", OUTCOME_SEND_FAILED },
};

static void
what_the_child_does_and_what_comes_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(manners); i++) {
		set_up(manners[i].script, US_PER_S);
		ask();
		run_until(1);
		T_CHECK(rig.last == manners[i].outcome, "%s: %s",
		    manners[i].claim, outcome_name(rig.last));
		tear_down();
		T_CHECK(rig.n_done == 1, "%s", manners[i].claim);
	}
}

static void
one_process_answers_many_and_stops_when_idle(void **state)
{
	(void)state;
	set_up(EACH(PRINT(ANSWER)), 50 * US_PER_MS);
	assert_false(tls_child_is_running(rig.child));
	rig.n_again = 20;
	for (unsigned i = 0; i < 10; i++)
		ask();
	assert_true(tls_child_is_running(rig.child));
	run_until(30);
	assert_int_equal(n_starts(), 1);
	while (tls_child_is_running(rig.child))
		uv_run(&rig.loop, UV_RUN_ONCE);
	ask();
	run_until(31);
	assert_int_equal(rig.last, OUTCOME_REFUSED);
	assert_int_equal(n_starts(), 2);
	tear_down();
}

static void
it_is_started_again_after_it_died(void **state)
{
	(void)state;
	set_up(EACH("kill -9 $$"), US_PER_S);
	rig.n_again = 3; /* from inside the news of its death */
	ask();
	ask();
	run_until(5);
	assert_true(n_starts() >= 3);
	tear_down();
	assert_int_equal(rig.n_done, 5);
}

static void
there_is_an_end_to_how_many_it_takes(void **state)
{
	(void)state;
	set_up(START "exec sleep 1000\n", US_PER_S);
	for (unsigned i = 0; i < TLS_CONNS_MAX; i++) {
		assert_true(tls_child_has_room(rig.child));
		ask();
	}
	assert_false(tls_child_has_room(rig.child));
	assert_int_equal(
	    tls_child_ask(rig.child, &question, done, NULL), RC_LIMIT);
	tear_down(); /* with all of them pending: nobody is called */
	assert_int_equal(rig.n_done, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_child_does_and_what_comes_of_it),
		cmocka_unit_test(one_process_answers_many_and_stops_when_idle),
		cmocka_unit_test(it_is_started_again_after_it_died),
		cmocka_unit_test(there_is_an_end_to_how_many_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
