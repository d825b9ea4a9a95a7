/* inflate.c - see inflate.h. */
#include "collector/inflate.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zstd.h>

#include "schema/base/mem.h"

#define WINDOW_LOG_MAX 23
#define FIRST_BYTES (64 * 1024)

/* Doubles what is there; false at the limit.  One byte over max is allowed
 * for, so that a body of just max bytes is seen to end. */
static bool
grow(ZSTD_outBuffer *to, size_t max)
{
	size_t room = to->size == 0 ? FIRST_BYTES : 2 * to->size;

	if (to->size == max + 1)
		return false;
	to->size = room < max + 1 ? room : max + 1;
	to->dst = mem_grow(to->dst, to->size, 1);
	return true;
}

static enum rc
unpack(ZSTD_DCtx *ctx, ZSTD_outBuffer *to, ZSTD_inBuffer *from, size_t max)
{
	size_t left = 1; /* 0: a frame has just ended */

	while (from->pos < from->size || left > 0) {
		size_t in = from->pos, out = to->pos;

		if (to->pos == to->size && !grow(to, max))
			return RC_LIMIT;
		left = ZSTD_decompressStream(ctx, to, from);
		if (ZSTD_isError(left))
			return RC_MALFORMED;
		if (from->pos == in && to->pos == out && left > 0 &&
		    from->pos == from->size && to->pos < to->size)
			return RC_MALFORMED; /* it ends within a frame */
	}
	return to->pos > max ? RC_LIMIT : RC_OK;
}

static pthread_key_t contexts;

static void
free_context(void *ctx)
{
	ZSTD_freeDCtx(ctx);
}

static void
make_key(void)
{
	if (pthread_key_create(&contexts, free_context) != 0)
		abort();
}

/* Each thread has one, as long as it lives: making it costs as much as a
 * batch.  Ready for a new body. */
static ZSTD_DCtx *
own_context(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	ZSTD_DCtx *ctx;

	pthread_once(&once, make_key);
	ctx = pthread_getspecific(contexts);
	if (ctx == NULL) {
		ctx = ZSTD_createDCtx();
		if (ctx == NULL || pthread_setspecific(contexts, ctx) != 0)
			abort(); /* out of memory, as in mem_new */
		ZSTD_DCtx_setParameter(
		    ctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	}
	ZSTD_DCtx_reset(ctx, ZSTD_reset_session_only);
	return ctx;
}

enum rc
inflate_zstd(
    char **out, size_t *out_len, const void *bytes, size_t len, size_t max)
{
	ZSTD_DCtx *ctx = own_context();
	ZSTD_inBuffer from = { bytes, len, 0 };
	ZSTD_outBuffer to = { NULL, 0, 0 };
	enum rc rc;

	rc = len == 0 ? RC_MALFORMED : unpack(ctx, &to, &from, max);
	if (rc != RC_OK) {
		free(to.dst);
		return rc;
	}
	*out = to.dst;
	*out_len = to.pos;
	return RC_OK;
}
