/* test_signature.c - only the key's owner signs, and only what he sent. */
#include "schema/signature.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

/* RFC 9421 appendix B.1.4, test-key-ed25519: "d" and "x" of the JWK. */
#define RFC_SEED "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU"
#define RFC_PUBLIC "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"

/* RFC 9421 appendix B.2.6: components, parameters, base, signature. */
static const struct signature_component rfc_components[] = {
	{ "date", "Tue, 20 Apr 2021 02:07:55 GMT" },
	{ "@method", "POST" },
	{ "@path", "/foo" },
	{ "@authority", "example.com" },
	{ "content-type", "application/json" },
	{ "content-length", "18" },
};
static const char rfc_parameters[] =
    "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" "
    "\"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
static const char rfc_base[] =
    "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n"
    "\"@method\": POST\n"
    "\"@path\": /foo\n"
    "\"@authority\": example.com\n"
    "\"content-type\": application/json\n"
    "\"content-length\": 18\n"
    "\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" "
    "\"content-type\" \"content-length\");created=1618884473;"
    "keyid=\"test-key-ed25519\"";
static const char rfc_signature[] =
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv"
    "5lIp5WPpBKRCw==";

static void
from_base64(uint8_t *out, size_t n, const char *text, int variant)
{
	size_t got;

	assert_int_equal(sodium_base642bin(out, n, text, strlen(text), NULL,
			     &got, NULL, variant),
	    0);
	assert_int_equal(got, n);
}

static void
the_base_of_rfc_9421_b_2_6(void **state)
{
	char base[sizeof rfc_base];

	(void)state;
	assert_int_equal(signature_base(base, sizeof base, rfc_components,
			     T_LEN(rfc_components), rfc_parameters),
	    RC_OK);
	assert_string_equal(base, rfc_base);
	assert_int_equal(signature_base(base, sizeof base - 1, rfc_components,
			     T_LEN(rfc_components), rfc_parameters),
	    RC_LIMIT);
}

static void
the_signature_of_rfc_9421_b_2_6(void **state)
{
	const unsigned char *base = (const unsigned char *)rfc_base;
	uint8_t seed[32], public[32], want[32], secret[64], signature[64];
	char text[sizeof rfc_signature];

	(void)state;
	from_base64(
	    seed, 32, RFC_SEED, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	from_base64(
	    want, 32, RFC_PUBLIC, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	crypto_sign_seed_keypair(public, secret, seed);
	assert_memory_equal(public, want, 32);
	crypto_sign_detached(signature, NULL, base, strlen(rfc_base), secret);
	sodium_bin2base64(text, sizeof text, signature, sizeof signature,
	    sodium_base64_VARIANT_ORIGINAL);
	assert_string_equal(text, rfc_signature);
}

/* RFC 9530 section 2 and appendix B.1 (with the line feed), B.2 (empty), and
 * RFC 9421 appendix B.2 (sha-512 without the line feed). */
#define HELLO "{\"hello\": \"world\"}"
#define HELLO_512 \
	"sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZ" \
	"Otw8MjkM7iw7yZ/WkppmM44T3qg==:"
#define HELLO_256 "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
#define EMPTY_256 "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"

static const struct {
	const char *name;
	const char *header;
	const char *body;
	enum rc rc;
} digests[] = {
	{ "sha-512 of RFC 9530 section 2", HELLO_512, HELLO "\n", RC_OK },
	{ "sha-256 of RFC 9530 B.1", HELLO_256, HELLO "\n", RC_OK },
	{ "sha-256 of RFC 9530 B.2", EMPTY_256, "", RC_OK },
	{ "sha-256 of RFC 9421 B.2",
	    "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", HELLO,
	    RC_OK },
	{ "both", HELLO_256 ", " HELLO_512, HELLO "\n", RC_OK },
	{ "an unknown one beside", "md5=:AAAA:," HELLO_512, HELLO "\n", RC_OK },
	{ "spaces around", "  " HELLO_512 "  ", HELLO "\n", RC_OK },
	{ "another body", HELLO_512, HELLO, RC_PEER },
	{ "one of two is wrong", HELLO_512 "," EMPTY_256, HELLO "\n", RC_PEER },
	{ "twice, wrong first", EMPTY_256 "," HELLO_256, HELLO "\n", RC_PEER },
	{ "only unknown ones", "md5=:AAAA:", "", RC_MALFORMED },
	{ "nothing", "", "", RC_MALFORMED },
	{ "spaces only", "   ", "", RC_MALFORMED },
	{ "a sha-512 that is a sha-256",
	    "sha-512=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "",
	    RC_MALFORMED },
	{ "no padding", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU:",
	    "", RC_MALFORMED },
	{ "no last colon",
	    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "",
	    RC_MALFORMED },
	{ "a comma behind", EMPTY_256 ",", "", RC_MALFORMED },
	{ "upper-case key", "SHA-256=:AA==:", "", RC_MALFORMED },
	{ "no value", "sha-256", "", RC_MALFORMED },
};

static void
digests_are_compared_with_the_body(void **state)
{
	char header[SIGNATURE_HEADER_MAX];

	(void)state;
	signature_digest(HELLO "\n", strlen(HELLO) + 1, header);
	assert_string_equal(header, HELLO_512);
	for (size_t i = 0; i < T_LEN(digests); i++) {
		enum rc rc = signature_check_digest(digests[i].header,
		    digests[i].body, strlen(digests[i].body));

		T_CHECK(rc == digests[i].rc, "%s: %s", digests[i].name,
		    rc_name(rc));
	}
}

static void
a_header_without_end_is_refused(void **state)
{
	char endless[SIGNATURE_HEADER_MAX + 1];
	char keyid[PROBE_ID_LEN + 1];

	(void)state;
	memset(endless, 'a', sizeof endless);
	endless[SIGNATURE_HEADER_MAX] = '\0';
	assert_int_equal(signature_check_digest(endless, "", 0), RC_MALFORMED);
	assert_int_equal(signature_keyid(endless, keyid), RC_MALFORMED);
}

/* Our own four components. */

#define PATH "/v1/batches"
#define KEYID "5d1c0a72e94b3f86"

struct fixture {
	struct signing_key key;
	struct signed_request req;
	struct signature_headers headers;
};

static struct fixture
sign_one(void)
{
	struct fixture f = { .req = { "POST", PATH, HELLO_512, "1201" } };

	signature_new_key(&f.key);
	assert_int_equal(
	    signature_sign(&f.headers, &f.req, &f.key, KEYID), RC_OK);
	return f;
}

static void
what_was_signed_is_verified(void **state)
{
	struct fixture f = sign_one();
	char keyid[PROBE_ID_LEN + 1];

	(void)state;
	assert_string_equal(f.headers.input,
	    "sig1=(\"@method\" \"@path\" \"content-digest\" "
	    "\"catchwater-seq\");keyid=\"" KEYID "\";alg=\"ed25519\"");
	assert_int_equal(signature_keyid(f.headers.input, keyid), RC_OK);
	assert_string_equal(keyid, KEYID);
	assert_int_equal(signature_verify(&f.req, f.headers.input,
			     f.headers.signature, f.key.public),
	    RC_OK);
}

static void
any_other_request_is_not(void **state)
{
	struct fixture f = sign_one();
	const struct {
		const char *name;
		struct signed_request req;
		enum rc rc;
	} cases[] = {
		{ "method", { "GET", PATH, HELLO_512, "1201" }, RC_PEER },
		{ "path", { "POST", "/v1/leave", HELLO_512, "1201" }, RC_PEER },
		{ "digest", { "POST", PATH, HELLO_256, "1201" }, RC_PEER },
		{ "seq", { "POST", PATH, HELLO_512, "1202" }, RC_PEER },
		{ "no seq", { "POST", PATH, HELLO_512, "" }, RC_PEER },
		{ "line feed in a value",
		    { "POST", PATH, HELLO_512, "1\n\"x\": y" }, RC_MALFORMED },
		{ "byte over ASCII", { "POST", "/\xc3\xa4", HELLO_512, "1" },
		    RC_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		enum rc rc = signature_verify(&cases[i].req, f.headers.input,
		    f.headers.signature, f.key.public);

		T_CHECK(
		    rc == cases[i].rc, "%s: %s", cases[i].name, rc_name(rc));
	}
}

static void
another_key_is_not(void **state)
{
	struct fixture a = sign_one(), b = sign_one();

	(void)state;
	assert_int_equal(signature_verify(&a.req, a.headers.input,
			     a.headers.signature, b.key.public),
	    RC_PEER);
	assert_int_equal(signature_verify(&a.req, a.headers.input,
			     b.headers.signature, a.key.public),
	    RC_PEER);
}

static void
every_flipped_bit_of_the_signature_counts(void **state)
{
	struct fixture f = sign_one();
	size_t len = strlen(f.headers.signature);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		struct signature_headers h = f.headers;

		h.signature[i] ^= 1;
		T_CHECK(signature_verify(&f.req, h.input, h.signature,
			    f.key.public) != RC_OK,
		    "character %zu", i);
	}
}

#define ALL "\"@method\" \"@path\" \"content-digest\" \"catchwater-seq\""
#define ID ";keyid=\"" KEYID "\""

static const struct {
	const char *name;
	const char *input;
	enum rc rc;
} inputs[] = {
	{ "without alg", "sig1=(" ALL ")" ID, RC_OK },
	{ "alg first", "sig1=(" ALL ");alg=\"ed25519\"" ID, RC_OK },
	{ "another label", "x-1.*_=(" ALL ")" ID, RC_OK },
	{ "another order",
	    "sig1=(\"catchwater-seq\" \"@path\" \"@method\" "
	    "\"content-digest\")" ID,
	    RC_OK },
	{ "more spaces", "sig1=(  " ALL "  ); keyid=\"" KEYID "\" ", RC_OK },
	{ "created, nonce, tag",
	    "sig1=(" ALL ");created=1618884473;nonce=\"n\";tag=\"t\"" ID,
	    RC_OK },
	{ "another algorithm", "sig1=(" ALL ");alg=\"hmac-sha256\"" ID,
	    RC_MALFORMED },
	{ "two algorithms", "sig1=(" ALL ");alg=\"ed25519\";alg=\"ed25519\"" ID,
	    RC_MALFORMED },
	{ "two key ids", "sig1=(" ALL ")" ID ID, RC_MALFORMED },
	{ "no key id", "sig1=(" ALL ")", RC_MALFORMED },
	{ "a short key id", "sig1=(" ALL ");keyid=\"5d1c\"", RC_MALFORMED },
	{ "an upper-case key id", "sig1=(" ALL ");keyid=\"5D1C0A72E94B3F86\"",
	    RC_MALFORMED },
	{ "expires, which no clock of ours judges",
	    "sig1=(" ALL ");expires=1618884473" ID, RC_MALFORMED },
	{ "no components", "sig1=()" ID, RC_MALFORMED },
	{ "one missing", "sig1=(\"@method\" \"@path\" \"content-digest\")" ID,
	    RC_MALFORMED },
	{ "one twice",
	    "sig1=(\"@method\" \"@path\" \"@path\" \"catchwater-seq\")" ID,
	    RC_MALFORMED },
	{ "one twice and all", "sig1=(" ALL " \"@path\")" ID, RC_MALFORMED },
	{ "one that we do not know", "sig1=(" ALL " \"date\")" ID,
	    RC_MALFORMED },
	{ "a component with a parameter",
	    "sig1=(\"@method\" \"@path\" \"content-digest\" "
	    "\"catchwater-seq\";sf)" ID,
	    RC_MALFORMED },
	{ "no space between",
	    "sig1=(\"@method\"\"@path\" \"content-digest\" "
	    "\"catchwater-seq\")" ID,
	    RC_MALFORMED },
	{ "an escape",
	    "sig1=(\"@m\\ethod\" \"@path\" \"content-digest\" "
	    "\"catchwater-seq\")" ID,
	    RC_MALFORMED },
	{ "two signatures", "sig1=(" ALL ")" ID ", sig2=(" ALL ")" ID,
	    RC_MALFORMED },
	{ "something behind", "sig1=(" ALL ")" ID " x", RC_MALFORMED },
	{ "an open list", "sig1=(" ALL, RC_MALFORMED },
	{ "an open string", "sig1=(" ALL ");keyid=\"5d1c", RC_MALFORMED },
	{ "a parameter without value", "sig1=(" ALL ");keyid", RC_MALFORMED },
	{ "no label", "=(" ALL ")" ID, RC_MALFORMED },
	{ "an item, no list", "sig1=\"@method\"", RC_MALFORMED },
	{ "nothing", "", RC_MALFORMED },
};

static void
inputs_are_read_with_care(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(inputs); i++) {
		char keyid[PROBE_ID_LEN + 1];
		enum rc rc = signature_keyid(inputs[i].input, keyid);

		T_CHECK(
		    rc == inputs[i].rc, "%s: %s", inputs[i].name, rc_name(rc));
	}
}

/* Signs a base of our own making, as another implementation might. */
static void
sign_base(const struct signing_key *key, const char *base, const char *label,
    char out[static SIGNATURE_HEADER_MAX])
{
	uint8_t bytes[64];
	char text[128];

	crypto_sign_detached(bytes, NULL, (const unsigned char *)base,
	    strlen(base), key->secret);
	sodium_bin2base64(text, sizeof text, bytes, sizeof bytes,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(out, SIGNATURE_HEADER_MAX, "%s=:%s:", label, text);
}

static void
parameters_are_signed_as_they_were_received(void **state)
{
	static const char parameters[] =
	    "( \"@path\"  \"catchwater-seq\" \"content-digest\" "
	    "\"@method\");created=1;keyid=\"" KEYID "\"";
	struct fixture f = sign_one();
	const struct signature_component c[] = { { "@path", PATH },
		{ "catchwater-seq", "1201" }, { "content-digest", HELLO_512 },
		{ "@method", "POST" } };
	char base[1024], input[SIGNATURE_HEADER_MAX];
	char signature[SIGNATURE_HEADER_MAX];

	(void)state;
	snprintf(input, sizeof input, "other=%s", parameters);
	assert_int_equal(
	    signature_base(base, sizeof base, c, T_LEN(c), parameters), RC_OK);
	sign_base(&f.key, base, "other", signature);
	assert_int_equal(
	    signature_verify(&f.req, input, signature, f.key.public), RC_OK);
	sign_base(&f.key, base, "sig1", signature);
	assert_int_equal(
	    signature_verify(&f.req, input, signature, f.key.public),
	    RC_MALFORMED); /* the labels differ */
}

static void
signing_refuses_what_a_header_cannot_carry(void **state)
{
	struct fixture f = sign_one();
	struct signed_request req = f.req;
	char longer[SIGNATURE_HEADER_MAX + 1];

	(void)state;
	memset(longer, 'a', sizeof longer);
	longer[SIGNATURE_HEADER_MAX] = '\0';
	req.path = longer;
	assert_int_equal(
	    signature_sign(&f.headers, &req, &f.key, KEYID), RC_RANGE);
	req.path = "/a\r\nx";
	assert_int_equal(
	    signature_sign(&f.headers, &req, &f.key, KEYID), RC_RANGE);
	assert_int_equal(
	    signature_sign(&f.headers, &f.req, &f.key, "a\"b"), RC_RANGE);
	assert_int_equal(
	    signature_sign(&f.headers, &f.req, &f.key, longer), RC_RANGE);
}

static void
the_longest_values_fit(void **state)
{
	struct fixture f = sign_one();
	char value[SIGNATURE_HEADER_MAX];

	(void)state;
	memset(value, 'a', sizeof value);
	value[sizeof value - 1] = '\0';
	f.req = (struct signed_request){ value, value, value, value };
	assert_int_equal(
	    signature_sign(&f.headers, &f.req, &f.key, KEYID), RC_OK);
	assert_int_equal(signature_verify(&f.req, f.headers.input,
			     f.headers.signature, f.key.public),
	    RC_OK);
}

/* The id of an all-zero key, by an implementation that is not ours:
 * python3 -c 'import hashlib;
 *   print(hashlib.blake2b(bytes(32), digest_size=32).hexdigest()[:16])' */
static void
the_probe_id_is_a_hash_of_its_key(void **state)
{
	const uint8_t zero[SIGNATURE_PUBLIC_BYTES] = { 0 };
	char id[PROBE_ID_LEN + 1];

	(void)state;
	signature_probe_id(zero, id);
	assert_string_equal(id, "89eb0d6a8a691dae");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_of_rfc_9421_b_2_6),
		cmocka_unit_test(the_signature_of_rfc_9421_b_2_6),
		cmocka_unit_test(digests_are_compared_with_the_body),
		cmocka_unit_test(a_header_without_end_is_refused),
		cmocka_unit_test(what_was_signed_is_verified),
		cmocka_unit_test(any_other_request_is_not),
		cmocka_unit_test(another_key_is_not),
		cmocka_unit_test(every_flipped_bit_of_the_signature_counts),
		cmocka_unit_test(inputs_are_read_with_care),
		cmocka_unit_test(parameters_are_signed_as_they_were_received),
		cmocka_unit_test(signing_refuses_what_a_header_cannot_carry),
		cmocka_unit_test(the_longest_values_fit),
		cmocka_unit_test(the_probe_id_is_a_hash_of_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
