/* dnswire.c - see dnswire.h. */
#include "schema/dnswire.h"

#include <string.h>

#define LABEL_MAX 63

enum rc
dnswire_name_add(struct dnswire_name *name, const uint8_t *label, size_t n)
{
	if (n > LABEL_MAX || name->len + n + 1 > DNSWIRE_NAME_MAX)
		return RC_MALFORMED;
	name->bytes[name->len++] = (uint8_t)n;
	if (n > 0)
		memcpy(name->bytes + name->len, label, n);
	name->len = (uint8_t)(name->len + n);
	return RC_OK;
}

void
dnswire_name_read(struct rbuf *r, struct dnswire_name *name)
{
	struct rbuf at = *r; /* jumps; r stays behind the first pointer */
	size_t lowest = r->pos;
	bool has_jumped = false;

	name->len = 0;
	for (;;) {
		uint8_t n = rbuf_u8(&at);
		const uint8_t *label;

		if (n >= 0xc0) {
			size_t to = (size_t)(n & 0x3f) << 8 | rbuf_u8(&at);

			if (!has_jumped)
				*r = at;
			has_jumped = true;
			if (at.is_bad || to >= lowest)
				break;
			at.pos = lowest = to;
			continue;
		}
		label = rbuf_take(&at, n);
		if (at.is_bad || dnswire_name_add(name, label, n) != RC_OK)
			break;
		if (n == 0) {
			if (!has_jumped)
				*r = at;
			return;
		}
	}
	r->is_bad = true;
}

static char *
write_byte(char *to, uint8_t c)
{
	if (c == '.' || c == '\\') {
		*to++ = '\\';
		*to++ = (char)c;
	} else if (c > ' ' && c < 0x7f) {
		*to++ = (char)c;
	} else {
		*to++ = '\\';
		*to++ = (char)('0' + c / 100);
		*to++ = (char)('0' + c / 10 % 10);
		*to++ = (char)('0' + c % 10);
	}
	return to;
}

const char *
dnswire_name_text(
    const struct dnswire_name *name, char buf[static DNSWIRE_NAME_TEXT_LEN])
{
	char *to = buf;

	for (size_t i = 0; i < name->len && name->bytes[i] != 0;) {
		size_t n = name->bytes[i++];

		for (; n > 0 && i < name->len; n--, i++)
			to = write_byte(to, name->bytes[i]);
		*to++ = '.';
	}
	if (to == buf)
		*to++ = '.';
	*to = '\0';
	return buf;
}

void
dnswire_head_read(struct rbuf *r, struct dnswire_head *head)
{
	dnswire_name_read(r, &head->owner);
	head->type = rbuf_u16(r);
	head->class = rbuf_u16(r);
	head->ttl = rbuf_u32(r);
	head->rdata_len = rbuf_u16(r);
}

const char *
dnswire_rcode_name(uint16_t rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
		"NXRRSET", "NOTAUTH", "NOTZONE" };

	if (rcode < sizeof names / sizeof names[0])
		return names[rcode];
	return rcode == 16 ? "BADVERS" : rcode == 23 ? "BADCOOKIE" : "RCODE";
}
