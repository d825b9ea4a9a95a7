/*
 * fuzz_signature.c - signature headers from a hostile probe.
 *
 * The input is three lines: Signature-Input, Signature, Content-Digest.
 * Properties: nothing verifies under a key that signed nothing; a key id is 16
 * hexadecimal digits; a digest that agrees with one body does not agree with
 * another.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/signature.h"

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
	free(text);
	return 0;
}
