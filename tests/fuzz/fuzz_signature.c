/*
 * fuzz_signature.c - signature headers from a hostile probe.
 *
 * The input is three lines: Signature-Input, Signature, Content-Digest.
 * Properties: nothing verifies under a key that signed nothing; a key id is 16
 * hexadecimal digits; a digest that agrees with one body does not agree with
 * another; what we sign of any texts verifies, and of no other text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/signature.h"

#define OWN_SHARE 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool claim)
{
	if (!claim)
		abort();
}

/* The key of RFC 8032 section 7.1, test 1. */
static const uint8_t public_key[SIGNATURE_PUBLIC_BYTES] = { 0xd7, 0x5a, 0x98,
	0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
	0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a,
	0x68, 0xf7, 0x07, 0x51, 0x1a };

static void
check(const char *input, const char *signature, const char *digest)
{
	const struct signed_request req = { "POST", "/v1/batches", digest,
		"1" };
	char keyid[PROBE_ID_LEN + 1];

	if (signature_keyid(input, keyid) == RC_OK)
		must(strspn(keyid, "0123456789abcdef") == PROBE_ID_LEN);
	must(signature_verify(&req, input, signature, public_key) != RC_OK);
	if (signature_check_digest(digest, "", 0) == RC_OK)
		must(signature_check_digest(digest, "x", 1) == RC_PEER);
}

/* The secret half of the same. */
static const uint8_t seed[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a,
	0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5,
	0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f,
	0x60 };

static void
check_own(const char *method, const char *path, const char *seq)
{
	struct signed_request req = { method, path, NULL, seq };
	char digest[SIGNATURE_HEADER_MAX], keyid[PROBE_ID_LEN + 1],
	    id[PROBE_ID_LEN + 1];
	struct signature_headers h;
	struct signing_key key;

	memcpy(key.public, public_key, sizeof key.public);
	memcpy(key.secret, seed, sizeof seed);
	memcpy(key.secret + sizeof seed, public_key, sizeof public_key);
	signature_probe_id(key.public, id);
	signature_digest(path, strlen(path), digest);
	must(signature_check_digest(digest, path, strlen(path)) == RC_OK);
	req.content_digest = digest;
	if (signature_sign(&h, &req, &key, id) != RC_OK)
		return;
	must(
	    signature_keyid(h.input, keyid) == RC_OK && strcmp(keyid, id) == 0);
	must(signature_verify(&req, h.input, h.signature, key.public) == RC_OK);
	req.seq = "another";
	must(strcmp(seq, req.seq) == 0 ||
	     signature_verify(&req, h.input, h.signature, key.public) ==
		 RC_PEER);
}

/* Signing and verifying take a hundred times as long as all else: one input in
 * OWN_SHARE, chosen by its bytes. */
static bool
is_for_own(const uint8_t *data, size_t size)
{
	unsigned sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += data[i];
	return sum % OWN_SHARE == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *lines[3];
	char *text = malloc(size + 1), *rest = text;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (int i = 0; i < 3; i++) {
		char *line = strsep(&rest, "\n");

		lines[i] = line != NULL ? line : text + size;
	}
	check(lines[0], lines[1], lines[2]);
	if (is_for_own(data, size))
		check_own(lines[0], lines[1], lines[2]);
	free(text);
	return 0;
}
