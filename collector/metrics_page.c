/* metrics_page.c - see metrics_page.h. */
#include "collector/metrics_page.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/process_metrics.h"
#include "collector/store_metrics.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define COUNT_EVERY_US (5 * US_PER_S)
#define COUNT_SHARE 20 /* of the time, one part at most is spent counting */

struct counted {               /* in the database; text NULL: not yet */
	int64_t again_mono_us; /* count anew from then on */
	char *text;
	size_t len;
};

struct metrics_page {
	struct metrics *metrics;
	struct selfcheck *selfcheck;
	char *database, *wal;
	int64_t started_us;
	pthread_mutex_t lock; /* of what follows */
	struct store *store;
	struct counted counted[EXPOSITION_FORMATS];
};

enum rc
metrics_page_open(struct metrics_page **out, const char *database,
    struct metrics *metrics, struct selfcheck *selfcheck, struct err *err)
{
	struct metrics_page *p = mem_new(sizeof *p);
	size_t len = strlen(database) + sizeof "-wal";
	enum rc rc;

	pthread_mutex_init(&p->lock, NULL);
	p->metrics = metrics;
	p->selfcheck = selfcheck;
	p->database = mem_strdup(database);
	p->wal = mem_new(len);
	snprintf(p->wal, len, "%s-wal", database);
	p->started_us = clock_steady_us();
	rc = store_open(&p->store, database, STORE_READ, err);
	if (rc == RC_OK)
		*out = p;
	else
		metrics_page_close(p);
	return rc;
}

void
metrics_page_close(struct metrics_page *p)
{
	if (p == NULL)
		return;
	store_close(p->store);
	for (size_t i = 0; i < EXPOSITION_FORMATS; i++)
		free(p->counted[i].text);
	pthread_mutex_destroy(&p->lock);
	free(p->database);
	free(p->wal);
	free(p);
}

static FILE *
open_text(char **text, size_t *len)
{
	FILE *to = open_memstream(text, len);

	if (to == NULL)
		abort(); /* out of memory, as in mem_new */
	return to;
}

/* Of a database that cannot be read, nothing: a half family would be a wrong
 * one. */
static void
count(struct metrics_page *p, enum exposition_format format, struct counted *c)
{
	struct exposition e = { .format = format };
	int64_t began_us = clock_mono_us(), took_us;
	enum rc rc;

	free(c->text);
	e.to = open_text(&c->text, &c->len);
	rc = store_metrics_write(p->store, clock_steady_us(), &e, NULL);
	fclose(e.to);
	if (rc != RC_OK)
		c->len = 0;
	took_us = clock_mono_us() - began_us;
	c->again_mono_us = began_us + (took_us > COUNT_EVERY_US / COUNT_SHARE
					      ? COUNT_SHARE * took_us
					      : COUNT_EVERY_US);
}

static void
write_counted(struct metrics_page *p, struct exposition *e)
{
	struct counted *c = &p->counted[e->format];

	pthread_mutex_lock(&p->lock);
	if (c->text == NULL || clock_mono_us() >= c->again_mono_us)
		count(p, e->format, c);
	fwrite(c->text, 1, c->len, e->to);
	pthread_mutex_unlock(&p->lock);
}

static void
write_file(struct exposition *e, const char *file, const char *path)
{
	const struct exposition_label label = { "file", file };
	struct stat st;

	if (stat(path, &st) == 0)
		exposition_int(e, &label, 1, st.st_size);
}

static void
write_disk(const struct metrics_page *p, const struct self_sample *s,
    struct exposition *e)
{
	exposition_family(e, "catchwater_database_bytes", EXPOSITION_GAUGE,
	    "Size of the database's files.");
	write_file(e, "main", p->database);
	write_file(e, "wal", p->wal);
	if (!s->is_measured)
		return;
	exposition_family(e, "catchwater_disk_bytes", EXPOSITION_GAUGE,
	    "Size of the disk that the database is on.");
	exposition_int(e, NULL, 0, (int64_t)s->disk_bytes);
	exposition_family(e, "catchwater_disk_free_bytes", EXPOSITION_GAUGE,
	    "What of it is free.");
	exposition_int(e, NULL, 0, (int64_t)s->free_bytes);
}

static void
write_self(const struct metrics_page *p, struct exposition *e)
{
	const struct exposition_label version = { "version",
		CATCHWATER_VERSION };
	struct self_report r;

	selfcheck_look(p->selfcheck, &r);
	exposition_family(
	    e, "catchwater_build", EXPOSITION_INFO, "The program that runs.");
	exposition_int(e, &version, 1, 1);
	exposition_family(e, "catchwater_start_timestamp_seconds",
	    EXPOSITION_GAUGE, "When it was started.");
	exposition_real(e, NULL, 0, (double)p->started_us / (double)US_PER_S);
	exposition_family(e, "catchwater_healthy", EXPOSITION_GAUGE,
	    "What /healthz looks at: 1 well, 0 not.");
	for (unsigned i = 0; i < SELF_PARTS; i++) {
		const struct exposition_label check = { "check",
			self_part_name(i) };

		exposition_int(e, &check, 1, r.is_well[i]);
	}
	exposition_family(e, "catchwater_queue_depth", EXPOSITION_GAUGE,
	    "Batches that wait for the writer.");
	exposition_int(e, NULL, 0, (int64_t)r.sample.queue_depth);
	write_disk(p, &r.sample, e);
}

char *
metrics_page_text(
    struct metrics_page *p, enum exposition_format format, size_t *len)
{
	char *text = NULL;
	struct exposition e = { .to = open_text(&text, len), .format = format };

	write_self(p, &e);
	process_metrics_write(&e, p->started_us);
	metrics_write(p->metrics, &e);
	write_counted(p, &e);
	exposition_end(&e);
	fclose(e.to);
	return text;
}
