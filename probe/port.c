/* port.c - see port.h. */
#include "probe/port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/ancillary.h"
#include "probe/flow.h"
#include "schema/base/mem.h"

#define WRITE_TRIES 4
#define BUFFER_BYTES (1 << 20) /* of the socket, in both directions */

struct port_buffers {
	struct mmsghdr messages[PORT_BATCH];
	struct iovec iovs[PORT_BATCH];
	struct sockaddr_storage names[PORT_BATCH];
	_Alignas(struct cmsghdr) char controls[PORT_BATCH][ANCILLARY_LEN];
	uint8_t bytes[PORT_BATCH][PORT_READ_MAX];
};

struct port_buffers *
port_buffers_new(void)
{
	return mem_new(sizeof(struct port_buffers));
}

static uint16_t
bound_port(int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof ss;
	uint16_t port = 0;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		(void)addr_from_sockaddr((struct sockaddr *)&ss, &port);
	return port;
}

enum rc
port_open_udp(
    struct port *out, uint8_t family, uint16_t source_port, bool with_errors)
{
	const struct addr any = { .family = family };
	const int size = BUFFER_BYTES, on = 1;
	int domain = addr_domain(&any);
	int fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return RC_SYS;
	/* A smaller buffer than asked for is no reason to go without. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	if ((family == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
				sizeof on) != 0) ||
	    ancillary_ask(fd, domain, with_errors) != RC_OK ||
	    flow_bind(fd, family, source_port) != RC_OK) {
		saved = errno;
		close(fd);
		errno = saved;
		return RC_SYS;
	}
	(void)ancillary_ask_stamps(fd);
	port_adopt(out, family, fd);
	out->source_port = bound_port(fd);
	return RC_OK;
}

void
port_adopt(struct port *out, uint8_t family, int fd)
{
	*out = (struct port){ .fd = fd,
		.family = family,
		.keys = mem_new(PORT_KEYS * sizeof(struct port_key)) };
}

void
port_release(struct port *p)
{
	if (p == NULL)
		return;
	free(p->out);
	free(p->keys);
	*p = (struct port){ .fd = -1 };
}

void
port_close(struct port *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	port_release(p);
}

struct port_out *
port_put(struct port *p)
{
	if (p->n_out == p->out_cap) {
		p->out_cap = p->out_cap == 0 ? 2 : 2 * p->out_cap;
		p->out = mem_grow(p->out, p->out_cap, sizeof p->out[0]);
	}
	return &p->out[p->n_out++];
}

bool
port_is_full(const struct port *p)
{
	return p->n_out == PORT_BATCH;
}

/* ---- sending ---- */

struct outgoing { /* what sendmmsg reads */
	struct mmsghdr messages[PORT_BATCH];
	struct iovec iovs[PORT_BATCH];
	struct sockaddr_storage names[PORT_BATCH];
	_Alignas(
	    struct cmsghdr) char controls[PORT_BATCH][CMSG_SPACE(sizeof(int))];
};

/* Adds the TTL as ancillary data. */
static void
put_ttl(struct msghdr *msg, char *control, uint8_t family, uint8_t ttl)
{
	const int hops = ttl;
	struct cmsghdr *c;

	memset(control, 0, CMSG_SPACE(sizeof hops)); /* it has padding */
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(sizeof hops);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = family == 4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = family == 4 ? IP_TTL : IPV6_HOPLIMIT;
	c->cmsg_len = CMSG_LEN(sizeof hops);
	memcpy(CMSG_DATA(c), &hops, sizeof hops);
}

static void
prepare(struct outgoing *g, struct port *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct port_out *out = &p->out[i];
		struct msghdr *msg = &g->messages[i].msg_hdr;

		*msg = (struct msghdr){ .msg_name = &g->names[i],
			.msg_iov = &g->iovs[i],
			.msg_iovlen = 1 };
		msg->msg_namelen =
		    addr_to_sockaddr(&out->to, out->to_port, &g->names[i]);
		g->iovs[i] = (struct iovec){ .iov_base = out->bytes,
			.iov_len = out->len };
		if (out->ttl != 0)
			put_ttl(msg, g->controls[i], p->family, out->ttl);
	}
}

static void
note_sent(struct port *p, unsigned from, unsigned n,
    const struct moment *before, const struct port_events *events, void *ctx)
{
	for (unsigned i = from; i < from + n; i++) {
		const struct port_out *out = &p->out[i];

		p->keys[p->next_key++ % PORT_KEYS] =
		    (struct port_key){ .tag = out->tag,
			    .serial = out->tag_serial };
		events->sent(ctx, out, before);
	}
}

/* The keys of what failed are lost count of. */
static void
restart_keys(struct port *p)
{
	if (ancillary_restart_keys(p->fd))
		p->next_key = 0;
	memset(p->keys, 0, PORT_KEYS * sizeof p->keys[0]);
}

/* What could not be sent yet stays, in order. */
static void
keep_rest(struct port *p, unsigned done)
{
	p->n_out -= done;
	memmove(p->out, p->out + done, p->n_out * sizeof p->out[0]);
}

static bool
is_full_errno(int sys_errno)
{
	return sys_errno == EAGAIN || sys_errno == ENOBUFS;
}

/* Sends n packets from first on.  Returns how many are done with. */
static unsigned
send_some(struct port *p, struct outgoing *g, unsigned n,
    const struct port_events *events, void *ctx)
{
	unsigned done = 0, tries = 0;

	while (done < n) {
		struct moment before = flow_now();
		int sent =
		    sendmmsg(p->fd, &g->messages[done], n - done, MSG_NOSIGNAL);

		if (sent > 0) {
			note_sent(
			    p, done, (unsigned)sent, &before, events, ctx);
			done += (unsigned)sent;
			tries = 0;
			continue;
		}
		if (is_full_errno(errno))
			return done;
		/* A write fails with the ICMP error of an earlier packet when
		 * one is waiting, and so takes it away: the next succeeds. */
		if (++tries >= WRITE_TRIES) {
			events->not_sent(ctx, &p->out[done++], errno);
			tries = 0;
		}
		restart_keys(p);
	}
	return done;
}

void
port_flush(struct port *p, const struct port_events *events, void *ctx)
{
	struct outgoing g;

	while (p->n_out > 0) {
		unsigned n = p->n_out < PORT_BATCH ? p->n_out : PORT_BATCH;
		unsigned done;

		prepare(&g, p, n);
		done = send_some(p, &g, n, events, ctx);
		keep_rest(p, done);
		if (done < n)
			return;
	}
}

/* ---- receiving ---- */

/* Reads up to max messages.  Returns how many; *before_us is set. */
static int
receive(const struct port *p, struct port_buffers *b, unsigned max, int flags)
{
	for (unsigned i = 0; i < max; i++) {
		b->iovs[i] = (struct iovec){ .iov_base = b->bytes[i],
			.iov_len = PORT_READ_MAX };
		b->messages[i].msg_hdr =
		    (struct msghdr){ .msg_name = &b->names[i],
			    .msg_namelen = sizeof b->names[i],
			    .msg_iov = &b->iovs[i],
			    .msg_iovlen = 1,
			    .msg_control = b->controls[i],
			    .msg_controllen = ANCILLARY_LEN };
	}
	return recvmmsg(p->fd, b->messages, max, flags | MSG_DONTWAIT, NULL);
}

static struct port_in
describe(struct port_buffers *b, unsigned i, const struct ancillary *a,
    const struct moment *now)
{
	struct port_in in = { .arrival = { *now, a->kernel_ns },
		.local = a->local,
		.has_ttl = a->has_ttl,
		.ttl = a->ttl,
		.len = b->messages[i].msg_len,
		.bytes = b->bytes[i] };

	if (b->messages[i].msg_hdr.msg_namelen > 0)
		in.from = addr_from_sockaddr(
		    (struct sockaddr *)&b->names[i], &in.from_port);
	in.is_cut = (b->messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
	return in;
}

/* Labels from behind the quoted datagram, where the kernel found them. */
static void
read_extensions(struct port_in *in, const struct sock_extended_err *error)
{
	size_t at = error->ee_rfc4884.len;

	if (at == 0 || at >= in->len ||
	    (error->ee_rfc4884.flags & SO_EE_RFC4884_FLAG_INVALID) != 0)
		return;
	icmpmsg_parse_extensions(&in->labels, in->bytes + at, in->len - at);
	in->len = at;
}

static void
take_from_error_queue(struct port *p, const struct ancillary *a,
    struct port_in *in, const struct port_events *events, void *ctx)
{
	if (ancillary_is_departure(a)) {
		struct port_key *key = &p->keys[a->error.ee_data % PORT_KEYS];

		/* Not one of the keys that are out. */
		if (p->next_key - 1 - a->error.ee_data >= PORT_KEYS)
			return;
		if (key->tag != NULL)
			events->departed(
			    ctx, key->tag, key->serial, a->kernel_ns);
		return;
	}
	if (!ancillary_is_icmp(a))
		return;
	in->offender = a->offender;
	in->type = a->error.ee_type;
	in->code = a->error.ee_code;
	read_extensions(in, &a->error);
	events->error(ctx, in);
}

static bool
read_queue(struct port *p, struct port_buffers *b, unsigned max, int flags,
    const struct port_events *events, void *ctx)
{
	unsigned n_read = 0;

	while (n_read < max) {
		unsigned want =
		    max - n_read < PORT_BATCH ? max - n_read : PORT_BATCH;
		int n = receive(p, b, want, flags);
		struct moment now;

		/* An ICMP error that waits makes reading fail once. */
		if (n <= 0)
			return n < 0 && errno != EAGAIN && errno != EINTR;
		now = flow_now();
		for (unsigned i = 0; i < (unsigned)n; i++) {
			struct ancillary a;
			struct port_in in;

			ancillary_read(&a, &b->messages[i].msg_hdr);
			in = describe(b, i, &a, &now);
			if (a.has_error)
				take_from_error_queue(p, &a, &in, events, ctx);
			else if ((flags & MSG_ERRQUEUE) == 0)
				events->packet(ctx, &in);
		}
		n_read += (unsigned)n;
		if ((unsigned)n < want)
			return false;
	}
	return true;
}

bool
port_read(struct port *p, struct port_buffers *buffers, unsigned max,
    const struct port_events *events, void *ctx)
{
	bool is_more = read_queue(p, buffers, max, MSG_ERRQUEUE, events, ctx);

	return read_queue(p, buffers, max, 0, events, ctx) || is_more;
}
