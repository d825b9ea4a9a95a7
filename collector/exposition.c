/* exposition.c - see exposition.h. */
#include "collector/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define OPENMETRICS "application/openmetrics-text"
#define PLAIN "text/plain"
#define QUALITY_MAX 1000

static bool
is_openmetrics(const struct exposition *e)
{
	return e->format == EXPOSITION_OPENMETRICS;
}

/* What stands behind the family's name in the older format's # TYPE, and in
 * samples. */
static const char *
suffix_of(enum exposition_type type)
{
	return type == EXPOSITION_COUNTER ? "_total"
	       : type == EXPOSITION_INFO  ? "_info"
					  : "";
}

static const char *
type_name(enum exposition_type type, bool is_openmetrics)
{
	switch (type) {
	case EXPOSITION_COUNTER:
		return "counter";
	case EXPOSITION_GAUGE:
		return "gauge";
	case EXPOSITION_INFO:
		return is_openmetrics ? "info" : "gauge";
	case EXPOSITION_HISTOGRAM:
		return "histogram";
	}
	return "unknown";
}

static bool
ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

void
exposition_family(struct exposition *e, const char *name,
    enum exposition_type type, const char *help)
{
	bool is_new = is_openmetrics(e);
	const char *suffix = is_new ? "" : suffix_of(type);

	e->family = name;
	e->type = type;
	fprintf(
	    e->to, "# TYPE %s%s %s\n", name, suffix, type_name(type, is_new));
	if (is_new && ends_in(name, "_seconds"))
		fprintf(e->to, "# UNIT %s seconds\n", name);
	if (is_new && ends_in(name, "_bytes"))
		fprintf(e->to, "# UNIT %s bytes\n", name);
	fprintf(e->to, "# HELP %s%s %s\n", name, suffix, help);
}

/* How many bytes of valid UTF-8 stand at p; 0: none. */
static size_t
utf8_len(const unsigned char *p)
{
	unsigned lead = p[0];
	size_t n = lead < 0x80                             ? 1
		   : lead >= 0xC2 && lead <= 0xDF          ? 2
		   : (lead & 0xF0) == 0xE0                 ? 3
		   : (lead & 0xF8) == 0xF0 && lead <= 0xF4 ? 4
							   : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((lead == 0xE0 && p[1] < 0xA0) || (lead == 0xED && p[1] > 0x9F) ||
	    (lead == 0xF0 && p[1] < 0x90) || (lead == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

/* Both formats know three escapes.  Other control characters, which no terminal
 * should see, and what is no UTF-8 become U+FFFD. */
static void
put_value(FILE *to, const char *value)
{
	const unsigned char *p = (const unsigned char *)value;

	while (*p != '\0') {
		size_t n = utf8_len(p);

		if (*p == '\\' || *p == '"')
			fprintf(to, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", to);
		else if (n == 0 || *p < 0x20 || *p == 0x7F ||
			 (*p == 0xC2 && p[1] < 0xA0))
			fputs("\xEF\xBF\xBD", to);
		else
			fwrite(p, 1, n, to);
		p += n == 0 ? 1 : n;
	}
}

static void
put_name(struct exposition *e, const char *suffix,
    const struct exposition_label *labels, size_t n)
{
	fprintf(e->to, "%s%s", e->family, suffix);
	for (size_t i = 0; i < n; i++) {
		fprintf(e->to, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
		put_value(e->to, labels[i].value);
		fputc('"', e->to);
	}
	fputs(n > 0 ? "} " : " ", e->to);
}

static void
put_real(FILE *to, double value)
{
	if (isnan(value))
		fputs("NaN\n", to);
	else
		fprintf(to, "%.15g\n", value);
}

void
exposition_int(struct exposition *e, const struct exposition_label *labels,
    size_t n, int64_t value)
{
	put_name(e, suffix_of(e->type), labels, n);
	fprintf(e->to, "%" PRId64 "\n", value);
}

void
exposition_real(struct exposition *e, const struct exposition_label *labels,
    size_t n, double value)
{
	put_name(e, suffix_of(e->type), labels, n);
	put_real(e->to, value);
}

void
exposition_part(struct exposition *e, const char *suffix,
    const struct exposition_label *labels, size_t n, double value)
{
	put_name(e, suffix, labels, n);
	put_real(e->to, value);
}

void
exposition_end(struct exposition *e)
{
	if (is_openmetrics(e))
		fputs("# EOF\n", e->to);
}

/* Content negotiation (RFC 9110 section 12.5.1), for two types. */

/* One media range of an Accept header, without blanks around it. */
struct range {
	const char *text;
	size_t len;
};

/* Takes the next piece up to a separator off *rest; false at the end. */
static bool
next_piece(struct range *rest, char separator, struct range *piece)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->text, separator, rest->len);
	piece->text = rest->text;
	piece->len = end == NULL ? rest->len : (size_t)(end - rest->text);
	rest->text += piece->len + (end != NULL);
	rest->len -= piece->len + (end != NULL);
	while (piece->len > 0 && strchr(" \t", piece->text[0]) != NULL) {
		piece->text++;
		piece->len--;
	}
	while (piece->len > 0 &&
	       strchr(" \t", piece->text[piece->len - 1]) != NULL)
		piece->len--;
	return true;
}

static bool
is_word(const struct range *r, const char *word)
{
	return r->len == strlen(word) &&
	       strncasecmp(r->text, word, r->len) == 0;
}

/* "q=0.5" is 500; what is no quality stays what it was. */
static int
quality(const struct range *r, int before)
{
	static const int places[] = { 1000, 100, 10, 1 };
	size_t place = 0;
	int v = 0;

	if (r->len < 3 || strncasecmp(r->text, "q=", 2) != 0)
		return before;
	for (size_t i = 2; i < r->len; i++) {
		if (r->text[i] == '.' && i == 3)
			continue;
		if (r->text[i] < '0' || r->text[i] > '9' || place == 4)
			return before;
		v += (r->text[i] - '0') * places[place++];
	}
	return v > QUALITY_MAX ? QUALITY_MAX : v;
}

/* How well a range names a type and version: 3 by name, 2 "text/...", 1 any, 0
 * not at all. */
static int
fit(const struct range *type, const struct range *version, const char *name,
    const char *our_version)
{
	size_t major = strcspn(name, "/") + 1;

	if (version->len > 0 && !is_word(version, our_version))
		return 0;
	if (is_word(type, name))
		return 3;
	if (type->len == major + 1 && type->text[major] == '*' &&
	    strncasecmp(type->text, name, major) == 0)
		return 2;
	return is_word(type, "*/*") ? 1 : 0;
}

static bool
is_version(const struct range *r, struct range *value)
{
	static const char key[] = "version=";
	size_t n = sizeof key - 1;

	if (r->len <= n || strncasecmp(r->text, key, n) != 0)
		return false;
	value->text = r->text + n;
	value->len = r->len - n;
	if (value->len >= 2 && value->text[0] == '"') {
		value->text++;
		value->len -= 2;
	}
	return true;
}

/* The quality that an Accept header gives a type: of the range that names it
 * most closely. */
static int
accepted(const char *accept, const char *name, const char *our_version)
{
	struct range all = { accept, strlen(accept) }, range, piece;
	int best_fit = 0, best = 0;

	while (next_piece(&all, ',', &range)) {
		struct range type = { 0 }, version = { 0 };
		int q = QUALITY_MAX, f;

		(void)next_piece(&range, ';', &type);
		while (next_piece(&range, ';', &piece)) {
			q = quality(&piece, q);
			(void)is_version(&piece, &version);
		}
		f = fit(&type, &version, name, our_version);
		if (f > best_fit || (f == best_fit && f > 0 && q > best)) {
			best_fit = f;
			best = q;
		}
	}
	return best;
}

enum exposition_format
exposition_choose(const char *accept)
{
	if (accept == NULL)
		return EXPOSITION_OPENMETRICS;
	return accepted(accept, PLAIN, "0.0.4") >
		       accepted(accept, OPENMETRICS, "1.0.0")
		   ? EXPOSITION_TEXT
		   : EXPOSITION_OPENMETRICS;
}

const char *
exposition_content_type(enum exposition_format f)
{
	return f == EXPOSITION_TEXT ? PLAIN "; version=0.0.4; charset=utf-8"
				    : OPENMETRICS
		   "; version=1.0.0; charset=utf-8";
}
