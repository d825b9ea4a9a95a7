/*
 * fuzz_bird.c - any bytes as a reply on BIRD's control socket.
 *
 * Holds: a whole reply is one however it is cut into pieces, its lines lie
 * inside of it, and nothing but a whole, good reply says that a prefix is there
 * or that a session is up.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "probe/bird.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(const char *text, size_t len)
{
	struct bird_cursor c = { .text = text, .len = len };
	struct bird_line line;

	while (bird_next(&c, &line) == RC_OK) {
		assert(
		    line.text >= text && line.text + line.len < text + c.pos);
		assert(c.pos <= len && line.code <= 9999);
	}
}

static void
check_pieces(const char *text, size_t len)
{
	size_t used = 0, again;
	unsigned code = 0, code_again;
	enum rc rc = bird_reply(text, len, &used, &code);

	if (rc != RC_OK)
		return;
	assert(used > 0 && used <= len);
	for (size_t n = 0; n < used; n += 1 + used / 16)
		assert(bird_reply(text, n, &again, &code_again) == RC_AGAIN);
	assert(bird_reply(text, used, &again, &code_again) == RC_OK);
	assert(again == used && code_again == code);
}

static void
check_meaning(const char *text, size_t len)
{
	static struct bird_sessions sessions;
	size_t used;
	unsigned code;
	struct prefix p;
	bool has_prefix = false;
	enum rc rc = bird_reply(text, len, &used, &code);

	if (bird_read_sessions(&sessions, text, len) == RC_OK) {
		assert(rc == RC_OK && code == 0);
		for (size_t i = 0; i < sessions.n; i++)
			assert(strlen(sessions.list[i].name) < BIRD_NAME_LEN);
	}
	assert(prefix_parse(&p, "192.0.2.0/24", 12) == RC_OK);
	if (bird_read_route(&has_prefix, &p, text, len) == RC_OK && has_prefix)
		assert(rc == RC_OK && code == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_lines((const char *)data, size);
	check_pieces((const char *)data, size);
	check_meaning((const char *)data, size);
	return 0;
}
