/* atlas_place.c - see atlas_place.h. */
#include "collector/atlas_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/atlas_json.h"
#include "collector/import_session.h"

static struct addr
address_at(const json_t *response, const char *key)
{
	const char *text = atlas_text(response, key);
	struct addr a;

	if (text == NULL || addr_parse(&a, text) != RC_OK)
		a = (struct addr){ .family = 0 };
	return a;
}

static void
read_place(struct whereabouts *w, const json_t *fields,
    const struct atlas_settings *s, uint8_t family)
{
	const char *asn = family == 6 && s->asn_v6 != NULL ? s->asn_v6 : s->asn;
	const char *country =
	    s->country == NULL ? NULL : atlas_text(fields, s->country);
	int64_t number;

	if (asn != NULL && atlas_int(fields, asn, &number) && number > 0 &&
	    number <= UINT32_MAX)
		w->asn = (uint32_t)number;
	if (country != NULL && strlen(country) == 2)
		memcpy(w->country, country, 3);
	if (s->latitude == NULL || s->longitude == NULL)
		return;
	w->has_position = atlas_real(fields, s->latitude, &w->latitude) &&
			  atlas_real(fields, s->longitude, &w->longitude) &&
			  w->latitude >= -90 && w->latitude <= 90 &&
			  w->longitude >= -180 && w->longitude <= 180;
}

void
atlas_vantage(struct foreign_vantage *out, const json_t *result,
    const json_t *response, const struct observation *o,
    const struct atlas_settings *s)
{
	int64_t probe = 0;

	(void)atlas_int(response, "probe_id", &probe);
	*out = (struct foreign_vantage){ .source = "atlas",
		.family = o->target.family,
		.seen = address_at(response, "origin"),
		.own = o->source };
	snprintf(
	    out->probe.name, sizeof out->probe.name, "atlas-%" PRId64, probe);
	import_probe_id(out->probe.id, "atlas", out->probe.name);
	read_place(&out->probe.declared, result, s, out->family);
}
