/* catchment_csv.c - see catchment_csv.h. */
#include "collector/catchment_csv.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 64
#define NS_PER_US 1000
#define AT_MAX_NS INT64_C(8000000000000000000) /* the year 2223 */
#define RTT_MAX_MS 600000.0

static const char *const names[CSV_N] = {
	[CSV_CLIENT] = "client_id",
	[CSV_RECEIVED] = "receive_time",
	[CSV_SENT] = "transmit_time",
	[CSV_SOURCE] = "source_address",
	[CSV_DESTINATION] = "destination_address",
	[CSV_RTT] = "send_receive_time_diff",
	[CSV_TTL] = "ttl",
	[CSV_COUNTRY] = "source_address_country",
	[CSV_ASN] = "source_address_asn",
};

/* One field, without the quotes around it (RFC 4180); *rest is what follows,
 * or NULL. */
static char *
next_field(char **rest)
{
	char *field = *rest, *end, *to;

	if (*field != '"') {
		end = strchr(field, ',');
		*rest = end == NULL ? NULL : end + 1;
		if (end != NULL)
			*end = '\0';
		return field;
	}
	for (end = to = ++field; *end != '\0'; end++) {
		if (*end == '"' && *++end != '"')
			break;
		*to++ = *end;
	}
	*rest = *end == ',' ? end + 1 : NULL;
	*to = '\0';
	return field;
}

/* Cuts the line into fields; returns how many. */
static int
split(char *line, char *fields[static FIELDS_MAX])
{
	char *rest = line;
	int n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (rest != NULL && n < FIELDS_MAX)
		fields[n++] = next_field(&rest);
	return n;
}

enum rc
csv_header(struct csv_columns *out, char *line, struct err *err)
{
	static const enum csv_column needed[] = { CSV_CLIENT, CSV_SOURCE,
		CSV_DESTINATION };
	char *fields[FIELDS_MAX];
	int n = split(line, fields);

	for (int c = 0; c < CSV_N; c++) {
		out->at[c] = -1;
		for (int i = 0; i < n && out->at[c] < 0; i++)
			if (strcmp(fields[i], names[c]) == 0)
				out->at[c] = i;
	}
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (out->at[needed[i]] < 0)
			return err_set(err, RC_MALFORMED,
			    "the first line has no column %s",
			    names[needed[i]]);
	if (out->at[CSV_RECEIVED] < 0 && out->at[CSV_SENT] < 0)
		return err_set(err, RC_MALFORMED,
		    "the first line has neither receive_time nor "
		    "transmit_time");
	return RC_OK;
}

static const char *
field_of(
    const struct csv_columns *c, enum csv_column which, char **fields, int n)
{
	int i = c->at[which];

	return i >= 0 && i < n ? fields[i] : "";
}

/* A time that is not there is 0 in these files. */
static bool
read_time(const char *text, int64_t *us)
{
	char *end;
	long long ns;

	errno = 0;
	ns = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || ns <= 0 ||
	    ns > AT_MAX_NS)
		return false;
	*us = ns / NS_PER_US;
	return true;
}

static void
read_rtt(struct catchment_reply *r, const char *text)
{
	char *end;
	double ms = strtod(text, &end);

	r->has_rtt = end != text && *end == '\0' && ms >= 0 && ms <= RTT_MAX_MS;
	r->rtt_us = r->has_rtt ? lround(ms * 1000) : 0;
}

static uint32_t
read_number(const char *text, uint32_t max)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	return end == text || *end != '\0' || errno != 0 || v > max
		   ? 0
		   : (uint32_t)v;
}

static void
read_country(struct catchment_reply *r, const char *text)
{
	if (strlen(text) == 2 && isupper((unsigned char)text[0]) &&
	    isupper((unsigned char)text[1]))
		memcpy(r->country, text, 3);
}

const char *
csv_reply(struct catchment_reply *out, const struct csv_columns *c, char *line)
{
	char *fields[FIELDS_MAX];
	int n = split(line, fields);
	const char *client = field_of(c, CSV_CLIENT, fields, n);

	*out = (struct catchment_reply){ 0 };
	if (*client == '\0' || strlen(client) >= sizeof out->client)
		return "client_id: missing or too long";
	memcpy(out->client, client, strlen(client) + 1);
	if (addr_parse(&out->source, field_of(c, CSV_SOURCE, fields, n)) !=
	    RC_OK)
		return "source_address: no address";
	if (addr_parse(&out->destination,
		field_of(c, CSV_DESTINATION, fields, n)) != RC_OK)
		return "destination_address: no address";
	if (!read_time(field_of(c, CSV_RECEIVED, fields, n), &out->at_us) &&
	    !read_time(field_of(c, CSV_SENT, fields, n), &out->at_us))
		return "receive_time: missing or out of range";
	read_rtt(out, field_of(c, CSV_RTT, fields, n));
	out->ttl = (uint8_t)read_number(field_of(c, CSV_TTL, fields, n), 255);
	out->asn = read_number(field_of(c, CSV_ASN, fields, n), UINT32_MAX);
	read_country(out, field_of(c, CSV_COUNTRY, fields, n));
	return NULL;
}

bool
csv_routing(
    char site[static 64], struct addr *prefix, unsigned *len, char *line)
{
	char *fields[FIELDS_MAX], *slash, *end;
	int n;
	unsigned long bits;

	if (*line == '#')
		return false;
	n = split(line, fields);
	if (n < 2 || *fields[0] == '\0' || strlen(fields[0]) > 63)
		return false;
	slash = strchr(fields[1], '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	bits = strtoul(slash + 1, &end, 10);
	if (end == slash + 1 || *end != '\0' ||
	    addr_parse(prefix, fields[1]) != RC_OK ||
	    bits > (prefix->family == 6 ? 128 : 32))
		return false;
	*len = (unsigned)bits;
	memcpy(site, fields[0], strlen(fields[0]) + 1);
	return true;
}

bool
prefix_holds(
    const struct addr *prefix, unsigned len, const struct addr *address)
{
	unsigned whole = len / 8, bits = len % 8;

	if (prefix->family != address->family ||
	    memcmp(prefix->bytes, address->bytes, whole) != 0)
		return false;
	return bits == 0 ||
	       (prefix->bytes[whole] ^ address->bytes[whole]) >> (8 - bits) ==
		   0;
}
