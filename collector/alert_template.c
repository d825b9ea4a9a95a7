/* alert_template.c - see alert_template.h. */
#include "collector/alert_template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz_"
#define TEXT "{\"text\":\"{text}\"}"

static const struct {
	const char *name, *text;
} chats[] = {
	/* No name in it is a mention. */
	{ "discord",
	    "{\"content\":\"{text}\",\"allowed_mentions\":{\"parse\":[]}}" },
	{ "googlechat", TEXT },
	{ "matrix", TEXT }, /* matrix-hookshot's generic hooks */
	{ "mattermost", TEXT },
	{ "slack", TEXT },
	{ "teams", /* an adaptive card */
	    "{\"type\":\"message\",\"attachments\":[{\"contentType\":"
	    "\"application/vnd.microsoft.card.adaptive\",\"content\":{"
	    "\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":[{"
	    "\"type\":\"TextBlock\",\"wrap\":true,\"text\":\"{text}\"}]}}]}" },
};

const char *
template_of_chat(const char *name)
{
	for (size_t i = 0; i < sizeof chats / sizeof chats[0]; i++)
		if (strcmp(chats[i].name, name) == 0)
			return chats[i].text;
	return NULL;
}

const char *
template_chats(void)
{
	return "discord, googlechat, matrix, mattermost, slack and teams";
}

static void
fill_text(FILE *to, const struct message *m)
{
	for (size_t i = 0; i < m->n; i++)
		fprintf(to, "%s%s", i == 0 ? "" : "\n", m->notices[i].text);
}

static void
fill_id(FILE *to, const struct message *m)
{
	if (m->notices[0].event.id != 0)
		fprintf(to, "%" PRId64, m->notices[0].event.id);
}

static void
fill_family(FILE *to, const struct message *m)
{
	if (m->notices[0].event.family != 0)
		fprintf(to, "v%u", m->notices[0].event.family);
}

static void
fill_since(FILE *to, const struct message *m)
{
	char text[CLOCK_TEXT_LEN];

	if (m->notices[0].event.since_us != 0)
		fputs(clock_format(m->notices[0].event.since_us, text), to);
}

#define FILL(name, expression) \
	static void fill_##name(FILE *to, const struct message *m) \
	{ \
		fputs(expression, to); \
	}
FILL(summary, m->notices[0].summary)
FILL(key, m->notices[0].key)
FILL(notice, m->n > 1 ? "group" : notice_kind_name(m->notices[0].kind))
FILL(kind, m->notices[0].event.kind)
FILL(severity, m->notices[0].event.severity)
FILL(service, m->notices[0].event.service)
FILL(site, m->notices[0].event.site)
FILL(verdict, m->notices[0].event.verdict)

static const struct {
	const char *name;
	void (*fill)(FILE *to, const struct message *m);
} fields[] = {
	{ "text", fill_text },
	{ "summary", fill_summary },
	{ "key", fill_key },
	{ "notice", fill_notice },
	{ "id", fill_id },
	{ "kind", fill_kind },
	{ "severity", fill_severity },
	{ "service", fill_service },
	{ "site", fill_site },
	{ "family", fill_family },
	{ "verdict", fill_verdict },
	{ "since", fill_since },
};
#define N_FIELDS (sizeof fields / sizeof fields[0])

/* The length of the placeholder that begins here; 0: none does. */
static size_t
placeholder(const char *at)
{
	size_t n = at[0] == '{' ? strspn(at + 1, LETTERS) : 0;

	return n > 0 && at[n + 1] == '}' ? n + 2 : 0;
}

/* Which it is; N_FIELDS: unknown. */
static size_t
field_of(const char *at, size_t len)
{
	size_t i = 0;

	while (
	    i < N_FIELDS && (strlen(fields[i].name) != len - 2 ||
				memcmp(fields[i].name, at + 1, len - 2) != 0))
		i++;
	return i;
}

/* As the inside of a JSON string. */
static void
put_escaped(FILE *to, const char *value)
{
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", to);
		else if (c == '@')
			fputs("\\uff20", to);
		else if (c == '<')
			fputs("\\u2039", to);
		else if (c == '>')
			fputs("\\u203a", to);
		else if (c >= ' ' && c < 0x7f)
			putc(c, to);
		else
			fprintf(to, "\\\\x%02x", c);
	}
}

char *
template_fill(const char *text, const struct message *m)
{
	char *whole = NULL, *value = NULL;
	size_t whole_len, value_len, len;
	FILE *to = open_memstream(&whole, &whole_len), *in;

	if (to == NULL)
		abort();
	for (; *text != '\0'; text += len) {
		len = placeholder(text);
		if (len == 0) {
			putc(*text, to);
			len = 1;
			continue;
		}
		in = open_memstream(&value, &value_len);
		if (in == NULL)
			abort();
		fields[field_of(text, len)].fill(in, m);
		fclose(in);
		put_escaped(to, value);
		free(value);
	}
	fclose(to);
	return whole;
}

/* Filled with words, with nothing and with what would break out. */
static enum rc
check_filled(const char *text, const char *sample, struct err *err)
{
	struct alert_notice *n = mem_new(sizeof *n);
	const struct message m = { 1, n };
	json_error_t why;
	json_t *whole;
	char *filled;

	snprintf(n->text, sizeof n->text, "%s", sample);
	snprintf(n->summary, sizeof n->summary, "%s", sample);
	snprintf(n->key, sizeof n->key, "%s", sample);
	snprintf(n->event.kind, sizeof n->event.kind, "%s", sample);
	snprintf(n->event.severity, sizeof n->event.severity, "%s", sample);
	snprintf(n->event.service, sizeof n->event.service, "%s", sample);
	filled = template_fill(text, &m);
	whole = json_loads(filled, 0, &why);
	free(filled);
	free(n);
	if (whole == NULL)
		return err_set(err, RC_MALFORMED,
		    "filled in, it is no JSON (%.80s); placeholders stand "
		    "within double quotes",
		    why.text);
	json_decref(whole);
	return RC_OK;
}

enum rc
template_check(const char *text, struct err *err)
{
	enum rc rc;

	for (const char *at = text; *at != '\0'; at++) {
		size_t len = placeholder(at);

		if (len > 0 && field_of(at, len) == N_FIELDS)
			return err_set(err, RC_MALFORMED,
			    "unknown placeholder %.*s, expected {text}, {kind} "
			    "or another of catchwater.conf(5)",
			    (int)(len < 40 ? len : 40), at);
	}
	rc = check_filled(text, "a \"b\" \\", err);
	return rc == RC_OK ? check_filled(text, "", err) : rc;
}
