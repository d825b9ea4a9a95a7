/* acl.c - see acl.h. */
#include "probe/acl.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

#define WORD_MAX 64

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Copies the line's only word, without comment and space.  RC_RANGE: it is
 * longer than any prefix. */
static enum rc
copy_word(char word[static WORD_MAX], const char *line, size_t len)
{
	const char *comment = memchr(line, '#', len);

	if (comment != NULL)
		len = (size_t)(comment - line);
	while (len > 0 && is_space(*line)) {
		line++;
		len--;
	}
	while (len > 0 && is_space(line[len - 1]))
		len--;
	if (len >= WORD_MAX)
		return RC_RANGE;
	memcpy(word, line, len);
	word[len] = '\0';
	return strlen(word) == len ? RC_OK : RC_MALFORMED;
}

static enum rc
parse_bits(uint8_t *out, const char *text, unsigned max)
{
	unsigned v = 0;

	if (*text == '\0')
		return RC_MALFORMED;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return RC_MALFORMED;
		v = v * 10 + (unsigned)(*text - '0');
		if (v > max)
			return RC_RANGE;
	}
	*out = (uint8_t)v;
	return RC_OK;
}

static enum rc
parse_prefix(struct acl_prefix *out, char *word)
{
	char *slash = strchr(word, '/');
	unsigned max;

	if (slash != NULL)
		*slash++ = '\0';
	if (addr_parse(&out->address, word) != RC_OK)
		return RC_MALFORMED;
	max = out->address.family == 4 ? 32 : 128;
	out->n_bits = (uint8_t)max;
	return slash == NULL ? RC_OK : parse_bits(&out->n_bits, slash, max);
}

static enum rc
parse_line(struct acl *acl, const char *line, size_t len)
{
	char word[WORD_MAX];
	enum rc rc = copy_word(word, line, len);

	if (rc != RC_OK || word[0] == '\0')
		return rc;
	if (acl->n == ACL_PREFIXES_MAX)
		return RC_LIMIT;
	acl->prefixes =
	    mem_grow(acl->prefixes, acl->n + 1, sizeof *acl->prefixes);
	rc = parse_prefix(&acl->prefixes[acl->n], word);
	if (rc == RC_OK)
		acl->n++;
	return rc;
}

static enum rc
bad_line(struct err *err, enum rc rc, const char *name, unsigned n,
    const char *line, size_t len)
{
	char word[WORD_MAX];

	if (rc == RC_LIMIT)
		return err_set(err, rc, "%s:%u: more than %d prefixes", name, n,
		    ACL_PREFIXES_MAX);
	if (copy_word(word, line, len) != RC_OK)
		word[0] = '\0';
	return err_set(err, RC_MALFORMED,
	    "%s:%u: '%s' is not a prefix, expected one like 192.0.2.0/24 or "
	    "2001:db8::/32",
	    name, n, word);
}

enum rc
acl_parse(struct acl *out, const char *text, size_t len, const char *name,
    struct err *err)
{
	struct acl acl = { 0 };
	unsigned n = 0;

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n_line = end == NULL ? len : (size_t)(end - text);
		size_t n_step = end == NULL ? len : n_line + 1;
		enum rc rc = parse_line(&acl, text, n_line);

		n++;
		if (rc != RC_OK) {
			acl_fini(&acl);
			return bad_line(err, rc, name, n, text, n_line);
		}
		text += n_step;
		len -= n_step;
	}
	*out = acl;
	return RC_OK;
}

void
acl_fini(struct acl *acl)
{
	if (acl == NULL)
		return;
	free(acl->prefixes);
	*acl = (struct acl){ 0 };
}

static bool
is_inside(const struct acl_prefix *p, const struct addr *a)
{
	size_t n_bytes = p->n_bits / 8;
	unsigned n_rest = p->n_bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> n_rest);

	if (p->address.family != a->family ||
	    memcmp(p->address.bytes, a->bytes, n_bytes) != 0)
		return false;
	return n_rest == 0 ||
	       ((p->address.bytes[n_bytes] ^ a->bytes[n_bytes]) & mask) == 0;
}

/* An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is still IPv4: no list
 * is passed by that way. */
static struct addr
undress(const struct addr *a)
{
	struct sockaddr_storage ss;

	addr_to_sockaddr(a, 0, &ss);
	return addr_from_sockaddr((const struct sockaddr *)&ss, NULL);
}

bool
acl_contains(const struct acl *acl, const struct addr *a)
{
	struct addr plain = undress(a);

	for (size_t i = 0; i < acl->n; i++)
		if (is_inside(&acl->prefixes[i], &plain))
			return true;
	return false;
}

bool
acl_permits(
    const struct acl *allow, const struct acl *deny, const struct addr *a)
{
	if (deny != NULL && acl_contains(deny, a))
		return false;
	return allow == NULL || acl_contains(allow, a);
}
