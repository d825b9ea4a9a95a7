/* dnsmsg.c - see dnsmsg.h. */
#include "probe/dnsmsg.h"

#include <string.h>

#include "schema/base/bytes.h"
#include "schema/dnswire.h"

#define OPTION_NSID 3
#define OPTION_COOKIE 10
#define OPTION_EDE 15
#define OPTION_ZONEVERSION 19
#define ZONEVERSION_SOA_SERIAL 0 /* the one type there is, of 4 bytes */

enum flag {
	FLAG_QR = 0x8000,
	FLAG_AA = 0x400,
	FLAG_TC = 0x200,
	FLAG_RA = 0x80
};

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static void
set_name(struct dnsmsg_question *q, const struct dnswire_name *name)
{
	q->name_len = name->len;
	memcpy(q->name, name->bytes, name->len);
}

enum rc
dnsmsg_question_set(struct dnsmsg_question *out, const char *name,
    enum dnsmsg_type type, enum dnsmsg_class class)
{
	struct dnsmsg_question q = { .type = (uint16_t)type,
		.class = (uint16_t) class };
	struct dnswire_name wire = { .len = 0 };

	if (strcmp(name, ".") == 0)
		name = "";
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		if (n == 0 || memchr(name, '\\', n) != NULL ||
		    dnswire_name_add(&wire, (const uint8_t *)name, n) != RC_OK)
			return RC_MALFORMED;
		name += n + (name[n] == '.');
	}
	if (dnswire_name_add(&wire, NULL, 0) != RC_OK)
		return RC_MALFORMED;
	set_name(&q, &wire);
	for (size_t i = 0; i < q.name_len; i++)
		q.name[i] = lower(q.name[i]); /* lengths are below 'A' */
	*out = q;
	return RC_OK;
}

void
dnsmsg_question_mix_case(
    struct dnsmsg_question *q, const uint8_t random[static DNSMSG_CASE_LEN])
{
	for (size_t i = 0; i < q->name_len; i++) {
		uint8_t c = lower(q->name[i]);

		if (c >= 'a' && c <= 'z' && (random[i / 8] >> i % 8 & 1) != 0)
			c = (uint8_t)(c - ('a' - 'A'));
		q->name[i] = c;
	}
	q->is_exact = true;
}

/* The options that a query carries; theirs are empty but for the cookie. */
static void
write_options(struct wbuf *w, const struct dnsmsg_extras *extras)
{
	wbuf_u16(w, OPTION_NSID); /* RFC 5001 section 2.1 */
	wbuf_u16(w, 0);
	if (extras->with_zoneversion) { /* RFC 9660 section 2 */
		wbuf_u16(w, OPTION_ZONEVERSION);
		wbuf_u16(w, 0);
	}
	if (extras->with_cookie) {
		wbuf_u16(w, OPTION_COOKIE);
		wbuf_u16(w, DNSMSG_COOKIE_LEN);
		wbuf_put(w, extras->cookie, DNSMSG_COOKIE_LEN);
	}
}

size_t
dnsmsg_write_query(uint8_t buf[static DNSMSG_QUERY_MAX], uint16_t id,
    const struct dnsmsg_question *q, const struct dnsmsg_extras *extras)
{
	static const struct dnsmsg_extras none = { 0 };
	struct wbuf w = wbuf_over(buf, DNSMSG_QUERY_MAX);
	uint8_t options[2 * 4 + 4 + DNSMSG_COOKIE_LEN];
	struct wbuf o = wbuf_over(options, sizeof options);

	wbuf_u16(&w, id);
	wbuf_u16(&w, 0); /* a query; RD=0: nobody shall ask on our behalf */
	wbuf_u16(&w, 1);
	wbuf_u16(&w, 0);
	wbuf_u16(&w, 0);
	wbuf_u16(&w, 1);
	wbuf_put(&w, q->name, q->name_len);
	wbuf_u16(&w, q->type);
	wbuf_u16(&w, q->class);
	wbuf_u8(&w, 0); /* OPT, RFC 6891 section 6.1.2 */
	wbuf_u16(&w, DNSMSG_OPT);
	wbuf_u16(&w, DNSMSG_UDP_MAX);
	wbuf_u32(&w, 0);
	write_options(&o, extras != NULL ? extras : &none);
	wbuf_u16(&w, (uint16_t)o.len);
	wbuf_put(&w, options, o.len);
	return w.len;
}

static void
read_question(struct rbuf *r, struct dnsmsg_question *q)
{
	struct dnswire_name name;

	dnswire_name_read(r, &name);
	set_name(q, &name);
	q->type = rbuf_u16(r);
	q->class = rbuf_u16(r);
}

static unsigned
count_labels(const struct dnsmsg_question *q)
{
	unsigned n = 0;

	for (size_t i = 0; i < q->name_len && q->name[i] != 0; n++)
		i += 1u + q->name[i];
	return n;
}

/* RFC 9660 section 2.  An empty one is our own, sent back by a server that
 * does not know it. */
static void
read_zoneversion(struct rbuf *option, struct dnsmsg_reply *out)
{
	struct zoneversion got = { .is_present = true };
	size_t n;
	bool is_serial;

	if (rbuf_left(option) == 0)
		return;
	got.n_labels = rbuf_u8(option);
	got.type = rbuf_u8(option);
	n = rbuf_left(option);
	is_serial = got.type == ZONEVERSION_SOA_SERIAL;
	if ((is_serial && n != 4) ||
	    (out->has_question && got.n_labels > count_labels(&out->question)))
		option->is_bad = true;
	if (option->is_bad || (out->zoneversion.is_present &&
				  (!is_serial || out->zoneversion.type ==
						     ZONEVERSION_SOA_SERIAL)))
		return;
	got.len = (uint8_t)(n < ZONEVERSION_MAX ? n : ZONEVERSION_MAX);
	if (got.len > 0)
		memcpy(got.bytes, rbuf_take(option, got.len), got.len);
	out->zoneversion = got;
}

/* RFC 7873 section 4: the client's half, and none or 8 to 32 of a server's. */
static void
read_cookie(struct rbuf *option, struct dnsmsg_reply *out)
{
	size_t n = rbuf_left(option);

	if (n != 8 && (n < 16 || n > 40)) {
		option->is_bad = true;
		return;
	}
	out->has_cookie = true;
	memcpy(out->cookie, rbuf_take(option, DNSMSG_COOKIE_LEN),
	    DNSMSG_COOKIE_LEN);
}

static void
read_option(struct rbuf *option, uint16_t code, struct dnsmsg_reply *out)
{
	size_t n = rbuf_left(option);
	uint16_t ede;

	switch (code) {
	case OPTION_NSID:
		if (!out->nsid.is_present)
			identity_set(&out->nsid, rbuf_take(option, n), n);
		return;
	case OPTION_COOKIE:
		read_cookie(option, out);
		return;
	case OPTION_EDE:
		ede = rbuf_u16(option); /* RFC 8914 section 2 */
		if (!option->is_bad && out->n_ede < EDE_MAX)
			out->ede[out->n_ede++] = ede;
		return;
	case OPTION_ZONEVERSION:
		read_zoneversion(option, out);
		return;
	default:
		return;
	}
}

/* One EDNS option after the other, until the record is used up. */
static void
read_options(struct rbuf *r, struct dnsmsg_reply *out)
{
	while (rbuf_left(r) > 0) {
		uint16_t code = rbuf_u16(r);
		struct rbuf option = rbuf_sub(r, rbuf_u16(r));

		if (r->is_bad)
			return;
		read_option(&option, code, out);
		r->is_bad = option.is_bad;
	}
}

/* RFC 6891 section 6.1.1: one OPT at most, owned by the root. */
static void
read_opt(struct rbuf *rdata, const struct dnswire_head *head,
    struct dnsmsg_reply *out)
{
	if (out->has_edns || head->owner.len != 1) {
		rdata->is_bad = true;
		return;
	}
	out->has_edns = true;
	out->rcode |= (uint16_t)(head->ttl >> 24 << 4);
	out->edns_version = (uint8_t)(head->ttl >> 16);
	read_options(rdata, out);
}

/* Joins the character strings of a TXT record. */
static void
read_txt(struct rbuf *rdata, struct dnsmsg_reply *out)
{
	uint8_t text[IDENTITY_MAX + 1]; /* one more, to see that it was cut */
	struct wbuf w = wbuf_over(text, sizeof text);

	if (rbuf_left(rdata) == 0)
		rdata->is_bad = true; /* RFC 1035 section 3.3.14: one or more */
	while (rbuf_left(rdata) > 0) {
		size_t n = rbuf_u8(rdata);
		const uint8_t *string = rbuf_take(rdata, n);
		size_t room = w.cap - w.len;

		if (string != NULL)
			wbuf_put(&w, string, n < room ? n : room);
	}
	if (!rdata->is_bad && !out->txt.is_present)
		identity_set(&out->txt, text, w.len);
}

/* Names in a SOA may be compressed, so msg is the whole message, standing at
 * the record's data. */
static void
read_soa(struct rbuf *msg, struct dnsmsg_reply *out)
{
	struct dnswire_name unused;
	uint32_t serial;

	dnswire_name_read(msg, &unused);
	dnswire_name_read(msg, &unused);
	serial = rbuf_u32(msg);
	rbuf_skip(msg, 4 * 4); /* refresh, retry, expire, minimum */
	if (msg->is_bad || out->has_serial)
		return;
	out->has_serial = true;
	out->serial = serial;
}

/* Reads what we want from the data of an answer; bad when it is broken. */
static bool
read_answer(struct rbuf rdata, struct rbuf msg, const struct dnswire_head *head,
    struct dnsmsg_reply *out)
{
	size_t end = msg.pos + head->rdata_len;

	if (head->type == DNSMSG_TXT &&
	    (head->class == DNSMSG_CH || head->class == DNSMSG_IN)) {
		read_txt(&rdata, out);
		return !rdata.is_bad;
	}
	if (head->type == DNSMSG_SOA && head->class == DNSMSG_IN) {
		read_soa(&msg, out);
		return !msg.is_bad && msg.pos == end;
	}
	return true;
}

enum section { ANSWER, AUTHORITY, ADDITIONAL };

static void
read_record(struct rbuf *r, enum section section, struct dnsmsg_reply *out)
{
	struct dnswire_head head;
	struct rbuf rdata, at_rdata;

	dnswire_head_read(r, &head);
	at_rdata = *r;
	rdata = rbuf_sub(r, head.rdata_len);
	if (r->is_bad)
		return;
	if (head.type == DNSMSG_OPT) {
		if (section == ADDITIONAL)
			read_opt(&rdata, &head, out);
		else
			rdata.is_bad = true;
		r->is_bad = rdata.is_bad;
	} else if (section == ANSWER) {
		r->is_bad = !read_answer(rdata, at_rdata, &head, out);
	}
}

static void
read_header(struct rbuf *r, struct dnsmsg_reply *out)
{
	uint16_t flags;

	out->id = rbuf_u16(r);
	flags = rbuf_u16(r);
	out->is_response = (flags & FLAG_QR) != 0;
	out->is_aa = (flags & FLAG_AA) != 0;
	out->is_tc = (flags & FLAG_TC) != 0;
	out->is_ra = (flags & FLAG_RA) != 0;
	out->opcode = flags >> 11 & 0xf;
	out->rcode = flags & 0xf;
	out->n_questions = rbuf_u16(r);
	out->n_answers = rbuf_u16(r);
	out->n_authorities = rbuf_u16(r);
	out->n_additionals = rbuf_u16(r);
}

static void
read_section(
    struct rbuf *r, enum section section, unsigned n, struct dnsmsg_reply *out)
{
	while (n-- > 0 && !r->is_bad)
		read_record(r, section, out);
}

enum rc
dnsmsg_parse(struct dnsmsg_reply *out, const void *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct dnsmsg_reply got = { 0 };

	read_header(&r, &got);
	for (unsigned i = 0; i < got.n_questions && !r.is_bad; i++) {
		struct dnsmsg_question more;

		read_question(&r, i == 0 ? &got.question : &more);
		got.has_question = true;
	}
	read_section(&r, ANSWER, got.n_answers, &got);
	read_section(&r, AUTHORITY, got.n_authorities, &got);
	read_section(&r, ADDITIONAL, got.n_additionals, &got);
	if (r.is_bad || rbuf_left(&r) > 0)
		return RC_MALFORMED;
	*out = got;
	return RC_OK;
}

uint16_t
dnsmsg_id(const void *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);

	return rbuf_u16(&r);
}

static bool
is_same_name(const struct dnsmsg_question *got, const struct dnsmsg_question *q)
{
	if (got->name_len != q->name_len)
		return false;
	if (q->is_exact)
		return memcmp(got->name, q->name, q->name_len) == 0;
	for (size_t i = 0; i < q->name_len; i++)
		if (lower(got->name[i]) != lower(q->name[i]))
			return false;
	return true;
}

bool
dnsmsg_is_reply_to(
    const struct dnsmsg_reply *r, uint16_t id, const struct dnsmsg_question *q)
{
	if (!r->is_response || r->opcode != 0 || r->id != id)
		return false;
	if (!r->has_question)
		return !q->is_exact;
	return r->n_questions == 1 && r->question.type == q->type &&
	       r->question.class == q->class && is_same_name(&r->question, q);
}

bool
dnsmsg_cookie_fits(
    const struct dnsmsg_reply *r, const struct dnsmsg_extras *extras)
{
	return extras == NULL || !extras->with_cookie || !r->has_cookie ||
	       memcmp(r->cookie, extras->cookie, DNSMSG_COOKIE_LEN) == 0;
}
