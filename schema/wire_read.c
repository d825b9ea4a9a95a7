/* wire_read.c - see wire_read.h. */
#include "schema/wire_read.h"

#include <string.h>

WIRE_DEFINE_WORD(, enum outcome, wire_read_outcome, outcome_from_name)

int64_t
wire_read_or_zero(struct fields *f, const char *key, int64_t min, int64_t max)
{
	int64_t v = 0;

	(void)fields_int_if(f, key, min, max, &v);
	return v;
}

bool
wire_read_reply_ttl(struct fields *f, uint8_t *ttl)
{
	int64_t v = 0;
	bool has = fields_int_if(f, "reply_ttl", 0, 255, &v);

	*ttl = (uint8_t)v;
	return has;
}

int
wire_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum rc
wire_read_hex(uint8_t *bytes, size_t max, size_t *n, const char *hex)
{
	size_t len = strlen(hex);

	if (len % 2 != 0)
		return RC_MALFORMED;
	if (len > 2 * max)
		return RC_RANGE;
	for (size_t i = 0; i < len / 2; i++) {
		int high = wire_hex_value(hex[2 * i]);
		int low = wire_hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return RC_MALFORMED;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	*n = len / 2;
	return RC_OK;
}

void
wire_read_identity(
    struct fields *f, const char *key, const char *cut_key, struct identity *id)
{
	const char *hex = fields_text_if(f, key);
	size_t len = 0;
	enum rc rc;

	if (hex == NULL)
		return;
	rc = wire_read_hex(id->bytes, IDENTITY_MAX, &len, hex);
	id->len = (uint8_t)len;
	if (rc != RC_OK)
		fields_fail(f, rc, key,
		    "not lower-case hexadecimal of at most 255 bytes");
	id->is_present = true;
	id->is_cut = fields_bool(f, cut_key);
	if (id->is_cut && id->len != IDENTITY_MAX)
		fields_fail(f, RC_RANGE, cut_key, "cut before its 255th byte");
}

uint16_t
wire_read_rcode(struct fields *f, enum outcome outcome)
{
	bool is_error = outcome == OUTCOME_RCODE;

	return (uint16_t)fields_int(
	    f, "rcode", is_error ? 1 : 0, is_error ? RCODE_MAX : 0);
}
