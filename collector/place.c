/* place.c - see place.h. */
#include "collector/place.h"

#include <string.h>

static bool
is_telling(const struct addr *a, uint8_t family)
{
	return a->family == family && !addr_is_private(a);
}

struct vantage_row
place_row(const struct vantage_row *old, const struct probe_row *probe,
    uint8_t family, const struct addr *connection, const struct addr *own,
    const struct geo *geo)
{
	struct vantage_row row = {
		.id = old->id,
		.family = family,
		.source = old->source,
		.seen = connection->family == family ? *connection : old->seen,
		.own = own->family == family ? *own : old->own,
		.at = probe->declared,
	};

	if (is_telling(connection, family))
		row.source = *connection;
	else if (is_telling(own, family))
		row.source = *own;
	geo_look_up(geo, &row.source, &row.at);
	return row;
}

static struct position
position_of(const struct whereabouts *w)
{
	return (struct position){ w->has_position, w->latitude, w->longitude };
}

bool
place_equal(const struct vantage_row *a, const struct vantage_row *b)
{
	const struct position p = position_of(&a->at), q = position_of(&b->at);

	return a->id == b->id && a->family == b->family &&
	       addr_equal(&a->source, &b->source) &&
	       addr_equal(&a->seen, &b->seen) && addr_equal(&a->own, &b->own) &&
	       a->at.asn == b->at.asn &&
	       strcmp(a->at.country, b->at.country) == 0 &&
	       position_equal(&p, &q);
}

const char *
place_nat(const struct addr *seen, const struct addr *own)
{
	size_t n = seen->family == 6 ? 8 : 4;

	if (seen->family == 0 || seen->family != own->family ||
	    addr_is_loopback(seen) != addr_is_loopback(own))
		return NULL;
	return memcmp(seen->bytes, own->bytes, n) == 0 ? "no" : "yes";
}

/* An id is 16 hexadecimal digits: as a number. */
static uint64_t
number_of(const char *id)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t v = 0;

	for (; *id != '\0'; id++) {
		const char *d = strchr(digits, *id);

		v = v << 4 | (uint64_t)(d == NULL ? 0 : d - digits);
	}
	return v;
}

struct vantage
place_vantage(
    const char *probe_id, enum probe_state state, const struct vantage_row *row)
{
	return (struct vantage){
		.id = row->id,
		.family = row->family,
		.asn = row->at.asn,
		.probe = number_of(probe_id),
		.prefix = vantage_prefix(&row->seen),
		.at = position_of(&row->at),
		.is_trusted = state == PROBE_ACTIVE,
	};
}
