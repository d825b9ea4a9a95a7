/* alert_mail.c - see alert_mail.h. */
#include "collector/alert_mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/report.h"
#include "schema/base/clock.h"
#include "schema/base/text.h"

#define COLUMNS 76
#define SUBJECT_LEN 200
#define WORD_LEN 400    /* a line may have 998 bytes */
#define ADDRESS_LEN 254 /* RFC 5321 section 4.5.3.1.3 */

bool
mail_is_address(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' ||
	    strchr(at + 1, '@') != NULL || strlen(text) > ADDRESS_LEN)
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f ||
		    strchr("\"(),:;<>[]\\", *text) != NULL)
			return false;
	return true;
}

/* Prints words with a break before each that would be too far right. */
static void
put_words(FILE *to, size_t column, const char *indent, const char *text)
{
	char safe[TEXT_SAFE_LEN(NOTICE_TEXT_LEN)];
	const char *at = text_safe(safe, sizeof safe, text);
	bool is_first = true;

	while (*(at += strspn(at, " ")) != '\0') {
		size_t n = strcspn(at, " ");

		n = n < WORD_LEN ? n : WORD_LEN;
		if (!is_first && column + 1 + n > COLUMNS) {
			fprintf(to, "\r\n%s", indent);
			column = strlen(indent);
		} else if (!is_first) {
			putc(' ', to);
			column++;
		}
		fprintf(to, "%.*s", (int)n, at);
		column += n;
		at += n;
		is_first = false;
	}
	fputs("\r\n", to);
}

static void
put_header(FILE *to, const char *name, const char *text)
{
	fprintf(to, "%s: ", name);
	put_words(to, strlen(name) + 2, " ", text);
}

/* <key.time@domain>: keys are ours, but no byte of one ends it early. */
static void
put_id(FILE *to, const char *key, int64_t at_us, const char *from)
{
	putc('<', to);
	for (; *key != '\0'; key++)
		putc(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") > 0
			 ? *key
			 : '_',
		    to);
	fprintf(to, ".%" PRId64 "%s>", at_us, strchr(from, '@'));
}

/* The mails that told of its events first, once each. */
static void
put_thread(FILE *to, const struct message *m, const char *from)
{
	const char *last = "";
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct alert_notice *x = &m->notices[i];

		if (x->first_key[0] == '\0' || strcmp(x->first_key, last) == 0)
			continue;
		if (n++ == 0) {
			fputs("In-Reply-To: ", to);
			put_id(to, x->first_key, x->first_us, from);
			fputs("\r\nReferences:", to);
		}
		fputs(n == 1 ? " " : "\r\n ", to);
		put_id(to, x->first_key, x->first_us, from);
		last = x->first_key;
	}
	if (n > 0)
		fputs("\r\n", to);
}

static void
put_date(FILE *to, int64_t at_us)
{
	time_t at = (time_t)(at_us / US_PER_S);
	char text[64] = "";
	struct tm utc;

	if (gmtime_r(&at, &utc) != NULL)
		strftime(
		    text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	put_header(to, "Date", text);
}

static void
put_to(FILE *to, const struct mail_parties *p)
{
	fputs("To: ", to);
	for (size_t i = 0; i < p->n_to; i++)
		fprintf(to, "%s%s", i == 0 ? "" : ",\r\n ", p->to[i]);
	fputs("\r\n", to);
}

static void
put_headers(FILE *to, const struct message *m, const struct mail_parties *p)
{
	char text[NOTICE_TEXT_LEN], subject[SUBJECT_LEN];

	message_text(m, text);
	/* A reader threads what answers; the subject says what is new. */
	snprintf(subject, sizeof subject, "[catchwater] %.180s", text);
	fprintf(to, "From: Catchwater <%s>\r\n", p->from);
	put_to(to, p);
	put_header(to, "Subject", subject);
	put_date(to, m->notices[0].created_us);
	fputs("Message-ID: ", to);
	put_id(to, m->notices[0].key, m->notices[0].created_us, p->from);
	fputs("\r\n", to);
	put_thread(to, m, p->from);
	fputs("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	      "Content-Type: text/plain; charset=us-ascii\r\n"
	      "Content-Transfer-Encoding: 7bit\r\n\r\n",
	    to);
}

static void
put_line(FILE *to, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	fprintf(to, "%-10s", name);
	put_words(to, 10, "          ", value);
}

static void
put_time(FILE *to, const char *name, int64_t at_us, const char *more)
{
	char text[CLOCK_TEXT_LEN], line[CLOCK_TEXT_LEN + 128];

	snprintf(line, sizeof line, "%s%s", clock_format(at_us, text), more);
	put_line(to, name, line);
}

static void
put_times(FILE *to, const struct event_row *e)
{
	char ago[REPORT_AGO_LEN], more[REPORT_AGO_LEN + 64];

	put_time(to, "Since", e->since_us, "");
	snprintf(more, sizeof more, ", %s later",
	    report_ago(e->detected_us - e->since_us, ago));
	put_time(to, "Detected", e->detected_us, more);
	if (!e->is_resolved)
		return;
	snprintf(more, sizeof more, ", after %s: %s",
	    report_ago(e->resolved_us - e->since_us, ago),
	    e->resolution[0] != '\0' ? e->resolution : "over");
	put_time(to, "Over", e->resolved_us, more);
}

static void
put_votes(FILE *to, const struct alert_notice *n)
{
	const struct event_row *e = &n->event;
	char line[160];

	if (e->n_vantages > 0) {
		snprintf(line, sizeof line,
		    "%" PRId64 " in %" PRId64 " networks, %" PRId64
		    " were needed",
		    e->n_vantages, e->n_asns, e->needed);
		put_line(to, "Vantages", line);
	}
	for (size_t i = 0; i < n->moves.n; i++) {
		const struct event_move *x = &n->moves.rows[i];

		snprintf(line, sizeof line, "%s -> %s, %" PRId64 " vantage%s",
		    x->from[0] != '\0' ? x->from : "nowhere",
		    x->to[0] != '\0' ? x->to : "nowhere", x->n_vantages,
		    x->n_vantages == 1 ? "" : "s");
		put_line(to, i == 0 ? "Moves" : "", line);
	}
}

static void
put_event(FILE *to, const struct alert_notice *n)
{
	const struct event_row *e = &n->event;
	char line[128];

	snprintf(line, sizeof line, "%s, %s%s%s", e->kind, e->severity,
	    e->verdict[0] != '\0' ? ", " : "", e->verdict);
	put_line(to, "Event", line);
	put_line(to, "Service", e->service);
	put_line(to, "Site", e->site);
	put_line(to, "Family",
	    e->family == 4   ? "IPv4"
	    : e->family == 6 ? "IPv6"
			     : "");
	put_times(to, e);
	put_votes(to, n);
	if (e->id == 0)
		return;
	snprintf(line, sizeof line, "catchwater explain %" PRId64, e->id);
	put_line(to, "Evidence", line);
}

/* A body line that is only a dot ends nothing: libcurl stuffs it. */
char *
mail_text(const struct message *m, const struct mail_parties *p)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		abort();
	put_headers(to, m, p);
	for (size_t i = 0; i < m->n; i++) {
		put_words(to, 0, "", m->notices[i].text);
		fputs("\r\n", to);
		if (m->notices[i].kind != NOTICE_TEST)
			put_event(to, &m->notices[i]);
		put_line(to, "Key", m->notices[i].key);
		fputs("\r\n", to);
	}
	fprintf(to, "-- \r\nalert \"%s\" of catchwater\r\n", p->alert);
	if (p->url != NULL)
		put_words(to, 0, "", p->url);
	fclose(to);
	return text;
}
