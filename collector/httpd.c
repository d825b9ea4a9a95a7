/* httpd.c - see httpd.h. */
#include "collector/httpd.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/head.h"
#include "collector/patience.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define MAX_CONNECTIONS 1024
#define MAX_CONNECTIONS_PER_ADDRESS 128 /* not behind a proxy: TLS only */
#define CONNECTION_MEMORY (24 * 1024)   /* headers; more is 431 */
#define IDLE_TIMEOUT_S 30u
#define STEP_TIMEOUT_US (60 * US_PER_S) /* handshake, head, body, answer */
#define ALL_BODIES_MAX (64u << 20)
/* A refused body up to here is read to its end, so that its sender gets to
 * read the answer instead of a reset. */
#define DISCARD_MAX (4u << 20)
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* What handshakes are shown.  Not of struct httpd, for GnuTLS's callback gets
 * no context; see httpd.h. */
static _Atomic(struct tls_identity *) shown;

struct httpd {
	struct MHD_Daemon *daemon;
	/* All that were ever shown: a handshake may be using any of them.  They
	 * change a few times a year. */
	struct tls_identity **identities;
	size_t n_identities;
	int listen_fd;
	struct httpd_handlers handlers;
	struct patience *patience;
	atomic_size_t body_bytes; /* of all exchanges */
	atomic_size_t n_owed;     /* whole requests not yet answered */
	bool is_started;
	char complaint[200]; /* libmicrohttpd's, while it starts */
};

struct exchange {
	struct httpd *httpd;
	struct MHD_Connection *connection;
	const char *method, *path;
	struct watched *watched; /* the connection */
	size_t max_body, discarded;
	char *body;
	size_t len, cap;
	bool is_plain, is_deferred, is_whole;
	struct MHD_Response *response; /* set when answered */
	unsigned status;
};

const char *
exchange_method(const struct exchange *x)
{
	return x->method;
}

const char *
exchange_path(const struct exchange *x)
{
	return x->path;
}

const char *
exchange_header(const struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(
	    x->connection, MHD_HEADER_KIND, name);
}

struct counting {
	const char *name;
	size_t n;
};

static enum MHD_Result
count_header(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct counting *c = cls;

	(void)kind, (void)value;
	c->n += strcasecmp(name, c->name) == 0;
	return MHD_YES;
}

size_t
exchange_n_headers(const struct exchange *x, const char *name)
{
	struct counting c = { .name = name };

	(void)MHD_get_connection_values(
	    x->connection, MHD_HEADER_KIND, count_header, &c);
	return c.n;
}

struct telling {
	bool (*told)(void *ctx, const char *name, const char *value);
	void *ctx;
	bool is_ended;
};

static enum MHD_Result
tell_argument(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct telling *t = cls;

	(void)kind;
	t->is_ended = !t->told(t->ctx, name, value);
	return t->is_ended ? MHD_NO : MHD_YES;
}

bool
exchange_each_argument(const struct exchange *x,
    bool (*told)(void *ctx, const char *name, const char *value), void *ctx)
{
	struct telling t = { .told = told, .ctx = ctx };

	(void)MHD_get_connection_values(
	    x->connection, MHD_GET_ARGUMENT_KIND, tell_argument, &t);
	return t.is_ended;
}

bool
exchange_is_plain(const struct exchange *x)
{
	return x->is_plain;
}

const void *
exchange_body(const struct exchange *x, size_t *len)
{
	*len = x->len;
	return x->body == NULL ? "" : x->body;
}

struct addr
exchange_source(const struct exchange *x)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info == NULL || info->client_addr == NULL)
		return (struct addr){ 0 };
	return addr_from_sockaddr(info->client_addr, NULL);
}

void
exchange_defer(struct exchange *x)
{
	x->is_deferred = true;
	patience_pause(x->watched);
	MHD_suspend_connection(x->connection);
}

static void
add_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (value != NULL)
		(void)MHD_add_response_header(r, name, value);
}

static struct MHD_Response *
new_response(const struct answer *a)
{
	/* libmicrohttpd copies the bytes and does not change them, but its
	 * parameter is not const. */
	union {
		const char *in;
		void *out;
	} body = { a->body };
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    a->len, body.out, MHD_RESPMEM_MUST_COPY);
	char text[40];

	if (r == NULL)
		abort(); /* out of memory, as in mem_new */
	if (a->len > 0)
		add_header(r, "Content-Type",
		    a->type == NULL ? "application/json" : a->type);
	if (a->etag != NULL) {
		snprintf(text, sizeof text, "\"%s\"", a->etag);
		add_header(r, "ETag", text);
	}
	if (a->retry_after_s > 0) {
		snprintf(text, sizeof text, "%u", a->retry_after_s);
		add_header(r, "Retry-After", text);
	}
	add_header(r, "Allow", a->allow);
	if (a->is_last)
		add_header(r, "Connection", "close");
	add_header(r, "Vary", a->vary);
	add_header(r, "Content-Encoding", a->encoding);
	add_header(r, "WWW-Authenticate", a->challenge);
	add_header(
	    r, "Cache-Control", a->cache == NULL ? "no-store" : a->cache);
	add_header(r, "Content-Security-Policy",
	    a->policy == NULL ? "default-src 'none'; frame-ancestors 'none'"
			      : a->policy);
	add_header(r, "X-Content-Type-Options", "nosniff");
	add_header(r, "Referrer-Policy", "no-referrer");
	return r;
}

void
exchange_answer(struct exchange *x, const struct answer *a)
{
	x->status = a->status;
	x->response = new_response(a);
	patience_expect(x->watched);
	if (x->is_deferred)
		MHD_resume_connection(x->connection);
}

static struct exchange *
new_exchange(struct httpd *h, struct MHD_Connection *connection,
    const char *method, const char *path)
{
	struct exchange *x = mem_new(sizeof *x);

	x->httpd = h;
	x->connection = connection;
	x->method = method;
	x->path = path;
	x->watched = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			 ->socket_context;
	patience_expect(x->watched);
	return x;
}

static void
drop_body(struct exchange *x)
{
	atomic_fetch_sub(&x->httpd->body_bytes, x->cap);
	free(x->body);
	x->body = NULL;
	x->len = x->cap = 0;
}

static void
free_exchange(void *cls, struct MHD_Connection *connection, void **con_cls,
    enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *con_cls;

	(void)cls, (void)connection, (void)why;
	if (x == NULL)
		return;
	if (x->is_whole)
		atomic_fetch_sub(&x->httpd->n_owed, 1);
	drop_body(x);
	if (x->response != NULL)
		MHD_destroy_response(x->response);
	patience_expect(x->watched); /* the next request */
	free(x);
	*con_cls = NULL;
}

/* Makes room for n bytes more; false when all bodies together are too many. */
static bool
reserve(struct exchange *x, size_t n)
{
	size_t cap = x->cap == 0 ? 4096 : x->cap;

	while (cap < x->len + n)
		cap *= 2;
	if (cap == x->cap)
		return true;
	if (atomic_fetch_add(&x->httpd->body_bytes, cap - x->cap) +
		(cap - x->cap) >
	    ALL_BODIES_MAX) {
		atomic_fetch_sub(&x->httpd->body_bytes, cap - x->cap);
		return false;
	}
	x->body = mem_grow(x->body, cap, 1);
	x->cap = cap;
	return true;
}

/* Takes or throws away a piece of body; MHD_NO closes the connection. */
static enum MHD_Result
take_piece(struct exchange *x, const char *bytes, size_t n)
{
	static const char overload[] =
	    "{\"error\":\"too many uploads at once\"}";

	if (x->response != NULL) {
		x->discarded += n;
		return x->discarded <= DISCARD_MAX ? MHD_YES : MHD_NO;
	}
	if (n > x->max_body - x->len)
		return MHD_NO; /* more than its Content-Length said */
	if (!reserve(x, n)) {
		drop_body(x);
		exchange_answer(
		    x, &(struct answer){ .status = MHD_HTTP_SERVICE_UNAVAILABLE,
			   .body = overload,
			   .len = sizeof overload - 1,
			   .retry_after_s = 5 });
		return MHD_YES;
	}
	memcpy(x->body + x->len, bytes, n);
	x->len += n;
	return MHD_YES;
}

static enum MHD_Result
begin(struct httpd *h, struct exchange *x)
{
	x->max_body = h->handlers.head(h->handlers.ctx, x);
	return MHD_YES;
}

static enum MHD_Result
finish(struct httpd *h, struct exchange *x)
{
	if (!x->is_whole) {
		x->is_whole = true;
		atomic_fetch_add(&h->n_owed, 1);
		if (x->response == NULL)
			h->handlers.whole(h->handlers.ctx, x);
		if (x->is_deferred)
			return MHD_YES; /* called again once resumed */
	}
	return MHD_queue_response(x->connection, x->status, x->response);
}

/* libmicrohttpd's order: once with the head, then per piece of body, then
 * once without any; that last again after a suspension. */
static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *bytes, size_t *n,
    void **con_cls)
{
	struct httpd *h = cls;
	struct exchange *x = *con_cls;
	enum MHD_Result result;

	if (x == NULL) {
		*con_cls = x = new_exchange(h, connection, method, path);
		x->is_plain = head_is_plain(connection, method, path, version);
		return begin(h, x);
	}
	if (*n == 0)
		return finish(h, x);
	result = take_piece(x, bytes, *n);
	*n = 0;
	return result;
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct httpd *h = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = patience_watch(
		    h->patience, MHD_get_connection_info(connection,
				     MHD_CONNECTION_INFO_CONNECTION_FD)
				     ->connect_fd);
	else if (*context != NULL)
		patience_forget(*context);
}

/* Keeps what libmicrohttpd says while it starts; later it only speaks of
 * what clients did, which is no news. */
static void __attribute__((format(printf, 2, 0)))
on_complaint(void *cls, const char *fmt, va_list ap)
{
	struct httpd *h = cls;

	if (h->is_started)
		return;
	vsnprintf(h->complaint, sizeof h->complaint, fmt, ap);
	h->complaint[strcspn(h->complaint, "\n")] = '\0';
}

/* Every path is plain; one with an escape is simply another. */
static size_t
keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls, (void)connection;
	return strlen(text);
}

/* Half of the descriptors that the process may have, within reason. */
static unsigned
connection_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < 2 * MAX_CONNECTIONS)
		return (unsigned)files.rlim_cur / 2;
	return MAX_CONNECTIONS;
}

static int
on_handshake(gnutls_session_t session, const gnutls_datum_t *authorities,
    int n_authorities, const gnutls_pk_algorithm_t *algorithms,
    int n_algorithms, gnutls_pcert_st **chain, unsigned *n,
    gnutls_privkey_t *key)
{
	(void)session, (void)authorities, (void)n_authorities;
	(void)algorithms, (void)n_algorithms;
	tls_identity_show(atomic_load(&shown), chain, n, key);
	return 0;
}

void
httpd_show(struct httpd *h, struct tls_identity *identity)
{
	h->identities =
	    mem_grow(h->identities, h->n_identities + 1, sizeof *h->identities);
	h->identities[h->n_identities++] = identity;
	atomic_store(&shown, identity);
}

static struct MHD_Daemon *
start_daemon(struct httpd *h, const struct httpd_settings *settings)
{
	bool is_tls = settings->identity != NULL;
	/* Not epoll: there libmicrohttpd 0.9.75 asks without a pause whether
	 * the rest of a TLS handshake has come. */
	unsigned flags = MHD_USE_POLL_INTERNAL_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 (is_tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, NULL },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		    MAX_CONNECTIONS_PER_ADDRESS, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	/* The interface has void * for what is a function here, and for what
	 * is const there. */
	gnutls_certificate_retrieve_function2 *handshake = on_handshake;
	const char *priorities = TLS_PRIORITIES;

	memcpy(&tls[0].ptr_value, &handshake, sizeof tls[0].ptr_value);
	memcpy(&tls[1].ptr_value, &priorities, sizeof tls[1].ptr_value);
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_EXTERNAL_LOGGER, on_complaint, h,
	    MHD_OPTION_LISTEN_SOCKET, settings->listen_fd,
	    MHD_OPTION_THREAD_POOL_SIZE, settings->n_threads,
	    MHD_OPTION_CONNECTION_LIMIT, connection_limit(),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
	    free_exchange, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
	    is_tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
}

enum rc
httpd_start(struct httpd **out, const struct httpd_settings *settings,
    const struct httpd_handlers *handlers, struct err *err)
{
	struct httpd *h = mem_new(sizeof *h);
	enum rc rc = patience_start(&h->patience,
	    settings->step_us > 0 ? settings->step_us : STEP_TIMEOUT_US, err);

	if (rc != RC_OK) {
		free(h);
		return rc;
	}
	h->handlers = *handlers;
	h->listen_fd = settings->listen_fd;
	if (settings->identity != NULL)
		atomic_store(&shown, settings->identity);
	h->daemon = start_daemon(h, settings);
	if (h->daemon == NULL) {
		rc = err_set(err, RC_SYS, "the HTTP server does not start: %s",
		    h->complaint);
		patience_stop(h->patience);
		free(h);
		return rc;
	}
	h->is_started = true;
	if (settings->identity != NULL)
		httpd_show(h, settings->identity);
	*out = h;
	return RC_OK;
}

void
httpd_quiesce(struct httpd *h)
{
	(void)MHD_quiesce_daemon(h->daemon);
}

bool
httpd_wait_idle(struct httpd *h, int64_t wait_us)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int64_t until = clock_mono_us() + wait_us;

	while (atomic_load(&h->n_owed) > 0 && clock_mono_us() < until)
		nanosleep(&pause, NULL);
	return atomic_load(&h->n_owed) == 0;
}

void
httpd_stop(struct httpd *h)
{
	if (h == NULL)
		return;
	httpd_quiesce(h); /* or libmicrohttpd would close the socket too */
	MHD_stop_daemon(h->daemon);
	patience_stop(h->patience);
	close(h->listen_fd);
	for (size_t i = 0; i < h->n_identities; i++)
		tls_identity_free(h->identities[i]);
	free(h->identities);
	free(h);
}
