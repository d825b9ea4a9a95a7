/*
 * fuzz_dns_json.c - DNS messages as JSON: every message gives an object that can
 * be written, whose lists are no longer than its header says.
 */
#include <stdint.h>
#include <stdlib.h>

#include "collector/dns_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_list(const json_t *message, const char *list, const char *count)
{
	const json_t *header = json_object_get(message, "header");
	size_t n = json_array_size(json_object_get(message, list));

	if ((json_int_t)n > json_integer_value(json_object_get(header, count)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *message = dns_json(data, size);
	char *text = json_dumps(message, JSON_COMPACT);

	if (text == NULL)
		abort();
	check_list(message, "questions", "qdcount");
	check_list(message, "answers", "ancount");
	check_list(message, "authorities", "nscount");
	check_list(message, "additionals", "arcount");
	free(text);
	json_decref(message);
	return 0;
}
