/* dns_json.c - see dns_json.h. */
#include "collector/dns_json.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/addr.h"
#include "schema/base/mem.h"
#include "schema/dnswire.h"

#define TYPE_OPT 41
#define OPTION_NSID 3
#define WORD_LEN 16

/* How the data of a type is made up: one letter and a key for each field.
 * b h w: 8, 16, 32 bits; 4 6: address; N: name (may be compressed); s: one
 * character string, S: all that are left; T: bit map of types (RFC 4034
 * section 4.1.2).  Of bytes, n: those that a length byte counts, in hex; 3:
 * these in base 32 hex; X: all that are left, in hex; B: these in base 64. */
struct shape {
	uint16_t type;
	const char *name, *fields;
};

static const struct shape shapes[] = {
	{ 1, "A", "4address" },
	{ 2, "NS", "Ntarget" },
	{ 5, "CNAME", "Ntarget" },
	{ 6, "SOA", "Nmname Nrname wserial wrefresh wretry wexpire wminimum" },
	{ 12, "PTR", "Ntarget" },
	{ 13, "HINFO", "scpu sos" },
	{ 15, "MX", "hpreference Nmail_exchanger" },
	{ 16, "TXT", "Sdata" },
	{ 28, "AAAA", "6address" },
	{ 33, "SRV", "hpriority hweight hport Ntarget" },
	{ 39, "DNAME", "Ntarget" },
	{ 43, "DS", "htag balgorithm bdigest_type Xdelegation_key" },
	{ 44, "SSHFP", "balgorithm bdigest_type Xfingerprint" },
	{ 46, "RRSIG",
	    "htype_covered balgorithm blabels woriginal_ttl wexpiration "
	    "winception htag Nsigner Bsignature" },
	{ 47, "NSEC", "Nnext_domain Ttypes" },
	{ 48, "DNSKEY", "hflags bprotocol balgorithm Bkey" },
	{ 50, "NSEC3",
	    "bhash_algorithm bflags hiterations nsalt 3hash Ttypes" },
	{ 51, "NSEC3PARAM", "bhash_algorithm bflags hiterations nsalt" },
	{ 52, "TLSA", "busage bselector bmatching_type Xcertificate" },
	{ 59, "CDS", "htag balgorithm bdigest_type Xdelegation_key" },
	{ 60, "CDNSKEY", "hflags bprotocol balgorithm Bkey" },
	{ 99, "SPF", "Sdata" },
	{ 257, "CAA", "bflags stag Xvalue" },
	/* Only in questions, or read elsewhere. */
	{ TYPE_OPT, "OPT", "Xrdata" },
	{ 252, "AXFR", "Xrdata" },
	{ 255, "ANY", "Xrdata" },
};

static const struct shape *
find_shape(uint16_t type)
{
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		if (shapes[i].type == type)
			return &shapes[i];
	return NULL;
}

/* Texts. */

static json_t *
type_json(uint16_t type)
{
	const struct shape *shape = find_shape(type);
	char word[WORD_LEN];

	if (shape != NULL)
		return json_string(shape->name);
	snprintf(word, sizeof word, "TYPE%u", type);
	return json_string(word);
}

static json_t *
class_json(uint16_t class)
{
	char word[WORD_LEN];

	switch (class) {
	case 1:
		return json_string("IN");
	case 3:
		return json_string("CH");
	case 4:
		return json_string("HS");
	case 254:
		return json_string("NONE");
	case 255:
		return json_string("ANY");
	default:
		snprintf(word, sizeof word, "CLASS%u", class);
		return json_string(word);
	}
}

static json_t *
opcode_json(unsigned opcode)
{
	static const char *const names[] = { "QUERY", "IQUERY", "STATUS",
		"OPCODE3", "NOTIFY", "UPDATE" };
	char word[WORD_LEN];

	if (opcode < sizeof names / sizeof names[0])
		return json_string(names[opcode]);
	snprintf(word, sizeof word, "OPCODE%u", opcode);
	return json_string(word);
}

static json_t *
rcode_json(uint16_t rcode)
{
	const char *name = dnswire_rcode_name(rcode);
	char word[WORD_LEN];

	if (strcmp(name, "RCODE") != 0)
		return json_string(name);
	snprintf(word, sizeof word, "RCODE%u", rcode);
	return json_string(word);
}

static json_t *
name_json(const struct dnswire_name *name)
{
	char text[DNSWIRE_NAME_TEXT_LEN];

	return json_string(dnswire_name_text(name, text));
}

/* Every byte as the character of its number. */
static json_t *
latin_json(const uint8_t *bytes, size_t n)
{
	char *text = mem_new(2 * n + 1);
	size_t len = 0;
	json_t *out;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] >= 0x80)
			text[len++] = (char)(0xc0 | bytes[i] >> 6);
		text[len++] =
		    (char)(bytes[i] < 0x80 ? bytes[i]
					   : 0x80 | (bytes[i] & 0x3f));
	}
	out = json_stringn(text, len);
	free(text);
	return out;
}

static json_t *
hex_json(const uint8_t *bytes, size_t n)
{
	char *text = mem_new(2 * n + 1);
	json_t *out;

	if (n > 0)
		sodium_bin2hex(text, 2 * n + 1, bytes, n);
	out = json_string(text);
	free(text);
	return out;
}

static json_t *
base64_json(const uint8_t *bytes, size_t n)
{
	size_t cap =
	    sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
	char *text = mem_new(cap);
	json_t *out;

	if (n > 0)
		sodium_bin2base64(
		    text, cap, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	out = json_string(text);
	free(text);
	return out;
}

/* RFC 4648 section 7, without padding, in lower case. */
static json_t *
base32_json(const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	char text[255 * 8 / 5 + 2];
	size_t len = 0;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < n; i++) {
		held = (held << 8 | bytes[i]) & 0xffff;
		for (bits += 8; bits >= 5; bits -= 5)
			text[len++] = digits[held >> (bits - 5) & 31];
	}
	if (bits > 0)
		text[len++] = digits[held << (5 - bits) & 31];
	return json_stringn(text, len);
}

static json_t *
address_json(const uint8_t *bytes, uint8_t family)
{
	struct addr a = { .family = family };
	char text[ADDR_TEXT_LEN];

	if (bytes == NULL)
		return json_null();
	memcpy(a.bytes, bytes, family == 6 ? 16 : 4);
	return json_string(addr_format(&a, text));
}

/* Fields. */

static json_t *
string_json(struct rbuf *r)
{
	size_t n = rbuf_u8(r);
	const uint8_t *bytes = rbuf_take(r, n);

	return latin_json(bytes, bytes == NULL ? 0 : n);
}

static json_t *
strings_json(struct rbuf *r)
{
	json_t *list = json_array();

	while (rbuf_left(r) > 0 && !r->is_bad)
		json_array_append_new(list, string_json(r));
	return list;
}

static json_t *
types_json(struct rbuf *r)
{
	json_t *list = json_array();

	while (rbuf_left(r) > 0 && !r->is_bad) {
		unsigned window = rbuf_u8(r);
		size_t n = rbuf_u8(r);
		const uint8_t *map = rbuf_take(r, n);

		for (size_t i = 0; map != NULL && i < 8 * n; i++)
			if ((map[i / 8] >> (7 - i % 8) & 1) != 0)
				json_array_append_new(
				    list, json_integer(
					      (json_int_t)(window * 256 + i)));
	}
	return list;
}

/* A name within the data: pointers lead into the message before it. */
static json_t *
rdata_name_json(struct rbuf *r)
{
	struct dnswire_name name;

	dnswire_name_read(r, &name);
	return r->is_bad ? json_null() : name_json(&name);
}

static json_t *
counted_json(struct rbuf *r, json_t *(*form)(const uint8_t *, size_t))
{
	size_t n = rbuf_u8(r);
	const uint8_t *bytes = rbuf_take(r, n);

	return form(bytes, bytes == NULL ? 0 : n);
}

static json_t *
rest_json(struct rbuf *r, json_t *(*form)(const uint8_t *, size_t))
{
	size_t n = rbuf_left(r);

	return form(rbuf_take(r, n), n);
}

static json_t *
field_json(char letter, struct rbuf *r)
{
	switch (letter) {
	case 'b':
		return json_integer(rbuf_u8(r));
	case 'h':
		return json_integer(rbuf_u16(r));
	case 'w':
		return json_integer(rbuf_u32(r));
	case '4':
		return address_json(rbuf_take(r, 4), 4);
	case '6':
		return address_json(rbuf_take(r, 16), 6);
	case 'N':
		return rdata_name_json(r);
	case 's':
		return string_json(r);
	case 'S':
		return strings_json(r);
	case 'T':
		return types_json(r);
	case 'n':
		return counted_json(r, hex_json);
	case '3':
		return counted_json(r, base32_json);
	case 'B':
		return rest_json(r, base64_json);
	default:
		return rest_json(r, hex_json);
	}
}

/* Adds the fields of the data, which r ends with. */
static void
add_fields(json_t *record, const char *fields, struct rbuf *r)
{
	while (*fields != '\0') {
		char key[WORD_LEN + 1] = "";
		size_t n = strcspn(fields + 1, " ");

		memcpy(key, fields + 1, n < WORD_LEN ? n : WORD_LEN);
		json_object_set_new(record, key, field_json(*fields, r));
		fields += 1 + n;
		fields += *fields == ' ';
	}
}

/* Records. */

static json_t *
record_json(
    const struct dnswire_head *head, const struct rbuf *message, bool *is_bad)
{
	const struct shape *shape = find_shape(head->type);
	struct rbuf r = *message;
	json_t *record = json_pack("{s:o, s:o, s:o, s:I, s:I}", "name",
	    name_json(&head->owner), "type", type_json(head->type), "class",
	    class_json(head->class), "ttl", (json_int_t)head->ttl, "rd_length",
	    (json_int_t)head->rdata_len);

	r.len = r.pos + head->rdata_len; /* nothing is read behind its end */
	add_fields(record, shape == NULL ? "Xrdata" : shape->fields, &r);
	*is_bad = r.is_bad || rbuf_left(&r) > 0;
	return record;
}

static json_t *
option_json(uint16_t code, const uint8_t *bytes, size_t n)
{
	json_t *option = json_pack("{s:i, s:I, s:o}", "code", (int)code,
	    "length", (json_int_t)n, "data", hex_json(bytes, n));

	if (code == OPTION_NSID)
		json_object_update_new(
		    option, json_pack("{s:s, s:o}", "name", "NSID", "nsid",
				latin_json(bytes, n)));
	return option;
}

static json_t *
edns_json(const struct dnswire_head *head, struct rbuf rdata, bool *is_bad)
{
	json_t *options = json_array();

	while (rbuf_left(&rdata) > 0 && !rdata.is_bad) {
		uint16_t code = rbuf_u16(&rdata);
		size_t n = rbuf_u16(&rdata);
		const uint8_t *bytes = rbuf_take(&rdata, n);

		if (!rdata.is_bad)
			json_array_append_new(
			    options, option_json(code, bytes, n));
	}
	*is_bad = rdata.is_bad;
	return json_pack("{s:o, s:s, s:i, s:i, s:i, s:b, s:i, s:o}", "name",
	    name_json(&head->owner), "type", "OPT", "udp_size",
	    (int)head->class, "extended_return_code", (int)(head->ttl >> 24),
	    "version", (int)(head->ttl >> 16 & 0xff), "do",
	    (int)(head->ttl >> 15 & 1), "z", (int)(head->ttl & 0x7fff),
	    "options", options);
}

/* Reads one record into its list, or as the message's OPT. */
static void
read_record(struct rbuf *r, json_t *message, json_t *list)
{
	struct dnswire_head head;
	struct rbuf at, rdata;
	bool is_bad = false;

	dnswire_head_read(r, &head);
	at = *r;
	rdata = rbuf_sub(r, head.rdata_len);
	if (r->is_bad)
		return;
	if (head.type != TYPE_OPT)
		json_array_append_new(list, record_json(&head, &at, &is_bad));
	else if (json_object_get(message, "edns") == NULL)
		json_object_set_new(
		    message, "edns", edns_json(&head, rdata, &is_bad));
	r->is_bad = is_bad;
}

static void
read_section(struct rbuf *r, json_t *message, const char *key, unsigned n)
{
	json_t *list = json_array();

	json_object_set_new(message, key, list);
	while (n-- > 0 && !r->is_bad)
		read_record(r, message, list);
}

static void
read_questions(struct rbuf *r, json_t *message, unsigned n)
{
	json_t *list = json_array();

	json_object_set_new(message, "questions", list);
	while (n-- > 0 && !r->is_bad) {
		struct dnswire_name name;
		uint16_t type, class;

		dnswire_name_read(r, &name);
		type = rbuf_u16(r);
		class = rbuf_u16(r);
		if (!r->is_bad)
			json_array_append_new(
			    list, json_pack("{s:o, s:o, s:o}", "name",
				      name_json(&name), "type", type_json(type),
				      "class", class_json(class)));
	}
}

static json_t *
header_json(uint16_t id, unsigned flags, const unsigned counts[static 4])
{
	return json_pack("{s:i, s:b, s:o, s:b, s:b, s:b, s:b, s:i, s:b, s:b,"
			 " s:o, s:i, s:i, s:i, s:i}",
	    "id", (int)id, "qr", (int)(flags >> 15 & 1), "opcode",
	    opcode_json(flags >> 11 & 15), "aa", (int)(flags >> 10 & 1), "tc",
	    (int)(flags >> 9 & 1), "rd", (int)(flags >> 8 & 1), "ra",
	    (int)(flags >> 7 & 1), "z", (int)(flags >> 6 & 1), "ad",
	    (int)(flags >> 5 & 1), "cd", (int)(flags >> 4 & 1), "return_code",
	    rcode_json(flags & 15), "qdcount", (int)counts[0], "ancount",
	    (int)counts[1], "nscount", (int)counts[2], "arcount",
	    (int)counts[3]);
}

json_t *
dns_json(const void *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	uint16_t id = rbuf_u16(&r);
	unsigned flags = rbuf_u16(&r);
	json_t *message = json_object();
	unsigned counts[4];

	for (size_t i = 0; i < 4; i++)
		counts[i] = rbuf_u16(&r);
	json_object_set_new(message, "length", json_integer((json_int_t)len));
	json_object_set_new(message, "flags", json_integer((json_int_t)flags));
	json_object_set_new(message, "header", header_json(id, flags, counts));
	read_questions(&r, message, counts[0]);
	read_section(&r, message, "answers", counts[1]);
	read_section(&r, message, "authorities", counts[2]);
	read_section(&r, message, "additionals", counts[3]);
	json_object_set_new(message, "is_malformed", json_boolean(r.is_bad));
	json_object_set_new(message, "trailing",
	    json_integer(r.is_bad ? 0 : (json_int_t)rbuf_left(&r)));
	return message;
}
