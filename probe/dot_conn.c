/* dot_conn.c - see dot_conn.h. */
#include "probe/dot_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probe/dot_cert.h"
#include "probe/flow.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define HANDSHAKE_MAX 65536 /* bytes of one message of it: a chain of ten */
#define READS_PER_STEP 8    /* so that one server holds up no other */
#define LEN_LEN 2           /* RFC 1035 section 4.2.2 */

enum stage { CONNECTING, HANDSHAKING, ASKING, OVER };

struct dot_conn {
	uint32_t id;
	struct tls_question question;
	struct tls_answer answer;
	gnutls_certificate_credentials_t credentials;
	enum stage stage;
	int64_t stage_mono_us, deadline_mono_us;
	struct flow flow;
	gnutls_session_t session;
	struct arrival arrival; /* of the last bytes read */
	uint32_t n_written;     /* bytes, of the handshake too */
	uint8_t n_sent;
	uint32_t sent_keys[TLS_QUERIES_MAX]; /* numbers of their last bytes */
	bool is_sending; /* the query after those is under way */
	bool is_write_wanted, has_more;
	uint8_t frame[LEN_LEN + DNSMSG_QUERY_MAX];
	uint8_t in[LEN_LEN + TLS_REPLY_MAX];
	size_t in_len;
};

static void
enter(struct dot_conn *c, enum stage stage)
{
	c->stage = stage;
	c->stage_mono_us = clock_mono_us();
	c->deadline_mono_us = c->stage_mono_us + c->question.timeout_us;
}

/* When the kernel let the queries go: those that left in one segment have one
 * report, of its last byte.  ICMP errors end the connection by themselves, if
 * they do. */
static void
read_departures(struct dot_conn *c)
{
	struct flow_news news;

	while (flow_read_news(&c->flow, &news) == RC_OK)
		for (size_t i = 0; news.is_departure && i < c->n_sent; i++) {
			struct departure *sent = &c->answer.replies[i].sent;

			if (sent->kernel_ns == 0 &&
			    (int32_t)(news.key - c->sent_keys[i]) >= 0)
				sent->kernel_ns = news.arrival.kernel_ns;
		}
}

/* Closes at once.  What the handshake has shown is kept. */
static void
end(struct dot_conn *c, enum outcome outcome)
{
	c->answer.outcome = outcome;
	read_departures(c);
	if (c->answer.tls.is_present)
		dot_cert_read(&c->answer.tls, c->session, c->question.name);
	if (c->stage == ASKING)
		(void)gnutls_bye(c->session, GNUTLS_SHUT_WR);
	if (c->session != NULL)
		gnutls_deinit(c->session);
	c->session = NULL;
	flow_close(&c->flow);
	c->stage = OVER;
}

/* The end of a stream, or of the server's patience, is a reset; the rest is
 * no TLS, or none that we speak. */
static enum outcome
outcome_of_tls(int error)
{
	switch (error) {
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		return OUTCOME_RESET;
	case GNUTLS_E_MEMORY_ERROR:
	case GNUTLS_E_INTERNAL_ERROR:
		return OUTCOME_SEND_FAILED;
	default:
		return OUTCOME_MALFORMED;
	}
}

/* GnuTLS reads through this, so that the kernel's stamps are not lost. */
static ssize_t
pull(gnutls_transport_ptr_t transport, void *to, size_t cap)
{
	struct dot_conn *c = transport;
	struct flow_bytes p;
	enum rc rc = flow_read(&c->flow, to, cap, &p);

	if (rc != RC_OK) {
		gnutls_transport_set_errno(
		    c->session, rc == RC_AGAIN ? EAGAIN : errno);
		return -1;
	}
	c->arrival = p.arrival;
	return (ssize_t)p.len;
}

static ssize_t
push(gnutls_transport_ptr_t transport, const void *bytes, size_t n)
{
	struct dot_conn *c = transport;
	ssize_t sent = send(c->flow.fd, bytes, n, MSG_NOSIGNAL);

	if (sent < 0)
		gnutls_transport_set_errno(c->session, errno);
	else
		c->n_written += (uint32_t)sent;
	return sent;
}

static bool
is_address(const char *name)
{
	struct addr unused;

	return addr_parse(&unused, name) == RC_OK;
}

static int
open_session(struct dot_conn *c)
{
	static unsigned char dot[] = "dot";
	const gnutls_datum_t protocol = { .data = dot, .size = sizeof dot - 1 };
	const char *name = c->question.name;
	gnutls_session_t s;
	int rc = gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NONBLOCK |
				     GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS);

	if (rc != 0)
		return rc;
	c->session = s;
	gnutls_transport_set_ptr(s, c);
	gnutls_transport_set_pull_function(s, pull);
	gnutls_transport_set_push_function(s, push);
	gnutls_handshake_set_timeout(s, 0); /* ours is the deadline */
	gnutls_handshake_set_max_packet_length(s, HANDSHAKE_MAX);
	rc = gnutls_priority_set_direct(s, PRIORITIES, NULL);
	if (rc == 0)
		rc = gnutls_credentials_set(
		    s, GNUTLS_CRD_CERTIFICATE, c->credentials);
	if (rc == 0)
		rc = gnutls_alpn_set_protocols(s, &protocol, 1, 0);
	if (rc == 0 && name[0] != '\0' && !is_address(name))
		rc = gnutls_server_name_set(
		    s, GNUTLS_NAME_DNS, name, strlen(name));
	return rc;
}

static void
finish_connecting(struct dot_conn *c)
{
	struct pollfd p = { .fd = c->flow.fd, .events = POLLOUT };
	int error;

	if (poll(&p, 1, 0) == 0)
		return;
	error = flow_connect_errno(&c->flow);
	c->answer.tls.connect_us = flow_connect_rtt_us(&c->flow);
	if (error != 0 || c->answer.tls.connect_us == 0)
		c->answer.tls.connect_us = clock_mono_us() - c->stage_mono_us;
	if (error != 0) {
		end(c, flow_connect_outcome(error));
		return;
	}
	/* Only now, with no byte in flight, does the kernel count from 0. */
	flow_stamp(&c->flow);
	if (open_session(c) != 0)
		end(c, OUTCOME_SEND_FAILED);
	else
		enter(c, HANDSHAKING);
}

/* Does the session only want to wait?  Notes for what. */
static bool
waits(struct dot_conn *c, int rc)
{
	c->is_write_wanted = rc == GNUTLS_E_AGAIN &&
			     gnutls_record_get_direction(c->session) == 1;
	return rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED;
}

static void
shake_hands(struct dot_conn *c)
{
	int rc = GNUTLS_E_INTERRUPTED;

	for (int i = 0; i < READS_PER_STEP; i++) {
		rc = gnutls_handshake(c->session);
		if (rc != GNUTLS_E_WARNING_ALERT_RECEIVED &&
		    rc != GNUTLS_E_INTERRUPTED)
			break;
	}
	if (waits(c, rc) || rc == GNUTLS_E_WARNING_ALERT_RECEIVED)
		return;
	if (rc != 0) {
		end(c, outcome_of_tls(rc));
		return;
	}
	c->answer.tls.is_present = true;
	c->answer.tls.handshake_us = clock_mono_us() - c->stage_mono_us;
	enter(c, ASKING);
}

/* Sends what is not sent yet.  False: it is over. */
static bool
send_queries(struct dot_conn *c)
{
	while (c->n_sent < c->question.n_queries) {
		const struct tls_query *q = &c->question.queries[c->n_sent];
		struct tls_reply *r = &c->answer.replies[c->n_sent];
		ssize_t n;

		if (!c->is_sending) {
			c->frame[0] = (uint8_t)(q->len >> 8);
			c->frame[1] = (uint8_t)q->len;
			memcpy(c->frame + LEN_LEN, q->bytes, q->len);
			r->sent.before = flow_now();
			r->is_sent = true;
		}
		n = c->is_sending ? gnutls_record_send(c->session, NULL, 0)
				  : gnutls_record_send(
					c->session, c->frame, LEN_LEN + q->len);
		c->is_sending = n < 0 && waits(c, (int)n);
		if (c->is_sending)
			return true;
		if (n < 0) {
			end(c, outcome_of_tls((int)n));
			return false;
		}
		c->sent_keys[c->n_sent++] = c->n_written - 1;
	}
	return true;
}

/* Keeps a message as the reply to the query whose id it has; another's, or a
 * second one, is nobody's. */
static void
keep(struct dot_conn *c, const uint8_t *message, size_t len)
{
	for (size_t i = 0; i < c->n_sent; i++) {
		struct tls_reply *r = &c->answer.replies[i];

		if (r->is_received || dnsmsg_id(c->question.queries[i].bytes,
					  LEN_LEN) != dnsmsg_id(message, len))
			continue;
		r->is_received = true;
		r->arrival = c->arrival;
		r->len = (uint16_t)len;
		memcpy(r->bytes, message, len);
		return;
	}
}

static bool
is_answered(const struct dot_conn *c)
{
	for (size_t i = 0; i < c->question.n_queries; i++)
		if (!c->answer.replies[i].is_received)
			return false;
	return true;
}

/* Takes whole messages off the front.  False: it is over. */
static bool
take_messages(struct dot_conn *c)
{
	while (c->in_len >= LEN_LEN) {
		size_t len = (size_t)c->in[0] << 8 | c->in[1];

		if (len < DNSMSG_HEADER_LEN || len > TLS_REPLY_MAX) {
			end(c, OUTCOME_MALFORMED);
			return false;
		}
		if (c->in_len < LEN_LEN + len)
			return true;
		keep(c, c->in + LEN_LEN, len);
		c->in_len -= LEN_LEN + len;
		memmove(c->in, c->in + LEN_LEN + len, c->in_len);
	}
	return true;
}

static void
ask(struct dot_conn *c)
{
	c->has_more = false;
	if (!send_queries(c))
		return;
	for (int i = 0; i < READS_PER_STEP; i++) {
		ssize_t n = gnutls_record_recv(
		    c->session, c->in + c->in_len, sizeof c->in - c->in_len);

		if (n == GNUTLS_E_WARNING_ALERT_RECEIVED)
			continue;
		if (n < 0 && waits(c, (int)n))
			return;
		if (n <= 0) {
			end(c, n == 0 ? OUTCOME_RESET : outcome_of_tls((int)n));
			return;
		}
		c->in_len += (size_t)n;
		if (!take_messages(c))
			return;
		if (is_answered(c)) {
			end(c, OUTCOME_OK);
			return;
		}
	}
	c->has_more = true;
}

bool
dot_conn_step(struct dot_conn *c, int64_t now_mono_us)
{
	if (c->stage != OVER)
		read_departures(c);
	if (c->stage == CONNECTING)
		finish_connecting(c);
	if (c->stage == HANDSHAKING)
		shake_hands(c);
	if (c->stage == ASKING)
		ask(c);
	if (c->stage != OVER && now_mono_us >= c->deadline_mono_us)
		end(c, OUTCOME_TIMEOUT);
	return c->stage == OVER;
}

struct dot_conn *
dot_conn_new(const struct tls_question *q, uint32_t id,
    gnutls_certificate_credentials_t credentials)
{
	struct dot_conn *c = mem_new(sizeof *c);

	c->id = id;
	c->question = *q;
	c->credentials = credentials;
	c->answer.n_replies = q->n_queries;
	c->answer.begun = flow_now();
	enter(c, CONNECTING);
	if (flow_open_tcp(&c->flow, &q->target, q->port, q->source_port, 0) !=
	    RC_OK) {
		c->answer.outcome = flow_outcome(errno);
		c->answer.begun = (struct moment){ 0 };
		c->stage = OVER;
		return c;
	}
	c->answer.source = c->flow.source;
	c->answer.source_port = c->flow.source_port;
	return c;
}

void
dot_conn_free(struct dot_conn *c)
{
	if (c != NULL && c->stage != OVER)
		end(c, OUTCOME_SEND_FAILED);
	free(c);
}

int
dot_conn_fd(const struct dot_conn *c)
{
	return c->flow.fd;
}

short
dot_conn_events(const struct dot_conn *c)
{
	if (c->stage == CONNECTING)
		return POLLOUT;
	return (short)(POLLIN | (c->is_write_wanted ? POLLOUT : 0));
}

int64_t
dot_conn_deadline_mono_us(const struct dot_conn *c)
{
	return c->deadline_mono_us;
}

bool
dot_conn_has_more(const struct dot_conn *c)
{
	return c->has_more;
}

uint32_t
dot_conn_id(const struct dot_conn *c)
{
	return c->id;
}

const struct tls_answer *
dot_conn_answer(const struct dot_conn *c)
{
	return &c->answer;
}
