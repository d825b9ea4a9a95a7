#include "probe/prefix.h"

#include <stdio.h>
#include <string.h>

static bool
has_bits_behind(const struct prefix *p, unsigned n_bits)
{
	for (unsigned i = p->len; i < n_bits; i++)
		if (p->address.bytes[i / 8] & 0x80u >> i % 8)
			return true;
	return false;
}

enum rc
prefix_parse(struct prefix *out, const char *text, size_t n)
{
	const char *slash = memchr(text, '/', n);
	char address[ADDR_TEXT_LEN];
	struct prefix p = { 0 };
	unsigned len = 0, n_bits;
	size_t n_digits;

	if (slash == NULL || (size_t)(slash - text) >= sizeof address)
		return RC_MALFORMED;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (addr_parse(&p.address, address) != RC_OK)
		return RC_MALFORMED;
	n_bits = p.address.family == 4 ? 32 : 128;
	n_digits = n - (size_t)(slash - text) - 1;
	if (n_digits < 1 || n_digits > 3)
		return RC_MALFORMED;
	for (size_t i = 1; i <= n_digits; i++) {
		if (slash[i] < '0' || slash[i] > '9')
			return RC_MALFORMED;
		len = 10 * len + (unsigned)(slash[i] - '0');
	}
	p.len = (uint8_t)len;
	if (len > n_bits || has_bits_behind(&p, n_bits))
		return RC_MALFORMED;
	*out = p;
	return RC_OK;
}

bool
prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_equal(&a->address, &b->address);
}

const char *
prefix_format(const struct prefix *p, char buf[static PREFIX_TEXT_LEN])
{
	char address[ADDR_TEXT_LEN];

	snprintf(buf, PREFIX_TEXT_LEN, "%s/%u",
	    addr_format(&p->address, address), p->len);
	return buf;
}
