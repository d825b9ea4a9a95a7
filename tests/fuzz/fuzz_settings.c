/*
 * fuzz_settings.c - configuration files: a file that loads prints as a file
 * that loads and prints the same; one that does not says why, on one line.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/settings.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
load(struct settings *out, const void *text, size_t len)
{
	struct err err = ERR_NONE;
	enum rc rc = settings_load(out, memory_file(text, len), &err);

	if (rc != RC_OK &&
	    (err.text[0] == '\0' || strchr(err.text, '\n') != NULL))
		abort();
	return rc == RC_OK;
}

/* Other files are not part of the input, but those that hold nothing. */
static bool
names_files(const uint8_t *data, size_t size)
{
	static const char *const fine[] = { "include(\"/dev/null\")",
		"include(\"/dev/null/*\")", "include(\"/dev/null/x\")",
		"include()" };
	const uint8_t *at = data, *end = data + size;

	while ((at = memmem(at, (size_t)(end - at), "include", 7)) != NULL) {
		bool is_fine = false;

		for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
			is_fine =
			    is_fine ||
			    ((size_t)(end - at) >= strlen(fine[i]) &&
				memcmp(at, fine[i], strlen(fine[i])) == 0);
		if (!is_fine)
			return true;
		at++;
	}
	return false;
}

/* Gives the text: release with free(). */
static char *
print(struct settings *s, size_t *len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, len);

	settings_print(s, to);
	fclose(to);
	settings_fini(s);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *once, *twice;
	struct settings s;
	size_t len, len2;

	if (names_files(data, size) || !load(&s, data, size))
		return 0;
	once = print(&s, &len);
	if (!load(&s, once, len))
		abort();
	twice = print(&s, &len2);
	if (strcmp(once, twice) != 0)
		abort();
	free(once);
	free(twice);
	return 0;
}
