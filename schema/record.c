/* record.c - see record.h. */
#include "schema/record.h"

#include <stdio.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/names.h"

static const char *const kinds[] = {
	[KIND_DNS] = "dns",
	[KIND_PING] = "ping",
	[KIND_TRACE] = "trace",
};
static const char *const protos[] = {
	[PROTO_UDP] = "udp",
	[PROTO_TCP] = "tcp",
	[PROTO_ICMP] = "icmp",
	[PROTO_TLS] = "tls",
	[PROTO_PLAIN] = "plain",
};
static const char *const outcomes[] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_RCODE] = "rcode",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_UNREACHABLE] = "unreachable",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_MALFORMED] = "malformed",
	[OUTCOME_MISMATCH] = "mismatch",
	[OUTCOME_NO_FAMILY] = "no_family",
	[OUTCOME_SEND_FAILED] = "send_failed",
};
static const char *const whys[] = {
	[WHY_ROUND] = "round",
	[WHY_CONFIRM] = "confirm",
	[WHY_RETRY] = "retry",
	[WHY_CONTROL] = "control",
	[WHY_VARIED] = "varied",
	[WHY_MANUAL] = "manual",
	[WHY_DECOY] = "decoy",
};
static const char *const stamps[] = {
	[STAMP_KERNEL] = "kernel",
	[STAMP_USER] = "user",
	[STAMP_RECEIVE] = "receive",
};
static const char *const chaos_names[] = {
	[CHAOS_HOSTNAME_BIND] = "hostname.bind",
	[CHAOS_ID_SERVER] = "id.server",
	[CHAOS_GIVEN] = "given",
};
static const char *const clock_states[] = {
	[CLOCK_UNKNOWN] = "unknown",
	[CLOCK_SYNCHRONISED] = "synchronised",
	[CLOCK_UNSYNCHRONISED] = "unsynchronised",
};
static const char *const family_states[] = {
	[FAMILY_UNKNOWN] = "unknown",
	[FAMILY_OK] = "ok",
	[FAMILY_NONE] = "none",
};

NAMES_DEFINE(enum kind, kinds, kind_name, kind_from_name)
NAMES_DEFINE(enum proto, protos, proto_name, proto_from_name)
NAMES_DEFINE(enum outcome, outcomes, outcome_name, outcome_from_name)
NAMES_DEFINE(enum why, whys, why_name, why_from_name)
NAMES_DEFINE(enum stamp, stamps, stamp_name, stamp_from_name)
NAMES_DEFINE(
    enum family_state, family_states, family_state_name, family_state_from_name)
NAMES_DEFINE(
    enum chaos_name, chaos_names, chaos_name_text, chaos_name_from_text)
NAMES_DEFINE(
    enum clock_state, clock_states, clock_state_name, clock_state_from_name)

bool
outcome_is_own_fault(enum outcome o)
{
	return o == OUTCOME_NO_FAMILY || o == OUTCOME_SEND_FAILED;
}

bool
outcome_is_answer(enum outcome o)
{
	return o == OUTCOME_OK || o == OUTCOME_RCODE;
}

bool
identity_equal(const struct identity *a, const struct identity *b)
{
	return a->is_present == b->is_present && a->len == b->len &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

void
identity_set(struct identity *id, const void *bytes, size_t n)
{
	id->is_present = true;
	id->is_cut = n > IDENTITY_MAX;
	id->len = (uint8_t)(id->is_cut ? IDENTITY_MAX : n);
	if (id->len > 0)
		memcpy(id->bytes, bytes, id->len);
}

const char *
identity_format(const struct identity *id, char buf[static IDENTITY_TEXT_LEN])
{
	char *p = buf;

	for (size_t i = 0; id->is_present && i < id->len; i++) {
		uint8_t c = id->bytes[i];

		if (c >= 0x20 && c < 0x7f && c != '\\')
			*p++ = (char)c;
		else
			p += snprintf(p, 5, "\\x%02x", c);
	}
	*p = '\0';
	return buf;
}

static bool
is_on_path(const struct hop *h)
{
	return h->address.family != 0 && !h->is_extra;
}

bool
trace_is_balanced(const struct trace_result *t, unsigned i)
{
	const struct hop *h = &t->hops[i];

	for (unsigned k = 0; k < t->n_hops && is_on_path(h); k++)
		if (t->hops[k].ttl == h->ttl && is_on_path(&t->hops[k]) &&
		    !addr_equal(&t->hops[k].address, &h->address))
			return true;
	return false;
}

const struct hop *
trace_link_from(const struct trace_result *t, unsigned i)
{
	const struct hop *h = &t->hops[i], *from = NULL;

	if (!h->is_linked || !is_on_path(h) || trace_is_balanced(t, i))
		return NULL;
	for (unsigned k = 0; k < t->n_hops; k++) {
		if (t->hops[k].ttl + 1 != h->ttl || !is_on_path(&t->hops[k]))
			continue;
		if (trace_is_balanced(t, k))
			return NULL;
		from = &t->hops[k];
	}
	return from;
}

uint64_t
trace_path_hash(const struct trace_result *t)
{
	uint64_t h = BYTES_HASH_START;

	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *hop = &t->hops[i];

		if (hop->is_extra)
			continue;
		h = bytes_hash(h, &hop->ttl, 1);
		h = bytes_hash(h, &hop->address.family, 1);
		h = bytes_hash(
		    h, hop->address.bytes, sizeof hop->address.bytes);
		for (unsigned k = 0; k < hop->n_labels; k++)
			h = bytes_hash(h, &hop->labels[k].label,
			    sizeof hop->labels[k].label);
	}
	return h;
}

/* The one router of a TTL; NULL: silent, or several. */
static const struct hop *
only_hop(const struct trace_result *t, uint8_t ttl)
{
	const struct hop *only = NULL;

	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *hop = &t->hops[i];

		if (hop->ttl != ttl || hop->is_extra ||
		    hop->address.family == 0)
			continue;
		if (only != NULL && !addr_equal(&only->address, &hop->address))
			return NULL;
		only = hop;
	}
	return only;
}

const struct hop *
trace_penultimate(const struct trace_result *t, const struct addr *target)
{
	uint8_t last = 0, end = 0;

	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *hop = &t->hops[i];

		if (hop->is_extra || hop->address.family == 0)
			continue;
		if (hop->is_target || addr_equal(&hop->address, target)) {
			if (end == 0 || hop->ttl < end)
				end = hop->ttl;
		} else if (hop->ttl > last) {
			last = hop->ttl;
		}
	}
	return only_hop(t, end > 0 ? (uint8_t)(end - 1) : last);
}
