/* idname.c - see idname.h. */
#include "probe/idname.h"

#include <string.h>
#include <strings.h>

#define BLANK " \t"

static enum rc
class_from_word(enum name_class *class, const char *word, size_t n)
{
	static const struct {
		const char *word;
		enum name_class class;
	} words[] = { { "CH", NAME_CH }, { "CHAOS", NAME_CH },
		{ "IN", NAME_IN } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i].word) == n &&
		    strncasecmp(words[i].word, word, n) == 0) {
			*class = words[i].class;
			return RC_OK;
		}
	return RC_MALFORMED;
}

/* RFC 4892: the names of class CH stand under these two. */
static enum name_class
usual_class(const char *name)
{
	static const char *const tops[] = { "bind", "server" };
	size_t len = strlen(name);

	len -= len > 0 && name[len - 1] == '.';
	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++) {
		size_t n = strlen(tops[i]);

		if (len > n && name[len - n - 1] == '.' &&
		    strncasecmp(name + len - n, tops[i], n) == 0)
			return NAME_CH;
	}
	return NAME_IN;
}

enum rc
idname_parse(char name[static ZONE_TEXT_MAX + 1], enum name_class *class,
    const char *text)
{
	char got[ZONE_TEXT_MAX + 1];
	struct dnsmsg_question q;
	const char *word;
	size_t n, n_word;

	text += strspn(text, BLANK);
	n = strcspn(text, BLANK);
	word = text + n + strspn(text + n, BLANK);
	n_word = strcspn(word, BLANK);
	if (n > ZONE_TEXT_MAX ||
	    word[n_word + strspn(word + n_word, BLANK)] != '\0')
		return RC_MALFORMED;
	memcpy(got, text, n);
	got[n] = '\0';
	if (dnsmsg_question_set(&q, got, DNSMSG_TXT, DNSMSG_CH) != RC_OK ||
	    q.name_len == 1)
		return RC_MALFORMED;
	if (n_word == 0)
		*class = usual_class(got);
	else if (class_from_word(class, word, n_word) != RC_OK)
		return RC_MALFORMED;
	memcpy(name, got, n + 1);
	return RC_OK;
}

enum dnsmsg_class idname_dns_class(enum name_class class)
{
	return class == NAME_IN ? DNSMSG_IN : DNSMSG_CH;
}
