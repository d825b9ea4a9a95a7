/*
 * sink.c - libmicrohttpd and nothing else: what a request costs at least.
 *
 * usage: sink PORT CERTIFICATE KEY
 * Takes requests over TLS on loopback, collects their bodies and answers each
 * with a few bytes.  Until it is killed.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/file.h"
#include "schema/base/mem.h"

#define BODY_MAX (1 << 20)
#define FILE_MAX (1 << 16)
#define CONNECTION_MEMORY (24 * 1024) /* as the collector's */
#define MAX_CONNECTIONS 1024
#define THREADS 2

struct body {
	char *bytes;
	size_t len, cap;
};

static enum MHD_Result
answer(struct MHD_Connection *connection)
{
	static char text[] = "{\"acked\":1}";
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, r);

	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *bytes, size_t *n,
    void **con_cls)
{
	struct body *b = *con_cls;

	(void)cls, (void)path, (void)method, (void)version;
	if (b == NULL) {
		*con_cls = mem_new(sizeof *b);
		return MHD_YES;
	}
	if (*n == 0)
		return answer(connection);
	if (*n > BODY_MAX - b->len)
		return MHD_NO;
	if (b->len + *n > b->cap) {
		b->cap = 2 * (b->len + *n);
		b->bytes = mem_grow(b->bytes, b->cap, 1);
	}
	memcpy(b->bytes + b->len, bytes, *n);
	b->len += *n;
	*n = 0;
	return MHD_YES;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
    enum MHD_RequestTerminationCode why)
{
	struct body *b = *con_cls;

	(void)cls, (void)connection, (void)why;
	if (b != NULL)
		free(b->bytes);
	free(b);
	*con_cls = NULL;
}

static char *
read_file(const char *path)
{
	struct err err;
	char *text;
	size_t len;

	if (file_read(path, FILE_MAX, &text, &len, &err) == RC_OK)
		return text;
	fprintf(stderr, "sink: %s\n", err.text);
	exit(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct MHD_Daemon *daemon;

	if (argc != 4) {
		fputs("usage: sink PORT CERTIFICATE KEY\n", stderr);
		return 2;
	}
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS, 0,
	    NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, &at,
	    MHD_OPTION_HTTPS_MEM_CERT, read_file(argv[2]),
	    MHD_OPTION_HTTPS_MEM_KEY, read_file(argv[3]),
	    MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (daemon == NULL) {
		fputs("sink: libmicrohttpd does not start\n", stderr);
		return EXIT_FAILURE;
	}
	for (;;)
		pause();
}
