/*
 * replay.c - runs a fuzz target over files, with any compiler.
 *
 * Linked with one tests/fuzz/fuzz_*.c in place of libFuzzer, so that every
 * input that once crashed stays a regression test.
 * usage: fuzz_X FILE...
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct err err = ERR_NONE;
		char *bytes;
		size_t len;

		if (file_read(argv[i], 1 << 24, &bytes, &len, &err) != RC_OK) {
			fprintf(stderr, "%s\n", err.text);
			return EXIT_FAILURE;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)bytes, len);
		free(bytes);
	}
	printf("%d inputs replayed\n", argc - 1);
	return EXIT_SUCCESS;
}
