/* api_web.c - GET / and the other files of the dashboard; see api.h. */
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "collector/api_answer.h"
#include "collector/web.h"
#include "schema/base/mem.h"

/* Its own files and nothing else: no inline script or style, no frame, and no
 * text that becomes markup (Trusted Types). */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

static const char not_built[] =
    "This catchwater was built where there was no npm: it has no dashboard.\n"
    "What the dashboard would show is JSON: /v1/catchment, /v1/sites, "
    "/v1/events,\n/v1/shares, /v1/vantages; or use the catchwater command.\n";

bool
api_is_web(const char *path)
{
	return web_find(path) != NULL || strcmp(path, "/") == 0;
}

/* Does the one who asks say that he can read it packed? */
static bool
takes_gzip(const struct exchange *x)
{
	const char *accepts = exchange_header(x, "Accept-Encoding");

	return accepts != NULL && strstr(accepts, "gzip") != NULL &&
	       strstr(accepts, "gzip;q=0") == NULL;
}

/* Gives the file as it was: release with free().  NULL: it is damaged. */
static char *
unpack(const struct web_file *f)
{
	char *bytes = mem_new(f->len + 1);
	z_stream z = { 0 };
	bool is_whole;

	z.next_in = f->gzip;
	z.avail_in = (uInt)f->gzip_len;
	z.next_out = (Bytef *)bytes;
	z.avail_out = (uInt)f->len;
	is_whole = inflateInit2(&z, 15 + 16) == Z_OK &&
		   inflate(&z, Z_FINISH) == Z_STREAM_END &&
		   z.total_out == f->len;
	inflateEnd(&z);
	if (is_whole)
		return bytes;
	free(bytes);
	return NULL;
}

static void
answer_file(struct exchange *x, const struct web_file *f)
{
	struct answer answer = { .status = 200,
		.type = f->type,
		.etag = f->etag,
		.vary = "Accept-Encoding",
		.cache = "no-cache",
		.policy = policy };
	char *bytes = NULL;

	if (api_has_etag(x, f->etag)) {
		answer.status = 304;
		answer.body = "";
	} else if (takes_gzip(x)) {
		answer.body = (const char *)f->gzip;
		answer.len = f->gzip_len;
		answer.encoding = "gzip";
	} else {
		bytes = unpack(f);
		answer.body = bytes == NULL ? "" : bytes;
		answer.len = bytes == NULL ? 0 : f->len;
		answer.status = bytes == NULL ? 500 : 200;
	}
	exchange_answer(x, &answer);
	free(bytes);
}

void
api_get_web(struct api *a, struct exchange *x)
{
	const struct web_file *f = web_find(exchange_path(x));

	(void)a;
	if (f != NULL)
		answer_file(x, f);
	else
		exchange_answer(x, &(struct answer){ .status = 200,
				       .type = "text/plain; charset=utf-8",
				       .body = not_built,
				       .len = sizeof not_built - 1 });
}
