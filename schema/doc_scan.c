/* doc_scan.c - what is plain, in one pass; see doc.h. */
#include "schema/doc.h"

#include <endian.h>
#include <string.h>

#include "schema/base/mem.h"

#define MEMBERS_MAX 64 /* whether a key is new is found by looking at all */
#define ROOM_STEP 512
#define HEAD_ROOM 16 /* head_of reads eight bytes of the last key */

/* The text ends with a NUL character, which is nowhere plain: nothing reads
 * beyond it. */
struct scan {
	struct doc *doc;
	char *p;
};

struct key {
	const char *text; /* NULL: an element has none */
	uint64_t head;
};

static const struct key no_key;

static bool scan_value(struct scan *s, struct key key, unsigned depth);

static void
skip_blanks(struct scan *s)
{
	while (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r')
		s->p++;
}

static bool
skip_one(struct scan *s, char c)
{
	if (*s->p != c)
		return false;
	s->p++;
	return true;
}

#define ONES 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1

/* ASCII from blank to tilde, but for quotation mark and backslash. */
static const bool plain[256] = {
	/* clang-format off */
	[0x20] = 1, 1, 0, 1, ONES,
	[0x30] = ONES, 1, 1, 1, 1,
	[0x40] = ONES, 1, 1, 1, 1,
	[0x50] = ONES, 0, 1, 1, 1,
	[0x60] = ONES, 1, 1, 1, 1,
	[0x70] = ONES, 1, 1, 1, 0,
	/* clang-format on */
};

/* The string at a quotation mark, ended where the second was; NULL. */
static const char *
scan_text(struct scan *s)
{
	char *text = s->p + 1;

	if (!skip_one(s, '"'))
		return NULL;
	while (plain[(unsigned char)*s->p])
		s->p++;
	if (*s->p != '"')
		return NULL;
	*s->p++ = '\0';
	return text;
}

static bool
scan_integer(struct scan *s, struct key key)
{
	bool is_negative = skip_one(s, '-');
	const char *first = s->p;
	int64_t v = 0;
	uint32_t at;

	for (; *s->p >= '0' && *s->p <= '9'; s->p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *s->p - '0', &v))
			return false;
	}
	if (s->p == first || (*first == '0' && s->p - first > 1) ||
	    *s->p == '.' || *s->p == 'e' || *s->p == 'E')
		return false;
	at = doc_add(s->doc, key.text, key.head, DOC_INTEGER);
	s->doc->values[at].integer = is_negative ? -v : v;
	return true;
}

static bool
scan_word(struct scan *s, struct key key, const char *word, enum doc_type type)
{
	size_t len = strlen(word);

	if (strncmp(s->p, word, len) != 0)
		return false;
	s->p += len;
	doc_add(s->doc, key.text, key.head, type);
	return true;
}

/* doc_head of a key that was scanned: in the text, with room behind it. */
static uint64_t
head_of(const char *key, const char *end)
{
	uint64_t head;

	memcpy(&head, key, sizeof head);
	head = le64toh(head);
	if (end - key < (ptrdiff_t)sizeof head)
		head &= (UINT64_C(1) << 8 * (end - key)) - 1;
	return head;
}

static bool
scan_member(struct scan *s, uint32_t object, unsigned depth)
{
	struct doc_value *o;
	struct key key;
	uint64_t mark;

	skip_blanks(s);
	key.text = scan_text(s);
	if (key.text == NULL)
		return false;
	key.head = head_of(key.text, s->p - 1);
	mark = doc_mark(key.head);
	o = &s->doc->values[object];
	if ((o->key_marks & mark) != 0 &&
	    !doc_is_new_key(s->doc, object, key.text, key.head))
		return false;
	o->key_marks |= mark;
	skip_blanks(s);
	return skip_one(s, ':') && scan_value(s, key, depth + 1);
}

static bool
scan_object(struct scan *s, struct key key, unsigned depth)
{
	uint32_t at = doc_add(s->doc, key.text, key.head, DOC_OBJECT), n = 0;

	s->p++;
	skip_blanks(s);
	if (!skip_one(s, '}')) {
		do {
			s->doc->values[at].n = n;
			if (n++ == MEMBERS_MAX || !scan_member(s, at, depth))
				return false;
		} while (skip_one(s, ','));
		if (!skip_one(s, '}'))
			return false;
	}
	s->doc->values[at].n = n;
	s->doc->values[at].end = (uint32_t)s->doc->n;
	return true;
}

static bool
scan_array(struct scan *s, struct key key, unsigned depth)
{
	uint32_t at = doc_add(s->doc, key.text, key.head, DOC_ARRAY), n = 0;

	s->p++;
	skip_blanks(s);
	if (!skip_one(s, ']')) {
		do {
			if (!scan_value(s, no_key, depth + 1))
				return false;
			n++;
		} while (skip_one(s, ','));
		if (!skip_one(s, ']'))
			return false;
	}
	s->doc->values[at].n = n;
	s->doc->values[at].end = (uint32_t)s->doc->n;
	return true;
}

static bool
scan_string(struct scan *s, struct key key)
{
	const char *text = scan_text(s);
	uint32_t at;

	if (text == NULL)
		return false;
	at = doc_add(s->doc, key.text, key.head, DOC_TEXT);
	s->doc->values[at].text = text;
	return true;
}

static bool
scan_some(struct scan *s, struct key key, unsigned depth)
{
	switch (*s->p) {
	case '"':
		return scan_string(s, key);
	case '{':
		return depth < DOC_DEPTH_MAX && scan_object(s, key, depth);
	case '[':
		return depth < DOC_DEPTH_MAX && scan_array(s, key, depth);
	case 't':
		return scan_word(s, key, "true", DOC_TRUE);
	case 'f':
		return scan_word(s, key, "false", DOC_FALSE);
	case 'n':
		return scan_word(s, key, "null", DOC_OTHER);
	default:
		return scan_integer(s, key);
	}
}

/* A value, and the blanks around it. */
static bool
scan_value(struct scan *s, struct key key, unsigned depth)
{
	skip_blanks(s);
	if (!scan_some(s, key, depth))
		return false;
	skip_blanks(s);
	return true;
}

bool
doc_scan(struct doc *d, const char *text, size_t len)
{
	struct scan s = { .doc = d };

	if (len + HEAD_ROOM > d->text_cap) {
		d->text_cap = (len / ROOM_STEP + 2) * ROOM_STEP;
		d->text = mem_grow(d->text, d->text_cap, 1);
	}
	if (len > 0)
		memcpy(d->text, text, len);
	d->text[len] = '\0';
	s.p = d->text;
	return scan_value(&s, no_key, 0) && s.p == d->text + len &&
	       d->values[0].type == DOC_OBJECT;
}
