/* engine_flight.c - see engine_flight.h. */
#include "probe/engine_flight.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define BUCKETS 4096 /* a power of two */
#define TARGETS 512  /* the same, for traces alone */
#define BLOCK 64     /* flights made at once */
#define PAST_MAX 4096
#define PAST_US (5 * US_PER_S) /* late replies are listened for so long */
#define WORDS 32               /* targets with something left for them */

struct word { /* what is told in a target's next observation */
	struct addr target;
	uint16_t port;
	uint8_t n_late, n_duplicate; /* both 0: free */
	struct second_answer second;
};

struct flights {
	struct flight *by_id[BUCKETS], *by_target[TARGETS];
	struct flight *free;
	struct flight *past_first, *past_last;
	unsigned n_past;
	struct flight **blocks;
	unsigned n_blocks;
	unsigned n_words, next_word;
	struct word words[WORDS];
};

struct flights *
flights_new(void)
{
	return mem_new(sizeof(struct flights));
}

void
flights_free(struct flights *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->n_blocks; i++)
		free(s->blocks[i]);
	free(s->blocks);
	free(s);
}

static unsigned
bucket(unsigned value, const struct addr *target)
{
	uint32_t tail;

	memcpy(&tail, target->bytes + (target->family == 6 ? 12 : 0), 4);
	tail = (tail ^ tail >> 15) * 0x2c1b3c6dU;
	return (value * 0x9e37U ^ tail >> 12 ^ tail) % BUCKETS;
}

static void
make_block(struct flights *s)
{
	struct flight *block = mem_new(BLOCK * sizeof *block);

	s->blocks = mem_grow(s->blocks, s->n_blocks + 1, sizeof s->blocks[0]);
	s->blocks[s->n_blocks++] = block;
	for (unsigned i = 0; i < BLOCK; i++) {
		block[i].next = s->free;
		s->free = &block[i];
	}
}

static void
unlink_id(struct flights *s, struct flight *f)
{
	struct flight **link = &s->by_id[bucket(f->id, &f->target)];

	while (*link != f)
		link = &(*link)->next_by_id;
	*link = f->next_by_id;
}

static struct flight **
target_bucket(struct flights *s, const struct addr *target)
{
	return &s->by_target[bucket(0, target) % TARGETS];
}

static void
unlink_target(struct flights *s, struct flight *f)
{
	struct flight **link = target_bucket(s, &f->target);

	while (*link != f)
		link = &(*link)->next_by_target;
	*link = f->next_by_target;
}

static void
forget(struct flights *s, struct flight *f)
{
	unlink_id(s, f);
	if (f->has_checksum)
		unlink_target(s, f);
	f->ask = NULL;
	f->serial++;
	f->next = s->free;
	s->free = f;
}

static void
forget_oldest(struct flights *s)
{
	struct flight *f = s->past_first;

	s->past_first = f->next;
	if (s->past_first == NULL)
		s->past_last = NULL;
	s->n_past--;
	forget(s, f);
}

static void
remember(struct flights *s, struct flight *f, int64_t now)
{
	while (s->n_past > 0 && (s->n_past >= PAST_MAX ||
				    s->past_first->past_until_mono_us <= now))
		forget_oldest(s);
	f->ask = NULL;
	f->serial++;
	f->next = NULL;
	f->past_until_mono_us = now + PAST_US;
	if (s->past_last == NULL)
		s->past_first = f;
	else
		s->past_last->next = f;
	s->past_last = f;
	s->n_past++;
}

struct flight *
flight_new(struct ask *a, const struct flight_key *key, bool is_kept)
{
	struct flights *s = a->engine->flights;
	struct flight **head;
	struct flight *f;
	uint32_t serial;

	if (s->free == NULL)
		make_block(s);
	f = s->free;
	s->free = f->next;
	serial = f->serial;
	*f = (struct flight){ .ask = a,
		.serial = serial + 1,
		.target = key->target,
		.target_port = key->target_port,
		.source_port = key->source_port,
		.id = key->id,
		.kind = key->kind,
		.is_kept = is_kept,
		.next = a->flights };
	a->flights = f;
	head = &s->by_id[bucket(f->id, &f->target)];
	f->next_by_id = *head;
	*head = f;
	return f;
}

void
flight_has_checksum(struct engine *e, struct flight *f)
{
	struct flight **head = target_bucket(e->flights, &f->target);

	f->has_checksum = true;
	f->next_by_target = *head;
	*head = f;
}

static bool
is_between(const struct flight *f, const struct flight_key *key)
{
	return f->kind == key->kind && f->target_port == key->target_port &&
	       f->source_port == key->source_port &&
	       addr_equal(&f->target, &key->target);
}

struct flight *
flight_find(const struct engine *e, const struct flight_key *key)
{
	struct flight *f = e->flights->by_id[bucket(key->id, &key->target)];

	while (f != NULL && (f->id != key->id || !is_between(f, key)))
		f = f->next_by_id;
	return f;
}

struct flight *
flight_find_checksum(
    const struct engine *e, const struct flight_key *key, uint16_t checksum)
{
	struct flight *f = *target_bucket(e->flights, &key->target);

	while (f != NULL && (!is_between(f, key) ||
				f->ask->ops->checksum(f->ask, f) != checksum))
		f = f->next_by_target;
	return f;
}

struct flight *
flight_find_only(const struct engine *e, const struct flight_key *key)
{
	struct flight *only = NULL;

	for (unsigned i = 0; i < BUCKETS; i++) {
		for (struct flight *f = e->flights->by_id[i]; f != NULL;
		     f = f->next_by_id) {
			if (f->ask == NULL || f->is_answered ||
			    !is_between(f, key))
				continue;
			if (only != NULL)
				return NULL;
			only = f;
		}
	}
	return only;
}

void
flights_release(struct engine *e, struct ask *a)
{
	int64_t now = a->flights == NULL ? 0 : clock_mono_us();
	struct flight *f = a->flights;

	while (f != NULL) {
		struct flight *next = f->next;

		if (f->is_kept)
			remember(e->flights, f, now);
		else
			forget(e->flights, f);
		f = next;
	}
	a->flights = NULL;
}

void
count_up(uint8_t *n)
{
	if (*n < UINT8_MAX)
		(*n)++;
}

static struct word *
find_word(const struct engine *e, const struct addr *target, uint16_t port)
{
	struct flights *s = e->flights;

	if (s->n_words == 0)
		return NULL;
	for (unsigned i = 0; i < WORDS; i++) {
		struct word *w = &s->words[i];

		if ((w->n_late | w->n_duplicate) != 0 && w->port == port &&
		    addr_equal(&w->target, target))
			return w;
	}
	return NULL;
}

void
flight_leave_word(
    struct engine *e, struct flight *f, const struct second_answer *second)
{
	struct flights *s = e->flights;
	struct word *w = find_word(e, &f->target, f->target_port);

	if (w == NULL) {
		w = &s->words[s->next_word++ % WORDS];
		if ((w->n_late | w->n_duplicate) == 0)
			s->n_words++;
		*w = (struct word){ .target = f->target,
			.port = f->target_port };
	}
	count_up(f->is_answered ? &w->n_duplicate : &w->n_late);
	f->is_answered = true;
	if (second->is_present)
		w->second = *second;
}

bool
flights_have_word(
    const struct engine *e, const struct addr *target, uint16_t port)
{
	return find_word(e, target, port) != NULL;
}

void
flights_collect(struct engine *e, const struct addr *target, uint16_t port,
    struct dns_result *into)
{
	struct word *w = find_word(e, target, port);

	if (w == NULL)
		return;
	for (; w->n_late > 0; w->n_late--)
		count_up(&into->n_late);
	for (; w->n_duplicate > 0; w->n_duplicate--)
		count_up(&into->n_duplicate);
	if (w->second.is_present && !into->second.is_present)
		into->second = w->second;
	e->flights->n_words--;
}
