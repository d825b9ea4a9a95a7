/*
 * engine_core.h - the tables that the parts of the engine share.   (wiring)
 *
 * Uses     probe/question.h, port, flow, pace, trace, dnsmsg
 * Used by  probe/engine*.c only
 *
 * A measurement under way is a struct ask.  What is special to a kind and a
 * protocol stands behind struct ask_ops; the rest is the same for all:
 * someone wakes it when it is due, gives it the right to send, hands it what
 * arrived for one of its packets, and takes the finished observation.
 */
#ifndef PROBE_ENGINE_CORE_H
#define PROBE_ENGINE_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "probe/dnsmsg.h"
#include "probe/flow.h"
#include "probe/icmpmsg.h"
#include "probe/pace.h"
#include "probe/port.h"
#include "probe/question.h"
#include "probe/rtt.h"
#include "probe/socks.h"
#include "probe/tls_child.h"
#include "probe/trace.h"
#include "schema/record.h"

#define ENGINE_ASKS_MAX 8192
#define ENGINE_PORTS_MAX 700 /* under the usual 1024 files */
#define ENGINE_STREAMS_MAX 200
#define ENGINE_PINGS_MAX 16 /* echoes of one measurement */
#define NEVER INT64_MAX

struct ask;
struct flight;
struct stream;
struct dns_tls;

struct notice { /* an ICMP error about a packet of ours */
	struct arrival arrival;
	struct addr from;
	uint8_t type, code;
	bool has_ttl;
	uint8_t ttl;
	struct icmpmsg_labels labels;
};

/* What a kind does.  NULL: it never happens to this kind. */
struct ask_ops {
	/* It is due, or may send: send, give up, finish, or ask to be woken. */
	void (*step)(struct ask *a, int64_t now_mono_us);
	/* A packet left; another could not. */
	void (*not_sent)(struct ask *a, struct flight *f, int sys_errno);
	/* The answer to a packet of its own came, perhaps not the first. */
	void (*packet)(
	    struct ask *a, struct flight *f, const struct port_in *in);
	/* An ICMP error came for a packet of its own. */
	void (*notice)(struct ask *a, struct flight *f, const struct notice *n);
	/* The UDP checksum of a packet of its own that has_checksum. */
	uint16_t (*checksum)(struct ask *a, const struct flight *f);
	/* Its TCP socket can be written (connected) or read. */
	void (*ready)(struct ask *a);
	/* An ICMP error came for its TCP socket. */
	void (*stream_notice)(struct ask *a, const struct notice *n);
	/* Bytes it wrote left: the last of them has this number. */
	void (*stream_departed)(struct ask *a, uint32_t key, int64_t kernel_ns);
	/* Releases what the ask holds beside. */
	void (*fini)(struct ask *a);
};

enum part_state { PART_OFF, PART_WANTED, PART_SENT, PART_OVER };

struct dns_part { /* one question of the pair */
	enum part_state state;
	uint16_t id;
	struct flight *flight; /* over UDP: the packet */
	struct dnsmsg_question question;
	struct departure sent; /* over TCP */
	uint32_t sent_key;     /* over TCP: of its last byte */
	int64_t deadline_mono_us;
	enum outcome silence; /* timeout, or what came instead of an answer */
	bool is_answered;     /* by the server or by ICMP */
};

enum dns_part_index { PART_ZONE, PART_CHAOS, N_PARTS };

struct dns_ask {
	struct dns_part parts[N_PARTS];
	struct dnsmsg_extras extras;
	enum outcome zone_outcome; /* when PART_ZONE is over */
	bool is_second_name;       /* PART_CHAOS asks id.server */
	bool is_listening;         /* all is over but the wait for more */
	int64_t listen_until_mono_us;
	struct moment connecting; /* TCP */
	int64_t connect_deadline_mono_us;
	bool is_connected;
	uint32_t n_written; /* TCP: bytes */
	uint8_t *in;        /* TCP: what came, not yet a whole message */
	size_t in_len;
	struct dns_tls *tls; /* TLS: what the child was asked */
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
	struct ping_result result;
	int64_t rtts_us[ENGINE_PINGS_MAX];
};

struct trace_ask {
	struct dnsmsg_question question;
	uint8_t nonce[ICMPMSG_NONCE_LEN];
	uint16_t echo_id;
	uint16_t source_port;
	struct moment connecting; /* TCP without a raw socket: the SYN out */
	uint8_t connecting_ttl, connecting_attempt;
	bool is_connecting_answered;
	int64_t deadline_mono_us;
	bool is_reached;
	struct identity nsid;
	enum outcome outcome; /* of the target; timeout until it spoke */
	struct trace_ask *next_free;
	struct trace trace; /* last: trace_init empties it */
};

struct ask {
	struct engine *engine;
	uint32_t serial; /* of its uses: one more for each question */
	bool is_active, is_waiting;
	int64_t due_mono_us;
	uint32_t heap_at; /* place in the heap of due times */
	const struct ask_ops *ops;
	struct question question;
	engine_done *done;
	void *ctx;
	/* of the observation to be */
	int64_t at_us;
	enum proto proto;
	enum stamp stamp;
	bool has_stamp;
	struct addr source;
	uint16_t port;
	struct dns_result *dns_result; /* NULL until something came */
	struct engine_port *udp;
	struct stream *stream;
	struct flight *flights; /* its packets */
	struct ask *next;       /* of the free, or of those who wait to send */
	union {
		struct dns_ask dns;
		struct ping_ask ping;
		struct trace_ask *trace;
	};
};

struct asks_waiting { /* for the right to send, in order */
	struct ask *first, *last;
	unsigned n;
};

struct engine {
	uv_loop_t *loop;
	struct socks *socks;
	struct tls_child *tls;
	struct pace pace;
	int64_t look_mono_us; /* no modest look before (question.is_modest) */
	int64_t slot_us;
	unsigned n_sends_left; /* in this pass */
	struct ask *turn;      /* who may send first, having waited */
	uv_timer_t timer;
	uv_timer_cb tick;
	void (*pass)(struct engine *e); /* engine_pass, for those below it */
	int64_t armed_mono_us;
	bool is_slotted; /* sockets are read in passes only */
	bool is_in_pass, has_rest;
	unsigned n_handles; /* not closed yet */
	bool is_closing;
	unsigned n_active, n_active_of[2]; /* in all; v4, v6 */
	struct asks_waiting waiting;
	struct ask **heap;
	uint32_t n_heap;
	struct ask *free_asks;
	unsigned n_asks; /* made so far */
	struct ask **ask_blocks;
	unsigned n_ask_blocks;
	struct dns_result *free_dns_results; /* linked through their bytes */
	struct trace_ask *free_traces;
	struct flights *flights;
	struct engine_ports *ports;
	struct port_buffers *buffers;
	int scratch[2]; /* UDP sockets to learn source addresses by; -1 */
	uint16_t next_seq;
	unsigned n_streams;
	uint8_t randoms[256];
	size_t n_randoms;
	struct observation observation; /* the one being handed over */
};

/* A handle is closed; after the last one the engine is freed. */
void engine_handle_closed(struct engine *e);

/* 16 random bits. */
uint16_t engine_random16(struct engine *e);

/* The own address towards target; family 0: no route. */
struct addr engine_source(struct engine *e, const struct addr *target);

/* Takes the right to send one packet; false: the ask is stepped again when it
 * may. */
bool ask_may_send(struct ask *a, int64_t now_mono_us);

/* The ask is stepped when its turn to send comes. */
void ask_wait_in_line(struct ask *a);

/* Wakes the ask at that time, unless it is due before. */
void ask_wake_at(struct ask *a, int64_t at_mono_us);

/* Notes the first packet's time. */
void ask_sent(struct ask *a, const struct moment *sent);

/* Notes who took a time that the observation rests on. */
void ask_stamp(struct ask *a, enum stamp stamp);

/* The DNS part of the observation to be, empty at first. */
struct dns_result *ask_dns(struct ask *a);

/* Out of the line, and not to be woken. */
void ask_leave_line(struct ask *a);
void ask_sleep(struct ask *a);

/* Takes the first out of the line, which is not empty. */
struct ask *ask_pop_waiting(struct engine *e);

#endif
