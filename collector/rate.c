/* rate.c - see rate.h. */
#include "collector/rate.h"

#include <sodium.h>
#include <stdlib.h>

#include "schema/base/mem.h"

#define N_SETS 4096u /* a power of two; with WAYS 16 bytes each: 512 KiB */
#define WAYS 8u

struct slot {
	uint64_t hash;  /* 0: empty */
	int64_t due_us; /* when all that was done would have been in time */
};

struct rate {
	int64_t every_us, period_us; /* every_us 0: no limit */
	uint8_t key[crypto_shorthash_KEYBYTES];
	struct slot *slots;
};

struct rate *
rate_new(int64_t n, int64_t period_us)
{
	struct rate *r = mem_new(sizeof *r);

	if (n <= 0)
		return r;
	if (sodium_init() < 0)
		abort(); /* no randomness */
	r->every_us = period_us / n > 0 ? period_us / n : 1;
	r->period_us = period_us;
	crypto_shorthash_keygen(r->key);
	r->slots = mem_new((size_t)N_SETS * WAYS * sizeof *r->slots);
	return r;
}

void
rate_free(struct rate *r)
{
	if (r == NULL)
		return;
	free(r->slots);
	free(r);
}

static uint64_t
hash_of(const struct rate *r, const void *key, size_t len)
{
	union {
		uint8_t bytes[crypto_shorthash_BYTES];
		uint64_t number;
	} h;

	crypto_shorthash(h.bytes, key, len, r->key);
	return h.number != 0 ? h.number : 1;
}

/* The key's slot, or else the one that is missed least. */
static struct slot *
find_slot(struct rate *r, uint64_t hash)
{
	struct slot *set = &r->slots[(hash & (N_SETS - 1)) * WAYS];
	struct slot *least = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].due_us < least->due_us)
			least = &set[i];
	}
	*least = (struct slot){ .hash = hash };
	return least;
}

int64_t
rate_take(struct rate *r, const void *key, size_t len, int64_t now_us)
{
	struct slot *s;
	int64_t due_us;

	if (r->every_us == 0)
		return 0;
	s = find_slot(r, hash_of(r, key, len));
	due_us = (s->due_us > now_us ? s->due_us : now_us) + r->every_us;
	if (due_us - now_us > r->period_us)
		return due_us - now_us - r->period_us;
	s->due_us = due_us;
	return 0;
}
