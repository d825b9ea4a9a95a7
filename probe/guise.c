/* guise.c - see guise.h. */
#include "probe/guise.h"

#include "schema/base/bytes.h"

/* What an answer looks like: a hash of its identity's shape, 0 for none yet,
 * over a byte of marks. */
#define MARKS UINT32_C(0xff)

#define SHAPE_NONE UINT32_C(0x100) /* of a server that gave an NSID before */

static uint32_t
marks_of(const struct observation *o)
{
	bool is_unowned = o->outcome == OUTCOME_OK && !o->dns.is_aa;

	return (uint32_t)(o->outcome == OUTCOME_RCODE) |
	       (uint32_t)o->dns.is_ra << 1 | (uint32_t)is_unowned << 2;
}

static uint8_t
class_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return '0';
	if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
		return 'a';
	return byte;
}

/* A hash of it with every run of letters, and of digits, as one; 0: none. */
static uint32_t
shape_of(const struct identity *id)
{
	uint64_t h = BYTES_HASH_START;
	uint8_t last = 0;

	if (!id->is_present)
		return 0;
	for (unsigned i = 0; i < id->len; i++) {
		uint8_t class = class_of(id->bytes[i]);

		if (i == 0 || class != last || (class != '0' && class != 'a'))
			h = bytes_hash(h, &class, 1);
		last = class;
	}
	return (uint32_t)(h ^ h >> 32) << 9 | SHAPE_NONE << 1;
}

void
guise_see(struct guise *g, const struct observation *o)
{
	uint32_t before = g->seen & ~MARKS, marks = marks_of(o);
	uint32_t shape = shape_of(&o->dns.nsid);

	if (shape != 0)
		g->is_from_nsid = true;
	else if (g->is_from_nsid)
		shape = SHAPE_NONE;
	else
		shape = shape_of(&o->dns.chaos.txt);
	if (shape == 0)
		shape = before;
	g->is_odd = marks != 0 || (before != 0 && shape != before);
	g->seen = shape | marks;
	if (!g->is_odd)
		g->looked = 0;
}

bool
guise_wants_look(const struct guise *g, int64_t now_us)
{
	int64_t age_us = now_us - g->looked_us;

	if (!g->is_odd)
		return false;
	return g->looked_us == 0 || age_us >= GUISE_AGAIN_US ||
	       (g->seen != g->looked && age_us >= GUISE_APART_US);
}

void
guise_looked(struct guise *g, int64_t now_us)
{
	g->looked = g->seen;
	g->looked_us = now_us;
}
