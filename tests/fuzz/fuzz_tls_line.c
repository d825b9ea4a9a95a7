/*
 * fuzz_tls_line.c - any bytes as a line of the child that speaks TLS, and as
 * one for it.
 *
 * Holds: what is read can be written, fits its line, and is read again as the
 * same.
 */
#include <assert.h>
#include <string.h>

#include "probe/tls_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_told(const char *text, size_t size)
{
	static struct tls_answer a, again;
	static char line[TLS_TOLD_LINE_MAX];
	uint32_t id, id_again;
	size_t len;

	if (tls_line_read_told(&a, &id, text, size, NULL) != RC_OK)
		return;
	len = tls_line_tell(&a, id, line);
	assert(len > 0 && len <= sizeof line);
	assert(tls_line_read_told(&again, &id_again, line, len, NULL) == RC_OK);
	assert(id_again == id && memcmp(&a, &again, sizeof a) == 0);
}

static void
check_ask(const char *text, size_t size)
{
	static struct tls_question q, again;
	char line[TLS_ASK_LINE_MAX];
	uint32_t id, id_again;
	size_t len;

	if (tls_line_read_ask(&q, &id, text, size, NULL) != RC_OK)
		return;
	len = tls_line_ask(&q, id, line);
	assert(len > 0 && len <= sizeof line);
	assert(tls_line_read_ask(&again, &id_again, line, len, NULL) == RC_OK);
	assert(id_again == id && memcmp(&q, &again, sizeof q) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_told((const char *)data, size);
	check_ask((const char *)data, size);
	return 0;
}
