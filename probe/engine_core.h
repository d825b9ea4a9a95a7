/*
 * engine_core.h - the tables that the parts of the engine share.   (wiring)
 *
 * Uses     probe/question.h, flow, pace, trace, dnsmsg
 * Used by  probe/engine*.c only
 *
 * A measurement under way is a struct ask.  What is special to a kind and a
 * protocol stands behind struct ask_ops; the rest is the same for all:
 * someone wakes it when it is due, hands it what arrived on its flow, and
 * takes the finished observation.  All tables are of fixed size.
 */
#ifndef PROBE_ENGINE_CORE_H
#define PROBE_ENGINE_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "probe/dnsmsg.h"
#include "probe/question.h"
#include "probe/flow.h"
#include "probe/icmpmsg.h"
#include "probe/pace.h"
#include "probe/rtt.h"
#include "probe/socks.h"
#include "probe/tls_child.h"
#include "probe/trace.h"
#include "schema/record.h"

#define ENGINE_ASKS_MAX 256
#define ENGINE_SLOTS_MAX 700   /* open flows; under the usual 1024 files */
#define ENGINE_ECHOES_MAX 4096 /* echo requests remembered; a power of two */
#define ENGINE_PINGS_MAX 100   /* echoes of one measurement */
#define ENGINE_BUFFER_LEN 65536
#define PAST_MAX 8 /* closed questions that a flow remembers */
#define NEVER INT64_MAX

struct ask;
struct slot;

struct notice { /* an ICMP error about a packet of ours */
	struct arrival arrival;
	struct addr from;
	uint8_t type, code;
	bool has_ttl;
	uint8_t ttl;
	struct icmpmsg_labels labels;
	bool has_checksum; /* of the quoted UDP header: raw sockets only */
	uint16_t checksum;
	const uint8_t *quote; /* payload quoted, as far as it goes */
	size_t quote_len;
};

struct echo_sent {
	struct ask *ask; /* NULL: none */
	uint32_t serial; /* of the ask then: it may be another by now */
	uint16_t id, seq;
	uint8_t what; /* the ask's own: a TTL or a count */
	struct moment sent;
};

/* What a kind does.  NULL: it never happens to this kind. */
struct ask_ops {
	/* It is due: send, give up, finish or ask to be woken again. */
	void (*step)(struct ask *a, int64_t now_mono_us);
	/* A datagram came on its flow; true: it was for this one. */
	bool (*packet)(
	    struct ask *a, const struct flow_packet *p, const uint8_t *bytes);
	/* An ICMP error came for its flow; true: it was for this one. */
	bool (*notice)(struct ask *a, const struct notice *n);
	/* Its TCP socket can be written (connected) or read. */
	void (*ready)(struct ask *a);
	/* Its echo request was answered, or refused. */
	void (*echo)(struct ask *a, const struct echo_sent *e,
	    const struct flow_packet *p);
	void (*echo_notice)(
	    struct ask *a, const struct echo_sent *e, const struct notice *n);
	/* Is this DNS id in use? */
	bool (*has_id)(const struct ask *a, uint16_t id);
	/* Releases what the ask holds beside its slot. */
	void (*fini)(struct ask *a);
};

enum part_state { PART_OFF, PART_WANTED, PART_SENT, PART_OVER };

struct dns_part { /* one question of the pair */
	enum part_state state;
	uint16_t id;
	struct dnsmsg_question question;
	struct moment sent;
	int64_t deadline_mono_us;
	enum outcome silence; /* timeout, or what came instead of an answer */
	bool is_answered;     /* by the server or by ICMP */
};

enum dns_part_index { PART_ZONE, PART_CHAOS, N_PARTS };

struct dns_ask {
	struct dns_part parts[N_PARTS];
	enum outcome zone_outcome; /* when PART_ZONE is over */
	bool is_second_name;       /* PART_CHAOS asks id.server */
	struct moment connecting;  /* TCP */
	int64_t connect_deadline_mono_us;
	bool is_connected;
	uint8_t *in; /* TCP: what came, not yet a whole message */
	size_t in_len;
	bool is_with_child; /* TLS: it has the questions */
	uint16_t tls_ids[TLS_QUERIES_MAX];
};

struct ping_ask {
	uint8_t nonce[ICMPMSG_NONCE_LEN];
	uint16_t id;
	int64_t next_mono_us; /* the next echo is due */
	int64_t deadline_mono_us;
	struct moment sent; /* TCP: the connection under way */
	bool is_connecting;
	unsigned n_refused; /* echoes that an ICMP error came for */
	enum outcome silence;
	int64_t rtts_us[ENGINE_PINGS_MAX];
	bool is_answered[ENGINE_PINGS_MAX];
};

struct trace_try {
	uint8_t ttl;
	uint16_t id;       /* DNS id */
	uint16_t checksum; /* UDP */
	struct moment sent;
};

struct trace_ask {
	struct trace trace;
	struct dnsmsg_question question;
	uint8_t nonce[ICMPMSG_NONCE_LEN];
	uint16_t echo_id;
	uint16_t n_tries;
	struct trace_try tries[TRACE_TTL_MAX * TRACE_TRIES];
	enum outcome outcome; /* of the target; timeout until it spoke */
};

struct ask {
	struct engine *engine;
	unsigned index;
	uint32_t serial; /* of its uses: one more for each question */
	bool is_active;
	const struct ask_ops *ops;
	struct question question;
	struct observation observation;
	engine_done *done;
	void *ctx;
	struct slot *slot;
	struct ask *next_on_slot;
	union {
		struct dns_ask dns;
		struct ping_ask ping;
		struct trace_ask trace;
	};
};

enum slot_state { SLOT_FREE, SLOT_OPEN, SLOT_CLOSING };

struct past_question {
	uint16_t id;
	bool is_used, is_answered;
};

struct slot { /* one flow, shared by the asks on its 5-tuple */
	struct engine *engine;
	enum slot_state state;
	bool is_stream;
	uint16_t wanted_port; /* 0: any, and the flow ends after its asks */
	struct flow flow;
	uv_poll_t poll;
	int watched; /* UV_READABLE, UV_WRITABLE */
	struct ask *asks;
	int64_t last_used_mono_us;
	int64_t close_mono_us; /* when nobody uses it; 0: keep it */
	struct past_question past[PAST_MAX];
	uint8_t n_past;
	uint8_t n_late, n_duplicate; /* since the last dns observation */
};

struct engine {
	uv_loop_t *loop;
	struct socks *socks;
	struct tls_child *tls;
	struct pace pace;
	uv_timer_t timer;
	uv_timer_cb tick;
	uv_poll_t icmp_polls[2]; /* v4, v6 */
	unsigned n_handles;      /* not closed yet */
	bool is_closing;
	unsigned n_active, first_ask;
	uint16_t next_seq;
	int64_t sweep_mono_us; /* when a flow may be closed; NEVER: none */
	uint64_t n_stray;      /* packets that answered nothing of ours */
	int64_t due_mono_us[ENGINE_ASKS_MAX];
	struct ask asks[ENGINE_ASKS_MAX];
	struct slot slots[ENGINE_SLOTS_MAX];
	struct echo_sent echoes[ENGINE_ECHOES_MAX];
	uint8_t buffer[ENGINE_BUFFER_LEN]; /* of the packet at hand */
};

/* A handle is closed; after the last one the engine is freed. */
void engine_handle_closed(struct engine *e);

/* Sets the timer to what is due first. */
void engine_arm(struct engine *e);

/* Takes the right to send one packet; false: the ask is woken when it may. */
bool ask_may_send(struct ask *a, int64_t now_mono_us);

/* Wakes the ask at that time, unless it is due before. */
void ask_wake_at(struct ask *a, int64_t at_mono_us);

/* Notes the first packet's time. */
void ask_sent(struct ask *a, const struct moment *sent);

/* Leaves its flow, which ends soon when nobody else wants it. */
void ask_leave_slot(struct ask *a);

/* Hands over the observation.  The ask is gone afterwards. */
void ask_finish(struct ask *a, enum outcome outcome);

/* A late reply or duplicate more, without wrapping. */
void count_up(uint8_t *n);

#endif
