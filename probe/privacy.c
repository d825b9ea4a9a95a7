/* privacy.c - see privacy.h. */
#include "probe/privacy.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "probe/lists.h"
#include "probe/ramdir.h"
#include "probe/spooldir.h"
#include "probe/state.h"
#include "schema/base/addr.h"
#include "schema/base/file.h"

#define SHOWN_MAX 20 /* targets; the rest are counted */
#define US_PER_S INT64_C(1000000)

struct sheet {
	const char *dir;
	bool is_enrolled, is_assigned;
	struct enrolment enrolment;
	struct assignment assignment;
	struct lists lists;
	char spool[STATE_PATH_MAX];
	char ram[SPOOL_PATH_MAX]; /* "": nothing waits in memory */
};

static void PRINTF_LIKE(2, 3) line(const char *label, const char *fmt, ...)
{
	va_list ap;

	printf("%-10s ", label);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* ---- to whom, and what ---- */

static void
print_collector(const struct sheet *s)
{
	if (s->is_enrolled) {
		line("to whom", "%s and nobody else, as probe %s,",
		    s->enrolment.collector, s->enrolment.probe);
		line("",
		    "called \"%s\"; it sees the address that connections come "
		    "from",
		    s->enrolment.name);
	} else {
		line("to whom",
		    "nobody: not enrolled, so nothing is measured or sent");
	}
	line("once",
	    "at enrolment: the name, the public half of a key made here, the");
	line("",
	    "program's version, and what you gave of country, position and AS");
}

static void
print_contents(const struct sheet *s)
{
	line("again",
	    "over HTTPS and signed, every %" PRId64
	    " s and when something changes:",
	    s->is_assigned ? s->assignment.upload_every_us / US_PER_S : 30);
	line("",
	    "of each measurement when, of which address, how and why, what");
	line("", "came of it and how long it took; what the server says of");
	line("", "itself (name, zone's serial, certificate); of a path the");
	line("",
	    "routers' addresses; this host's own address and port; whether");
	line("", "it has IPv4 and IPv6 and a clock that is set; the program's");
	line("", "version, and how many measurements were lost");
	line(
	    "never", "anything of users, files, programs or their traffic; it");
	line("", "listens on no port, runs nothing that it is sent, and does");
	line("", "not update itself");
}

/* ---- how much ---- */

static void
print_period(const char *kind, int64_t period_us, const char *before)
{
	if (period_us > 0)
		printf("%s%s every %" PRId64 " s", before, kind,
		    period_us / US_PER_S);
}

static void
print_target(const struct assigned_target *t)
{
	char text[ADDR_TEXT_LEN];

	printf("%-10s %s", "", addr_format(&t->address, text));
	print_period("dns", t->dns_every_us, ": ");
	print_period("ping", t->ping_every_us, ", ");
	print_period("path", t->trace_every_us, ", ");
	puts(t->is_decoy ? " (nobody's: who answers is in between)" : "");
}

static int64_t
per_day(const struct assignment *a)
{
	const int64_t day_us = 86400 * US_PER_S;
	int64_t n = 0;

	for (size_t i = 0; i < a->n_targets; i++) {
		const struct assigned_target *t = &a->targets[i];
		int64_t periods[] = { t->dns_every_us, t->ping_every_us,
			t->trace_every_us };

		for (size_t k = 0; k < sizeof periods / sizeof periods[0]; k++)
			n += periods[k] > 0 ? day_us / periods[k] : 0;
	}
	return n;
}

static void
print_list(const char *label, const struct list_file *list, const char *without)
{
	if (list->is_given)
		line(label, "%zu prefixes, in %s", list->acl.n, list->path);
	else
		line(label, "%s; to change that, list prefixes in %s", without,
		    list->path);
}

static void
print_targets(const struct sheet *s)
{
	size_t n = s->assignment.n_targets;

	line("is asked",
	    "%zu address%s, some %" PRId64 " measurements a day, with at most",
	    n, n == 1 ? "" : "es", per_day(&s->assignment));
	line("", "20 small packets in any second");
	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		print_target(&s->assignment.targets[i]);
	if (n > SHOWN_MAX)
		line("", "and %zu more: %s/assignment.json", n - SHOWN_MAX,
		    s->dir);
	print_list("you allow", &s->lists.allow, "everything");
	print_list("not asked", &s->lists.deny, "nothing");
}

static uint64_t
count_lines(const char *path)
{
	uint64_t n = 0;
	char *text;
	size_t len;

	if (file_read(path, SEGMENT_BYTES_MAX, &text, &len, NULL) != RC_OK)
		return 0;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	free(text);
	return n;
}

/* Bytes of the segments in a folder; *seq: the last in them, when greater. */
static uint64_t
count_segments(const char *folder, uint64_t *seq)
{
	char path[SPOOL_PATH_MAX];
	struct spooldir d;
	struct stat st;
	uint64_t n = 0, last;

	if (folder[0] == '\0' || spooldir_list(&d, folder, NULL) != RC_OK)
		return 0;
	for (size_t i = 0; i < d.n; i++) {
		spooldir_path(path, folder, d.first_seqs[i]);
		if (stat(path, &st) == 0)
			n += (uint64_t)st.st_size;
		last = i + 1 < d.n ? 0 : d.first_seqs[i] + count_lines(path);
		if (last > *seq + 1)
			*seq = last - 1;
	}
	spooldir_fini(&d);
	return n;
}

static void
print_since(const struct sheet *s, uint64_t n_measured)
{
	char path[STATE_PATH_MAX], day[16] = "";
	struct stat st;
	struct tm tm;

	state_path(path, s->dir, "key");
	if (stat(path, &st) == 0 && gmtime_r(&st.st_mtim.tv_sec, &tm) != NULL)
		strftime(day, sizeof day, "%Y-%m-%d", &tm);
	line("so far", "%" PRIu64 " measurements%s%s", n_measured,
	    day[0] != '\0' ? ", since " : "", day);
}

static void
print_kept(const struct sheet *s)
{
	uint64_t seq = spooldir_read_count(s->spool, SPOOL_ACKED);
	uint64_t on_disk = count_segments(s->spool, &seq);
	uint64_t in_memory = count_segments(s->ram, &seq);

	print_since(s, seq);
	line("kept here",
	    "%s: key, lists, what to measure, and %" PRIu64
	    " B of measurements",
	    s->dir, on_disk);
	if (s->ram[0] != '\0')
		line("", "%s: %" PRIu64 " B of them", s->ram, in_memory);
	line("", "they go when the collector has them; 64 MB at most, then the "
		 "oldest go");
}

/* ---- and how to end it ---- */

static void
print_end(const struct sheet *s)
{
	line("to stop",
	    "end it; as a service: systemctl disable --now catchwater-probe");
	line("to erase", "catchwater-probe leave --state %s", s->dir);
	line("",
	    "tells the collector, and erases all but your lists; apt purge");
	line("", "erases all, and tells nobody. What the collector has, its");
	line("", "operator can erase");
}

/* What is not there yet is no error. */
static enum rc
read_all(struct sheet *s, struct err *err)
{
	enum rc rc = state_read_enrolment(&s->enrolment, s->dir, err);

	if (rc != RC_OK && rc != RC_NOTFOUND)
		return rc;
	s->is_enrolled = rc == RC_OK;
	rc = state_read_assignment(&s->assignment, s->dir, err);
	if (rc != RC_OK && rc != RC_NOTFOUND)
		return rc;
	s->is_assigned = rc == RC_OK;
	lists_init(&s->lists, s->dir, NULL, NULL);
	rc = lists_load(&s->lists, err);
	state_path(s->spool, s->dir, STATE_SPOOL);
	if (!s->is_enrolled ||
	    ramdir_find(s->ram, s->enrolment.probe, s->spool) != RC_OK)
		s->ram[0] = '\0';
	return rc;
}

enum rc
privacy_print(const char *dir, struct err *err)
{
	struct sheet s = { .dir = dir };
	enum rc rc = read_all(&s, err);

	if (rc == RC_OK) {
		puts("What this probe tells whom.  This page sends nothing.");
		print_collector(&s);
		print_contents(&s);
		print_targets(&s);
		print_kept(&s);
		print_end(&s);
	}
	lists_fini(&s.lists);
	assignment_fini(&s.assignment);
	return rc;
}
